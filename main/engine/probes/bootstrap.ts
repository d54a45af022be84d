import type { Interval } from '../../../preload/contract'
import { macroArea, type Ranking } from './metrics'
import { seededRandom } from './random'

const resamples = 1000
/** Above this many row visits the area's interval takes fewer resamples, never fewer than 200. */
const areaVisits = 2e8

/**
 * 95 % percentile intervals of the accuracy and the area under the curve by a cluster bootstrap:
 * whole groups are drawn with replacement, because rows of one group are not independent.
 * `groups` holds a group index per row (each row its own where there are none).
 * `correct` may also hold differences of two probes, −1, 0 or 1.
 * Resamples in which a class is absent give no area and are left out of its interval.
 */
export function bootstrapIntervals(
  correct: Uint8Array | Int8Array, groups: Int32Array, of: readonly Ranking[] | null, seed: number
): { readonly accuracy: Interval; readonly auroc: Interval | null } {
  const rows = correct.length
  const index = new Map<number, number>()
  const groupOfRow = new Int32Array(rows)
  for (let row = 0; row < rows; row++) {
    const group = groups[row] ?? 0
    let position = index.get(group)
    if (position === undefined) index.set(group, position = index.size)
    groupOfRow[row] = position
  }
  const count = index.size
  const size = new Float64Array(count)
  const right = new Float64Array(count)
  for (let row = 0; row < rows; row++) {
    const group = groupOfRow[row] ?? 0
    size[group] = (size[group] ?? 0) + 1
    right[group] = (right[group] ?? 0) + (correct[row] ?? 0)
  }
  const areaResamples = of ? Math.min(resamples, Math.max(200, Math.floor(areaVisits / (rows * of.length)))) : 0
  const random = seededRandom(seed)
  const drawn = new Float64Array(count)
  const weights = new Float64Array(rows)
  const accuracies = new Float64Array(resamples)
  const areas: number[] = []
  for (let resample = 0; resample < resamples; resample++) {
    drawn.fill(0)
    let total = 0
    let hits = 0
    for (let draw = 0; draw < count; draw++) {
      const group = Math.floor(random() * count)
      drawn[group] = (drawn[group] ?? 0) + 1
      total += size[group] ?? 0
      hits += right[group] ?? 0
    }
    accuracies[resample] = hits / total
    if (of && resample < areaResamples) {
      for (let row = 0; row < rows; row++) weights[row] = drawn[groupOfRow[row] ?? 0] ?? 0
      const area = macroArea(of, weights)
      if (area !== null) areas.push(area)
    }
  }
  return { accuracy: percentiles(accuracies), auroc: areas.length > 0 ? percentiles(Float64Array.from(areas)) : null }
}

/** 2.5th and 97.5th percentile with linear interpolation, as NumPy's default. Sorts its argument. */
export function percentiles(values: Float64Array): Interval {
  values.sort()
  const at = (share: number): number => {
    const position = share * (values.length - 1)
    const lower = Math.floor(position)
    const below = values[lower] ?? 0
    return below + (position - lower) * ((values[lower + 1] ?? below) - below)
  }
  return { lo: at(0.025), hi: at(0.975) }
}
