/** What the inputs and outputs of a generated graph are called. */

/**
 * Inputs of a generated graph. Positions and masks come from outside, so that the same graph runs padded batches,
 * packed prefix trees and cached generation: b rows, q tokens, k = past + q tokens that can be seen.
 */
export const INPUTS = {
  /** int64 [b, q] */
  tokens: 'input_ids',
  /** int64 [b, q]: rows of the learned table, or rotary positions. */
  positions: 'position_ids',
  /**
   * int64 [rows, length] and [b · q]: the token that stands in each place where attention is computed, and the place where each
   * token's result is read. Rows of a pack attend to themselves alone: laid out one under the other, they never meet the others.
   */
  places: 'attention_places',
  placeOf: 'attention_place_of',
  /** float32 [b, 1, q, k], with places [rows, 1, length, length]: 0 where a query sees a key, `MASKED` where not. */
  bias: (window: number | null): string => (window === null ? 'attention_bias' : `attention_bias_${window}`),
  /** int64 [b, q, k]: bucket of each relative position. */
  buckets: 'relative_buckets',
  /** float32 [b, kvHeads, past, headDim]: keys and values of what came before. */
  pastKey: (block: number): string => `past_key.${block}`,
  pastValue: (block: number): string => `past_value.${block}`,
  /** float32 [width / 2]: rotary frequencies that depend on the length. */
  frequencies: 'rotary_frequencies',
  /** Added to a residual site; float32, broadcast to [b, q, hidden]. */
  add: (site: string): string => `add/${site}`,
  /** Where `patch_mask` (bool as float32, [b, q, 1]) is 1, the site takes `patch_value` [b, q, hidden]. */
  patchMask: (site: string): string => `patch_mask/${site}`,
  patchValue: (site: string): string => `patch_value/${site}`
} as const

/** Outputs of a cached graph: the keys and values of all tokens so far. */
export const CACHED = {
  key: (block: number): string => `present_key.${block}`,
  value: (block: number): string => `present_value.${block}`
} as const

/** Names of the dims that attention is computed over. */
export const PLACES = ['rows', 'length'] as const

/** Finite, so that a row that sees nothing stays a number. */
export const MASKED = -1e30
