import type { AlignedText } from './aligned-text'
import type { AddedToken } from './tokenizer-file'

/** A stretch of text, or an added token that stands in it. */
export type Section =
  | { readonly kind: 'text'; readonly text: AlignedText }
  | { readonly kind: 'token'; readonly id: number; readonly start: number; readonly end: number }

interface Content { readonly text: string; readonly token: AddedToken }

const wordCharacter = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u

/**
 * Finds added tokens (`[SEP]`, `<|end|>`, …) in a text: the leftmost, the longest where several begin;
 * `lstrip` and `rstrip` take the white space around them, `single_word` asks for a word of its own.
 */
export class AddedTokenFinder {
  private readonly byFirst = new Map<number, readonly Content[]>()
  private readonly firsts: RegExp | null

  constructor(contents: readonly Content[]) {
    for (const content of contents) {
      if (content.text === '') continue
      const first = content.text.charCodeAt(0)
      this.byFirst.set(first, [...(this.byFirst.get(first) ?? []), content].sort((a, b) => b.text.length - a.text.length))
    }
    const classes = Array.from(this.byFirst.keys(), (code) => `\\u${code.toString(16).padStart(4, '0')}`).join('')
    this.firsts = classes === '' ? null : new RegExp(`[${classes}]`)
  }

  split(source: AlignedText): readonly Section[] {
    if (this.firsts === null || !this.firsts.test(source.text)) return [{ kind: 'text', text: source }]
    const sections: Section[] = []
    const { text } = source
    let done = 0
    for (let unit = 0; unit < text.length;) {
      const token = this.tokenAt(text, unit)
      if (token === null) {
        unit++
        continue
      }
      let start = unit
      let end = unit + token.text.length
      if (token.token.lstrip) start = Math.max(done, unit - (/\p{White_Space}*$/u.exec(text.slice(done, unit))?.[0].length ?? 0))
      if (token.token.rstrip) end += /^\p{White_Space}*/u.exec(text.slice(end))?.[0].length ?? 0
      if (start > done) sections.push({ kind: 'text', text: source.slice(done, start) })
      sections.push({ kind: 'token', id: token.token.id, start: source.startOf(start), end: source.endBefore(end) })
      done = end
      unit = end
    }
    if (done < text.length) sections.push({ kind: 'text', text: source.slice(done, text.length) })
    return sections
  }

  private tokenAt(text: string, unit: number): Content | null {
    const candidate = this.byFirst.get(text.charCodeAt(unit))?.find((content) => text.startsWith(content.text, unit))
    if (candidate === undefined) return null
    if (!candidate.token.single_word) return candidate
    const before = unit > 0 && wordCharacter.test(text.charAt(unit - 1))
    const after = wordCharacter.test(text.charAt(unit + candidate.text.length))
    return before || after ? null : candidate
  }
}
