import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { extremes, influences } from '../../../main/engine/analyses/influence'
import { logisticOptimum, type LogisticProblem } from '../../../main/engine/analyses/logistic-optimum'
import { openDoubleProducts, type DoubleProducts } from '../../../main/engine/matrices'
import { seededRandom } from '../../../main/engine/probes/random'
import { fixtureTensors, missing } from '../probes/shared-files'
import { eliminate } from '../../fixtures/elimination'

let products: DoubleProducts
beforeAll(async () => { products = await openDoubleProducts() })
afterAll(async () => { await products.release() })

const ignore = (): void => undefined

/** Rows of two classes a little apart. */
function made(rows: number, columns: number, strength: number): LogisticProblem {
  const random = seededRandom(rows * 31 + columns)
  const labels = Uint8Array.from({ length: rows }, (_, row) => row % 2)
  const features = Float64Array.from({ length: rows * columns }, (_, at) => 2 * (random() - 0.5) + ((at % columns) < 2 ? 0.4 * (labels[Math.floor(at / columns)] === 1 ? 1 : -1) : 0))
  return { features, rows, columns, labels, strength }
}

function without({ features, rows, columns, labels, strength }: LogisticProblem, row: number): LogisticProblem {
  const kept = [...Array(rows).keys()].filter(own => own !== row)
  return {
    features: Float64Array.from(kept.flatMap(own => [...features.subarray(own * columns, (own + 1) * columns)])),
    labels: Uint8Array.from(kept, own => labels[own] as number), rows: rows - 1, columns, strength
  }
}

function logit(point: Float64Array, x: Float64Array): number {
  return x.reduce((sum, value, i) => sum + value * (point[i] as number), point[x.length] as number)
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [ma, mb] = [mean(a), mean(b)]
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number): number => x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] as number) - my), 0)
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb))
}

describe('the logistic optimum', () => {
  it.each([['more rows than features', 60, 5], ['fewer rows than features', 24, 40]])('has no gradient left (%s)', async (_, rows, columns) => {
    const problem = made(rows, columns, 0.7)
    const { point } = await logisticOptimum(products, problem, new Float64Array(columns + 1), ignore)
    for (let k = 0; k <= columns; k++) {
      let gradient = k < columns ? (point[k] as number) / problem.strength : 0
      for (let row = 0; row < rows; row++) {
        const x = problem.features.subarray(row * columns, (row + 1) * columns)
        gradient += (1 / (1 + Math.exp(-logit(point, x))) - (problem.labels[row] as number)) * (k < columns ? x[k] as number : 1)
      }
      expect(Math.abs(gradient)).toBeLessThan(1e-7)
    }
  })

  it('is the same whichever side of the features is factored', async () => {
    // Features that repeat: 12 of 24 columns are copies, so both forms describe one problem.
    const narrow = made(20, 12, 2)
    const wide: LogisticProblem = {
      ...narrow, columns: 24,
      features: Float64Array.from({ length: 20 * 24 }, (_, at) => (narrow.features[Math.floor(at / 24) * 12 + at % 12] as number) / Math.SQRT2)
    }
    const ours = await logisticOptimum(products, narrow, new Float64Array(13), ignore)
    const other = await logisticOptimum(products, wide, new Float64Array(25), ignore)
    expect(other.loss).toBeCloseTo(ours.loss, 10)
    ours.leverages.forEach((leverage, row) => { expect(other.leverages[row]).toBeCloseTo(leverage, 8) })
    const solved = await ours.solve(narrow.features, 20)
    const solvedWide = await other.solve(wide.features, 20)
    const norm = (values: Float64Array, width: number, row: number): number => values.subarray(row * width, (row + 1) * width).reduce((sum, value) => sum + value * value, 0)
    for (let row = 0; row < 20; row++) expect(norm(solvedWide, 25, row)).toBeCloseTo(norm(solved, 13, row), 8)
  })

  it('stops when asked to', async () => {
    await expect(logisticOptimum(products, made(30, 4, 1), new Float64Array(5), () => { throw new Error('stopped') })).rejects.toThrow('stopped')
  })
})

