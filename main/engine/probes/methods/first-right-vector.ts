import { symmetricEigen, type DoubleProducts } from '../../matrices'
import type { Random } from '../random'

/** Steps after which what is found stands; activations take a few dozen. */
const mostSteps = 200
/** Norm of the residual, as a share of the eigenvalue, at which the vector is right. */
const tolerance = 1e-9

/**
 * The unit vector v that maximises |Av|, A [rows, columns]: the first right singular vector, by Lanczos' method on AᵀA with
 * full reorthogonalisation (Golub & Van Loan, section 10.1) from a start drawn by `random`. Zero where A is.
 */
export async function firstRightVector(products: DoubleProducts, matrix: Float64Array, rows: number, columns: number, random: Random): Promise<Float64Array> {
  if (rows === 0) return new Float64Array(columns)
  // From the row space, where the answer lies: a few rows would end the walk in as many steps.
  let next = await products.columnsByColumns(matrix, columns, Float64Array.from({ length: rows }, () => random() - 0.5), 1, rows)
  const basis: Float64Array[] = []
  const diagonal: number[] = []
  const beside: number[] = []
  let length = Math.sqrt(dot(next, next))
  if (length === 0) return new Float64Array(columns)
  for (;;) {
    const vector = next.map(value => value / length)
    basis.push(vector)
    next = await products.columnsByColumns(matrix, columns, await products.multiply(matrix, rows, columns, vector, 1), 1, rows)
    diagonal.push(dot(vector, next))
    for (let pass = 0; pass < 2; pass++) for (const earlier of basis) addScaled(next, -dot(earlier, next), earlier)
    length = Math.sqrt(dot(next, next))
    const { values, vectors } = symmetricEigen(tridiagonal(diagonal, beside), basis.length)
    const residual = length * Math.abs(vectors[basis.length - 1] as number)
    if (residual <= tolerance * (values[0] as number) || basis.length === Math.min(columns, mostSteps)) {
      const result = new Float64Array(columns)
      basis.forEach((own, i) => { addScaled(result, vectors[i] as number, own) })
      return result
    }
    beside.push(length)
  }
}

function tridiagonal(diagonal: readonly number[], beside: readonly number[]): Float64Array {
  const order = diagonal.length
  const matrix = new Float64Array(order * order)
  diagonal.forEach((value, i) => { matrix[i * (order + 1)] = value })
  beside.forEach((value, i) => {
    matrix[i * (order + 1) + 1] = value
    matrix[(i + 1) * order + i] = value
  })
  return matrix
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

function addScaled(to: Float64Array, factor: number, from: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) + factor * (from[i] as number)
}
