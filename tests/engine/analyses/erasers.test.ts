import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { erase, leaceFitter } from '../../../main/engine/analyses/leace'
import { newDirections } from '../../../main/engine/analyses/nullspace'
import { openDoubleProducts, type DoubleProducts } from '../../../main/engine/matrices'
import { seededRandom, shuffle } from '../../../main/engine/probes/random'
import { eliminate } from '../../fixtures/elimination'

let products: DoubleProducts
beforeAll(async () => { products = await openDoubleProducts() })
afterAll(async () => { await products.release() })

interface Rows { readonly features: Float64Array; readonly codes: Int32Array; readonly rows: number; readonly columns: number; readonly classes: number }

/** Classes with means of their own, in features that depend on one another and differ in scale. */
function made(rows: number, columns: number, classes: number): Rows {
  const random = seededRandom(rows + 7 * columns + classes)
  const codes = Int32Array.from({ length: rows }, () => Math.floor(random() * classes))
  const means = Float64Array.from({ length: classes * columns }, () => random() - 0.5)
  const raw = Float64Array.from({ length: rows * columns }, (_, at) => 2 * (random() - 0.5) + means[codes[Math.floor(at / columns)]! * columns + at % columns]!)
  const features = raw.map((value, at) => (value + (at % columns > 0 ? 0.8 * raw[at - 1]! : 0)) * 10 ** (at % 3 - 1))
  return { features, codes, rows, columns, classes }
}

const erased = async ({ features, codes, rows, columns, classes }: Rows, test = features): Promise<Float64Array> =>
  await erase(products, await (await leaceFitter(products, features, rows, columns))(codes, classes), test, test.length / columns)

function classMeans({ codes, rows, columns, classes }: Rows, features: Float64Array): Float64Array {
  const means = new Float64Array(classes * columns)
  const counts = new Float64Array(classes)
  for (let row = 0; row < rows; row++) {
    counts[codes[row]!]! += 1
    for (let k = 0; k < columns; k++) means[codes[row]! * columns + k]! += features[row * columns + k]!
  }
  return means.map((sum, at) => sum / counts[Math.floor(at / columns)]!)
}

/** I − 2uuᵀ of a drawn u, [rows, columns] times it. */
function reflected(features: Float64Array, columns: number): Float64Array {
  const random = seededRandom(columns)
  const u = Float64Array.from({ length: columns }, () => random() - 0.5)
  const square = u.reduce((sum, value) => sum + value * value, 0)
  const result = Float64Array.from(features)
  for (let at = 0; at < features.length; at += columns) {
    const along = 2 * u.reduce((sum, value, k) => sum + value * features[at + k]!, 0) / square
    u.forEach((value, k) => { result[at + k]! -= along * value })
  }
  return result
}

const furthest = (a: Float64Array, b: Float64Array): number => a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0)

