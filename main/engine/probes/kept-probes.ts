import type { FoldPlan } from './folds'
import type { LinearProbe } from './probe-method'
import type { SiteData } from './site-data'

/** What is kept of one method at one site, so that its held-out scores can be computed again from the activations. */
export interface KeptProbes {
  readonly folds: number
  /** One logit of class 1 for two classes, a logit a class for more. */
  readonly outputs: number
  readonly columns: number
  /** [folds, outputs, columns]: output = weights · activation + intercept, on raw activations. */
  readonly weights: Float64Array
  /** [folds, outputs] */
  readonly intercepts: Float64Array
  /** Strengths that validation chose from, ascending; one value where the method has none. */
  readonly strengths: Float64Array
  /** [folds, strengths]: score on the validation rows of each fold. */
  readonly validation: Float64Array
  /** The strength of each fold's probe, [folds]. */
  readonly chosen: Float64Array
}

/** Rows and groups of one outer fold. Validation rows are training rows that were held out in turn to choose the strength. */
export interface FoldSizes {
  readonly training: RowsAndGroups
  readonly validation: RowsAndGroups
  readonly test: RowsAndGroups
}
export interface RowsAndGroups { readonly rows: number; readonly groups: number }

/**
 * Probes on stored features as probes on raw activations: the standardisation is folded into weights and intercept,
 * in float64. `chosen` has one probe an outer fold.
 */
export function keptProbes(
  data: Pick<SiteData, 'columns' | 'scale' | 'offset'>, probes: readonly LinearProbe[],
  choice: Pick<KeptProbes, 'strengths' | 'validation' | 'chosen'>
): KeptProbes {
  const { columns, scale, offset } = data
  const outputs = probes[0]?.intercepts.length ?? 0
  const weights = new Float64Array(probes.length * outputs * columns)
  const intercepts = new Float64Array(probes.length * outputs)
  probes.forEach((probe, fold) => {
    for (let output = 0; output < outputs; output++) {
      let intercept = probe.intercepts[output] as number
      for (let column = 0; column < columns; column++) {
        const unit = scale[column] as number
        // A dead feature says nothing: its weight is 0.
        const weight = unit > 0 ? (probe.weights[output * columns + column] as number) / unit : 0
        weights[(fold * outputs + output) * columns + column] = weight
        intercept -= weight * (offset[column] as number)
      }
      intercepts[fold * outputs + output] = intercept
    }
  })
  return { folds: probes.length, outputs, columns, weights, intercepts, ...choice }
}

/** The outer fold that each activation row was tested in, [allRows]; -1 where it was in none. `rows` are the labelled ones. */
export function foldOfRow(plan: FoldPlan, rows: Int32Array, allRows: number): Int32Array {
  const foldOfCell = new Map(plan.outer.flatMap((fold, index) => fold.testCells.map(cell => [cell, index] as const)))
  const result = new Int32Array(allRows).fill(-1)
  rows.forEach((row, i) => { result[row] = foldOfCell.get(plan.cellOfRow[i] as number) ?? -1 })
  return result
}

/** Rows and groups that each outer fold trains, validates and tests on; `groups` has one entry a labelled row. */
export function foldSizes(plan: FoldPlan, groups: Int32Array): readonly FoldSizes[] {
  const sizeOf = (cells: ReadonlySet<number>): RowsAndGroups => {
    const own = groups.filter((_, row) => cells.has(plan.cellOfRow[row] as number))
    return { rows: own.length, groups: new Set(own).size }
  }
  return plan.outer.map(({ training, testCells, inner }) => ({
    training: sizeOf(new Set(plan.trainings[training])),
    validation: sizeOf(new Set(inner.flatMap(({ validationCells }) => validationCells))),
    test: sizeOf(new Set(testCells))
  }))
}
