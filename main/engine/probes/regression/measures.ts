import type { BaselineName, Coordinates, Interval, Measure, MeasureName, TargetScore } from '../../../../preload/contract'
import { percentiles } from '../bootstrap'
import { seededRandom } from '../random'
import { greatCircleKm, proximityErrors, r2, rankOrder, spearman, type RankOrder } from './scores'

const resamples = 1000
/** Above this many row visits the rank correlation's interval takes fewer resamples, never fewer than 200. */
const rankVisits = 2e8

/** Held-out predictions of the rows that were tested. Arrays of numbers are [targets, rows]. */
export interface Tested {
  readonly names: readonly string[]
  readonly rows: number
  readonly predicted: Float64Array
  readonly actual: Float64Array
  readonly coordinates: Coordinates | null
}

/** Scores of one way to predict, without intervals: what a control needs. */
export interface PlainScores {
  readonly r2: readonly number[]
  readonly spearman: readonly (number | null)[]
  readonly greatCircleKm: number | null
  readonly proximityError: number
}

export function plainScores({ names, rows, predicted, actual, coordinates }: Tested): PlainScores {
  const work = [new Float64Array(rows), new Float64Array(rows)] as const
  const part = (values: Float64Array, target: number): Float64Array => values.subarray(target * rows, (target + 1) * rows)
  return {
    r2: names.map((_, target) => r2(part(predicted, target), part(actual, target))),
    spearman: names.map((_, target) => spearman(rankOrder(part(predicted, target)), rankOrder(part(actual, target)), null, work)),
    greatCircleKm: coordinates === null ? null : mean([...greatCircleKm(predicted, actual, rows, coordinates)]),
    proximityError: mean([...proximityErrors(predicted, actual, rows, coordinates)].filter(error => !Number.isNaN(error)))
  }
}

/** What a probe is to be read against, each scored on the same rows. */
export interface RegressionControls {
  readonly shuffled: PlainScores
  readonly textOnly: PlainScores
  readonly mean: PlainScores
}

/**
 * All measures of held-out predictions with their 95 % percentile intervals by a cluster bootstrap over `groups` (one entry a row),
 * R² first, each beside its baselines; and the same by target.
 */
export function regressionMeasures(tested: Tested, controls: RegressionControls, groups: Int32Array, seed: number): { readonly measures: readonly Measure[]; readonly targets: readonly TargetScore[] } {
  const { names, rows, predicted, actual, coordinates } = tested
  const plain = plainScores(tested)
  const part = (values: Float64Array, target: number): Float64Array => values.subarray(target * rows, (target + 1) * rows)
  const distances = coordinates === null ? null : greatCircleKm(predicted, actual, rows, coordinates)
  const intervals = bootstrap(tested, groups, distances, proximityErrors(predicted, actual, rows, coordinates), seed)
  const targets = names.map((name, target): TargetScore => ({
    name, r2: plain.r2[target] as number, r2Interval: intervals.r2[target] as Interval, spearman: plain.spearman[target] ?? null, spearmanInterval: intervals.spearman[target] ?? null,
    meanAbsoluteError: mean([...part(predicted, target)].map((value, row) => Math.abs(value - (actual[target * rows + row] as number)))),
    controls: { shuffled: controls.shuffled.r2[target] as number, textOnly: controls.textOnly.r2[target] as number, mean: controls.mean.r2[target] as number }
  }))
  const measure = (name: MeasureName, value: number | null, interval: Interval | null, of: (scores: PlainScores) => number | null, baselines: readonly (keyof RegressionControls)[]): Measure => ({
    name, value, interval, baselines: baselines.flatMap(baseline => {
      const own = of(controls[baseline])
      return own === null ? [] : [{ name: baseline satisfies BaselineName, value: own }]
    })
  })
  const meanKnown = (values: readonly (number | null)[]): number | null => values.includes(null) ? null : mean(values as readonly number[])
  return {
    targets,
    measures: [
      measure('r2', mean(plain.r2), intervals.meanR2, scores => mean(scores.r2), ['textOnly', 'shuffled', 'mean']),
      measure('spearman', meanKnown(plain.spearman), intervals.meanSpearman, scores => meanKnown(scores.spearman), ['textOnly', 'shuffled']),
      ...(distances === null ? [] : [measure('greatCircleKm', plain.greatCircleKm, intervals.distance, scores => scores.greatCircleKm, ['textOnly', 'shuffled', 'mean'])]),
      withChance(measure('proximityError', plain.proximityError, intervals.proximity, scores => scores.proximityError, ['textOnly', 'shuffled']), 0.5)
    ]
  }
}

function withChance(measure: Measure, chance: number): Measure {
  return { ...measure, baselines: [...measure.baselines, { name: 'chance', value: chance }] }
}

