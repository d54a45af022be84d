import { describe, expect, it } from 'vitest'
import { planFolds } from '../../../main/engine/probes/folds'
import { baselineScores, majorityAccuracy } from '../../../main/engine/probes/site-scores'
import { fitSparseLogistic, textBaseline } from '../../../main/engine/probes/text-baseline'
import { rowsOf, textFeatures, type SparseRows } from '../../../main/engine/probes/text-features'
import { missing, truthCsv } from './shared-files'

/** Text-only accuracy on a file of statements, split by rows or by a group column. */
function textOnly(name: string, group: string | null): number {
  const table = truthCsv(name)
  const texts = table.get('statement') ?? []
  const codes = Int32Array.from(table.get('label') ?? [], Number)
  const keys = group ? table.get(group) ?? [] : texts.map((_, row) => String(row))
  const index = new Map([...new Set(keys)].map((key, i) => [key, i]))
  const groups = Int32Array.from(keys, key => index.get(key) ?? 0)
  const plan = planFolds({ codes, classes: 2, groups, test: null, folds: 5, split: 'folds', seed: 0 })
  const rows = Int32Array.from(codes.keys())
  return baselineScores(textBaseline(texts, rows, codes, 2, plan, 0, () => undefined), plan, codes, 2).textOnly
}

/** Without the room that is left at the end. */
function trimmed({ starts, indices, values }: SparseRows): SparseRows {
  const size = starts[starts.length - 1]
  return { starts, indices: indices.slice(0, size), values: values.slice(0, size) }
}

describe.skipIf(missing('data/truth/cities.csv'))('text-only baseline on statements (science.md §4)', () => {
  it('shows the leak of a random split of cities: far below chance', () => {
    const score = textOnly('cities', null)
    console.log(`cities, random split: ${(100 * score).toFixed(1)} % (published 10.7 %)`)
    expect(score).toBeLessThan(0.2)
  })

  it('is at chance on cities grouped by city', () => {
    const score = textOnly('cities', 'city')
    console.log(`cities, grouped: ${(100 * score).toFixed(1)} % (published 47 %)`)
    expect(score).toBeGreaterThan(0.4)
    expect(score).toBeLessThan(0.55)
  })

  it('solves larger_than without any model', () => {
    const score = textOnly('larger_than', null)
    console.log(`larger_than: ${(100 * score).toFixed(1)} % (published 96.7 %)`)
    expect(score).toBeGreaterThan(0.9)
  })
})

describe('baselines', () => {
  it('reach the optimum of the regularised logistic loss, to 5e-3', () => {
    // One feature of value 1 beside the bias of 1: both weights are equal, w = b = v. Three rows +, one −:
    // the derivative 2v/C − 2·3σ(−2v) + 2·1σ(2v) vanishes, here solved by bisection.
    const features = { starts: Int32Array.of(0, 1, 2, 3, 4), indices: Int32Array.of(7, 7, 7, 7), values: Float32Array.of(1, 1, 1, 1) }
    const model = fitSparseLogistic(features, Float64Array.of(1, 1, 1, -1), 40, 0, () => undefined)
    const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
    let [lo, hi] = [0, 5]
    while (hi - lo > 1e-9) {
      const v = (lo + hi) / 2
      if (2 * v / 10 - 2 * 3 * sigmoid(-2 * v) + 2 * sigmoid(2 * v) < 0) lo = v
      else hi = v
    }
    expect(Math.abs(model.bias - lo)).toBeLessThan(5e-3)
    expect(Math.abs((model.weights[7] ?? 0) - lo)).toBeLessThan(5e-3)
  })

  it('read the same features out of all rows as out of some', () => {
    const texts = ['The city of Bern is in Switzerland.', '', 'aa bb aa', 'Ünïcode, twice twice']
    const some = [3, 1, 0]
    expect(rowsOf(textFeatures(texts), some)).toEqual(trimmed(textFeatures(some.map(row => texts[row] as string))))
  })

  it('leave rows in no test fold unscored', () => {
    const plan = {
      cellOfRow: Int32Array.of(0, 0, 0, 1), cells: 2, trainings: [[0]], folds: 1, kind: 'test-split' as const,
      outer: [{ training: 0, testCells: [1], inner: [] }]
    }
    const scores = textBaseline(['good', 'fine', 'bad', 'bad'], Int32Array.of(0, 1, 2, 3), Int32Array.of(0, 0, 1, 1), 2, plan, 0, () => undefined)
    expect(scores[0]).toBeNaN()
    expect(scores[7]).toBeGreaterThan(0.5)
  })

  it('answer the most frequent class of the training rows', () => {
    const plan = {
      cellOfRow: Int32Array.of(0, 0, 0, 1, 1), cells: 2, trainings: [[0]], folds: 1, kind: 'test-split' as const,
      outer: [{ training: 0, testCells: [1], inner: [] }]
    }
    expect(majorityAccuracy(plan, Int32Array.of(1, 1, 0, 0, 1), 2)).toBe(0.5)
  })
})
