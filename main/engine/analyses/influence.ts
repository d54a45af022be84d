import type { DoubleProducts } from '../matrices'
import type { LogisticOptimum, LogisticProblem } from './logistic-optimum'

/**
 * What each training row adds to the logits of other rows: the logit with the row in training less the logit of the
 * probe refitted without it, [rows of `tested`, training rows].
 *
 * Koh & Liang (2017, 1703.04730) for a strictly convex loss, with the leverage term that makes the single Newton step
 * towards the refit exact where the loss is quadratic: removing row i changes the logit of x̃ by
 * x̃ᵀH⁻¹(pᵢ − yᵢ)x̃ᵢ / (1 − hᵢ), H the Hessian over the training rows. Features keep their scale; a refit that standardises
 * again on the rows left differs by what a single row moves their mean and deviation.
 */
export async function influences(
  products: DoubleProducts, problem: LogisticProblem, optimum: LogisticOptimum, tested: Float64Array, count: number
): Promise<Float64Array> {
  const { features, rows, columns } = problem
  const solved = await optimum.solve(tested, count)
  const weights = new Float64Array(count * columns)
  for (let t = 0; t < count; t++) weights.set(solved.subarray(t * (columns + 1), t * (columns + 1) + columns), t * columns)
  const effects = await products.rowsByRows(weights, count, features, rows, columns)
  const factors = Float64Array.from(optimum.residuals, (residual, row) => -residual / (1 - (optimum.leverages[row] as number)))
  for (let t = 0, at = 0; t < count; t++) {
    const intercept = solved[t * (columns + 1) + columns] as number
    for (let row = 0; row < rows; row++, at++) effects[at] = ((effects[at] as number) + intercept) * (factors[row] as number)
  }
  return effects
}

/** Positions of the `k` largest and of the `k` most negative values, strongest first; zeros are in neither. */
export function extremes(values: Float64Array, k: number): { readonly largest: readonly number[]; readonly smallest: readonly number[] } {
  const order = Int32Array.from(values.keys()).sort((a, b) => (values[b] as number) - (values[a] as number) || a - b)
  return {
    largest: [...order.subarray(0, k)].filter(i => (values[i] as number) > 0),
    smallest: [...order.subarray(Math.max(0, order.length - k))].reverse().filter(i => (values[i] as number) < 0)
  }
}
