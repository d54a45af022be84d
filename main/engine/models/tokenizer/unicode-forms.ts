import { AlignedBuilder, characterLength, type AlignedText } from './aligned-text'

export type UnicodeForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD'

/** Characters that may combine with what stands before them: marks, Hangul vowels and finals, half-width voice marks. */
const continues = /^[\p{M}\u1160-\u11ff\uff9e\uff9f]/u

/**
 * Unicode normalisation with alignment: a composed character stands for the first character it was
 * composed of, decomposed ones each for the character they came from.
 */
export function normalizeUnicode(source: AlignedText, form: UnicodeForm): AlignedText {
  const whole = source.text.normalize(form)
  if (whole === source.text) return source
  const builder = new AlignedBuilder(source.origin)
  let joined = ''
  for (const segment of segments(source.text)) joined += source.text.slice(segment.start, segment.end).normalize(form)
  // Where cutting into segments would change the result, the whole text is one segment.
  const parts = joined === whole ? segments(source.text) : [{ start: 0, end: source.length }]
  for (const { start, end } of parts) normalizeSegment(source, start, end, form, builder)
  return builder.build()
}

function* segments(text: string): Generator<{ readonly start: number; readonly end: number }> {
  let start = 0
  while (start < text.length) {
    let end = start + characterLength(text, start)
    while (end < text.length && continues.test(text.slice(end, end + 2))) end += characterLength(text, end)
    yield { start, end }
    start = end
  }
}

function normalizeSegment(source: AlignedText, start: number, end: number, form: UnicodeForm, builder: AlignedBuilder): void {
  const text = source.text.slice(start, end)
  const normalized = text.normalize(form)
  if (normalized === text) {
    builder.copy(source, start, end)
    return
  }
  // Where each decomposed character came from, in the order of the source.
  const decomposed = form === 'NFC' || form === 'NFD' ? 'NFD' : 'NFKD'
  const units: { readonly start: number; readonly end: number }[] = []
  for (let unit = start; unit < end;) {
    const next = unit + characterLength(source.text, unit)
    const from = { start: source.startOf(unit), end: source.endBefore(next) }
    units.push(...Array.from(source.text.slice(unit, next).normalize(decomposed), () => from))
    unit = next
  }
  // Marks that change places keep the places in order, not the marks: what the reference does.
  let used = 0
  for (const character of normalized) {
    const from = units[Math.min(used, units.length - 1)] ?? { start: source.startOf(start), end: source.endBefore(end) }
    builder.push(character, from.start, from.end)
    used += Array.from(character.normalize(decomposed)).length
  }
}
