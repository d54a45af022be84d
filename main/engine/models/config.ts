import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { modelTypeOfClass } from './model-type'

const count = z.int().positive().nullish().catch(null)
const configSchema = z.looseObject({
  model_type: z.string().nullish().catch(null),
  architectures: z.array(z.string()).nullish().catch(null),
  num_attention_heads: count, n_head: count, n_heads: count, num_heads: count,
  num_key_value_heads: count, head_dim: count,
  hidden_size: count, n_embd: count, dim: count, d_model: count,
  vocab_size: count,
  max_position_embeddings: count, n_positions: count, n_ctx: count, max_seq_len: count,
  pad_token_id: z.int().min(0).nullish().catch(null)
})

/** What config.json says about an architecture; null where it says nothing. Files are optional: graphs tell most of it too. */
export interface ArchitectureHints {
  readonly family: string | null
  readonly heads: number | null
  readonly kvHeads: number | null
  readonly headDim: number | null
  readonly vocab: number | null
  /** Longest sequence in tokens, special tokens included. */
  readonly maxPositions: number | null
  readonly padTokenId: number | null
}

/** Of a model that says nothing, or says it elsewhere. */
export const NO_HINTS: ArchitectureHints = { family: null, heads: null, kvHeads: null, headDim: null, vocab: null, maxPositions: null, padTokenId: null }

/** Families whose position table starts counting after the padding id, so that many rows of it are never used. */
const OFFSET_POSITIONS = new Set(['roberta', 'xlm-roberta', 'camembert', 'mpnet', 'xlm-roberta-xl', 'longformer', 'roberta-prelayernorm'])

/** Reads the first config.json among the folders; an unreadable one counts as none, with a warning. */
export function readHints(folders: readonly string[]): { readonly hints: ArchitectureHints; readonly warning: string | null } {
  const folder = folders.find(candidate => existsSync(join(candidate, 'config.json')))
  if (folder === undefined) return { hints: NO_HINTS, warning: null }
  try {
    const parsed = configSchema.parse(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')))
    const inner = configSchema.safeParse(parsed['text_config'])
    const config = inner.success ? { ...parsed, ...inner.data } : parsed
    const heads = config.num_attention_heads ?? config.n_head ?? config.n_heads ?? config.num_heads ?? null
    const hidden = config.hidden_size ?? config.n_embd ?? config.dim ?? config.d_model ?? null
    const positions = config.max_position_embeddings ?? config.n_positions ?? config.n_ctx ?? config.max_seq_len ?? null
    // Older files name the class alone.
    const family = parsed.model_type ?? modelTypeOfClass(parsed.architectures?.[0] ?? '')
    const offset = family !== null && OFFSET_POSITIONS.has(family) ? (config.pad_token_id ?? 1) + 1 : 0
    return {
      hints: {
        family, heads, kvHeads: config.num_key_value_heads ?? heads,
        headDim: config.head_dim ?? (heads !== null && hidden !== null ? Math.floor(hidden / heads) : null),
        vocab: config.vocab_size ?? null, maxPositions: positions === null ? null : positions - offset, padTokenId: config.pad_token_id ?? null
      },
      warning: null
    }
  } catch {
    return { hints: NO_HINTS, warning: `config.json in ${folder} is not readable JSON; what it would say was read from the graph instead.` }
  }
}

/** Licence by the model card's front matter, else by the first lines of a LICENSE file; null when neither tells. */
export function readLicense(folders: readonly string[]): string | null {
  for (const folder of folders) {
    const card = firstLines(join(folder, 'README.md'))
    const stated = card.startsWith('---') ? /^license:\s*["']?([^"'\n]+)/m.exec(card)?.[1]?.trim() : undefined
    if (stated !== undefined && stated !== '') return stated
    for (const name of ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'LICENCE']) {
      const text = firstLines(join(folder, name))
      if (/Apache License\s+Version 2\.0/.test(text)) return 'Apache-2.0'
      if (/MIT License|Permission is hereby granted, free of charge/.test(text)) return 'MIT'
      if (/BSD 3-Clause/.test(text)) return 'BSD-3-Clause'
      if (/Llama \d[\d.]* Community License|LLAMA \d[\d.]* COMMUNITY LICENSE/i.test(text)) return 'Llama Community License'
      if (/Gemma Terms of Use/i.test(text)) return 'Gemma Terms of Use'
    }
  }
  return null
}

function firstLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, 4000)
  } catch {
    return ''
  }
}