interface Intervals {
  readonly r2: readonly Interval[]
  readonly meanR2: Interval
  readonly spearman: readonly (Interval | null)[]
  readonly meanSpearman: Interval | null
  readonly distance: Interval | null
  readonly proximity: Interval | null
}

/** Whole groups are drawn with replacement, because rows of one group are not independent. */
function bootstrap({ names, rows, predicted, actual }: Tested, groups: Int32Array, distances: Float64Array | null, proximities: Float64Array, seed: number): Intervals {
  const targets = names.length
  const index = new Map<number, number>()
  const groupOfRow = Int32Array.from(groups, group => {
    const known = index.get(group) ?? index.size
    index.set(group, known)
    return known
  })
  const count = index.size
  const sizes = new Float64Array(count)
  // By target and group: Σy, Σy², Σ(y − ŷ)², around the target's mean, which keeps the sums small.
  const [first, second, residual] = [new Float64Array(targets * count), new Float64Array(targets * count), new Float64Array(targets * count)]
  const far = new Float64Array(count)
  const [near, nearRows] = [new Float64Array(count), new Float64Array(count)]
  const add = (values: Float64Array, at: number, value: number): void => { values[at] = (values[at] as number) + value }
  const centre = names.map((_, target) => mean([...actual.subarray(target * rows, (target + 1) * rows)]))
  for (let row = 0; row < rows; row++) {
    const group = groupOfRow[row] as number
    add(sizes, group, 1)
    for (let target = 0; target < targets; target++) {
      const y = (actual[target * rows + row] as number) - (centre[target] as number)
      add(first, target * count + group, y)
      add(second, target * count + group, y * y)
      add(residual, target * count + group, ((actual[target * rows + row] as number) - (predicted[target * rows + row] as number)) ** 2)
    }
    if (distances) add(far, group, distances[row] as number)
    const proximity = proximities[row] as number
    if (!Number.isNaN(proximity)) {
      add(near, group, proximity)
      add(nearRows, group, 1)
    }
  }
  const orders = names.map((_, target): readonly [RankOrder, RankOrder] => [rankOrder(predicted.subarray(target * rows, (target + 1) * rows)), rankOrder(actual.subarray(target * rows, (target + 1) * rows))])
  const rankResamples = Math.min(resamples, Math.max(200, Math.floor(rankVisits / (rows * targets))))
  const random = seededRandom(seed)
  const drawn = new Float64Array(count)
  const weights = new Float64Array(rows)
  const work = [new Float64Array(rows), new Float64Array(rows)] as const
  const r2s = names.map((): number[] => [])
  const correlations = names.map((): number[] => [])
  const [meanR2s, meanCorrelations, kilometres, shares]: [number[], number[], number[], number[]] = [[], [], [], []]
  const dot = (values: Float64Array, from: number): number => {
    let sum = 0
    for (let group = 0; group < count; group++) sum += (drawn[group] as number) * (values[from + group] as number)
    return sum
  }
  for (let resample = 0; resample < resamples; resample++) {
    drawn.fill(0)
    for (let draw = 0; draw < count; draw++) add(drawn, Math.floor(random() * count), 1)
    const n = dot(sizes, 0)
    const own = names.map((_, target) => {
      const at = target * count
      const total = dot(second, at) - dot(first, at) ** 2 / n
      return total > 0 ? 1 - dot(residual, at) / total : null
    })
    own.forEach((value, target) => { if (value !== null) r2s[target]?.push(value) })
    if (!own.includes(null)) meanR2s.push(mean(own as number[]))
    if (distances) kilometres.push(dot(far, 0) / n)
    const scored = dot(nearRows, 0)
    if (scored > 0) shares.push(dot(near, 0) / scored)
    if (resample >= rankResamples) continue
    for (let row = 0; row < rows; row++) weights[row] = drawn[groupOfRow[row] as number] as number
    const ranked = orders.map(([a, b]) => spearman(a, b, weights, work))
    ranked.forEach((value, target) => { if (value !== null) correlations[target]?.push(value) })
    if (!ranked.includes(null)) meanCorrelations.push(mean(ranked as number[]))
  }
  const interval = (values: readonly number[]): Interval | null => values.length > 0 ? percentiles(Float64Array.from(values)) : null
  // Where every resample is a single constant, as with one row a target, nothing is known of the R²: its whole range.
  const known = (values: readonly number[]): Interval => interval(values) ?? { lo: 0, hi: 1 }
  return {
    r2: r2s.map(known), meanR2: known(meanR2s), spearman: correlations.map(interval), meanSpearman: interval(meanCorrelations),
    distance: interval(kilometres), proximity: interval(shares)
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
