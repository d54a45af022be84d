/** A = Q T Qᵀ with Q orthogonal, a product of Householder reflections, and T tridiagonal. */
export interface Tridiagonal {
  readonly order: number
  readonly diagonal: Float64Array
  /** [order − 1] beside the diagonal */
  readonly beside: Float64Array
  /** (A + shift · I)⁻¹ b in order² steps: one decomposition serves every shift. The sum must be positive definite. */
  solveShifted(shift: number, right: Float64Array): Float64Array
  /** Q v, in place. */
  rotate(vector: Float64Array): void
}

/** Eigenvalues in descending order; `vectors` holds their unit eigenvectors one after another, [order, order]. */
export interface Eigen {
  readonly values: Float64Array
  readonly vectors: Float64Array
}

/**
 * Householder reduction of a symmetric matrix [order, order] to tridiagonal form (Golub & Van Loan, algorithm 8.3.1),
 * 4/3 order³ operations. The matrix is left as it was.
 */
export function tridiagonalise(matrix: Float64Array, order: number): Tridiagonal {
  const a = Float64Array.from(matrix)
  const diagonal = new Float64Array(order)
  const beside = new Float64Array(Math.max(0, order - 1))
  // Row i of `reflectors` is the reflection that clears row i left of its neighbour, over entries 0 … i − 1.
  const reflectors: (Float64Array | null)[] = []
  const image = new Float64Array(order)
  for (let i = order - 1; i >= 1; i--) {
    const own = i * order
    diagonal[i] = a[own + i] as number
    let tail = 0
    for (let k = 0; k < i - 1; k++) tail += (a[own + k] as number) ** 2
    const last = a[own + i - 1] as number
    if (tail === 0) {
      beside[i - 1] = last
      reflectors[i] = null
      continue
    }
    const alpha = last > 0 ? -Math.sqrt(tail + last * last) : Math.sqrt(tail + last * last)
    beside[i - 1] = alpha
    // Unit vector u with (I − 2uuᵀ) row = alpha e.
    const u = new Float64Array(i)
    for (let k = 0; k < i; k++) u[k] = a[own + k] as number
    u[i - 1] = last - alpha
    const length = Math.sqrt(tail + (last - alpha) ** 2)
    for (let k = 0; k < i; k++) u[k] = (u[k] as number) / length
    reflectors[i] = u
    // A ← (I − 2uuᵀ) A (I − 2uuᵀ) = A − 2(u wᵀ + w uᵀ), w = Au − (uᵀAu) u; the lower triangle alone is kept.
    image.fill(0, 0, i)
    for (let row = 0; row < i; row++) {
      const start = row * order
      const factor = u[row] as number
      let sum = 0
      for (let column = 0; column < row; column++) {
        const value = a[start + column] as number
        sum += value * (u[column] as number)
        image[column] = (image[column] as number) + value * factor
      }
      image[row] = (image[row] as number) + sum + (a[start + row] as number) * factor
    }
    let product = 0
    for (let k = 0; k < i; k++) product += (u[k] as number) * (image[k] as number)
    for (let k = 0; k < i; k++) image[k] = (image[k] as number) - product * (u[k] as number)
    for (let row = 0; row < i; row++) {
      const start = row * order
      const left = 2 * (u[row] as number)
      const right = 2 * (image[row] as number)
      for (let column = 0; column <= row; column++) {
        a[start + column] = (a[start + column] as number) - left * (image[column] as number) - right * (u[column] as number)
      }
    }
  }
  if (order > 0) diagonal[0] = a[0] as number

  // A = R_{n−1} … R_2 T R_2 … R_{n−1}: Q applies the smallest reflection first.
  const rotate = (vector: Float64Array): void => {
    for (let i = 2; i < order; i++) reflect(reflectors[i] ?? null, vector)
  }
  const rotateBack = (vector: Float64Array): void => {
    for (let i = order - 1; i >= 2; i--) reflect(reflectors[i] ?? null, vector)
  }
  return {
    order, diagonal, beside, rotate,
    solveShifted(shift, right) {
      const x = Float64Array.from(right)
      rotateBack(x)
      solveTridiagonal(diagonal, beside, shift, x)
      rotate(x)
      return x
    }
  }
}

