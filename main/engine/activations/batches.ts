import type { EncodedRow, Window } from './windows'
import type { Gather, OpenModel, TokenBatch } from '../models/open-model'

/** Limits on one batch. */
export interface BatchLimits {
  /** Padded tokens, different texts × length; for `prefix`, tokens that differ in what they follow. */
  readonly tokens: number
  readonly batching: OpenModel['batching']
  /** Vectors that are kept of a row, and the most of a batch: all of them stay in memory until the batch ends. */
  keptOf(row: EncodedRow): number
  readonly kept: number
  /** Most texts of this length that keep every allocation small. */
  rowsAt(length: number): number
}

/** Share of a batch that may be padding before a new batch is begun, once it has an eighth of its tokens. */
const MOST_PADDING = 0.04

/**
 * Cuts a window into batches of rows of like length, the longest first (the runtime's memory then grows once),
 * each in the order of the files so that neighbours there are written together. Rows of one text stay in one batch, which runs it once.
 */
export function batchesOf(window: Window, limits: BatchLimits): EncodedRow[][] {
  if (limits.batching === 'prefix') return prefixBatches(window, limits)
  const byLength = textsOf(window.rows, limits).sort((a, b) => b.ids.length - a.ids.length)
  const batches: EncodedRow[][] = []
  let batch: EncodedRow[] = []
  let texts = 0
  let length = 0
  let tokens = 0
  let kept = 0
  for (const text of byLength) {
    const padded = (texts + 1) * length
    const full = padded > limits.tokens || texts >= limits.rowsAt(length) || kept + text.kept > limits.kept
    const wasteful = padded * (1 - MOST_PADDING) > tokens + text.ids.length && tokens > limits.tokens / 8
    if (texts > 0 && (full || wasteful)) {
      batches.push(batch.sort(inFileOrder))
      batch = []
      texts = tokens = kept = 0
    }
    if (texts === 0) length = text.ids.length
    batch.push(...text.rows)
    texts += 1
    tokens += text.ids.length
    kept += text.kept
  }
  if (batch.length > 0) batches.push(batch.sort(inFileOrder))
  return batches
}

/** Rows of one target side by side, in the order of its file. */
function inFileOrder(a: EncodedRow, b: EncodedRow): number {
  return a.target - b.target || a.slot - b.slot
}

/** Rows that share their ids, as many as one batch may keep vectors of. */
interface SharedText { readonly ids: Int32Array; readonly rows: EncodedRow[]; kept: number }

/** In the order of their first rows. */
function textsOf(rows: readonly EncodedRow[], limits: BatchLimits): SharedText[] {
  const texts: SharedText[] = []
  const open = new Map<Int32Array, SharedText>()
  for (const row of rows) {
    const text = open.get(row.ids)
    const own = limits.keptOf(row)
    if (text !== undefined && text.kept + own <= limits.kept) {
      text.rows.push(row)
      text.kept += own
      continue
    }
    const begun = { ids: row.ids, rows: [row], kept: own }
    texts.push(begun)
    open.set(row.ids, begun)
  }
  return texts
}

/** Rows in the order of their tokens, so that those that begin alike are run together; each batch in the order of the files. */
function prefixBatches(window: Window, limits: BatchLimits): EncodedRow[][] {
  const sorted = [...window.rows].sort((a, b) => compareIds(a.ids, b.ids) || inFileOrder(a, b))
  const batches: EncodedRow[][] = []
  let batch: EncodedRow[] = []
  let distinct = 0
  let kept = 0
  for (const row of sorted) {
    const before = batch.at(-1)
    const added = row.ids.length - (before === undefined ? 0 : commonPrefix(before.ids, row.ids))
    if (before !== undefined && (distinct + added > limits.tokens || kept + limits.keptOf(row) > limits.kept)) {
      batches.push(batch.sort(inFileOrder))
      batch = []
      distinct = 0
      kept = 0
    }
    kept += limits.keptOf(row)
    distinct += batch.length === 0 ? row.ids.length : added
    batch.push(row)
  }
  if (batch.length > 0) batches.push(batch.sort(inFileOrder))
  return batches
}

function compareIds(a: Int32Array, b: Int32Array): number {
  const common = commonPrefix(a, b)
  return common === Math.min(a.length, b.length) ? a.length - b.length : (a[common] ?? 0) - (b[common] ?? 0)
}

function commonPrefix(a: Int32Array, b: Int32Array): number {
  if (a === b) return a.length
  const length = Math.min(a.length, b.length)
  let common = 0
  while (common < length && a[common] === b[common]) common++
  return common
}

/** The different texts of the rows as a right-padded rectangle, in the order of their first rows. */
export function tokenBatch(rows: readonly EncodedRow[]): TokenBatch {
  const texts = Array.from(new Set(rows.map(({ ids }) => ids)))
  const length = texts.reduce((most, ids) => Math.max(most, ids.length), 0)
  const inputIds = new Int32Array(texts.length * length)
  const attentionMask = new Uint8Array(texts.length * length)
  texts.forEach((ids, i) => {
    inputIds.set(ids, i * length)
    attentionMask.fill(1, i * length, i * length + ids.length)
  })
  return { rows: texts.length, length, inputIds, attentionMask }
}

/** What is kept of each row: the mean of its tokens; of every token its vector where all are asked for. */
export function gatherOf(rows: readonly EncodedRow[], everyToken: boolean): Gather {
  if (everyToken) return { kind: 'tokens' }
  const positions = rows.map(({ kept: { first, end } }) => Int32Array.from({ length: end - first }, (_, i) => first + i))
  const batchRowOf = new Map(Array.from(new Set(rows.map(({ ids }) => ids)), (ids, i) => [ids, i] as const))
  if (batchRowOf.size === rows.length) return { kind: 'positions', positions }
  return { kind: 'positions', positions, batchRows: Int32Array.from(rows, ({ ids }) => batchRowOf.get(ids) ?? 0) }
}
