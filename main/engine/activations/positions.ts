import type { Encoding } from '../models/open-model'
import type { SpanSource, TextRow } from '../datasets/open-dataset'
import type { Positions } from '../../../preload/recipe'

/** Tokens from `first` up to, not including, `end`. */
export interface TokenRange { readonly first: number; readonly end: number }

/** Which part of a text these positions ask the dataset for; null where they ask for none. */
export function spanSourceOf(positions: Positions): SpanSource | null {
  switch (positions.kind) {
    case 'span': return { kind: 'value', column: positions.column }
    case 'word': return { kind: 'range', start: 'start', end: 'end' }
    default: return null
  }
}

/**
 * The tokens of an encoded row whose mean stands for it, or a sentence why there are none.
 * `last` and `first` count real tokens, special ones included, as an attention mask does; `mean` and `all` take every token.
 * `span` takes the last token that overlaps the span's characters, `word` all that overlap the word's.
 */
export function positionOf(encoding: Encoding, row: TextRow, positions: Positions): TokenRange | string {
  const tokens = encoding.ids.length
  if (tokens === 0) return 'The text has no tokens.'
  const one = (token: number): TokenRange => ({ first: token, end: token + 1 })
  switch (positions.kind) {
    case 'last': return one(tokens - 1)
    case 'first': return one(0)
    case 'mean':
    case 'all': return { first: 0, end: tokens }
    case 'span': {
      const found = overlapping(encoding, row.span, `the value of ${positions.column}`)
      return typeof found === 'string' ? found : one(found.end - 1)
    }
    case 'word': return overlapping(encoding, row.span, 'the word')
  }
}

/** The tokens that overlap a span's characters; `what` names it where there are none. */
function overlapping({ ids, offsets, truncated }: Encoding, span: TextRow['span'], what: string): TokenRange | string {
  if (span === null) return `${what.charAt(0).toUpperCase()}${what.slice(1)} was not found in the text.`
  const [begin, end] = span
  let reached = 0
  let first = -1
  let last = -1
  for (let token = 0; token < ids.length; token++) {
    const from = offsets[2 * token] ?? -1
    const to = offsets[2 * token + 1] ?? -1
    if (from < 0) continue
    reached = Math.max(reached, to)
    if (from >= end || to <= begin) continue
    if (first < 0) first = token
    last = token
  }
  if (truncated > 0 && reached < end) return `The text is longer than the model reads: ${what} was cut off.`
  return last >= 0 ? { first, end: last + 1 } : `No token covers ${what}.`
}
