import { cholesky } from '../../matrices'
import { rowsInCells } from '../class-sums'
import { isLinear, type FitJob, type LinearProbe, type SiteContext } from '../probe-method'
import { withoutStrength } from './closed-form'
import { logistic } from './logistic'
import { probeOfDiscriminants } from './raw-discriminants'

/**
 * What stands for no regularisation in the paper's polarity fit, as C on standardised features: separable rows have no optimum
 * without one, and a larger C moves the direction little and costs several times as long. The first value is a step on the way.
 */
const polarityStrengths = [0.1, 10]
/** The same for the fit on two features, where a large C costs nothing. */
const planeStrength = 1e4

/**
 * Training of Truth and Polarity Direction (Bürger et al., 2407.12831). Least squares of the activations, centred within
 * each topic and polarity, on τ (truth ±1) and τp (p polarity ±1) gives the general truth direction t_G beside the
 * polarity-sensitive t_P; a logistic fit of p on the activations as they are gives d_p; a logistic fit of the label on
 * (xᵀt_G, xᵀd_p) is the probe, linear in x. Raw features; rows of unknown polarity do not train it.
 */
export const ttpd = withoutStrength('ttpd', async (context, jobs) => {
  const polarityOf = await polarityDirections(context, jobs)
  return jobs.map(job => {
    context.checkpoint()
    const { polarity } = context.contrast
    const training = rowsInCells(context.cellOfRow, job.cells).filter(row => polarity?.[row])
    return probeOnPlane(context, job, training, [truthDirection(context, job, training), polarityOf.get(job.cells.join()) as Float64Array])
  })
})

/** Weights [columns] on stored features that tell affirmative rows from negated ones, by training set. */
async function polarityDirections(context: SiteContext, jobs: readonly FitJob[]): Promise<ReadonlyMap<string, Float64Array>> {
  const { rows } = context.data
  const codes = Int32Array.from({ length: rows }, (_, row) => [0, -1, 1][(context.contrast.polarity?.[row] ?? 0) + 1] as number)
  // Jobs on the same rows differ in their labels alone.
  const trainings = [...new Map(jobs.map(({ cells }) => [cells.join(), cells])).entries()]
  const fits = await logistic.fit(context, trainings.map(([, cells]) => ({ cells, codes, strengths: polarityStrengths, start: null })), 'validation')
  return new Map(trainings.map(([key], i) => {
    const probe = fits[i]?.probes.at(-1)
    return [key, Float64Array.from(probe && isLinear(probe) ? probe.weights : new Float32Array(context.data.columns))]
  }))
}

/**
 * Weights [columns] on stored features that give xᵀt_G. With the normal equations of (τ, τp): Στ² = Στ²p² = n and
 * Στ·τp = Σp, so that t_G = (n Στx − Σp Στp x) / (n² − (Σp)²).
 */
export function truthDirection({ data: { columns, features, scale }, contrast: { polarity, topic } }: SiteContext, { codes }: FitJob, training: Int32Array): Float64Array {
  const strata = new Map<string, { rows: number; readonly mean: Float64Array }>()
  const stratumOf = Array.from(training, row => {
    const key = `${topic?.[row] ?? 0} ${polarity?.[row] ?? 0}`
    const stratum = strata.get(key) ?? { rows: 0, mean: new Float64Array(columns) }
    strata.set(key, stratum)
    stratum.rows++
    for (let column = 0, at = row * columns; column < columns; column++, at++) stratum.mean[column] = (stratum.mean[column] as number) + (features[at] as number)
    return stratum
  })
  const byTruth = new Float64Array(columns)
  const byBoth = new Float64Array(columns)
  let balance = 0
  training.forEach((row, i) => {
    const truth = codes[row] === 1 ? 1 : -1
    const sign = polarity?.[row] ?? 0
    const { rows = 1, mean = byTruth } = stratumOf[i] ?? {}
    balance += sign
    for (let column = 0, at = row * columns; column < columns; column++, at++) {
      const centred = truth * ((features[at] as number) - (mean[column] as number) / rows)
      byTruth[column] = (byTruth[column] as number) + centred
      byBoth[column] = (byBoth[column] as number) + sign * centred
    }
  })
  const n = training.length
  const determinant = n * n - balance * balance
  // One polarity alone leaves τ and τp the same: then their common direction is what there is.
  if (determinant === 0) return byTruth.map((value, column) => value / Math.max(1, n) * (scale[column] as number) ** 2)
  return byTruth.map((value, column) => (n * value - balance * (byBoth[column] as number)) / determinant * (scale[column] as number) ** 2)
}

