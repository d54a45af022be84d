/** What stands in the text for one word, or for several that were written as one (`didn't`). */
export interface SurfaceToken {
  readonly form: string
  readonly spaceAfter: boolean
  /** Forms of its syntactic words, in order. */
  readonly words: readonly string[]
}

export interface RangedText {
  readonly text: string
  /** [start, end) of every syntactic word in UTF-16 code units. */
  readonly ranges: readonly (readonly [number, number])[]
}

/** Where each word stands in `text`; null where the tokens and white space alone do not make up the text. */
export function rangesInText(text: string, tokens: readonly SurfaceToken[]): RangedText | null {
  const ranges: (readonly [number, number])[] = []
  let cursor = 0
  for (const token of tokens) {
    while (cursor < text.length && text.charAt(cursor).trim() === '') cursor++
    if (!text.startsWith(token.form, cursor)) return null
    ranges.push(...rangesOfWords(token, cursor))
    cursor += token.form.length
  }
  return text.slice(cursor).trim() === '' ? { text, ranges } : null
}

/** The text that the tokens make with a space after each, but where `SpaceAfter=No` says otherwise. */
export function textOfTokens(tokens: readonly SurfaceToken[]): RangedText {
  let text = ''
  const ranges: (readonly [number, number])[] = []
  tokens.forEach((token, index) => {
    ranges.push(...rangesOfWords(token, text.length))
    text += token.form
    if (token.spaceAfter && index < tokens.length - 1) text += ' '
  })
  return { text, ranges }
}

/** Words that spell their token share it out (`did` + `n't`); others (`de` + `le` in `du`) stand for all of it each. */
function rangesOfWords({ form, words }: SurfaceToken, start: number): readonly (readonly [number, number])[] {
  const spelled = words.join('')
  if (spelled.length !== form.length || spelled.toLowerCase() !== form.toLowerCase()) return words.map(() => [start, start + form.length])
  let at = start
  return words.map(word => {
    at += word.length
    return [at - word.length, at]
  })
}
