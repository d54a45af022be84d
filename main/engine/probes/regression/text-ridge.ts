import type { FoldPlan } from '../folds'
import { rowsInCells } from '../class-sums'
import { sampled } from '../text-baseline'
import { textBuckets, textFeatures, type SparseRows } from '../text-features'
import { r2 } from './scores'

/** Strengths tried; rows of n-grams have length 1, so these span almost free to almost the mean. */
const strengths = [0.1, 1, 10]
/** Steps of conjugate gradients: the error falls by at least (√κ − 1)/(√κ + 1) a step, κ ≤ 1 + n/α. */
const steps = 60
const longestText = 4096

/**
 * What n-grams of the text alone say about the targets: ridge regression over hashed word and character n-grams, trained and tested on
 * the same folds as the probe, its strength chosen on the first validation rows of each fold. A probe that does no better shows nothing
 * about the model. `values` is [targets, rows]; `rows` are the activation rows that take part. Returns [targets, rows], NaN on rows in no test fold.
 */
export function textRidge(texts: readonly string[], rows: Int32Array, values: Float64Array, targets: number, plan: FoldPlan, checkpoint: () => void): Float64Array {
  const textOf = (i: number): string => (texts[rows[i] as number] ?? '').slice(0, longestText)
  const result = new Float64Array(values.length).fill(NaN)
  const all = rows.length
  for (const { training, testCells, inner } of plan.outer) {
    const choose = (target: number): number => {
      const [first] = inner
      if (first === undefined) return 1
      const held = rowsInCells(plan.cellOfRow, first.validationCells)
      const actual = Float64Array.from(held, row => values[target * all + row] as number)
      const scores = strengths.map(alpha => r2(fitted(plan.trainings[first.training] ?? [], held, target, alpha), actual))
      return strengths[scores.indexOf(Math.max(...scores))] ?? 1
    }
    const cache = new Map<readonly number[], { readonly members: readonly number[]; readonly features: SparseRows }>()
    const heldFeatures = new Map<Int32Array, SparseRows>()
    const fitted = (cells: readonly number[], held: Int32Array, target: number, alpha: number): Float64Array => {
      checkpoint()
      let known = cache.get(cells)
      if (known === undefined) {
        const members = sampled([...rowsInCells(plan.cellOfRow, cells)], textOf)
        cache.set(cells, known = { members, features: textFeatures(members.map(textOf)) })
      }
      const own = Float64Array.from(known.members, row => values[target * all + row] as number)
      const model = sparseRidge(known.features, own, alpha)
      let features = heldFeatures.get(held)
      if (features === undefined) heldFeatures.set(held, features = textFeatures([...held].map(textOf)))
      return product(features, model.weights).map(value => value + model.intercept)
    }
    const tested = rowsInCells(plan.cellOfRow, testCells)
    for (let target = 0; target < targets; target++) {
      const predicted = fitted(plan.trainings[training] ?? [], tested, target, choose(target))
      tested.forEach((row, i) => { result[target * all + row] = predicted[i] as number })
    }
  }
  return result
}

/** Ridge on sparse rows around the targets' mean by conjugate gradients on the rows' Gram matrix: w = Xᵀa, (XXᵀ + αI)a = y − ȳ. */
export function sparseRidge(features: SparseRows, values: Float64Array, alpha: number): { readonly weights: Float64Array; readonly intercept: number } {
  const intercept = values.reduce((sum, value) => sum + value, 0) / values.length
  const residual = values.map(value => value - intercept)
  const dual = new Float64Array(values.length)
  let direction = Float64Array.from(residual)
  let size = dot(residual, residual)
  const enough = 1e-12 * size
  for (let step = 0; step < steps && size > enough; step++) {
    const image = product(features, transposed(features, direction))
    for (let i = 0; i < image.length; i++) image[i] = (image[i] as number) + alpha * (direction[i] as number)
    const length = size / dot(direction, image)
    for (let i = 0; i < dual.length; i++) {
      dual[i] = (dual[i] as number) + length * (direction[i] as number)
      residual[i] = (residual[i] as number) - length * (image[i] as number)
    }
    const next = dot(residual, residual)
    const kept = direction
    direction = residual.map((value, i) => value + next / size * (kept[i] as number))
    size = next
  }
  return { weights: transposed(features, dual), intercept }
}

function product({ starts, indices, values }: SparseRows, weights: Float64Array): Float64Array {
  return Float64Array.from({ length: starts.length - 1 }, (_, row) => {
    let sum = 0
    for (let at = starts[row] as number; at < (starts[row + 1] as number); at++) sum += (weights[indices[at] as number] as number) * (values[at] as number)
    return sum
  })
}

function transposed({ starts, indices, values }: SparseRows, rows: Float64Array): Float64Array {
  const weights = new Float64Array(textBuckets)
  for (let row = 0; row < rows.length; row++) {
    const factor = rows[row] as number
    for (let at = starts[row] as number; at < (starts[row + 1] as number); at++) {
      const index = indices[at] as number
      weights[index] = (weights[index] as number) + factor * (values[at] as number)
    }
  }
  return weights
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}
