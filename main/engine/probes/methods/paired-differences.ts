import { rowsInCells } from '../class-sums'
import { pairsByClass, pairsBySide } from '../contrast-pairs'
import type { FitJob, LinearProbe, SiteContext } from '../probe-method'
import { seededRandom } from '../random'
import { calibrateScale } from './calibrate-scale'
import { withoutStrength } from './closed-form'
import { doubleProducts } from './double-work'
import { firstRightVector } from './first-right-vector'
import { probeOfDiscriminants } from './raw-discriminants'

/**
 * Mean over contrast pairs of (row of class 1 − row of class 0) on raw features (the reading vectors of representation
 * engineering, Zou et al. 2310.01405; contrastive activation addition), bias at the pairs' mean midpoint, the logit's scale
 * calibrated on the training rows. Where every training row is in a pair it is the mass-mean probe.
 */
export const pairedMeanDifference = withoutStrength('paired-mean-difference', (context, jobs) => Promise.resolve(jobs.map(job => {
  context.checkpoint()
  const pairs = pairsByClass(context.contrast, rowsInCells(context.cellOfRow, job.cells), job.codes)
  return probeAlong(context, job, meanDifference(context, pairs), pairs)
})))

/**
 * First principal component of the differences within contrast pairs (representation engineering, Zou et al. 2310.01405;
 * with polarity the contrastive representation clustering of Burns et al. 2212.03827): v that maximises Σ(vᵀd)², d the raw
 * difference of a pair's rows. The sum is not centred, so that it does not hang on which row comes first. Where polarity
 * tells the sides of pairs apart each side is centred on its own mean first, which takes the mark of negation out.
 * Labels give only the sign, that of the mean difference along v; bias and scale as of `pairedMeanDifference`.
 */
export const pairedFirstComponent = withoutStrength('paired-first-component', async (context, jobs) => {
  // Jobs on the same rows differ in their labels alone, which the component does not read.
  const componentOf = new Map<string, Float64Array>()
  const probes: LinearProbe[] = []
  for (const job of jobs) {
    context.checkpoint()
    const training = rowsInCells(context.cellOfRow, job.cells)
    const key = job.cells.join()
    const component = componentOf.get(key) ?? await firstComponent(context, pairsBySide(context.contrast, training))
    componentOf.set(key, component)
    const pairs = pairsByClass(context.contrast, training, job.codes)
    const along = meanDifference(context, pairs).reduce((sum, value, column) => sum + value * (component[column] as number), 0)
    probes.push(probeAlong(context, job, along < 0 ? component.map(value => -value) : component, pairs))
  }
  return probes
})

/** Raw, [columns]; zero at dead features. */
function meanDifference({ data: { columns, features, scale } }: SiteContext, pairs: Int32Array): Float64Array {
  const mean = new Float64Array(columns)
  for (let i = 0; i < pairs.length; i += 2) {
    const [zero, one] = [(pairs[i] as number) * columns, (pairs[i + 1] as number) * columns]
    for (let column = 0; column < columns; column++) mean[column] = (mean[column] as number) + (features[one + column] as number) - (features[zero + column] as number)
  }
  return mean.map((value, column) => value * (scale[column] as number) / Math.max(1, pairs.length / 2))
}

async function firstComponent({ data: { columns, features, scale }, contrast: { polarity }, seed }: SiteContext, pairs: Int32Array): Promise<Float64Array> {
  const count = pairs.length / 2
  const differences = new Float64Array(count * columns)
  // Sides that the seed drew have no mean of their own.
  const told = Uint8Array.from({ length: count }, (_, pair) => polarity?.[pairs[2 * pair] as number] === -1 && polarity[pairs[2 * pair + 1] as number] === 1 ? 1 : 0)
  const toldPairs = told.reduce((sum, value) => sum + value, 0)
  const mean = new Float64Array(columns)
  for (let pair = 0, at = 0; pair < count; pair++) {
    const [minus, plus] = [(pairs[2 * pair] as number) * columns, (pairs[2 * pair + 1] as number) * columns]
    for (let column = 0; column < columns; column++, at++) {
      differences[at] = ((features[plus + column] as number) - (features[minus + column] as number)) * (scale[column] as number)
      mean[column] = (mean[column] as number) + (told[pair] as number) * (differences[at] as number) / Math.max(1, toldPairs)
    }
  }
  for (let pair = 0, at = 0; pair < count && toldPairs > 0; pair++) {
    for (let column = 0; column < columns; column++, at++) differences[at] = (differences[at] as number) - (told[pair] as number) * (mean[column] as number)
  }
  return firstRightVector(await doubleProducts(), differences, count, columns, seededRandom(seed))
}

/** The probe along a raw direction with its boundary half way between the pairs' rows; one that says nothing without pairs. */
function probeAlong(context: SiteContext, job: FitJob, direction: Float64Array, pairs: Int32Array): LinearProbe {
  const { data, data: { columns, features, scale, offset } } = context
  const midpoint = new Float64Array(columns)
  for (const row of pairs) for (let column = 0; column < columns; column++) midpoint[column] = (midpoint[column] as number) + (features[row * columns + column] as number)
  let intercept = 0
  for (let column = 0; column < columns; column++) {
    intercept -= (direction[column] as number) * ((midpoint[column] as number) / Math.max(1, pairs.length) * (scale[column] as number) + (offset[column] as number))
  }
  const none = { weights: new Float64Array(columns), intercept: 0 }
  return calibrateScale(context, job, probeOfDiscriminants(data, [none, { weights: direction, intercept }]))
}
