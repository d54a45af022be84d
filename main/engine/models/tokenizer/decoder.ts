import { z } from 'zod'
import { byteOfToken, bytesOfToken, decodeBytes, decodeBytesStrictly, utf8 } from './byte-level'
import { patternFinder } from './patterns'
import { componentSchema, patternSchema, readComponent, unsupported, type Component } from './tokenizer-file'

/** Turns token strings into parts of a text, to be joined. */
export type Decoder = (tokens: readonly string[]) => readonly string[]

/**
 * The decoder of a tokenizer.json.
 * @throws LayerscopeError `tokenizer-unsupported`, `tokenizer-unreadable`
 */
export function createDecoder(component: Component | null): Decoder {
  if (component === null) return (tokens) => [tokens.join(' ')]
  const read = <S extends z.ZodType>(schema: S): z.output<S> => readComponent('decoder', component, schema)
  switch (component.type) {
    case 'Sequence': {
      const steps = read(z.object({ decoders: z.array(componentSchema) })).decoders.map(createDecoder)
      return (tokens) => steps.reduce((parts, step) => step(parts), tokens)
    }
    case 'ByteLevel': return decodeByteLevel
    case 'ByteFallback': return decodeByteFallback
    case 'Fuse': return (tokens) => [tokens.join('')]
    case 'Metaspace': {
      const options = read(z.object({ replacement: z.string().default('▁'), prepend_scheme: z.enum(['always', 'first', 'never']).default('always') }))
      return (tokens) => tokens.map((token, index) => {
        const text = token.replaceAll(options.replacement, ' ')
        return index === 0 && options.prepend_scheme !== 'never' && text.startsWith(' ') ? text.slice(1) : text
      })
    }
    case 'WordPiece': {
      const options = read(z.object({ prefix: z.string().default('##'), cleanup: z.boolean().default(true) }))
      return (tokens) => tokens.map((token, index) => {
        const text = index === 0 ? token : token.startsWith(options.prefix) ? token.slice(options.prefix.length) : ` ${token}`
        return options.cleanup ? cleanUp(text) : text
      })
    }
    case 'BPEDecoder': {
      const suffix = read(z.object({ suffix: z.string().default('</w>') })).suffix
      return (tokens) => tokens.map((token, index) => token.replaceAll(suffix, index === tokens.length - 1 ? '' : ' '))
    }
    case 'Replace': {
      const { pattern, content } = read(z.object({ pattern: patternSchema, content: z.string() }))
      const find = patternFinder('decoder', pattern)
      return (tokens) => tokens.map((token) => {
        let text = ''
        let done = 0
        for (const { start, end } of find(token)) {
          text += token.slice(done, start) + content
          done = end
        }
        return text + token.slice(done)
      })
    }
    case 'Strip': {
      const options = read(z.object({ content: z.string().min(1), start: z.int().min(0), stop: z.int().min(0) }))
      return (tokens) => tokens.map((token) => {
        let start = 0
        let end = token.length
        while (start < options.start && token.charAt(start) === options.content) start++
        while (token.length - end < options.stop && end > start && token.charAt(end - 1) === options.content) end--
        return token.slice(start, end)
      })
    }
    default: throw unsupported('decoder', component.type)
  }
}

function decodeByteLevel(tokens: readonly string[]): readonly string[] {
  // Added tokens are written as they are; a character may be spread over several tokens, so bytes are joined first.
  const bytes: number[] = []
  for (const token of tokens) bytes.push(...(bytesOfToken(token) ?? utf8(token)))
  return [decodeBytes(Uint8Array.from(bytes))]
}

function decodeByteFallback(tokens: readonly string[]): readonly string[] {
  const parts: string[] = []
  let bytes: number[] = []
  const flush = (): void => {
    if (bytes.length === 0) return
    parts.push(decodeBytesStrictly(Uint8Array.from(bytes)) ?? '\ufffd'.repeat(bytes.length))
    bytes = []
  }
  for (const token of tokens) {
    const byte = byteOfToken(token)
    if (byte !== null) {
      bytes.push(byte)
      continue
    }
    flush()
    parts.push(token)
  }
  flush()
  return parts
}

function cleanUp(text: string): string {
  return text.replaceAll(' .', '.').replaceAll(' ?', '?').replaceAll(' !', '!').replaceAll(' ,', ',').replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't").replaceAll(" 'm", "'m").replaceAll(" 's", "'s").replaceAll(" 've", "'ve").replaceAll(" 're", "'re")
}
