import { describe, expect, it } from 'vitest'
import { bootstrapIntervals } from '../../../main/engine/probes/bootstrap'
import { accuracy, areaUnderCurve, balancedAccuracy, logLoss, macroArea, predictedClasses, ranking, rankings } from '../../../main/engine/probes/metrics'
import { seededRandom } from '../../../main/engine/probes/random'

/** Predictions of a binary probe from its probabilities of class 1. */
function binary(ones: readonly number[], actual: readonly number[]): { probabilities: Float64Array; actual: Int32Array; classes: number } {
  return { probabilities: Float64Array.from(ones.flatMap(p => [1 - p, p])), actual: Int32Array.from(actual), classes: 2 }
}

describe('metrics', () => {
  it('count a tie as half in the area under the curve', () => {
    const predictions = binary([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    // Four pairs: three right, one tied.
    expect(areaUnderCurve(ranking(predictions, 1), null)).toBeCloseTo(3.5 / 4, 12)
  })

  it('equal the count over all pairs, with and without weights', () => {
    const random = seededRandom(5)
    const ones = Array.from({ length: 200 }, () => Math.round(random() * 20) / 20)
    const actual = ones.map(p => random() < p ? 1 : 0)
    const weights = Float64Array.from(ones, () => Math.floor(random() * 4))
    for (const weight of [null, weights]) {
      let right = 0
      let pairs = 0
      for (let a = 0; a < 200; a++) {
        for (let b = 0; b < 200; b++) {
          if (actual[a] !== 1 || actual[b] !== 0) continue
          const both = weight ? (weight[a] as number) * (weight[b] as number) : 1
          pairs += both
          right += both * ((ones[a] as number) > (ones[b] as number) ? 1 : ones[a] === ones[b] ? 0.5 : 0)
        }
      }
      expect(areaUnderCurve(ranking(binary(ones, actual), 1), weight)).toBeCloseTo(right / pairs, 10)
    }
  })

  it('follow their definitions on a worked example of three classes', () => {
    const predictions = {
      probabilities: Float64Array.from([0.7, 0.2, 0.1, 0.2, 0.5, 0.3, 0.5, 0.3, 0.2, 0.1, 0.1, 0.8]),
      actual: Int32Array.from([0, 1, 1, 2]), classes: 3
    }
    const predicted = predictedClasses(predictions)
    expect([...predicted]).toEqual([0, 1, 0, 2])
    expect(accuracy(predicted, predictions.actual)).toBe(0.75)
    expect(balancedAccuracy(predicted, predictions.actual, 3)).toBeCloseTo((1 + 0.5 + 1) / 3, 12)
    expect(logLoss(predictions)).toBeCloseTo(-(Math.log(0.7) + Math.log(0.5) + Math.log(0.3) + Math.log(0.8)) / 4, 12)
    expect(macroArea(rankings(predictions), null)).toBe(1)
  })

  it('give no area where a class is absent', () => {
    expect(macroArea(rankings(binary([0.2, 0.3], [1, 1])), null)).toBeNull()
  })
})

describe('cluster bootstrap', () => {
  it('matches the normal interval of independent rows', () => {
    const correct = Uint8Array.from({ length: 1000 }, (_, row) => row % 10 < 7 ? 1 : 0)
    const { accuracy: interval } = bootstrapIntervals(correct, Int32Array.from(correct.keys()), null, 0)
    const half = 1.96 * Math.sqrt(0.7 * 0.3 / 1000)
    expect(interval.lo).toBeCloseTo(0.7 - half, 2)
    expect(interval.hi).toBeCloseTo(0.7 + half, 2)
  })

  it('widens by the square root of the group size when groups are right or wrong as a whole', () => {
    const rows = Uint8Array.from({ length: 1000 }, (_, row) => Math.floor(row / 10) % 10 < 7 ? 1 : 0)
    const grouped = bootstrapIntervals(rows, Int32Array.from(rows.keys(), row => Math.floor(row / 10)), null, 0).accuracy
    const single = bootstrapIntervals(rows, Int32Array.from(rows.keys()), null, 0).accuracy
    const ratio = (grouped.hi - grouped.lo) / (single.hi - single.lo)
    expect(ratio).toBeGreaterThan(Math.sqrt(10) * 0.85)
    expect(ratio).toBeLessThan(Math.sqrt(10) * 1.15)
  })

  it('brackets the area of the whole sample and repeats with its seed', () => {
    const random = seededRandom(9)
    const ones = Array.from({ length: 300 }, () => random())
    const predictions = binary(ones, ones.map(p => random() < p ? 1 : 0))
    const of = rankings(predictions)
    const area = macroArea(of, null) ?? 0
    const run = (seed: number): ReturnType<typeof bootstrapIntervals> => bootstrapIntervals(new Uint8Array(300), Int32Array.from({ length: 300 }, (_, i) => i), of, seed)
    const { auroc } = run(1)
    expect(auroc?.lo).toBeLessThan(area)
    expect(auroc?.hi).toBeGreaterThan(area)
    expect(run(1)).toEqual(run(1))
  })
})
