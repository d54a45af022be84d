import type { CellDifference } from '../../../preload/contract'
import { percentiles } from '../probes/index'
import { drawClusters, numberGroups } from './cluster-draws'
import { deLong } from './delong'
import { groupStatistic } from './group-statistic'
import { twoSidedTail } from './normal'
import { comparableMeasures, type ScoredCell } from './scored-cell'

const resamples = 1000
/** Above this many row visits a measure takes fewer resamples, never fewer than 200. */
const mostVisits = 4e8
/** 97.5 % quantile of the standard normal distribution. */
const normalQuantile = 1.959963984540054

/**
 * Differences of two cells tested on the same rows. Every measure by a paired cluster bootstrap: groups are drawn once for both cells, the
 * interval is the 2.5th to 97.5th percentile of the differences, and p twice the smaller share of resamples on either side of 0,
 * (1 + count)/(1 + resamples). The area under the curve by DeLong's test as well. `groups` holds a group a row.
 * @throws RangeError where the cells were not tested on the same rows
 */
export function compareCells(first: ScoredCell, second: ScoredCell, groups: Int32Array, seed: number): readonly CellDifference[] {
  const same = first.kind === second.kind && first.actual.length === second.actual.length && first.actual.every((value, i) => value === second.actual[i])
  if (!same) throw new RangeError('cells of one comparison are tested on the same rows')
  const numbered = numberGroups(groups)
  return comparableMeasures(first).flatMap(measure => {
    const [a, b] = [groupStatistic(measure, first, numbered), groupStatistic(measure, second, numbered)]
    const ones = new Float64Array(numbered.count).fill(1)
    const [valueA, valueB] = [a.of(ones), b.of(ones)]
    if (valueA === null || valueB === null) return []
    const differences: number[] = []
    const draws = Math.min(resamples, Math.max(200, Math.floor(mostVisits / (a.visits + b.visits))))
    drawClusters(numbered.count, draws, seed, drawn => {
      const [ownA, ownB] = [a.of(drawn), b.of(drawn)]
      if (ownA !== null && ownB !== null) differences.push(ownA - ownB)
    })
    const bootstrap: CellDifference = {
      measure, test: 'bootstrap', first: valueA, second: valueB, difference: valueA - valueB,
      interval: percentiles(Float64Array.from(differences)), p: bootstrapP(differences)
    }
    const delong = measure === 'auroc' && first.kind === 'classes' && second.kind === 'classes' ? deLongDifference(first.score, second.score, first.actual) : null
    return delong === null ? [bootstrap] : [bootstrap, delong]
  })
}

/** Twice the smaller side of 0, 0 itself lying on both. */
function bootstrapP(differences: readonly number[]): number {
  const [below, above] = [differences.filter(value => value <= 0).length, differences.filter(value => value >= 0).length]
  return Math.min(1, 2 * (1 + Math.min(below, above)) / (1 + differences.length))
}

function deLongDifference(a: Float32Array, b: Float32Array, actual: Int32Array): CellDifference | null {
  const found = deLong([a, b], Uint8Array.from(actual, c => c === 1 ? 1 : 0))
  if (found === null) return null
  const [first, second] = found.areas as unknown as [number, number]
  const [aa, ab, , bb] = found.covariance as unknown as [number, number, number, number]
  const difference = first - second
  const deviation = Math.sqrt(Math.max(0, aa + bb - 2 * ab))
  return {
    measure: 'auroc', test: 'delong', first, second, difference,
    interval: { lo: difference - normalQuantile * deviation, hi: difference + normalQuantile * deviation },
    // Without spread there is a difference for certain, or none.
    p: deviation > 0 ? twoSidedTail(difference / deviation) : difference === 0 ? 1 : 0
  }
}
