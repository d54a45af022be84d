import { seededRandom } from '../probes/index'

/** Groups numbered 0 … count − 1 in the order they appear. */
export interface NumberedGroups { readonly ofRow: Int32Array; readonly count: number }

export function numberGroups(groups: Int32Array): NumberedGroups {
  const index = new Map<number, number>()
  const ofRow = Int32Array.from(groups, group => {
    const known = index.get(group) ?? index.size
    index.set(group, known)
    return known
  })
  return { ofRow, count: index.size }
}

/** Resamples of whole groups with replacement: `visit` sees how often each group was drawn. The same seed gives the draws of the sweep's own intervals. */
export function drawClusters(count: number, resamples: number, seed: number, visit: (drawn: Float64Array, resample: number) => void): void {
  const random = seededRandom(seed)
  const drawn = new Float64Array(count)
  for (let resample = 0; resample < resamples; resample++) {
    drawn.fill(0)
    for (let draw = 0; draw < count; draw++) {
      const group = Math.floor(random() * count)
      drawn[group] = (drawn[group] as number) + 1
    }
    visit(drawn, resample)
  }
}
