import { AlignedBuilder, characterLength, type AlignedText } from './aligned-text'
import { LayerscopeError } from '../../errors'
import { utf8 } from './byte-level'

/**
 * SentencePiece's compiled normalisation table: a double-array trie from UTF-8 byte sequences to
 * replacements (https://github.com/google/sentencepiece, `normalizer.cc`; the trie is Darts-clone's).
 */
export class PrecompiledCharsmap {
  private readonly units: Uint32Array
  private readonly replacements: Uint8Array
  private readonly graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  private readonly keepsAscii: boolean

  /** @param encoded base64 as tokenizer.json holds it: trie size in bytes (u32), trie, replacements ended by zero bytes */
  constructor(encoded: string) {
    const bytes = Buffer.from(encoded, 'base64')
    const trieBytes = bytes.length >= 4 ? bytes.readUInt32LE(0) : 0
    if (bytes.length < 4 + trieBytes || trieBytes % 4 !== 0) {
      throw new LayerscopeError({ code: 'tokenizer-unreadable', message: 'The compiled normalisation table in tokenizer.json is cut short.', field: 'normalizer.precompiled_charsmap' })
    }
    this.units = new Uint32Array(trieBytes / 4)
    for (let index = 0; index < this.units.length; index++) this.units[index] = bytes.readUInt32LE(4 + index * 4)
    this.replacements = bytes.subarray(4 + trieBytes)
    this.keepsAscii = Array.from({ length: 95 }, (_, index) => this.replacement(String.fromCharCode(32 + index))).every((found) => found === null)
  }

  /** What stands for `part`: the shortest key that begins it, as the reference implementation has it. */
  private replacement(part: string): string | null {
    let node = offsetOf(this.units[0] ?? 0)
    for (const byte of utf8(part)) {
      if (byte === 0) return null
      node ^= byte
      const unit = this.units[node] ?? 0
      if ((unit & 0x800000ff) >>> 0 !== byte) return null
      node ^= offsetOf(unit)
      if (((unit >>> 8) & 1) === 1) {
        const start = (this.units[node] ?? 0) & 0x7fffffff
        const end = this.replacements.indexOf(0, start)
        return this.decoder.decode(this.replacements.subarray(start, end < 0 ? this.replacements.length : end))
      }
    }
    return null
  }

  normalize(source: AlignedText): AlignedText {
    if (this.keepsAscii && /^[\x20-\x7e]*$/.test(source.text)) return source
    const builder = new AlignedBuilder(source.origin)
    for (const { segment, index } of this.graphemes.segment(source.text)) {
      const whole = utf8(segment).length < 6 ? this.replacement(segment) : null
      if (whole !== null) {
        pushReplacement(builder, source, index, index + segment.length, whole)
        continue
      }
      for (let unit = index; unit < index + segment.length;) {
        const next = unit + characterLength(source.text, unit)
        const part = this.replacement(source.text.slice(unit, next))
        if (part === null) builder.copy(source, unit, next)
        else pushReplacement(builder, source, unit, next, part)
        unit = next
      }
    }
    return builder.build()
  }
}

/** New characters stand for the old ones one by one; those left over, for the last old one. */
function pushReplacement(builder: AlignedBuilder, source: AlignedText, start: number, end: number, replacement: string): void {
  let unit = start
  let last = start
  for (const character of replacement) {
    if (unit < end) {
      last = unit
      unit += characterLength(source.text, unit)
    }
    builder.push(character, source.startOf(last), source.endBefore(last + characterLength(source.text, last)))
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6)
}
