import type { ArchitectureHints } from '../config'
import type { Tokenizer } from '../open-model'
import type { GenerationCard } from '../generation-card'
import { ggufModel } from './gguf-families'
import { readGguf } from './gguf-file'
import { ggufTokenizer } from './gguf-tokenizer'

/** What a GGUF file says about itself besides its graph: sizes, the tokenizer inside (once asked for, since it may be one that is not known), name and licence. */
export async function readGgufCard(path: string): Promise<{ readonly hints: ArchitectureHints; readonly tokenizer: () => Tokenizer | null; readonly name: string | null; readonly license: string | null; readonly generation: GenerationCard }> {
  const file = await readGguf(path)
  const { architecture } = await ggufModel(file)
  const { family, heads, kvHeads, headDim, vocab, maxPositions } = architecture
  const text = (key: string): string | null => {
    const value = file.metadata.get(key)
    return typeof value === 'string' && value !== '' ? value : null
  }
  const idOf = (name: string): number | null => {
    const value = file.metadata.get(`tokenizer.ggml.${name}_token_id`)
    return typeof value === 'number' ? value : null
  }
  const tokens = file.metadata.get('tokenizer.ggml.tokens')
  const tokenOf = (name: string): string => {
    const id = idOf(name)
    const token = id !== null && Array.isArray(tokens) ? (tokens as readonly unknown[])[id] : undefined
    return typeof token === 'string' ? token : ''
  }
  // llama.cpp ends a text at any of these.
  const stopIds = new Set(['eos', 'eot', 'eom'].flatMap((name) => idOf(name) ?? []))
  const template = text('tokenizer.chat_template')
  const padding = file.metadata.get('tokenizer.ggml.padding_token_id')
  return {
    hints: { family, heads, kvHeads, headDim, vocab, maxPositions, padTokenId: typeof padding === 'number' ? padding : null },
    tokenizer: () => ggufTokenizer(file, maxPositions),
    name: nameOf(path) ?? text('general.name'),
    license: text('general.license'),
    generation: { stopIds: [...stopIds], chat: template === null ? null : { template, beginToken: tokenOf('bos'), endToken: tokenOf('eos') } }
  }
}

/** The file's own name without its precision, which people know it by; `general.name` is often that of a training run. Blobs of Ollama have none. */
function nameOf(path: string): string | null {
  const stem = /([^/\\]+?)(-\d+-of-\d+)?\.gguf$/i.exec(path)?.[1]
  return stem?.replace(/[-._](I?Q\d\w*|BF16|F16|F32)$/i, '') ?? null
}
