import { SplitPreTokenizer } from '@huggingface/tokenizers'
import type { z } from 'zod'
import type { Match } from './aligned-text'
import { unsupported, type patternSchema } from './tokenizer-file'

/** Finds the matches of a pattern in a text, in order, never empty. */
export type MatchFinder = (text: string) => Match[]

/** Matches of a regular expression with flags `g` and `u`. */
export function regexFinder(pattern: RegExp): MatchFinder {
  const global = new RegExp(pattern.source, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`)
  return (text) => {
    const matches: Match[] = []
    global.lastIndex = 0
    for (let found = global.exec(text); found !== null; found = global.exec(text)) {
      const length = found[0].length
      if (length === 0) global.lastIndex = found.index + ((text.codePointAt(found.index) ?? 0) > 0xffff ? 2 : 1)
      else matches.push({ start: found.index, end: found.index + length })
    }
    return matches
  }
}

/** Occurrences of a literal string. */
export function literalFinder(literal: string): MatchFinder {
  return (text) => {
    const matches: Match[] = []
    if (literal === '') return matches
    for (let start = text.indexOf(literal); start >= 0; start = text.indexOf(literal, start + literal.length)) {
      matches.push({ start, end: start + literal.length })
    }
    return matches
  }
}

/**
 * Finder for a pattern of tokenizer.json. Oniguruma's syntax is translated by `@huggingface/tokenizers`
 * (white space as Unicode has it, inline case folding, possessive quantifiers).
 * @throws LayerscopeError `tokenizer-unsupported` for an expression that has no JavaScript equivalent
 */
export function patternFinder(part: string, pattern: z.infer<typeof patternSchema>): MatchFinder {
  if ('String' in pattern) return literalFinder(pattern.String)
  return regexFinder(translateRegex(part, pattern.Regex))
}

function translateRegex(part: string, source: string): RegExp {
  let regex: RegExp | null
  try {
    regex = new SplitPreTokenizer({ type: 'Split', pattern: { Regex: source }, behavior: 'Isolated', invert: true }).pattern
  } catch {
    regex = null
  }
  if (regex === null) throw unsupported(part, `regular expression ${source}`)
  return regex
}
