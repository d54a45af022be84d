import type { FoldPlan } from './folds'
import { seededRandom, shuffle } from './random'
import { rowsOf, textBuckets, textFeatures, type SparseRows } from './text-features'

/** C of the text classifier; its features have length 1, so it needs little regularisation. Fixed: nothing is chosen on test rows. */
const strength = 10
/** Feature visits over all folds, classes and epochs that the baseline may take, within these bounds of epochs. */
const visits = 3e9
const fewestEpochs = 5
const mostEpochs = 40
/** Change of a dual variable, of 1, below which the fit has arrived. */
const settledChange = 0.001
/** Characters of all training texts kept at once: their features take some 30 bytes each. */
const trainingCharacters = 2 ** 21
/** Characters of one text that are read. */
const longestText = 4096

/**
 * What n-grams of the text alone say about the label: logistic regression over hashed word 1–2-grams and character
 * 2–5-grams, one class against the rest, trained and tested on the same folds as the probe. A probe that does no better
 * shows nothing about the model. Memory is bounded: beyond some 30,000 short texts it trains on an even sample of them.
 * Returns [rows, classes] over the labelled rows: scores in 0 … 1 that sum to one, NaN on rows in no test fold.
 */
export function textBaseline(
  texts: readonly string[], rows: Int32Array, codes: Int32Array, classes: number, plan: FoldPlan, seed: number, checkpoint: () => void
): Float64Array {
  const textOf = (i: number): string => (texts[rows[i] as number] ?? '').slice(0, longestText)
  const probabilities = new Float64Array(rows.length * classes).fill(NaN)
  const outputs = classes === 2 ? 1 : classes
  const everyRow = [...rows.keys()]
  // Where all texts may be kept, no fold reads them again.
  const kept = sampled(everyRow, textOf).length === everyRow.length ? textFeatures(everyRow.map(textOf)) : null
  for (const { training, testCells } of plan.outer) {
    const cells = new Set(plan.trainings[training])
    const members = sampled(everyRow.filter(i => cells.has(plan.cellOfRow[i] as number)), textOf)
    const features = kept ? rowsOf(kept, members) : textFeatures(members.map(textOf))
    const size = features.starts[members.length] as number
    const epochs = Math.max(fewestEpochs, Math.min(mostEpochs, Math.floor(visits / (size * outputs * plan.outer.length + 1))))
    const tested = everyRow.filter(i => testCells.includes(plan.cellOfRow[i] as number))
    for (let output = 0; output < outputs; output++) {
      const positive = outputs === 1 ? 1 : output
      const signs = Float64Array.from(members, i => codes[i] === positive ? 1 : -1)
      const model = fitSparseLogistic(features, signs, epochs, seed, checkpoint)
      for (let start = 0; start < tested.length; start += 1024) {
        checkpoint()
        const chunk = tested.slice(start, start + 1024)
        const held = kept ? rowsOf(kept, chunk) : textFeatures(chunk.map(textOf))
        chunk.forEach((i, at) => { probabilities[i * classes + positive] = 1 / (1 + Math.exp(-score(model, held, at))) })
      }
    }
    for (const i of tested) normalise(probabilities.subarray(i * classes, (i + 1) * classes))
  }
  return probabilities
}

export interface SparseModel {
  readonly weights: Float32Array
  readonly bias: number
}

/**
 * Logistic regression on sparse rows of length 1 or 0 by dual coordinate descent (Yu, Huang & Lin 2011), in
 * `epochs` at most: minimises Σ log(1 + exp(−y(wᵀx + b))) + (|w|² + b²) / 2C, whose minimum is w = C Σ αyx, b = C Σ αy. `signs` are ±1.
 */
export function fitSparseLogistic(features: SparseRows, signs: Float64Array, epochs: number, seed: number, checkpoint: () => void): SparseModel {
  const { starts, indices, values } = features
  const weights = new Float32Array(textBuckets)
  let bias = 0
  // α by its logit, so that 0 and 1 are never reached; all begin near 0, where w = 0.
  const dual = new Float64Array(signs.length)
  const logit = new Float64Array(signs.length).fill(-20)
  const order = Int32Array.from(signs.keys())
  const random = seededRandom(seed)
  for (let epoch = 0; epoch < epochs; epoch++) {
    checkpoint()
    let largest = 0
    for (const row of shuffle(order, random)) {
      const sign = signs[row] as number
      const [from, to] = [starts[row] as number, starts[row + 1] as number]
      let margin = bias
      for (let at = from; at < to; at++) margin += (weights[indices[at] as number] as number) * (values[at] as number)
      const before = dual[row] as number
      // The bias feature adds 1 to the row's own squared length.
      const moved = dualOptimum(logit[row] as number, before, sign * margin, strength * (to > from ? 2 : 1))
      const after = 1 / (1 + Math.exp(-moved))
      logit[row] = moved
      dual[row] = after
      largest = Math.max(largest, Math.abs(after - before))
      const change = strength * sign * (after - before)
      bias += change
      for (let at = from; at < to; at++) {
        const index = indices[at] as number
        weights[index] = (weights[index] as number) + change * (values[at] as number)
      }
    }
    if (largest < settledChange) break
  }
  return { weights, bias }
}

/** The root u of u + m + q (σ(u) − α), which rises in u, by Newton's method from `start` within its bracket: the logit of the α that is best for one row. */
function dualOptimum(start: number, alpha: number, margin: number, curvature: number): number {
  let low = -margin - curvature * (1 - alpha)
  let high = -margin + curvature * alpha
  let u = Math.min(high, Math.max(low, start))
  for (let iteration = 0; iteration < 8; iteration++) {
    const share = 1 / (1 + Math.exp(-u))
    const value = u + margin + curvature * (share - alpha)
    if (Math.abs(value) < 1e-6) break
    if (value > 0) high = u
    else low = u
    const next = u - value / (1 + curvature * share * (1 - share))
    u = next > low && next < high ? next : (low + high) / 2
  }
  return u
}

function score({ weights, bias }: SparseModel, { starts, indices, values }: SparseRows, row: number): number {
  let sum = bias
  for (let at = starts[row] as number; at < (starts[row + 1] as number); at++) sum += (weights[indices[at] as number] as number) * (values[at] as number)
  return sum
}

/** Two classes: the first takes what the second leaves. More: shares of the sum. */
function normalise(scores: Float64Array): void {
  if (scores.length === 2) {
    scores[0] = 1 - (scores[1] as number)
    return
  }
  const total = scores.reduce((sum, value) => sum + value, 0)
  for (let c = 0; c < scores.length; c++) scores[c] = (scores[c] as number) / total
}

/** All of `members`, or an even sample whose texts fit the bound. */
export function sampled(members: readonly number[], textOf: (i: number) => string): readonly number[] {
  const characters = members.reduce((sum, i) => sum + textOf(i).length, 0)
  const kept = Math.min(members.length, Math.ceil(members.length * trainingCharacters / Math.max(1, characters)))
  return Array.from({ length: kept }, (_, i) => members[Math.floor(i * members.length / kept)] as number)
}
