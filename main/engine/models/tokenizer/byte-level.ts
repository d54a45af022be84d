import { AlignedBuilder, characterLength, type AlignedText } from './aligned-text'

/**
 * GPT-2's table from bytes to printable characters: bytes that print stand for themselves,
 * the others for U+0100 onwards.
 */
const characterOfByte: readonly string[] = makeTable()
const byteOfCharacter: ReadonlyMap<string, number> = new Map(characterOfByte.map((character, byte) => [character, byte]))
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

function makeTable(): string[] {
  const table: string[] = []
  let next = 256
  for (let byte = 0; byte < 256; byte++) {
    const prints = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
    table.push(String.fromCharCode(prints ? byte : next++))
  }
  return table
}

/** The text as byte characters, one per UTF-8 byte. */
export function toByteCharacters(text: string): string {
  let mapped = ''
  for (const byte of encoder.encode(text)) mapped += characterOfByte[byte] ?? ''
  return mapped
}

/** The same with alignment: every byte character stands for the whole character it is a part of. */
export function toAlignedByteCharacters(source: AlignedText): AlignedText {
  const builder = new AlignedBuilder(source.origin)
  let unit = 0
  while (unit < source.length) {
    const next = unit + characterLength(source.text, unit)
    builder.push(toByteCharacters(source.text.slice(unit, next)), source.startOf(unit), source.endBefore(next))
    unit = next
  }
  return builder.build()
}

/** Bytes that a token of byte characters stands for; null when a character is not one of them. */
export function bytesOfToken(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length)
  for (let index = 0; index < token.length; index++) {
    const byte = byteOfCharacter.get(token.charAt(index))
    if (byte === undefined) return null
    bytes[index] = byte
  }
  return bytes
}

/** UTF-8 text; bytes that are none become U+FFFD. */
export function decodeBytes(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** UTF-8 text; null where the bytes are none. */
export function decodeBytesStrictly(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return null
  }
}

/** UTF-8 text, or the bytes spelled out (`<0xE2><0x98>`) where they are only a part of a character. */
export function showBytes(bytes: Uint8Array): string {
  return decodeBytesStrictly(bytes) ?? Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : byteToken(byte))).join('')
}

/** SentencePiece's name of a byte: `<0x0A>`. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
}

/** The byte that `<0x0A>` names; null for any other token. */
export function byteOfToken(token: string): number | null {
  const found = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)
  return found?.[1] === undefined ? null : Number.parseInt(found[1], 16)
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}