/** The logistic probe on the two scores that `directions`, weights on stored features, give a row. */
function probeOnPlane({ data, data: { columns, features, scale, offset } }: SiteContext, { codes }: FitJob, training: Int32Array, directions: readonly [Float64Array, Float64Array]): LinearProbe {
  const scores = directions.map(direction => Float64Array.from(training, row => {
    let sum = 0
    for (let column = 0, at = row * columns; column < columns; column++, at++) sum += (features[at] as number) * (direction[column] as number)
    return sum
  }))
  const point = twoFeatureLogistic(scores[0] as Float64Array, scores[1] as Float64Array, Uint8Array.from(training, row => codes[row] as number))
  const raw = { weights: new Float64Array(columns), intercept: point[2] }
  for (let column = 0; column < columns; column++) {
    const unit = scale[column] as number
    if (unit === 0) continue
    const weight = (point[0] * (directions[0][column] as number) + point[1] * (directions[1][column] as number)) / unit
    raw.weights[column] = weight
    raw.intercept -= weight * (offset[column] as number)
  }
  return probeOfDiscriminants(data, [{ weights: new Float64Array(columns), intercept: 0 }, raw])
}

/** Weights and intercept of a logistic fit on two features, by Newton's method with halving on standardised ones. */
function twoFeatureLogistic(first: Float64Array, second: Float64Array, labels: Uint8Array): readonly [number, number, number] {
  const n = labels.length
  const units = [first, second].map(values => {
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, n)
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n))
    return { mean, inverse: deviation > 1e-12 * Math.abs(mean) ? 1 / deviation : 0 }
  })
  const inUnits = [first, second].map((values, i) => values.map(value => (value - (units[i]?.mean as number)) * (units[i]?.inverse as number)))
  const penalty = 1 / planeStrength
  const row = (i: number): readonly [number, number, number] => [inUnits[0]?.[i] as number, inUnits[1]?.[i] as number, 1]
  const loss = ([a, b, c]: readonly [number, number, number]): number => {
    let sum = penalty * (a * a + b * b) / 2
    for (let i = 0; i < n; i++) {
      const [x, y] = row(i)
      const margin = (labels[i] === 1 ? 1 : -1) * (a * x + b * y + c)
      sum += margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin
    }
    return sum
  }
  let point: readonly [number, number, number] = [0, 0, 0]
  let now = loss(point)
  for (let step = 0; step < 100; step++) {
    const gradient = Float64Array.of(penalty * point[0], penalty * point[1], 0)
    // A class that is absent would send the intercept off: it is held as lightly.
    const hessian = Float64Array.of(penalty, 0, 0, 0, penalty, 0, 0, 0, penalty)
    for (let i = 0; i < n; i++) {
      const own = row(i)
      const p = 1 / (1 + Math.exp(-(point[0] * own[0] + point[1] * own[1] + point[2])))
      for (let j = 0; j < 3; j++) {
        gradient[j] = (gradient[j] as number) + (p - (labels[i] as number)) * (own[j] as number)
        for (let k = 0; k < 3; k++) hessian[3 * j + k] = (hessian[3 * j + k] as number) + p * (1 - p) * (own[j] as number) * (own[k] as number)
      }
    }
    const direction = cholesky(hessian, 3)?.solve(gradient)
    if (!direction) break
    let length = 1
    let next = point
    let lower = now
    for (; length > 1e-6; length /= 2) {
      next = [point[0] - length * (direction[0] as number), point[1] - length * (direction[1] as number), point[2] - length * (direction[2] as number)]
      lower = loss(next)
      if (lower < now) break
    }
    if (!(lower < now)) break
    const gain = now - lower
    point = next
    now = lower
    if (gain <= 1e-12 * now) break
  }
  const [a, b] = [point[0] * (units[0]?.inverse as number), point[1] * (units[1]?.inverse as number)]
  return [a, b, point[2] - a * (units[0]?.mean as number) - b * (units[1]?.mean as number)]
}