describe('influence', () => {
  it('is one Newton step of the problem without the row, to rounding', async () => {
    const [rows, columns] = [40, 5]
    const problem = made(rows, columns, 0.5)
    const optimum = await logisticOptimum(products, problem, new Float64Array(columns + 1), ignore)
    const tested = made(4, columns, 1).features
    const effects = await influences(products, problem, optimum, tested, 4)
    for (const row of [3, 18]) {
      // H and g of the reduced problem at the full optimum, solved by elimination.
      const order = columns + 1
      const system = Array.from({ length: order }, (_, i) => Array.from({ length: order + 1 }, (_, j) => i === j && i < columns ? 1 / problem.strength : 0))
      for (let k = 0; k < columns; k++) system[k]![order] = (optimum.point[k] as number) / problem.strength
      for (let own = 0; own < rows; own++) {
        if (own === row) continue
        const x = [...problem.features.subarray(own * columns, (own + 1) * columns), 1]
        const p = 1 / (1 + Math.exp(-logit(optimum.point, Float64Array.from(x.slice(0, columns)))))
        x.forEach((xi, i) => {
          x.forEach((xj, j) => { system[i]![j]! += p * (1 - p) * xi * xj })
          system[i]![order]! += (p - (problem.labels[own] as number)) * xi
        })
      }
      const step = eliminate(system)
      for (let t = 0; t < 4; t++) {
        const x = [...tested.subarray(t * columns, (t + 1) * columns), 1]
        expect(effects[t * rows + row]).toBeCloseTo(x.reduce((sum, value, i) => sum + value * (step[i] as number), 0), 9)
      }
    }
  })

  it.each([['more rows than features', 50, 6], ['fewer rows than features', 22, 30]])('predicts what refits without a row give (%s)', async (_, rows, columns) => {
    const problem = made(rows, columns, 0.2)
    const optimum = await logisticOptimum(products, problem, new Float64Array(columns + 1), ignore)
    const tested = made(8, columns, 1).features
    const effects = await influences(products, problem, optimum, tested, 8)
    for (const row of [0, 7, 13, rows - 1]) {
      const refit = await logisticOptimum(products, without(problem, row), new Float64Array(columns + 1), ignore)
      for (let t = 0; t < 8; t++) {
        const x = tested.subarray(t * columns, (t + 1) * columns)
        const effect = logit(optimum.point, x) - logit(refit.point, x)
        expect(Math.abs((effects[t * rows + row] as number) - effect)).toBeLessThan(0.03 * Math.abs(effect) + 2e-3)
      }
    }
  })

  it('agrees with scikit-learn\'s true leave-one-out refits: r > 0.999, the ten largest within 10 %', async () => {
    if (missing('reference/fixtures/expected.safetensors')) return
    const inputs = fixtureTensors('inputs')
    const all = inputs.get('truth_x')?.data as Float32Array
    const y = inputs.get('truth_y')?.data as unknown as ArrayLike<number | bigint>
    const expected = fixtureTensors('expected').get('influence_true_logit_change')?.data as Float64Array
    const [rows, columns, total, width] = [240, 40, 300, 576]
    const standard = new Float64Array(total * columns)
    for (let column = 0; column < columns; column++) {
      const values = Array.from({ length: total }, (_, row) => all[row * width + column] as number)
      const mean = values.reduce((sum, value) => sum + value, 0) / total
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / total)
      values.forEach((value, row) => { standard[row * columns + column] = (value - mean) / deviation })
    }
    // Mean loss + 0.05/2 |w|² over 240 rows is the sum with C = 1 / (240 · 0.05), before and after a removal.
    const problem: LogisticProblem = {
      features: standard.slice(0, rows * columns), rows, columns, labels: Uint8Array.from({ length: rows }, (_, row) => Number(y[row])), strength: 1 / (rows * 0.05)
    }
    const optimum = await logisticOptimum(products, problem, new Float64Array(columns + 1), ignore)
    const effects = await influences(products, problem, optimum, standard.slice(rows * columns), 60)
    const found: number[] = []
    const truth: number[] = []
    for (let i = 0; i < rows; i++) {
      for (let t = 0; t < 60; t++) {
        found.push(-(effects[t * rows + i] as number))
        truth.push(expected[i * 60 + t] as number)
      }
    }
    const largest = [...truth.keys()].sort((a, b) => Math.abs(truth[b] as number) - Math.abs(truth[a] as number)).slice(0, 10)
    const worst = Math.max(...largest.map(i => Math.abs((found[i] as number) / (truth[i] as number) - 1)))
    const r = correlation(found, truth)
    console.log(`influence against leave-one-out refits: r = ${r.toFixed(6)}, worst error on the ten largest ${(100 * worst).toFixed(1)} %`)
    expect(r).toBeGreaterThan(0.999)
    expect(worst).toBeLessThan(0.1)
    // The leverage term is what does it.
    const plain = largest.map(i => Math.abs((found[i] as number) * (1 - (optimum.leverages[Math.floor(i / 60)] as number)) / (truth[i] as number) - 1))
    console.log(`without the leverage term ${(100 * Math.max(...plain)).toFixed(1)} %`)
    expect(Math.max(...plain)).toBeGreaterThan(2 * worst)
    // What is left is the curvature that changes with the refit; the refits themselves are the fixture's.
    for (const at of largest.slice(0, 3)) {
      const [i, t] = [Math.floor(at / 60), at % 60]
      const refit = await logisticOptimum(products, without(problem, i), optimum.point, ignore)
      const x = standard.subarray((rows + t) * columns, (rows + t + 1) * columns)
      expect(logit(refit.point, x) - logit(optimum.point, x)).toBeCloseTo(truth[at] as number, 6)
    }
  })

  it('lists the strongest on either side and no zeros', () => {
    expect(extremes(Float64Array.of(0.5, -2, 0, 3, -0.1), 2)).toEqual({ largest: [3, 0], smallest: [1, 4] })
    expect(extremes(Float64Array.of(0.5, 0.7), 3)).toEqual({ largest: [1, 0], smallest: [] })
  })
})
