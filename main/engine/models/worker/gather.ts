import { LayerscopeError } from '../../errors'
import type { Gather, Tensor, TokenBatch } from '../open-model'
import type { SiteLayout } from '../site-plan'

/** Dims of a site's output in its canonical form, from the number of values and what is known of the batch. */
export interface SiteDims { readonly layout: SiteLayout; readonly heads: number | null; readonly headDim: number | null }

/**
 * Brings a session output into the site's shape and keeps what was asked for.
 * Outputs may be flattened ([batch·position, width]) or shared by all rows ([1, position, width]); memory order is the site's.
 */
export function gatherSite(data: Float32Array, outputDims: readonly number[], dims: SiteDims, batch: TokenBatch, gather: Gather, site: string): Tensor {
  const { rows, length } = batch
  if (dims.layout === 'pattern') {
    if (gather.kind !== 'whole') throw perToken(site)
    const heads = data.length / (rows * length * length)
    return { data, shape: [rows, heads, length, length] }
  }
  const shared = rows > 1 && outputDims[0] === 1 && outputDims[1] === length && outputDims.length === 3
  const width = data.length / ((shared ? 1 : rows) * length)
  const rowOf = (row: number): number => (shared ? 0 : row) * length * width
  if (gather.kind === 'whole') {
    const whole = shared ? repeated(data, rows) : data
    const headDim = dims.layout === 'heads' ? dims.headDim : null
    return { data: whole, shape: headDim === null ? [rows, length, width] : [rows, length, width / headDim, headDim] }
  }
  if (gather.kind === 'tokens') {
    const tokens = batch.attentionMask.reduce((total, real) => total + real, 0)
    const out = new Float32Array(tokens * width)
    let at = 0
    for (let row = 0; row < rows; row++) {
      for (let position = 0; position < length; position++) {
        if (batch.attentionMask[row * length + position] !== 1) continue
        const from = rowOf(row) + position * width
        out.set(data.subarray(from, from + width), at)
        at += width
      }
    }
    return { data: out, shape: [tokens, width] }
  }
  const entries = gather.positions.length
  const out = new Float32Array(entries * width)
  for (let entry = 0; entry < entries; entry++) {
    const positions = gather.positions[entry] ?? new Int32Array(0)
    const base = rowOf(gather.batchRows?.[entry] ?? entry)
    const target = out.subarray(entry * width, (entry + 1) * width)
    if (positions.length === 1) {
      const from = base + (positions[0] ?? 0) * width
      target.set(data.subarray(from, from + width))
      continue
    }
    for (const position of positions) {
      const from = base + position * width
      for (let column = 0; column < width; column++) target[column] = (target[column] ?? 0) + (data[from + column] ?? 0)
    }
    const share = 1 / Math.max(1, positions.length)
    for (let column = 0; column < width; column++) target[column] = (target[column] ?? 0) * share
  }
  return { data: out, shape: [entries, width] }
}

function repeated(data: Float32Array, rows: number): Float32Array {
  const out = new Float32Array(data.length * rows)
  for (let row = 0; row < rows; row++) out.set(data, row * data.length)
  return out
}

function perToken(site: string): LayerscopeError {
  return new LayerscopeError({
    code: 'site-not-per-token',
    message: `${site} relates pairs of tokens and has no vector per token.`,
    field: 'sites', hint: 'Leave attention patterns out of an extraction; trace a few texts to see them.'
  })
}
