import type { MeasureName } from '../../../preload/contract'
import { measures } from '../../../preload/measures'
import { drawClusters, numberGroups } from './cluster-draws'
import { groupStatistic, type GroupStatistic } from './group-statistic'
import type { ScoredCell } from './scored-cell'

/** What picking the best of many cells by its test score adds to it. */
export interface BestOfManyOutcome {
  /** The measure of each cell, in order; NaN where it has none. */
  readonly values: Float64Array
  /** Index of the best; −1 where no cell has a value. */
  readonly best: number
  /** Mean over resamples of the largest deviation in the better direction, in units of the measure. */
  readonly expected: number
  /** What that deviation exceeds in one resample of twenty. */
  readonly upper: number
}

const resamples = 1000
const fewest = 200
/** Visits over all cells and resamples, beyond which fewer resamples are taken. */
const mostVisits = 2e9
/** Cells whose sums are held at once. */
const held = 32

/**
 * The maximum of the centred bootstrap distribution: in every resample of whole groups, the same for all cells, each cell's measure less its
 * own value on all rows, and of these the largest in the better direction. It tells how far the best of cells that are all equally good
 * stands above what it is worth.
 */
export function bestOfMany(measure: MeasureName, cells: readonly ScoredCell[], groups: Int32Array, seed: number, checkpoint: () => void): BestOfManyOutcome {
  const numbered = numberGroups(groups)
  const sign = measures[measure].better === 'higher' ? 1 : -1
  const ones = new Float64Array(numbered.count).fill(1)
  const values = new Float64Array(cells.length).fill(NaN)
  let largest: Float64Array | null = null
  for (let from = 0; from < cells.length; from += held) {
    const statistics = cells.slice(from, from + held).map(cell => groupStatistic(measure, cell, numbered))
    const own: { readonly statistic: GroupStatistic; readonly value: number }[] = []
    statistics.forEach((statistic, i) => {
      const value = statistic.of(ones)
      if (value === null) return
      values[from + i] = value
      own.push({ statistic, value })
    })
    largest ??= new Float64Array(Math.min(resamples, Math.max(fewest, Math.floor(mostVisits / ((statistics[0]?.visits ?? 1) * cells.length))))).fill(-Infinity)
    const most = largest
    // The same seed for every part of the cells: the same draws.
    drawClusters(numbered.count, most.length, seed, (drawn, resample) => {
      if (resample % 64 === 0) checkpoint()
      for (const { statistic, value } of own) {
        const drawnValue = statistic.of(drawn)
        if (drawnValue !== null) most[resample] = Math.max(most[resample] as number, sign * (drawnValue - value))
      }
    })
  }
  const known = (largest ?? new Float64Array(0)).filter(value => value > -Infinity).sort()
  let best = -1
  values.forEach((value, i) => { if (!Number.isNaN(value) && (best < 0 || sign * (value - (values[best] as number)) > 0)) best = i })
  return {
    values, best,
    expected: known.length === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / known.length,
    upper: known[Math.min(known.length - 1, Math.floor(0.95 * known.length))] ?? 0
  }
}
