import type { Encoding } from '../models/open-model'
import type { TextRow } from '../datasets/open-dataset'
import type { Positions } from '../../../preload/recipe'

/** Stands for "every token" where a token index is expected. */
export const EVERY_TOKEN = -1

/**
 * The token of an encoded row that stands for it, or a sentence why there is none.
 * `last` and `first` count real tokens, special ones included, as an attention mask does; `mean` and `all` take every token.
 * `span` takes the last token that overlaps the span's characters.
 */
export function positionOf(encoding: Encoding, row: TextRow, positions: Positions): number | string {
  const tokens = encoding.ids.length
  if (tokens === 0) return 'The text has no tokens.'
  switch (positions.kind) {
    case 'last': return tokens - 1
    case 'first': return 0
    case 'mean':
    case 'all': return EVERY_TOKEN
    case 'span': {
      if (row.span === null) return `The value of ${positions.column} was not found in the text.`
      const [begin, end] = row.span
      let reached = 0
      let last = -1
      for (let token = 0; token < tokens; token++) {
        const from = encoding.offsets[2 * token] ?? -1
        const to = encoding.offsets[2 * token + 1] ?? -1
        if (from < 0) continue
        reached = Math.max(reached, to)
        if (from < end && to > begin) last = token
      }
      if (encoding.truncated > 0 && reached < end) return `The text is longer than the model reads: the value of ${positions.column} was cut off.`
      return last >= 0 ? last : `No token covers the value of ${positions.column}.`
    }
  }
}
