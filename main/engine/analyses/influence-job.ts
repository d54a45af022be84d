import { LayerscopeError } from '../errors'
import type { DoubleProducts } from '../matrices'
import type { AnalysisContext, InfluenceJob, InfluenceOutcome } from './analysis-protocol'
import { extremes, influences } from './influence'
import { logisticOptimum } from './logistic-optimum'
import { inUnits, readActivations, trainingRows, unitsOf } from './training-rows'
import { written } from '../quantity'

/** Float64 copies of the training rows are held whole. */
const mostBytes = 2 ** 31

/**
 * The rows of one fold's training set that made a prediction, in the fold whose probe predicted it. The kept probe is
 * taken to its optimum in float64 first. @throws LayerscopeError `influence-two-classes`, `row-not-tested`, `site-too-large`, `too-few-rows`
 */
export async function influenceOfRows(products: DoubleProducts, job: InfluenceJob, { checkpoint }: AnalysisContext): Promise<InfluenceOutcome> {
  if (job.classes !== 2) {
    throw new LayerscopeError({ code: 'influence-two-classes', field: 'site', message: `Influence is exact for a logistic probe of two classes; this one tells ${job.classes} apart.`, hint: 'Leave rows out and refit instead: that holds for every probe.' })
  }
  const own = job.fold[job.row] ?? -1
  if (own < 0) throw new LayerscopeError({ code: 'row-not-tested', message: 'This row was in no test fold, so no held-out probe predicted it.', field: 'row' })
  const matrix = await readActivations(job.path)
  checkpoint()
  const { columns } = matrix
  const left = new Set(job.without)
  const all = trainingRows(job, own)
  const rows = all.filter(row => !left.has(row))
  const labels = Uint8Array.from(rows, row => job.codes[row] as number)
  if (new Set(labels).size < 2) throw new LayerscopeError({ code: 'too-few-rows', message: 'Without these rows one class has no training rows left.', hint: 'Leave fewer rows out.' })
  // The factor on the smaller side, its inverse and two copies of the rows.
  if (8 * (2 * rows.length * columns + 3 * Math.min(rows.length, columns) ** 2) > mostBytes) {
    throw new LayerscopeError({ code: 'site-too-large', message: `Influence holds ${written(rows.length)} training rows of ${columns} features in float64, which takes more than 2 GB.`, field: 'site', hint: 'Run on fewer rows (a limit) to ask for it.' })
  }
  // The units stay those of all training rows, so that leaving rows out changes the probe and nothing else.
  const units = unitsOf(matrix, all)
  const problem = { features: inUnits(matrix, rows, units), rows: rows.length, columns, labels, strength: job.strengths[own] as number }
  const start = new Float64Array(columns + 1)
  let intercept = job.intercepts[own] as number
  for (let column = 0; column < columns; column++) {
    const weight = job.weights[own * columns + column] as number
    const inverse = units.inverse[column] as number
    start[column] = inverse > 0 ? weight / inverse : 0
    intercept += weight * (units.mean[column] as number)
  }
  start[columns] = intercept
  const optimum = await logisticOptimum(products, problem, start, checkpoint)
  const tested = inUnits(matrix, Int32Array.of(job.row), units)
  const effects = await influences(products, problem, optimum, tested, 1)
  const { largest, smallest } = extremes(effects, job.k)
  const named = (positions: readonly number[]): InfluenceOutcome['upwards'] => positions.map(i => ({ row: rows[i] as number, effect: effects[i] as number }))
  return {
    trainingRows: rows.length,
    logit: tested.reduce((sum, value, column) => sum + value * (optimum.point[column] as number), optimum.point[columns] as number),
    upwards: named(largest), downwards: named(smallest)
  }
}
