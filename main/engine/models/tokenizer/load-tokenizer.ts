import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { LayerscopeError } from '../../errors'
import type { Tokenizer } from '../open-model'
import { PipelineTokenizer, type TokenizerLimits } from './pipeline-tokenizer'
import { tokenizerFileSchema } from './tokenizer-file'

/**
 * Opens the tokenizer of a model folder: tokenizer.json, with config.json and tokenizer_config.json beside
 * it for the longest sequence. The file's own truncation and padding settings are ignored: a text is cut
 * only where the model has no more positions.
 * @returns null where the folder has no tokenizer.json
 * @throws LayerscopeError `tokenizer-unreadable`, `tokenizer-unsupported`
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer | null> {
  const file = join(folder, 'tokenizer.json')
  const text = await readIfThere(file)
  if (text === null) return null
  const config = await readObject(join(folder, 'config.json'))
  const tokenizerConfig = await readObject(join(folder, 'tokenizer_config.json'))
  try {
    const parsed = tokenizerFileSchema.safeParse(parseJson(text, file))
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      throw new LayerscopeError({
        code: 'tokenizer-unreadable',
        message: `tokenizer.json is not a tokenizer of the Hugging Face format: ${issue?.message ?? 'unknown shape'}.`,
        ...(issue === undefined ? {} : { field: issue.path.join('.') })
      })
    }
    return new PipelineTokenizer(parsed.data, tokenizerLimits(config, tokenizerConfig))
  } catch (error) {
    if (!(error instanceof LayerscopeError)) throw error
    throw new LayerscopeError({ hint: 'Download tokenizer.json again, or take it from the model’s own page.', ...error.report, file }, { cause: error })
  }
}

const positions = z.number().int().positive().nullish().catch(null)
const configSchema = z.object({
  model_type: z.string().catch(''),
  max_position_embeddings: positions,
  n_positions: positions,
  n_ctx: positions,
  max_sequence_length: positions,
  max_seq_len: positions,
  seq_length: positions,
  pad_token_id: z.number().int().nullish().catch(null)
})

/** Families whose positions start after the padding index (`padding_idx + 1`), so that many are lost. */
const positionsAfterPadding: ReadonlySet<string> = new Set([
  'roberta', 'xlm-roberta', 'xlm-roberta-xl', 'camembert', 'roberta-prelayernorm', 'data2vec-text', 'longformer', 'ibert', 'esm', 'xmod', 'mpnet'
])

/**
 * The longest sequence a model takes, from its config.json (`max_position_embeddings` and its other names);
 * where that says nothing, from tokenizer_config.json's `model_max_length`; null without a limit.
 */
export function tokenizerLimits(config: unknown, tokenizerConfig: unknown): TokenizerLimits {
  const outer = configSchema.safeParse(config ?? {})
  const nested = configSchema.safeParse(z.object({ text_config: z.unknown() }).safeParse(config).data?.text_config ?? {})
  const tokenizer = z.object({ model_max_length: z.number().nullish().catch(null), truncation_side: z.string().nullish().catch(null) }).safeParse(tokenizerConfig ?? {}).data
  const ofModel = positionsOf(outer.data) ?? positionsOf(nested.data)
  const declared = tokenizer?.model_max_length ?? null
  // "No limit" is written as 1e30.
  const ofTokenizer = declared !== null && Number.isInteger(declared) && declared > 0 && declared < 1e9 ? declared : null
  return { maxLength: ofModel ?? ofTokenizer, truncationSide: tokenizer?.truncation_side === 'left' ? 'left' : 'right' }
}

function positionsOf(config: z.output<typeof configSchema> | undefined): number | null {
  if (config === undefined) return null
  const declared = config.max_position_embeddings ?? config.n_positions ?? config.n_ctx ?? config.max_sequence_length ?? config.max_seq_len ?? config.seq_length ?? null
  if (declared === null || !positionsAfterPadding.has(config.model_type)) return declared
  // MPNet fixes its padding index at 1 whatever the file says.
  const padding = config.model_type === 'mpnet' ? 1 : config.pad_token_id ?? 1
  return declared - padding - 1
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
    throw new LayerscopeError({ code: 'tokenizer-unreadable', message: `The tokenizer file cannot be read: ${error instanceof Error ? error.message : String(error)}`, file }, { cause: error })
  }
}

async function readObject(file: string): Promise<unknown> {
  const text = await readIfThere(file)
  return text === null ? null : parseJson(text, file)
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new LayerscopeError({
      code: 'tokenizer-unreadable',
      message: `The file is not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
      file,
      hint: 'The file may be cut short: download it again.'
    }, { cause: error })
  }
}
