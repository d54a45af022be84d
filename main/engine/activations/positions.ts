import type { Encoding } from '../models/open-model'
import type { SpanSource, TextRow } from '../datasets/open-dataset'
import { positionName, writePositions } from '../../../preload/positions'
import type { Positions } from '../../../preload/recipe'
import { LayerscopeError } from '../errors'

/** Tokens from `first` up to, not including, `end`. */
export interface TokenRange { readonly first: number; readonly end: number }

/**
 * Which part of a text these positions ask the dataset for; null where they ask for none.
 * @throws LayerscopeError `positions-of-two-spans`: the rows of a pass know one part of their text
 */
export function spanSourceOf(positions: readonly Positions[]): SpanSource | null {
  const named = new Map(positions.flatMap(own => own.kind === 'span' || own.kind === 'word' ? [[writePositions(own), own] as const] : []))
  if (named.size > 1) throw new LayerscopeError({ code: 'positions-of-two-spans', message: `One pass reads one part of a text, and ${[...named.keys()].join(' and ')} are two.`, field: 'positions', hint: 'Ask for them one after the other.' })
  const [own] = named.values()
  if (own === undefined) return null
  return own.kind === 'span' ? { kind: 'value', column: own.column } : { kind: 'range', start: 'start', end: 'end' }
}

/**
 * The tokens of an encoded row whose mean stands for it, or a sentence why there are none.
 * `last`, `first` and what is counted from them go by real tokens, special ones included, as an attention mask does; `mean` and `all` take every token.
 * `span` takes the last token that overlaps the span's characters, `word` all that overlap the word's.
 */
export function positionOf(encoding: Encoding, row: TextRow, positions: Positions): TokenRange | string {
  const tokens = encoding.ids.length
  if (tokens === 0) return 'The text has no tokens.'
  const one = (token: number): TokenRange => ({ first: token, end: token + 1 })
  switch (positions.kind) {
    case 'last': return one(tokens - 1)
    case 'first': return one(0)
    case 'from-end': return positions.offset < tokens ? one(tokens - 1 - positions.offset) : tooShort(tokens, positions)
    case 'from-start': return positions.offset < tokens ? one(positions.offset) : tooShort(tokens, positions)
    case 'mean':
    case 'all': return { first: 0, end: tokens }
    case 'span': {
      const found = overlapping(encoding, row.span, `the value of ${positions.column}`)
      return typeof found === 'string' ? found : one(found.end - 1)
    }
    case 'word': return overlapping(encoding, row.span, 'the word')
  }
}

function tooShort(tokens: number, positions: Positions): string {
  return `The text has ${tokens === 1 ? '1 token' : `${tokens} tokens`}: it has no ${positionName(positions)}.`
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
