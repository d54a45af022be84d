import { z } from 'zod'
import { AlignedBuilder, characterLength, prepend, replaceMatches, type AlignedText } from './aligned-text'
import { toAlignedByteCharacters } from './byte-level'
import { patternFinder } from './patterns'
import { PrecompiledCharsmap } from './precompiled-charsmap'
import { componentSchema, patternSchema, readComponent, unsupported, type Component } from './tokenizer-file'
import { normalizeUnicode } from './unicode-forms'

/** Changes a text and keeps its alignment. */
export type Normalizer = (source: AlignedText) => AlignedText

const bertSchema = z.object({
  clean_text: z.boolean().default(true),
  handle_chinese_chars: z.boolean().default(true),
  strip_accents: z.boolean().nullable().default(null),
  lowercase: z.boolean().default(true)
})

/**
 * The normalizer of a tokenizer.json.
 * @throws LayerscopeError `tokenizer-unsupported`, `tokenizer-unreadable`
 */
export function createNormalizer(component: Component | null): Normalizer {
  if (component === null) return (source) => source
  const read = <S extends z.ZodType>(schema: S): z.output<S> => readComponent('normalizer', component, schema)
  switch (component.type) {
    case 'Sequence': {
      const steps = read(z.object({ normalizers: z.array(componentSchema) })).normalizers.map(createNormalizer)
      return (source) => steps.reduce((text, step) => step(text), source)
    }
    case 'BertNormalizer': return bertNormalizer(read(bertSchema))
    case 'NFC': case 'NFD': case 'NFKC': case 'NFKD': {
      const form = component.type
      return (source) => normalizeUnicode(source, form)
    }
    case 'Lowercase': return lowercase
    case 'StripAccents': return (source) => dropCharacters(source, /\p{M}/u)
    case 'Strip': {
      const sides = read(z.object({ strip_left: z.boolean().default(true), strip_right: z.boolean().default(true) }))
      return (source) => {
        const start = sides.strip_left ? /^\p{White_Space}*/u.exec(source.text)?.[0].length ?? 0 : 0
        const end = sides.strip_right ? source.length - (/\p{White_Space}*$/u.exec(source.text)?.[0].length ?? 0) : source.length
        return source.slice(start, Math.max(start, end))
      }
    }
    case 'Prepend': {
      const prefix = read(z.object({ prepend: z.string() })).prepend
      return (source) => prepend(source, prefix)
    }
    case 'Replace': {
      const { pattern, content } = read(z.object({ pattern: patternSchema, content: z.string() }))
      const find = patternFinder('normalizer', pattern)
      return (source) => replaceMatches(source, find(source.text), content)
    }
    case 'Precompiled': {
      const charsmap = read(z.object({ precompiled_charsmap: z.string().nullable() })).precompiled_charsmap
      if (charsmap === null || charsmap === '') return (source) => source
      const table = new PrecompiledCharsmap(charsmap)
      return (source) => table.normalize(source)
    }
    case 'Nmt': return nmt
    case 'ByteLevel': return toAlignedByteCharacters
    default: throw unsupported('normalizer', component.type)
  }
}

const printableAscii = /^[\x20-\x7e]*$/

function bertNormalizer(options: z.infer<typeof bertSchema>): Normalizer {
  const stripAccents = options.strip_accents ?? options.lowercase
  return (source) => {
    // Plain text keeps its length, so its alignment stays as it is.
    if (source.starts === null && printableAscii.test(source.text)) {
      return options.lowercase ? lowercase(source) : source
    }
    let text = source
    if (options.clean_text) text = cleanText(text)
    if (options.handle_chinese_chars) text = spaceChinese(text)
    if (stripAccents) text = dropCharacters(normalizeUnicode(text, 'NFD'), /\p{Mn}/u)
    return options.lowercase ? lowercase(text) : text
  }
}

/** Control characters go, white space becomes a plain space. */
function cleanText(source: AlignedText): AlignedText {
  const builder = new AlignedBuilder(source.origin)
  forEachCharacter(source, (character, start, end) => {
    const isControl = character === '\ufffd' || (/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u.test(character) && !/[\t\n\r]/.test(character))
    if (!isControl) builder.push(/\p{White_Space}/u.test(character) ? ' ' : character, start, end)
  })
  return builder.build()
}

function spaceChinese(source: AlignedText): AlignedText {
  const builder = new AlignedBuilder(source.origin)
  forEachCharacter(source, (character, start, end) => {
    builder.push(isChinese(character.codePointAt(0) ?? 0) ? ` ${character} ` : character, start, end)
  })
  return builder.build()
}

/** The CJK blocks that BERT's own tokenizer spaces out. */
function isChinese(code: number): boolean {
  return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) || (code >= 0x20000 && code <= 0x2a6df) ||
    (code >= 0x2a700 && code <= 0x2b73f) || (code >= 0x2b740 && code <= 0x2b81f) || (code >= 0x2b920 && code <= 0x2ceaf) ||
    (code >= 0xf900 && code <= 0xfaff) || (code >= 0x2f800 && code <= 0x2fa1f)
}

/** Lower case by character, without the context rules that JavaScript applies to a final sigma. */
function lowercase(source: AlignedText): AlignedText {
  const lower = source.text.toLowerCase()
  if (lower === source.text) return source
  if (printableAscii.test(source.text)) return source.withText(lower)
  const builder = new AlignedBuilder(source.origin)
  forEachCharacter(source, (character, start, end) => { builder.push(character.toLowerCase(), start, end) })
  return builder.build()
}

function dropCharacters(source: AlignedText, dropped: RegExp): AlignedText {
  if (!dropped.test(source.text)) return source
  const builder = new AlignedBuilder(source.origin)
  forEachCharacter(source, (character, start, end) => { if (!dropped.test(character)) builder.push(character, start, end) })
  return builder.build()
}

/** Clean-up of the NMT rules of SentencePiece: some control characters go, odd spaces become a plain one. */
function nmt(source: AlignedText): AlignedText {
  const builder = new AlignedBuilder(source.origin)
  forEachCharacter(source, (character, start, end) => {
    if (/[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]/.test(character)) return
    builder.push(/[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/.test(character) ? ' ' : character, start, end)
  })
  return builder.build()
}

function forEachCharacter(source: AlignedText, visit: (character: string, start: number, end: number) => void): void {
  for (let unit = 0; unit < source.length;) {
    const next = unit + characterLength(source.text, unit)
    visit(source.text.slice(unit, next), source.startOf(unit), source.endBefore(next))
    unit = next
  }
}
