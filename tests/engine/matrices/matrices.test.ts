import { describe, expect, it } from 'vitest'
import { cholesky, openDoubleProducts, symmetricEigen, tridiagonalise } from '../../../main/engine/matrices'

/** A few digits of a fixed irrational stream: dense, unstructured, the same everywhere. */
function stream(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => ((i + 1) * Math.SQRT2 * 7.31 + Math.sin(3 * i)) % 1 - 0.5)
}

function gram(order: number, rows: number): Float64Array {
  const x = stream(rows * order)
  const result = new Float64Array(order * order)
  for (let i = 0; i < order; i++) for (let j = 0; j < order; j++) for (let r = 0; r < rows; r++) result[i * order + j] = result[i * order + j]! + x[r * order + i]! * x[r * order + j]!
  return result
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  return Float64Array.from(vector, (_, i) => vector.reduce((sum, value, j) => sum + matrix[i * vector.length + j]! * value, 0))
}

function worst(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
}

describe('dense symmetric matrices', () => {
  it('solve by Cholesky to 1e-9, and refuse a singular matrix', () => {
    const matrix = gram(40, 90)
    const x = stream(40)
    expect(worst(cholesky(matrix, 40)!.solve(times(matrix, x)), x)).toBeLessThan(1e-9)
    expect(cholesky(gram(40, 20), 40, 1e-10)).toBeNull()
  })

  it('solve every shift from one reduction to 1e-9', () => {
    const matrix = gram(33, 20)
    const x = stream(33)
    const reduced = tridiagonalise(matrix, 33)
    for (const shift of [1e-2, 1, 1e4]) {
      const right = times(matrix, x).map((value, i) => value + shift * x[i]!)
      expect(worst(reduced.solveShifted(shift, right), x)).toBeLessThan(1e-9)
    }
  })

  it('give eigenpairs: A v = λ v, orthonormal, descending, rank-deficient included', () => {
    for (const [order, rows] of [[1, 3], [2, 5], [30, 60], [30, 12]] as const) {
      const matrix = gram(order, rows)
      const { values, vectors } = symmetricEigen(matrix, order)
      for (let i = 0; i < order; i++) {
        const v = vectors.slice(i * order, (i + 1) * order)
        expect(worst(times(matrix, v), v.map(value => value * values[i]!))).toBeLessThan(1e-11 * Math.max(1, values[0]!))
        if (i > 0) expect(values[i]!).toBeLessThanOrEqual(values[i - 1]!)
        for (let j = 0; j <= i; j++) {
          const dot = v.reduce((sum, value, k) => sum + value * vectors[j * order + k]!, 0)
          expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-12)
        }
      }
    }
  })

  it('multiply in float64, in three orientations', async () => {
    const products = await openDoubleProducts()
    const a = Float64Array.of(1, 2, 3, 4, 5, 6 + 1e-12)
    expect(worst(await products.multiply(a, 2, 3, a, 2), Float64Array.from([1 + 6 + 15, 2 + 8 + 3 * (6 + 1e-12), 4 + 15 + (6 + 1e-12) * 5, 8 + 20 + (6 + 1e-12) ** 2]))).toBeLessThan(1e-13)
    expect((await products.rowsByRows(a, 2, a, 2, 3))[0]).toBe(14)
    expect((await products.columnsByColumns(a, 3, a, 3, 2))[0]).toBe(17)
    await products.release()
  })
})
