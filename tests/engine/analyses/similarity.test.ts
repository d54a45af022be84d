import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { linearCka, type RowSource } from '../../../main/engine/analyses/similarity'
import { openDoubleProducts, type DoubleProducts } from '../../../main/engine/matrices'
import { seededRandom } from '../../../main/engine/probes/random'
import { fixtureTensors, missing, sharedFile } from '../probes/shared-files'

let products: DoubleProducts
beforeAll(async () => { products = await openDoubleProducts() })
afterAll(async () => { await products.release() })

const quiet = { checkpoint: () => undefined, onProgress: () => undefined }

function source(values: Float32Array, width: number): RowSource {
  return { width, read: (from, to) => Promise.resolve(values.slice(from * width, to * width)) }
}

function made(rows: number, width: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length: rows * width }, () => random() - 0.3)
}

/** The definition, entry by entry. */
function byDefinition(x: Float32Array, p: number, y: Float32Array, q: number, rows: number): number {
  const centre = (values: Float32Array, width: number): number[][] => {
    const mean = Array.from({ length: width }, (_, c) => Array.from({ length: rows }, (__, r) => values[r * width + c] as number).reduce((sum, value) => sum + value, 0) / rows)
    return Array.from({ length: rows }, (_, r) => mean.map((m, c) => (values[r * width + c] as number) - m))
  }
  const [a, b] = [centre(x, p), centre(y, q)]
  const square = (s: number[][], t: number[][]): number => {
    let sum = 0
    for (let i = 0; i < s[0]!.length; i++) for (let j = 0; j < t[0]!.length; j++) sum += s.reduce((total, line, r) => total + line[i]! * t[r]![j]!, 0) ** 2
    return sum
  }
  return square(a, b) / Math.sqrt(square(a, a) * square(b, b))
}

describe('linear CKA', () => {
  it.each([['inner products of rows', 9], ['products of features', 60]])('is its definition (%s)', async (_, rows) => {
    const [x, y] = [made(rows, 11, 1), made(rows, 7, 2)]
    const values = await linearCka(products, [source(x, 11), source(y, 7)], rows, quiet)
    expect(values[0]).toBe(1)
    expect(values[1]).toBeCloseTo(byDefinition(x, 11, y, 7, rows), 12)
    expect(values[2]).toBe(values[1])
  })

  it('does not see rotations, one scale, or a shift of all rows', async () => {
    const rows = 40
    const x = made(rows, 4, 3)
    // A quarter turn in two planes, scaled and moved.
    const turned = Float32Array.from(x, (_, at) => {
      const [row, column] = [Math.floor(at / 4), at % 4]
      return 3 * (column % 2 === 0 ? x[row * 4 + column + 1] as number : -(x[row * 4 + column - 1] as number)) + column
    })
    const values = await linearCka(products, [source(x, 4), source(turned, 4)], rows, quiet)
    expect(values[1]).toBeCloseTo(1, 6)
  })

  it('says not a number for a site whose rows are all alike, and stops when asked to', async () => {
    const flat = source(new Float32Array(20 * 3).fill(2), 3)
    const values = await linearCka(products, [flat, source(made(20, 3, 4), 3)], 20, quiet)
    expect([values[0], values[1]].every(Number.isNaN)).toBe(true)
    await expect(linearCka(products, [flat], 20, { ...quiet, checkpoint: () => { throw new Error('stopped') } })).rejects.toThrow('stopped')
  })

  it('gives the reference\'s number for two layers of SmolLM2, to 1e-6', async () => {
    if (missing('reference/fixtures/expected.json')) return
    const inputs = fixtureTensors('inputs')
    const expected = (JSON.parse(readFileSync(sharedFile('reference/fixtures/expected.json'), 'utf8')) as { readonly linear_cka: number }).linear_cka
    const [later, earlier] = ['truth_x', 'truth_x6'].map(name => source(inputs.get(name)?.data as Float32Array, 576)) as [RowSource, RowSource]
    const values = await linearCka(products, [later, earlier], 300, quiet)
    expect(Math.abs((values[1] as number) - expected)).toBeLessThan(1e-6)
  })
})
