import type { TokenBatch } from '../open-model'
import type { RawOutput } from './sessions'
import type { SiteLayout } from '../site-plan'

/** A batch whose rows begin at the left, and the way back from what it gives. */
export interface RightPadded {
  readonly batch: TokenBatch
  /** A site's output over `batch` with every token where it stood before; zero at padding. */
  restore(output: RawOutput, layout: SiteLayout): RawOutput
}

/**
 * The same rows with their padding on the right; null where it already is. A graph that numbers positions by place would
 * otherwise give a row padded on the left other activations than the row alone.
 */
export function rightPadded(batch: TokenBatch): RightPadded | null {
  const { rows, length, inputIds, attentionMask } = batch
  // Where each real token of a row stands.
  const places = Array.from({ length: rows }, (_, row) => Array.from({ length }, (_, at) => at).filter(at => attentionMask[row * length + at] === 1))
  if (places.every(row => row.every((place, at) => place === at))) return null
  const ids = new Int32Array(rows * length)
  const mask = new Uint8Array(rows * length)
  places.forEach((row, index) => {
    const padding = Array.from({ length }, (_, at) => at).filter(at => attentionMask[index * length + at] !== 1)
    for (const [at, place] of [...row, ...padding].entries()) ids[index * length + at] = inputIds[index * length + place] ?? 0
    mask.fill(1, index * length, index * length + row.length)
  })
  return {
    batch: { rows, length, inputIds: ids, attentionMask: mask },
    restore: ({ data, dims }, layout) => layout === 'pattern' ? { data: movedPairs(data, places, length), dims } : { data: movedTokens(data, dims, places, length), dims: [rows, length, ...dims.slice(2)] }
  }
}

/** [rows, length, …]; an output of one row is shared by all. */
function movedTokens(data: Float32Array, dims: readonly number[], places: readonly (readonly number[])[], length: number): Float32Array {
  const rows = places.length
  const shared = dims[0] === 1 && dims[1] === length && dims.length === 3
  const width = data.length / ((shared ? 1 : rows) * length)
  const moved = new Float32Array(rows * length * width)
  places.forEach((row, index) => {
    for (const [at, place] of row.entries()) {
      const from = ((shared ? 0 : index) * length + at) * width
      moved.set(data.subarray(from, from + width), (index * length + place) * width)
    }
  })
  return moved
}

/** [rows, heads, query, key] */
function movedPairs(data: Float32Array, places: readonly (readonly number[])[], length: number): Float32Array {
  const heads = data.length / (places.length * length * length)
  const moved = new Float32Array(data.length)
  places.forEach((row, index) => {
    for (let head = 0; head < heads; head++) {
      const base = (index * heads + head) * length
      for (const [query, queryPlace] of row.entries()) {
        for (const [key, keyPlace] of row.entries()) moved[(base + queryPlace) * length + keyPlace] = data[(base + query) * length + key] ?? 0
      }
    }
  })
  return moved
}
