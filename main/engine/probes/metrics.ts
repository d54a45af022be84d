/**
 * Scores of held-out probabilities. `probabilities` is [rows, classes] row-major, `actual` the class of each row.
 * Rows are pooled over the folds, each scored once by the probe that did not see it; the area under the curve
 * therefore compares probabilities of different folds' probes with each other, as a reader of the pooled
 * predictions would.
 */
export interface Predictions {
  readonly probabilities: Float64Array
  readonly actual: Int32Array
  readonly classes: number
}

/** Index of the largest probability of each row, the first of equals. */
export function predictedClasses({ probabilities, actual, classes }: Predictions): Int32Array {
  const predicted = new Int32Array(actual.length)
  for (let row = 0; row < actual.length; row++) {
    let best = 0
    for (let c = 1; c < classes; c++) {
      if ((probabilities[row * classes + c] ?? 0) > (probabilities[row * classes + best] ?? 0)) best = c
    }
    predicted[row] = best
  }
  return predicted
}

export function accuracy(predicted: Int32Array, actual: Int32Array): number {
  let right = 0
  for (let row = 0; row < actual.length; row++) if (predicted[row] === actual[row]) right++
  return right / actual.length
}

/** Mean recall over the classes that occur in `actual`. */
export function balancedAccuracy(predicted: Int32Array, actual: Int32Array, classes: number): number {
  const right = new Float64Array(classes)
  const total = new Float64Array(classes)
  for (let row = 0; row < actual.length; row++) {
    const c = actual[row] ?? 0
    total[c] = (total[c] ?? 0) + 1
    if (predicted[row] === c) right[c] = (right[c] ?? 0) + 1
  }
  let sum = 0
  let present = 0
  for (let c = 0; c < classes; c++) {
    const rows = total[c] ?? 0
    if (rows === 0) continue
    sum += (right[c] ?? 0) / rows
    present++
  }
  return sum / present
}

/** Mean −ln p of the actual class; p is kept within float64's epsilon of 0 and 1, as scikit-learn does. */
export function logLoss({ probabilities, actual, classes }: Predictions): number {
  const epsilon = 2 ** -52
  let sum = 0
  for (let row = 0; row < actual.length; row++) {
    sum -= Math.log(Math.min(1 - epsilon, Math.max(epsilon, probabilities[row * classes + (actual[row] ?? 0)] ?? 0)))
  }
  return sum / actual.length
}

/** Rows of one class against the rest, in order of score, with runs of equal scores marked: what a bootstrap reuses. */
export interface Ranking {
  readonly order: Int32Array
  /** 1 where a row's score equals the one before it in `order`. */
  readonly tied: Uint8Array
  readonly positive: Uint8Array
}

export function ranking({ probabilities, actual, classes }: Predictions, positiveClass: number): Ranking {
  const score = (row: number): number => probabilities[row * classes + positiveClass] ?? 0
  const scores = Float64Array.from(actual, (_, row) => score(row))
  const order = Int32Array.from(actual.keys()).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0))
  const tied = new Uint8Array(order.length)
  for (let i = 1; i < order.length; i++) tied[i] = scores[order[i] ?? 0] === scores[order[i - 1] ?? 0] ? 1 : 0
  return { order, tied, positive: Uint8Array.from(actual, c => c === positiveClass ? 1 : 0) }
}

/**
 * Area under the receiver operating characteristic: the chance that a positive row scores above a negative one,
 * ties counting half. `weights` multiply rows (null for one each). Null where either side is empty.
 */
export function areaUnderCurve({ order, tied, positive }: Ranking, weights: Float64Array | null): number | null {
  let below = 0
  let area = 0
  let positives = 0
  let tiedPositive = 0
  let tiedNegative = 0
  for (let i = 0; i < order.length; i++) {
    const row = order[i] ?? 0
    if (!tied[i]) {
      area += tiedPositive * (below + tiedNegative / 2)
      below += tiedNegative
      tiedPositive = 0
      tiedNegative = 0
    }
    const weight = weights ? weights[row] ?? 0 : 1
    if (positive[row]) {
      tiedPositive += weight
      positives += weight
    } else tiedNegative += weight
  }
  area += tiedPositive * (below + tiedNegative / 2)
  below += tiedNegative
  return positives > 0 && below > 0 ? area / (positives * below) : null
}

/** Rankings behind `macroArea`: class 1 of a binary task, every class against the rest otherwise. */
export function rankings(predictions: Predictions): readonly Ranking[] {
  if (predictions.classes === 2) return [ranking(predictions, 1)]
  return Array.from({ length: predictions.classes }, (_, c) => ranking(predictions, c))
}

/** Mean area over `of`; null where a class is absent. */
export function macroArea(of: readonly Ranking[], weights: Float64Array | null): number | null {
  let sum = 0
  for (const each of of) {
    const area = areaUnderCurve(each, weights)
    if (area === null) return null
    sum += area
  }
  return sum / of.length
}
