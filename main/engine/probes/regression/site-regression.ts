import type { RegressedSite } from '../../../../preload/contract'
import { rowsInCells } from '../class-sums'
import type { FoldPlan } from '../folds'
import { keptProbes, type KeptProbes } from '../kept-probes'
import { isConstant, prepareSite } from '../site-data'
import { testedRows } from '../site-scores'
import type { Matrix } from '../sweep-types'
import { fitRidge } from './fit-ridge'
import { plainScores, regressionMeasures, type PlainScores, type Tested } from './measures'
import { textRidge } from './text-ridge'
import type { CodedTargets } from './targets'

/** What a regression sweep is about, said once. Arrays run over the rows with targets unless said otherwise. */
export interface RegressionStart {
  readonly kind: 'start-numeric'
  /** Over all activation rows. */
  readonly texts: readonly string[]
  readonly allRows: number
  readonly targets: CodedTargets
  /** [targets, rows]: the same rows of all targets permuted together. */
  readonly shuffled: Float64Array
  readonly groups: Int32Array
  readonly plan: FoldPlan
  readonly methods: readonly string[]
  readonly strengths: number
  readonly seed: number
}

/** A site's result with what is stored beside it. */
export interface RegressionOutcome {
  readonly result: RegressedSite
  /** [targets, activation rows]; NaN where a row was not tested. */
  readonly predicted: Float32Array
  readonly probes: KeptProbes
}

/** Scores that do not depend on the site. */
export interface RegressionBaselines { readonly textOnly: PlainScores; readonly mean: PlainScores }

export function regressionBaselines({ texts, targets, plan }: RegressionStart, checkpoint: () => void): RegressionBaselines {
  const { rows, values, names } = targets
  return {
    textOnly: plainScores(testedOf(textRidge(texts, rows, values, names.length, plan, checkpoint), values, targets, plan)),
    mean: plainScores(testedOf(trainingMeans(values, names.length, plan), values, targets, plan))
  }
}

/** Trains and scores ridge regression at one site. The matrix is taken over. */
export async function regressSite(start: RegressionStart, baselines: RegressionBaselines, site: string, matrix: Matrix, checkpoint: () => void): Promise<readonly RegressionOutcome[]> {
  const began = performance.now()
  const { targets, plan, shuffled, allRows } = start
  const { rows, values, names } = targets
  const data = prepareSite(site, matrix, allRows, rows, plan.cellOfRow, plan.cells)
  const fit = await fitRidge(data, plan, values, shuffled, names.length, start.strengths, checkpoint)
  const tested = testedRows(plan)
  const { measures, targets: scores } = regressionMeasures(
    testedOf(fit.predicted, values, targets, plan),
    { ...baselines, shuffled: plainScores(testedOf(fit.shuffled, shuffled, targets, plan)) },
    Int32Array.from(tested, row => start.groups[row] as number), start.seed
  )
  const predicted = new Float32Array(names.length * allRows).fill(NaN)
  names.forEach((_, target) => {
    for (const row of tested) predicted[target * allRows + (rows[row] as number)] = fit.predicted[target * rows.length + row] as number
  })
  return start.methods.map(method => ({
    result: {
      kind: 'numeric', site, method, measures, targets: scores, validationScore: fit.validationScore, strength: fit.strength,
      remarks: isConstant(data) ? ['constant'] : [], seconds: (performance.now() - began) / 1000
    },
    predicted,
    probes: keptProbes(data, fit.probes, {
      strengths: Float64Array.from(fit.strengths), validation: Float64Array.from(fit.outer.flatMap(({ validation }) => validation)),
      chosen: Float64Array.from(fit.outer, ({ strength }) => strength)
    })
  }))
}

/** Mean R² that the same probe would have with other folds, such as a split of single rows. */
export async function r2WithPlan(start: RegressionStart, plan: FoldPlan, site: string, matrix: Matrix, checkpoint: () => void): Promise<number> {
  const { targets, shuffled, allRows, strengths } = start
  const { rows, values, names } = targets
  const data = prepareSite(site, matrix, allRows, rows, plan.cellOfRow, plan.cells)
  const fit = await fitRidge(data, plan, values, shuffled, names.length, strengths, checkpoint)
  const { r2 } = plainScores(testedOf(fit.predicted, values, targets, plan))
  return r2.reduce((sum, value) => sum + value, 0) / r2.length
}

/** Predictions and truths of the tested rows. */
function testedOf(predicted: Float64Array, actual: Float64Array, { names, rows, coordinates }: CodedTargets, plan: FoldPlan): Tested {
  const tested = testedRows(plan)
  const pick = (values: Float64Array): Float64Array => {
    const chosen = new Float64Array(names.length * tested.length)
    names.forEach((_, target) => { tested.forEach((row, i) => { chosen[target * tested.length + i] = values[target * rows.length + row] as number }) })
    return chosen
  }
  return { names, rows: tested.length, predicted: pick(predicted), actual: pick(actual), coordinates }
}

/** For every test row the mean of the rows that were trained on. */
function trainingMeans(values: Float64Array, targets: number, plan: FoldPlan): Float64Array {
  const all = values.length / targets
  const result = new Float64Array(values.length).fill(NaN)
  for (const { training, testCells } of plan.outer) {
    const members = rowsInCells(plan.cellOfRow, plan.trainings[training] ?? [])
    const tested = rowsInCells(plan.cellOfRow, testCells)
    for (let target = 0; target < targets; target++) {
      let sum = 0
      for (const row of members) sum += values[target * all + row] as number
      for (const row of tested) result[target * all + row] = sum / members.length
    }
  }
  return result
}
