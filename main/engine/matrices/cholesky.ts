/** A = L Lᵀ of a symmetric positive definite matrix. */
export interface Cholesky {
  readonly order: number
  /** [order, order], lower triangle L with its diagonal; what lies above is not read. */
  readonly factor: Float64Array
  /** A⁻¹ b. */
  solve(right: Float64Array): Float64Array
}

/**
 * Factors a symmetric matrix [order, order] (Golub & Van Loan, algorithm 4.2.1); only its lower triangle is read.
 * Null where a pivot falls under `relativeTolerance` of the largest diagonal entry: the matrix is then singular for our purposes.
 */
export function cholesky(matrix: Float64Array, order: number, relativeTolerance = 1e-14): Cholesky | null {
  const factor = Float64Array.from(matrix)
  let largest = 0
  for (let i = 0; i < order; i++) largest = Math.max(largest, factor[i * order + i] as number)
  for (let row = 0; row < order; row++) {
    const own = row * order
    for (let column = 0; column <= row; column++) {
      const other = column * order
      let sum = factor[own + column] as number
      for (let k = 0; k < column; k++) sum -= (factor[own + k] as number) * (factor[other + k] as number)
      if (column < row) factor[own + column] = sum / (factor[other + column] as number)
      else if (sum > relativeTolerance * largest) factor[own + row] = Math.sqrt(sum)
      else return null
    }
  }
  return { order, factor, solve: right => solve(factor, order, right) }
}

function solve(factor: Float64Array, order: number, right: Float64Array): Float64Array {
  const x = Float64Array.from(right)
  for (let row = 0; row < order; row++) {
    let sum = x[row] as number
    for (let k = 0; k < row; k++) sum -= (factor[row * order + k] as number) * (x[k] as number)
    x[row] = sum / (factor[row * order + row] as number)
  }
  // By rows of L, which are columns of Lᵀ: memory is read in order.
  for (let row = order - 1; row >= 0; row--) {
    const value = (x[row] as number) / (factor[row * order + row] as number)
    x[row] = value
    for (let k = 0; k < row; k++) x[k] = (x[k] as number) - value * (factor[row * order + k] as number)
  }
  return x
}

/** L⁻¹ of a factor, lower triangular as it is: [order, order] with zeros above. */
export function inverseOfFactor({ factor, order }: Cholesky): Float64Array {
  const inverse = new Float64Array(order * order)
  for (let row = 0; row < order; row++) {
    const own = row * order
    const pivot = factor[own + row] as number
    for (let k = 0; k < row; k++) {
      const share = factor[own + k] as number
      const other = k * order
      for (let column = 0; column <= k; column++) inverse[own + column] = (inverse[own + column] as number) - share * (inverse[other + column] as number)
    }
    for (let column = 0; column < row; column++) inverse[own + column] = (inverse[own + column] as number) / pivot
    inverse[own + row] = 1 / pivot
  }
  return inverse
}
