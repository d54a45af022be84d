import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bestOfMany, compareCells, confusionMatrix, deLong, reliability, type ScoredClasses, type ScoredNumbers } from '../../../main/engine/evaluation'
import { twoSidedTail } from '../../../main/engine/evaluation/normal'
import { bootstrapIntervals, seededRandom } from '../../../main/engine/probes'

/** Written by tests/fixtures/evaluation.py. */
const reference: {
  readonly actual: readonly number[]; readonly first: readonly number[]; readonly second: readonly number[]; readonly confusion: readonly (readonly number[])[]
  readonly calibration: { readonly counts: readonly number[]; readonly observed: readonly number[]; readonly said: readonly number[]; readonly ece: number }
  readonly brier: number
  readonly delong: { readonly areas: readonly number[]; readonly covariance: readonly (readonly number[])[]; readonly z: number; readonly p: number }
  readonly tails: readonly (readonly [number, number])[]
  readonly several: { readonly actual: readonly number[]; readonly predicted: readonly number[]; readonly confusion: readonly (readonly number[])[] }
} = JSON.parse(readFileSync(new URL('../../fixtures/evaluation.json', import.meta.url), 'utf8'))

const actual = Int32Array.from(reference.actual)
const [first, second] = [Float32Array.from(reference.first), Float32Array.from(reference.second)]
const binary = (score: Float32Array): ScoredClasses => ({ kind: 'classes', classes: 2, actual, predicted: Int32Array.from(score, p => p > 0.5 ? 1 : 0), score })
const alone = Int32Array.from(actual.keys())
/** Groups of three rows. */
const grouped = alone.map(row => Math.floor(row / 3))

describe('confusion matrix', () => {
  it.each([['two', actual, binary(first).predicted, reference.confusion], ['four', Int32Array.from(reference.several.actual), Int32Array.from(reference.several.predicted), reference.several.confusion]] as const)('of %s classes is scikit-learn\'s', (_, truth, predicted, expected) => {
    expect([...confusionMatrix(truth, predicted, expected.length)]).toEqual(expected.flat())
  })
})

describe('calibration', () => {
  it('has scikit-learn\'s bins, means and shares, its Brier score, and the error that follows', () => {
    const { bins, ece, brier } = reliability(first, Uint8Array.from(actual))
    expect(bins.map(({ rows }) => rows)).toEqual(reference.calibration.counts)
    const filled = bins.filter(({ rows }) => rows > 0)
    filled.forEach(({ predicted, observed }, i) => {
      expect(predicted).toBeCloseTo(reference.calibration.said[i]!, 12)
      expect(observed).toBeCloseTo(reference.calibration.observed[i]!, 12)
    })
    expect(ece).toBeCloseTo(reference.calibration.ece, 12)
    expect(brier).toBeCloseTo(reference.brier, 12)
  })

  it('puts a probability on an edge into the bin below, and leaves empty bins without a mean', () => {
    const { bins } = reliability(Float32Array.of(0, 0.5, 1), Uint8Array.of(0, 1, 1))
    expect(bins.map(({ rows }) => rows)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 0, 1])
    expect(bins[1]).toMatchObject({ predicted: null, observed: null })
  })
})

describe('DeLong', () => {
  it('gives the areas and covariance of the structural components to 1e-12, ties included', () => {
    const { areas, covariance } = deLong([first, second], Uint8Array.from(actual))!
    areas.forEach((area, i) => { expect(Math.abs(area - reference.delong.areas[i]!)).toBeLessThan(1e-12) })
    covariance.forEach((value, i) => { expect(Math.abs(value - reference.delong.covariance.flat()[i]!)).toBeLessThan(1e-12) })
  })

  it('tests their difference with the p of the normal distribution', () => {
    const found = compareCells(binary(first), binary(second), alone, 0).find(({ test }) => test === 'delong')!
    expect(found.difference).toBeCloseTo(reference.delong.areas[0]! - reference.delong.areas[1]!, 12)
    expect(Math.abs(found.p / reference.delong.p - 1)).toBeLessThan(1e-9)
    expect((found.interval.hi + found.interval.lo) / 2).toBeCloseTo(found.difference, 12)
  })

  it('has normal tails to 1e-12 relative, far out too', () => {
    for (const [z, p] of reference.tails) expect(Math.abs(twoSidedTail(z) / p - 1)).toBeLessThan(1e-12)
  })

  it('has nothing to say with one row of a class', () => {
    expect(deLong([first.subarray(0, 3)], Uint8Array.of(1, 0, 0))).toBeNull()
  })
})