describe('LEACE', () => {
  it.each([[200, 12, 2], [200, 12, 5], [30, 60, 2], [40, 90, 4]])('leaves all classes of %i rows of %i features one mean, to 1e-5 (%i classes)', async (rows, columns, classes) => {
    const data = made(rows, columns, classes)
    const means = classMeans(data, await erased(data))
    for (let c = 1; c < classes; c++) expect(furthest(means.slice(c * columns, (c + 1) * columns), means.slice(0, columns))).toBeLessThan(1e-5)
    // They were apart before.
    expect(furthest(classMeans(data, data.features).slice(0, columns), classMeans(data, data.features).slice(columns, 2 * columns))).toBeGreaterThan(0.1)
  })

  it('of two classes is x − δδᵀΣ⁻¹(x − μ) / δᵀΣ⁻¹δ, solved by elimination, to 1e-9', async () => {
    const data = made(150, 9, 2)
    const { features, rows, columns } = data
    const mean = Array.from({ length: columns }, (_, k) => Array.from({ length: rows }, (__, row) => features[row * columns + k]!).reduce((sum, value) => sum + value, 0) / rows)
    const covariance = (i: number, j: number): number => Array.from({ length: rows }, (_, row) => (features[row * columns + i]! - mean[i]!) * (features[row * columns + j]! - mean[j]!)).reduce((sum, value) => sum + value, 0) / rows
    const means = classMeans(data, features)
    const delta = Array.from({ length: columns }, (_, k) => means[columns + k]! - means[k]!)
    const solved = eliminate(Array.from({ length: columns }, (_, i) => [...Array.from({ length: columns }, (__, j) => covariance(i, j)), delta[i]!]))
    const scale = delta.reduce((sum, value, k) => sum + value * solved[k]!, 0)
    const expected = Float64Array.from(features, (value, at) => {
      const row = Math.floor(at / columns)
      return value - delta[at % columns]! * solved.reduce((sum, weight, k) => sum + weight * (features[row * columns + k]! - mean[k]!), 0) / scale
    })
    expect(furthest(await erased(data), expected)).toBeLessThan(1e-9)
  })

  it('agrees with the paper\'s formula in numpy to 1e-8, where the covariance is singular too', async () => {
    const cases = JSON.parse(readFileSync(new URL('../../fixtures/leace.json', import.meta.url), 'utf8')) as readonly {
      readonly name: string; readonly rows: number; readonly columns: number; readonly classes: number
      readonly codes: readonly number[]; readonly features: readonly number[]; readonly test: readonly number[]; readonly erased: readonly number[]; readonly erasedTest: readonly number[]
    }[]
    expect(cases.map(({ name }) => name)).toEqual(['tall', 'wide', 'repeated'])
    for (const { rows, columns, classes, ...own } of cases) {
      const data = { rows, columns, classes, codes: Int32Array.from(own.codes), features: Float64Array.from(own.features) }
      expect(furthest(await erased(data), Float64Array.from(own.erased))).toBeLessThan(1e-8)
      expect(furthest(await erased(data, Float64Array.from(own.test)), Float64Array.from(own.erasedTest))).toBeLessThan(1e-8)
    }
  })

  it('takes out one direction fewer than there are classes, and nothing the second time', async () => {
    const data = made(200, 12, 4)
    const fit = await leaceFitter(products, data.features, data.rows, data.columns)
    const eraser = await fit(data.codes, 4)
    expect(eraser.rank).toBe(3)
    const once = await erase(products, eraser, data.features, data.rows)
    expect(furthest(await erase(products, eraser, once, data.rows), once)).toBeLessThan(1e-9)
  })

  it.each([[200, 12], [25, 40]])('turns with its features (%i rows of %i)', async (rows, columns) => {
    const data = made(rows, columns, 3)
    const turned = await erased({ ...data, features: reflected(data.features, columns) })
    expect(furthest(turned, reflected(await erased(data), columns))).toBeLessThan(1e-7)
  })

  it('changes constant features not at all', async () => {
    const data = made(80, 6, 2)
    const features = data.features.map((value, at) => at % 6 === 2 ? 4 : value)
    const result = await erased({ ...data, features })
    for (let row = 0; row < 80; row++) expect(result[row * 6 + 2]).toBeCloseTo(4, 9)
    const means = classMeans(data, result)
    expect(furthest(means.slice(0, 6), means.slice(6))).toBeLessThan(1e-9)
  })

  it('of shuffled labels leaves the classes apart', async () => {
    const data = made(400, 10, 2)
    const left = await erased({ ...data, codes: shuffle(Int32Array.from(data.codes), seededRandom(1)) }, data.features)
    const [before, after] = [classMeans(data, data.features), classMeans(data, left)]
    const apart = (means: Float64Array): number => Math.hypot(...Array.from({ length: 10 }, (_, k) => means[k]! - means[10 + k]!))
    expect(apart(after)).toBeGreaterThan(0.9 * apart(before))
  })
})

describe('projections onto a nullspace', () => {
  const columns = 9
  const drawn = (count: number, seed: number): Float64Array => {
    const random = seededRandom(seed)
    return Float64Array.from({ length: count * columns }, () => random() - 0.5)
  }
  const inner = (a: Float64Array, i: number, b: Float64Array, j: number): number => Array.from({ length: columns }, (_, k) => a[i * columns + k]! * b[j * columns + k]!).reduce((sum, value) => sum + value, 0)

  it('take out directions that are orthonormal, those known before included', () => {
    const basis = newDirections(new Float64Array(0), drawn(3, 1), columns)
    const more = newDirections(basis, drawn(4, 2), columns)
    const all = Float64Array.of(...basis, ...more)
    expect(all.length).toBe(7 * columns)
    for (let i = 0; i < 7; i++) for (let j = 0; j < 7; j++) expect(inner(all, i, all, j)).toBeCloseTo(i === j ? 1 : 0, 12)
  })

  it('leave out what lies in the span already', () => {
    const weights = drawn(3, 3)
    // The weights of a softmax probe sum to zero.
    const softmax = Float64Array.of(...weights, ...Array.from({ length: columns }, (_, k) => -weights[k]! - weights[columns + k]! - weights[2 * columns + k]!))
    expect(newDirections(new Float64Array(0), softmax, columns).length).toBe(3 * columns)
    expect(newDirections(newDirections(new Float64Array(0), weights, columns), softmax, columns).length).toBe(0)
    expect(newDirections(new Float64Array(0), new Float64Array(columns), columns).length).toBe(0)
  })

  it('are idempotent, and leave nothing along what was taken out', () => {
    const basis = newDirections(new Float64Array(0), drawn(4, 5), columns)
    const features = drawn(30, 6)
    const projected = (rows: Float64Array): Float64Array => rows.map((value, at) => value - [0, 1, 2, 3].reduce((sum, k) => sum + basis[k * columns + at % columns]! * inner(rows, Math.floor(at / columns), basis, k), 0))
    const once = projected(features)
    expect(furthest(projected(once), once)).toBeLessThan(1e-12)
    for (let row = 0; row < 30; row++) for (let k = 0; k < 4; k++) expect(inner(once, row, basis, k)).toBeCloseTo(0, 12)
  })
})
