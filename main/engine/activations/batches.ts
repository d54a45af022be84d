import { EVERY_TOKEN } from './positions'
import type { EncodedRow, Window } from './windows'
import type { Gather, OpenModel, TokenBatch } from '../models/open-model'

/** Limits on one batch. */
export interface BatchLimits {
  /** Padded tokens, rows × length; for `prefix`, tokens that differ in what they follow. */
  readonly tokens: number
  readonly batching: OpenModel['batching']
  /** Vectors that are kept of a row, and the most of a batch: for `prefix`, all of them stay in memory until the batch ends. */
  keptOf(row: EncodedRow): number
  readonly kept: number
  /** Most rows of this length that keep every allocation small. */
  rowsAt(length: number): number
}

/** Share of a batch that may be padding before a new batch is begun, once it has an eighth of its tokens. */
const MOST_PADDING = 0.04

/**
 * Cuts a window into batches of rows of like length, the longest first (the runtime's memory then grows once),
 * each in slot order so that neighbours in the file are written together.
 */
export function batchesOf(window: Window, limits: BatchLimits): EncodedRow[][] {
  if (limits.batching === 'prefix') return prefixBatches(window, limits)
  const byLength = [...window.rows].sort((a, b) => b.ids.length - a.ids.length || a.slot - b.slot)
  const batches: EncodedRow[][] = []
  let batch: EncodedRow[] = []
  let length = 0
  let tokens = 0
  for (const row of byLength) {
    const padded = (batch.length + 1) * length
    const full = padded > limits.tokens || batch.length >= limits.rowsAt(length)
    const wasteful = padded * (1 - MOST_PADDING) > tokens + row.ids.length && tokens > limits.tokens / 8
    if (batch.length > 0 && (full || wasteful)) {
      batches.push(batch.sort((a, b) => a.slot - b.slot))
      batch = []
      tokens = 0
    }
    if (batch.length === 0) length = row.ids.length
    batch.push(row)
    tokens += row.ids.length
  }
  if (batch.length > 0) batches.push(batch.sort((a, b) => a.slot - b.slot))
  return batches
}

/** Rows in the order of their tokens, so that those that begin alike are run together; each batch in slot order. */
function prefixBatches(window: Window, limits: BatchLimits): EncodedRow[][] {
  const sorted = [...window.rows].sort((a, b) => compareIds(a.ids, b.ids) || a.slot - b.slot)
  const batches: EncodedRow[][] = []
  let batch: EncodedRow[] = []
  let distinct = 0
  let kept = 0
  for (const row of sorted) {
    const before = batch.at(-1)
    const added = row.ids.length - (before === undefined ? 0 : commonPrefix(before.ids, row.ids))
    if (before !== undefined && (distinct + added > limits.tokens || kept + limits.keptOf(row) > limits.kept)) {
      batches.push(batch.sort((a, b) => a.slot - b.slot))
      batch = []
      distinct = 0
      kept = 0
    }
    kept += limits.keptOf(row)
    distinct += batch.length === 0 ? row.ids.length : added
    batch.push(row)
  }
  if (batch.length > 0) batches.push(batch.sort((a, b) => a.slot - b.slot))
  return batches
}

function compareIds(a: Int32Array, b: Int32Array): number {
  const common = commonPrefix(a, b)
  return common === Math.min(a.length, b.length) ? a.length - b.length : (a[common] ?? 0) - (b[common] ?? 0)
}

function commonPrefix(a: Int32Array, b: Int32Array): number {
  const length = Math.min(a.length, b.length)
  let common = 0
  while (common < length && a[common] === b[common]) common++
  return common
}

/** The rows as a right-padded rectangle. */
export function tokenBatch(rows: readonly EncodedRow[]): TokenBatch {
  const length = rows.reduce((most, row) => Math.max(most, row.ids.length), 0)
  const inputIds = new Int32Array(rows.length * length)
  const attentionMask = new Uint8Array(rows.length * length)
  rows.forEach(({ ids }, i) => {
    inputIds.set(ids, i * length)
    attentionMask.fill(1, i * length, i * length + ids.length)
  })
  return { rows: rows.length, length, inputIds, attentionMask }
}

/** What is kept of each row: its position, or every token averaged. */
export function gatherOf(rows: readonly EncodedRow[], everyToken: boolean): Gather {
  if (everyToken) return { kind: 'tokens' }
  return {
    kind: 'positions',
    positions: rows.map(({ position, ids }) => position === EVERY_TOKEN ? Int32Array.from(ids, (_, i) => i) : Int32Array.of(position))
  }
}
