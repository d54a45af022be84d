import type { Matrix } from '../activations/index'
import type { KeptProbes } from '../probes/index'
import type { HeldOutValues } from '../sessions/index'

/** What the exported arrays give for a method at a site, computed in float64. */
export type HeldOutScore =
  | {
    readonly kind: 'accuracy'; readonly value: number; readonly rows: number
    /** Rows whose prediction differs from the run's, which multiplies in float32: they lie on the boundary. */
    readonly differing: number
  }
  | { readonly kind: 'r2'; readonly value: number; readonly rows: number }

/**
 * Each row by the probe of the fold that held it out, output = weights[fold] · activation + intercept[fold]: accuracy
 * for classes (one logit: class 1 where it is above 0; several: the largest, the first of equals), mean R² over the
 * targets for numbers. Rows in no fold or without a label are left out.
 */
export function heldOutScore({ data, rows, columns }: Matrix, probes: KeptProbes, fold: Int32Array, values: Exclude<HeldOutValues, { kind: 'trees' }>): HeldOutScore {
  const { outputs, weights, intercepts } = probes
  const output = (row: number, which: number): number => {
    const at = (fold[row] as number) * outputs + which
    let sum = intercepts[at] as number
    for (let column = 0; column < columns; column++) sum += (weights[at * columns + column] as number) * (data[row * columns + column] as number)
    return sum
  }
  const tested = Array.from({ length: rows }, (_, row) => row).filter(row => (fold[row] as number) >= 0)
  if (values.kind === 'numeric') {
    const scores = values.targets.map(({ actual }, target) => {
      const mean = tested.reduce((sum, row) => sum + (actual[row] as number), 0) / tested.length
      let [residual, total] = [0, 0]
      for (const row of tested) {
        residual += ((actual[row] as number) - output(row, target)) ** 2
        total += ((actual[row] as number) - mean) ** 2
      }
      return 1 - residual / total
    })
    return { kind: 'r2', value: scores.reduce((sum, score) => sum + score) / scores.length, rows: tested.length }
  }
  let [right, differing] = [0, 0]
  for (const row of tested) {
    let predicted = 0
    if (outputs === 1) predicted = output(row, 0) > 0 ? 1 : 0
    else {
      const logits = Array.from({ length: outputs }, (_, which) => output(row, which))
      predicted = logits.indexOf(Math.max(...logits))
    }
    if (predicted === values.actual[row]) right++
    if (predicted !== values.predicted[row]) differing++
  }
  return { kind: 'accuracy', value: right / tested.length, rows: tested.length, differing }
}
