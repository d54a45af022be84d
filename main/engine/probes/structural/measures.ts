import type { BaselineName, Interval, Measure } from '../../../../preload/contract'
import { percentiles } from '../bootstrap'
import { seededRandom } from '../random'
import { meanScores, type SentenceScore } from './scores'

const resamples = 1000
const names = ['uuas', 'distanceSpearman', 'rootAccuracy', 'depthSpearman'] as const

/**
 * The four measures of the structural probes over test sentences, each beside the same of the controls, with 95 % percentile intervals by a
 * cluster bootstrap; `clusters` has one entry a sentence.
 */
export function treeMeasures(scores: readonly SentenceScore[], controls: readonly { readonly name: BaselineName; readonly scores: readonly SentenceScore[] }[], clusters: Int32Array, seed: number): readonly Measure[] {
  const values = meanScores(scores, null)
  const against = controls.map(control => ({ name: control.name, values: meanScores(control.scores, null) }))
  const intervals = bootstrap(scores, clusters, seed)
  return names.map((name, i) => ({
    name, value: values[name], interval: values[name] === null ? null : intervals[i] ?? null,
    baselines: against.flatMap(control => {
      const value = control.values[name]
      return value === null ? [] : [{ name: control.name, value }]
    })
  }))
}

function bootstrap(scores: readonly SentenceScore[], clusters: Int32Array, seed: number): readonly (Interval | null)[] {
  const index = new Map<number, number>()
  const clusterOf = Int32Array.from(clusters, cluster => {
    const known = index.get(cluster) ?? index.size
    index.set(cluster, known)
    return known
  })
  const random = seededRandom(seed)
  const drawn = new Float64Array(index.size)
  const weights = new Float64Array(scores.length)
  const samples = names.map((): number[] => [])
  for (let resample = 0; resample < resamples; resample++) {
    drawn.fill(0)
    for (let draw = 0; draw < index.size; draw++) {
      const cluster = Math.floor(random() * index.size)
      drawn[cluster] = (drawn[cluster] as number) + 1
    }
    clusterOf.forEach((cluster, sentence) => { weights[sentence] = drawn[cluster] as number })
    const values = meanScores(scores, weights)
    names.forEach((name, i) => {
      const value = values[name]
      if (value !== null) samples[i]?.push(value)
    })
  }
  return samples.map(sample => sample.length === 0 ? null : percentiles(Float64Array.from(sample)))
}
