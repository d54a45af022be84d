import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exactNeighbors, nearestRows, openMatrixProducts, type MatrixProducts } from '../../../main/engine/projections'
import { NeighborCache } from '../../../main/engine/projections/neighbors/neighbor-cache'
import { clusteredMatrix, repeatedRow, sortedNeighbors } from './sample-matrices'

let products: MatrixProducts
beforeAll(async () => { products = await openMatrixProducts() })
afterAll(async () => { await products.close() })

describe('exactNeighbors', () => {
  it('equals sorting all distances, over several blocks with a ragged last one', async () => {
    const matrix = clusteredMatrix(1300, 12, 7)
    const neighbors = await exactNeighbors(matrix, 15, products)
    const expected = sortedNeighbors(matrix, 15)
    const worst = expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (neighbors.distances[i] ?? NaN))), 0)
    expect(worst).toBeLessThan(1e-6)
  })

  it('stays exact where norms dwarf distances', async () => {
    // Two huge features, one of them varying, as in a residual stream: |x|² ≈ 1e8, distances ≈ 1.
    const matrix = clusteredMatrix(700, 8, 5)
    for (let row = 0; row < 700; row++) {
      matrix.data[row * 8] = 9000
      matrix.data[row * 8 + 1] = row % 2 === 0 ? 3000 : -3000
    }
    const neighbors = await exactNeighbors(matrix, 15, products)
    const expected = sortedNeighbors(matrix, 15)
    const worst = expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (neighbors.distances[i] ?? NaN))), 0)
    expect(worst).toBeLessThan(1e-6)
  })

  it('puts the row itself first among any number of equals', async () => {
    const neighbors = await exactNeighbors(repeatedRow(600, [1, 2, 3]), 5, products)
    for (let row = 0; row < 600; row++) expect(neighbors.indices[row * 5]).toBe(row)
    expect(neighbors.distances.every(distance => distance === 0)).toBe(true)
    expect(neighbors.indices.every(index => index >= 0 && index < 600)).toBe(true)
  })

  it('takes no more neighbours than rows', async () => {
    const neighbors = await exactNeighbors(clusteredMatrix(4, 3, 2), 15, products)
    expect(neighbors.k).toBe(4)
    expect([...neighbors.indices.slice(0, 4)].sort()).toEqual([0, 1, 2, 3])
  })
})

describe('nearestRows', () => {
  it('equals sorting all distances', () => {
    const matrix = clusteredMatrix(500, 20, 5)
    const expected = sortedNeighbors(matrix, 11)
    const nearest = nearestRows(matrix, 123, 10)
    nearest.forEach(({ row, distance }, i) => {
      expect(row).not.toBe(123)
      expect(distance).toBeCloseTo(expected[123 * 11 + i + 1] ?? NaN, 10)
    })
    expect(nearest).toHaveLength(10)
  })

  it('orders equal distances by row and gives what there is', () => {
    expect(nearestRows(repeatedRow(4, [5, 5]), 2, 10)).toEqual([0, 1, 3].map(row => ({ row, distance: 0 })))
    expect(nearestRows(repeatedRow(1, [5]), 0, 3)).toEqual([])
    expect(() => nearestRows(repeatedRow(2, [5]), 2, 3)).toThrow('Row 2 is not one of 2 rows.')
  })
})

describe('NeighborCache', () => {
  it('drops the least recently used beyond its bytes', () => {
    const table = { rows: 10, k: 5, indices: new Int32Array(50), distances: new Float32Array(50) }
    const cache = new NeighborCache(1000)
    cache.set('a', table)
    cache.set('b', table)
    expect(cache.get('a')).toBe(table)
    cache.set('c', table)
    expect(cache.get('b')).toBeNull()
    expect(cache.get('a')).toBe(table)
    expect(cache.bytes).toBe(800)
  })
})