describe('paired cluster bootstrap', () => {
  it('of a cell against one that is always right has the sweep\'s own interval around the cell\'s accuracy', () => {
    const cell = binary(first)
    const perfect: ScoredClasses = { ...cell, predicted: actual, score: Float32Array.from(actual) }
    const { difference, interval } = compareCells(cell, perfect, grouped, 7).find(({ measure }) => measure === 'accuracy')!
    const own = bootstrapIntervals(Uint8Array.from(actual, (c, row) => c === cell.predicted[row] ? 1 : 0), grouped, null, 7).accuracy
    expect(interval.lo).toBeCloseTo(own.lo - 1, 12)
    expect(interval.hi).toBeCloseTo(own.hi - 1, 12)
    expect(difference).toBeGreaterThan(interval.lo)
  })

  it('finds no difference between a cell and itself, and one between a good and a poor cell', () => {
    for (const { difference, interval, p } of compareCells(binary(first), binary(first), grouped, 0)) {
      expect([difference, interval.lo, interval.hi]).toEqual([0, 0, 0])
      expect(p).toBe(1)
    }
    const poor = binary(first.map(p => 1 - p))
    for (const { difference, p } of compareCells(binary(first), poor, grouped, 0)) {
      expect(difference).toBeGreaterThan(0.3)
      expect(p).toBeLessThan(0.01)
    }
  })

  it('is wider where rows of a group err together', () => {
    const random = seededRandom(3)
    const groups = Int32Array.from({ length: 400 }, (_, row) => Math.floor(row / 10))
    const [byGroup, never] = [Array.from({ length: 40 }, () => random() < 0.3), new Int32Array(400)]
    const wrong: ScoredClasses = { kind: 'classes', classes: 2, actual: never, predicted: Int32Array.from(groups, group => byGroup[group] === true ? 1 : 0), score: new Float32Array(400) }
    const right: ScoredClasses = { ...wrong, predicted: never }
    const width = (of: Int32Array): number => {
      const { interval } = compareCells(wrong, right, of, 0).find(({ measure }) => measure === 'accuracy')!
      return interval.hi - interval.lo
    }
    expect(width(groups)).toBeGreaterThan(2 * width(Int32Array.from(groups.keys())))
  })

  it('of numbers gives the difference of R², Spearman and proximity error', () => {
    const random = seededRandom(5)
    const truth = Float64Array.from({ length: 300 }, () => random())
    const numbers = (noise: number): ScoredNumbers => ({ kind: 'numeric', targets: 1, rows: 300, actual: truth, predicted: truth.map(value => value + noise * (random() - 0.5)), coordinates: null })
    const found = compareCells(numbers(0.2), numbers(1.5), Int32Array.from(truth.keys()), 0)
    expect(found.map(({ measure }) => measure)).toEqual(['r2', 'spearman', 'proximityError'])
    expect(found.map(({ difference }) => Math.sign(difference))).toEqual([1, 1, -1])
    for (const { p } of found) expect(p).toBeLessThan(0.01)
  })

  it('refuses cells of other rows', () => {
    expect(() => compareCells(binary(first), { ...binary(first), actual: actual.map(c => 1 - c) }, alone, 0)).toThrow('same rows')
  })
})

describe('the best of many', () => {
  /** Cells that guess with equal skill, each by itself. */
  const guessing = (cells: number, rows: number, seed: number): readonly ScoredClasses[] => {
    const random = seededRandom(seed)
    const truth = Int32Array.from({ length: rows }, () => random() < 0.5 ? 1 : 0)
    return Array.from({ length: cells }, () => {
      const predicted = truth.map(c => random() < 0.7 ? c : 1 - c)
      return { kind: 'classes', classes: 2, actual: truth, predicted, score: Float32Array.from(predicted) }
    })
  }

  it('stands above its worth by the expected maximum of as many normals', () => {
    const rows = 1000
    const { values, best, expected, upper } = bestOfMany('accuracy', guessing(20, rows, 1), Int32Array.from({ length: rows }, (_, row) => row), 0, () => undefined)
    // E[max of 20 standard normals] = 1.8675 (Teichroew 1956), 95 % point 2.80.
    const deviation = Math.sqrt(0.7 * 0.3 / rows)
    expect(Math.abs(expected / deviation - 1.8675)).toBeLessThan(0.12)
    expect(Math.abs(upper / deviation - 2.80)).toBeLessThan(0.3)
    expect(values[best]).toBe(Math.max(...values))
  })

  it('of one cell is on average worth what it says, and of a measure where less is better finds the least', () => {
    const one = bestOfMany('accuracy', guessing(1, 500, 2), Int32Array.from({ length: 500 }, (_, row) => row), 0, () => undefined)
    expect(Math.abs(one.expected)).toBeLessThan(0.003)
    const truth = Float64Array.from({ length: 60 }, (_, i) => i)
    const cells = [3, 1, 9].map((step): ScoredNumbers => ({ kind: 'numeric', targets: 1, rows: 60, actual: truth, predicted: truth.map((value, i) => value + step * (i % 2 === 0 ? 1 : -1)), coordinates: null }))
    expect(bestOfMany('proximityError', cells, Int32Array.from(truth.keys()), 0, () => undefined).best).toBe(1)
  })

  it('gives the same in parts as at once', () => {
    const cells = guessing(70, 200, 4)
    const groups = Int32Array.from({ length: 200 }, (_, row) => row >> 1)
    const many = bestOfMany('accuracy', cells, groups, 0, () => undefined)
    const again = bestOfMany('accuracy', [...cells].reverse(), groups, 0, () => undefined)
    expect(again.expected).toBeCloseTo(many.expected, 12)
    expect(again.upper).toBeCloseTo(many.upper, 12)
  })
})
