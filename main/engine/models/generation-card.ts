import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a model says about how it generates. */
export interface GenerationCard {
  /** Ids that end a text. */
  readonly stopIds: readonly number[]
  /** Jinja template of a conversation, and the special tokens it may name; null where the model has none. */
  readonly chat: ChatTemplate | null
}

export interface ChatTemplate { readonly template: string; readonly beginToken: string; readonly endToken: string }

/** Reads generation_config.json, config.json, tokenizer_config.json and chat_template.jinja of the nearest folder that has them. */
export function readGenerationCard(folders: readonly string[]): GenerationCard {
  const stopIds = new Set<number>()
  let chat: ChatTemplate | null = null
  for (const folder of folders) {
    for (const file of ['generation_config.json', 'config.json']) {
      const value = readObject(join(folder, file))?.['eos_token_id']
      for (const id of Array.isArray(value) ? value : [value]) if (typeof id === 'number' && stopIds.size < 64) stopIds.add(id)
    }
    const tokenizer = readObject(join(folder, 'tokenizer_config.json'))
    const template = readText(join(folder, 'chat_template.jinja')) ?? tokenizer?.['chat_template']
    if (chat === null && typeof template === 'string') chat = { template, beginToken: tokenText(tokenizer?.['bos_token']), endToken: tokenText(tokenizer?.['eos_token']) }
  }
  return { stopIds: [...stopIds], chat }
}

/** Special tokens are written as text or as an object with it. */
function tokenText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null && 'content' in value && typeof value.content === 'string' ? value.content : ''
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function readObject(path: string): Readonly<Record<string, unknown>> | null {
  const text = readText(path)
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : null
  } catch {
    return null
  }
}
