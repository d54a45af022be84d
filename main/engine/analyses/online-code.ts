import { seededRandom, shuffle } from '../probes/index'

/** Where blocks end, as shares of the rows (Voita & Titov 2020, 2003.12298). */
export const blockShares = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1] as const

/** The rows in the order in which their classes are sent, and after how many of them each block ends. */
export interface Blocks {
  readonly order: Int32Array
  /** Ascending; the last one is the number of rows. */
  readonly ends: readonly number[]
}

/**
 * Whole groups one after the other, in an order that the seed draws. A block ends with the group in which its share of the rows
 * is reached, so that no group lies in two; shares that are reached in one group make one block. `groups` has one entry a row.
 */
export function drawBlocks(groups: Int32Array, seed: number): Blocks {
  const members = new Map<number, number[]>()
  groups.forEach((group, row) => {
    const known = members.get(group)
    if (known) known.push(row)
    else members.set(group, [row])
  })
  const order = new Int32Array(groups.length)
  const ends: number[] = []
  let at = 0
  let share = 0
  for (const rows of shuffle([...members.values()], seededRandom(seed))) {
    order.set(rows, at)
    at += rows.length
    const before = share
    while (share < blockShares.length && at >= (blockShares[share] as number) * groups.length) share++
    if (share > before) ends.push(at)
  }
  return { order, ends }
}

/** Bits of a class that is sent as one of `classes` equals. */
export function uniformBits(rows: number, classes: number): number {
  return rows * Math.log2(classes)
}

/**
 * Bits of each of `codes` under the logits of a probe that was trained on rows with `seen` of each class; −log₂ p.
 *
 * A probe says nothing of a class that it was never shown. Such a class has the probability ½ / (t + K/2) of Krichevsky and Trofimov's
 * estimator (t rows seen, K classes), the others share the rest as the probe has it; where every class was seen, the
 * probabilities are the probe's. With one class seen there is no probe, and `logits` is null.
 * `logits` [outputs, rows]: that of class 1 for two classes, one a class otherwise.
 */
export function blockBits(codes: Int32Array, seen: Float64Array, logits: Float32Array | null): number {
  const rows = codes.length
  const classes = seen.length
  const total = seen.reduce((sum, count) => sum + count, 0)
  const absent = seen.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0)
  const escape = 0.5 / (total + classes / 2)
  const known = 1 - absent * escape
  const logit = (row: number, c: number): number => logits === null ? 0 : classes === 2 ? c === 0 ? 0 : logits[row] as number : logits[c * rows + row] as number
  let bits = 0
  for (let row = 0; row < rows; row++) {
    const own = codes[row] as number
    if (seen[own] === 0) {
      bits -= Math.log2(escape)
      continue
    }
    // ln p = −ln Σ exp(z_c − z_own) keeps the digits of what is all but certain.
    let largest = 0
    for (let c = 0; c < classes; c++) if (seen[c] !== 0) largest = Math.max(largest, logit(row, c) - logit(row, own))
    let others = 0
    for (let c = 0; c < classes; c++) if (c !== own && seen[c] !== 0) others += Math.exp(logit(row, c) - logit(row, own) - largest)
    const surprise = largest === 0 ? Math.log1p(others) : largest + Math.log(others + Math.exp(-largest))
    bits += surprise / Math.LN2 - Math.log2(known)
  }
  return bits
}