function reflect(u: Float64Array | null, vector: Float64Array): void {
  if (u === null) return
  let product = 0
  for (let k = 0; k < u.length; k++) product += (u[k] as number) * (vector[k] as number)
  for (let k = 0; k < u.length; k++) vector[k] = (vector[k] as number) - 2 * product * (u[k] as number)
}

/** LDLᵀ of a positive definite tridiagonal matrix, in place on the right side. */
function solveTridiagonal(diagonal: Float64Array, beside: Float64Array, shift: number, x: Float64Array): void {
  const { length } = x
  const pivot = new Float64Array(length)
  for (let i = 0; i < length; i++) {
    const ratio = i > 0 ? (beside[i - 1] as number) / (pivot[i - 1] as number) : 0
    pivot[i] = (diagonal[i] as number) + shift - (i > 0 ? ratio * (beside[i - 1] as number) : 0)
    if (i > 0) x[i] = (x[i] as number) - ratio * (x[i - 1] as number)
  }
  for (let i = length - 1; i >= 0; i--) {
    const next = i + 1 < length ? (beside[i] as number) * (x[i + 1] as number) : 0
    x[i] = ((x[i] as number) - next) / (pivot[i] as number)
  }
}

/**
 * All eigenpairs of a symmetric matrix: Householder reduction, then implicit QL with Wilkinson's shifts
 * (Golub & Van Loan, algorithm 8.3.3; EISPACK's tql2).
 */
export function symmetricEigen(matrix: Float64Array, order: number): Eigen {
  const reduced = tridiagonalise(matrix, order)
  const d = Float64Array.from(reduced.diagonal)
  const e = new Float64Array(order)
  e.set(reduced.beside)
  // Row j is the eigenvector of d[j] in the coordinates of T.
  const rows = new Float64Array(order * order)
  for (let i = 0; i < order; i++) rows[i * order + i] = 1
  for (let l = 0; l < order; l++) {
    for (let iteration = 0; iteration < 60; iteration++) {
      let m = l
      for (; m < order - 1; m++) {
        const scale = Math.abs(d[m] as number) + Math.abs(d[m + 1] as number)
        if (Math.abs(e[m] as number) <= Number.EPSILON * scale) break
      }
      if (m === l) break
      let g = ((d[l + 1] as number) - (d[l] as number)) / (2 * (e[l] as number))
      let r = Math.hypot(g, 1)
      g = (d[m] as number) - (d[l] as number) + (e[l] as number) / (g + (g >= 0 ? r : -r))
      let s = 1
      let c = 1
      let p = 0
      let i = m - 1
      for (; i >= l; i--) {
        let f = s * (e[i] as number)
        const b = c * (e[i] as number)
        r = Math.hypot(f, g)
        e[i + 1] = r
        if (r === 0) {
          d[i + 1] = (d[i + 1] as number) - p
          e[m] = 0
          break
        }
        s = f / r
        c = g / r
        g = (d[i + 1] as number) - p
        r = ((d[i] as number) - g) * s + 2 * c * b
        p = s * r
        d[i + 1] = g + p
        g = c * r - b
        const low = i * order
        const high = low + order
        for (let k = 0; k < order; k++) {
          f = rows[high + k] as number
          const own = rows[low + k] as number
          rows[high + k] = s * own + c * f
          rows[low + k] = c * own - s * f
        }
      }
      if (r === 0 && i >= l) continue
      d[l] = (d[l] as number) - p
      e[l] = g
      e[m] = 0
    }
  }
  const ranked = Int32Array.from(d.keys()).sort((i, j) => (d[j] as number) - (d[i] as number))
  const vectors = new Float64Array(order * order)
  ranked.forEach((from, to) => {
    const vector = rows.slice(from * order, (from + 1) * order)
    reduced.rotate(vector)
    vectors.set(vector, to * order)
  })
  return { values: Float64Array.from(ranked, i => d[i] as number), vectors }
}
