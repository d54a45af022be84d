import type { TokenBatch } from '../open-model'

/** Tokens in one pack: enough rows for matrix products at full speed, few enough for small outputs. */
const PACK_TOKENS = 256

/** A row of the batch inside a pack: the slot of each of its real tokens, in their order. */
export interface PackedRow {
  readonly row: number
  readonly slots: Int32Array
}

/** Rows whose shared prefixes stand once: a slot is a distinct prefix, named by the token of the batch (row · length + position) that ends it. */
export interface PrefixPack {
  readonly rows: readonly PackedRow[]
  /** [slots] */
  readonly tokens: Int32Array
}

/**
 * Lays rows out so that what they have in common is there once. Causal models share every common beginning (sorted rows form a
 * prefix tree, since a token's activations depend on what came before it alone); others share rows that are equal as a whole.
 * A pack holds up to 256 slots, or one longer row.
 */
export function prefixPacks({ rows, length, inputIds, attentionMask }: TokenBatch, causal: boolean): readonly PrefixPack[] {
  const sequences = Array.from({ length: rows }, (_, row) => {
    const tokens: number[] = []
    for (let at = row * length; at < (row + 1) * length; at++) if (attentionMask[at] === 1) tokens.push(at)
    return { row, tokens: Int32Array.from(tokens), ids: Int32Array.from(tokens, at => inputIds[at] ?? 0) }
  }).sort((a, b) => compareIds(a.ids, b.ids) || a.row - b.row)

  const packs: PrefixPack[] = []
  let packed: PackedRow[] = []
  let slots: number[] = []
  let before: { readonly ids: Int32Array; readonly slots: Int32Array } | null = null
  const finish = (): void => {
    if (packed.length > 0) packs.push({ rows: packed, tokens: Int32Array.from(slots) })
    packed = []
    slots = []
    before = null
  }
  for (const { row, tokens, ids } of sequences) {
    if (slots.length + ids.length - shared(before?.ids, ids, causal) > PACK_TOKENS) finish()
    const common: number = shared(before?.ids, ids, causal)
    const own = new Int32Array(ids.length)
    if (before !== null) own.set(before.slots.subarray(0, common))
    for (let token = common; token < ids.length; token++) {
      own[token] = slots.length
      slots.push(tokens[token] ?? 0)
    }
    packed.push({ row, slots: own })
    before = { ids, slots: own }
  }
  finish()
  return packs
}

/** Order of a dictionary; rows that begin alike become neighbours. */
export function compareIds(a: Int32Array, b: Int32Array): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Tokens that two rows begin with alike. */
export function commonPrefix(a: Int32Array, b: Int32Array): number {
  const length = Math.min(a.length, b.length)
  let common = 0
  while (common < length && a[common] === b[common]) common++
  return common
}

function shared(before: Int32Array | undefined, ids: Int32Array, causal: boolean): number {
  if (before === undefined) return 0
  const common = commonPrefix(before, ids)
  return causal || (common === ids.length && common === before.length) ? common : 0
}
