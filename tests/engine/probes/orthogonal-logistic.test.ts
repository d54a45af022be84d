import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logisticOptimum } from '../../../main/engine/analyses/logistic-optimum'
import { newDirections } from '../../../main/engine/analyses/nullspace'
import { inUnits, unitsOf } from '../../../main/engine/analyses/training-rows'
import { openDoubleProducts, type DoubleProducts } from '../../../main/engine/matrices'
import { noContrast, OrthogonalLogistic, prepareSite, Products, type SiteContext } from '../../../main/engine/probes/index'
import { seededRandom } from '../../../main/engine/probes/random'

const [rows, columns] = [160, 9]
let products: Products
let doubles: DoubleProducts
beforeAll(async () => { [products, doubles] = [await Products.create(1), await openDoubleProducts()] })
afterAll(async () => {
  await products.release()
  await doubles.release()
})

/** Rows of two classes in two cells, features of unlike scale. */
function made(): { readonly context: SiteContext; readonly codes: Int32Array; readonly values: Float32Array } {
  const random = seededRandom(8)
  const codes = Int32Array.from({ length: rows }, () => Math.floor(random() * 2))
  const values = Float32Array.from({ length: rows * columns }, (_, at) => (2 * (random() - 0.5) + 0.5 * (codes[Math.floor(at / columns)]! - 0.5) * (at % columns)) * 4 ** (at % 3) + 3)
  const cellOfRow = Int32Array.from(codes, (_, row) => row < 40 ? 1 : 0)
  const data = prepareSite('site', { data: Float32Array.from(values), rows, columns }, rows, Int32Array.from(codes.keys()), cellOfRow, 2)
  return { codes, values, context: { data, cellOfRow, classes: 2, products, contrast: noContrast(rows), seed: 0, checkpoint: () => undefined } }
}

describe('a logistic probe orthogonal to directions', () => {
  const random = seededRandom(2)
  const basis = newDirections(new Float64Array(0), Float64Array.from({ length: 3 * columns }, () => random() - 0.5), columns)

  it.each([0.02, 1, 50])('is the probe of features that these were projected out of, by Newton\'s method in float64, at C = %d', async strength => {
    const { context, codes, values } = made()
    const [{ weights, probe }] = await new OrthogonalLogistic(context, [{ cells: [0], codes, strength }]).fit([basis]) as readonly [Awaited<ReturnType<OrthogonalLogistic['fit']>>[number]]
    for (let k = 0; k < 3; k++) expect(weights.reduce((sum, value, i) => sum + value * basis[k * columns + i]!, 0)).toBeCloseTo(0, 12)
    const training = Int32Array.from({ length: rows - 40 }, (_, i) => i + 40)
    const matrix = { data: values, rows, columns }
    const features = inUnits(matrix, training, unitsOf(matrix, training))
    const projected = features.map((value, at) => {
      const row = Math.floor(at / columns) * columns
      return value - [0, 1, 2].reduce((sum, k) => sum + basis[k * columns + at % columns]! * features.subarray(row, row + columns).reduce((along, x, i) => along + x * basis[k * columns + i]!, 0), 0)
    })
    const { point } = await logisticOptimum(doubles, { features: projected, rows: training.length, columns, labels: Uint8Array.from(training, row => codes[row]!), strength }, new Float64Array(columns + 1), () => undefined)
    const size = Math.hypot(...point.subarray(0, columns))
    weights.forEach((weight, i) => { expect(Math.abs(weight - point[i]!)).toBeLessThan(2e-3 * size) })
    expect(probe.weights).toHaveLength(columns)
  })

  it('without directions is the sweep\'s own, several training sets at once', async () => {
    const { context, codes } = made()
    const jobs = [{ cells: [0], codes, strength: 1 }, { cells: [0, 1], codes, strength: 0.1 }, { cells: [1], codes, strength: 1 }]
    const together = await new OrthogonalLogistic(context, jobs).fit(jobs.map(() => new Float64Array(0)))
    for (const [at, job] of jobs.entries()) {
      const [alone] = await new OrthogonalLogistic(context, [job]).fit([new Float64Array(0)])
      alone!.weights.forEach((weight, i) => { expect(together[at]!.weights[i]).toBeCloseTo(weight, 3) })
    }
  })

  it('says what share of the variance lies along directions', async () => {
    const { context, codes } = made()
    const fit = new OrthogonalLogistic(context, [{ cells: [0], codes, strength: 1 }])
    // Every standardised feature holds one of as many parts.
    const axes = Float64Array.from({ length: 2 * columns }, (_, at) => at === 1 || at === columns + 4 ? 1 : 0)
    expect(await fit.share(0, axes)).toBeCloseTo(2 / columns, 5)
    const all = Float64Array.from({ length: columns * columns }, (_, at) => at % (columns + 1) === 0 ? 1 : 0)
    expect(await fit.share(0, all)).toBeCloseTo(1, 5)
  })
})
