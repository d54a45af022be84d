import { normalPair, seededRandom } from './random'

/** A real symmetric operator on vectors of length `order`. */
export interface SymmetricOperator {
  readonly order: number
  /** Writes A·v to `out`. */
  apply(vector: Float64Array, out: Float64Array): void
}

/** Largest eigenvalues first; `vectors` holds unit eigenvectors one after another, [count, order]. */
export interface EigenPairs {
  readonly values: Float64Array
  readonly vectors: Float64Array
}

const BLOCK = 4
const TOLERANCE = 1e-10
const RESTARTS = 60

/** A dense symmetric matrix as operator. `data` is [order, order]. */
export function denseOperator(data: Float64Array, order: number): SymmetricOperator {
  return {
    order,
    apply(vector, out) {
      for (let row = 0, at = 0; row < order; row++) {
        let sum = 0
        for (let column = 0; column < order; column++) sum += (data[at++] as number) * (vector[column] as number)
        out[row] = sum
      }
    }
  }
}

/**
 * The `count` algebraically largest eigenpairs, by restarted block Krylov iteration with full
 * reorthogonalisation and Rayleigh–Ritz (Saad, Numerical Methods for Large Eigenvalue Problems, ch. 6):
 * stops when every residual ‖Av − λv‖ is under 1e-10 of the largest eigenvalue. Only a few dozen products with A
 * are needed where a full decomposition takes order³; the block finds equal eigenvalues too.
 * Where the basis spans the whole space it is a full decomposition.
 */
export function largestEigenpairs(operator: SymmetricOperator, count: number): EigenPairs {
  const { order } = operator
  const wanted = Math.min(count, order)
  const capacity = Math.min(order, Math.max(64, 4 * (wanted + BLOCK)))
  const random = seededRandom(order)
  const basis = new Float64Array(capacity * order)
  const image = new Float64Array(capacity * order)
  let size = 0
  let best: EigenPairs = { values: new Float64Array(0), vectors: new Float64Array(0) }

  const extend = (candidate: Float64Array): boolean => {
    const slot = basis.subarray(size * order, (size + 1) * order)
    slot.set(candidate)
    if (!orthonormalise(basis, size, slot, order)) return false
    operator.apply(slot, image.subarray(size * order, (size + 1) * order))
    size++
    return true
  }
  const extendRandom = (): boolean => {
    const vector = new Float64Array(order)
    for (let attempt = 0; attempt < 5; attempt++) {
      for (let i = 0; i < order; i++) vector[i] = normalPair(random)[0]
      if (extend(vector)) return true
    }
    return false
  }

  for (let i = 0; i < Math.min(capacity, wanted + BLOCK); i++) extendRandom()
  for (let restart = 0; restart < RESTARTS; restart++) {
    // Krylov growth: the image of each basis vector is the next candidate.
    for (let source = Math.max(0, size - wanted - BLOCK); size < capacity; source++) {
      if (source < size) extend(image.slice(source * order, (source + 1) * order))
      else if (!extendRandom()) break
    }
    const ritz = rayleighRitz(basis, image, size, order, Math.min(size, wanted + BLOCK))
    best = { values: ritz.values.slice(0, wanted), vectors: ritz.vectors.slice(0, wanted * order) }
    if (size === order || largestResidual(ritz, wanted, order) <= TOLERANCE * Math.max(Math.abs(ritz.values[0] ?? 0), Number.MIN_VALUE)) return best
    const kept = ritz.values.length
    basis.set(ritz.vectors)
    image.set(ritz.images)
    size = kept
    // Residuals continue the Krylov space; the Ritz vectors' own images lie in it already.
    const residuals: Float64Array[] = []
    for (let pair = 0; pair < kept; pair++) residuals.push(residual(ritz, pair, order))
    for (const candidate of residuals) if (size < capacity) extend(candidate)
  }
  return best
}

interface RitzPairs extends EigenPairs { readonly images: Float64Array }

function residual(ritz: RitzPairs, pair: number, order: number): Float64Array {
  const result = new Float64Array(order)
  const value = ritz.values[pair] ?? 0
  for (let i = 0; i < order; i++) result[i] = (ritz.images[pair * order + i] as number) - value * (ritz.vectors[pair * order + i] as number)
  return result
}

function largestResidual(ritz: RitzPairs, count: number, order: number): number {
  let largest = 0
  for (let pair = 0; pair < count; pair++) largest = Math.max(largest, Math.sqrt(squaredNorm(residual(ritz, pair, order))))
  return largest
}

function squaredNorm(vector: Float64Array): number {
  let sum = 0
  for (const value of vector) sum += value * value
  return sum
}

/** Twice is enough (Kahan): Gram–Schmidt against `size` rows of `basis`. False where nothing independent is left. */
function orthonormalise(basis: Float64Array, size: number, vector: Float64Array, order: number): boolean {
  const original = Math.sqrt(squaredNorm(vector))
  if (!(original > 0)) return false
  for (let i = 0; i < order; i++) vector[i] = (vector[i] as number) / original
  for (let pass = 0; pass < 3; pass++) {
    for (let row = 0; row < size; row++) {
      const start = row * order
      let dot = 0
      for (let i = 0; i < order; i++) dot += (basis[start + i] as number) * (vector[i] as number)
      for (let i = 0; i < order; i++) vector[i] = (vector[i] as number) - dot * (basis[start + i] as number)
    }
    const norm = Math.sqrt(squaredNorm(vector))
    if (norm < 1e-11) return false
    for (let i = 0; i < order; i++) vector[i] = (vector[i] as number) / norm
    if (pass > 0 && norm > 0.7) return true
  }
  return true
}

function rayleighRitz(basis: Float64Array, image: Float64Array, size: number, order: number, count: number): RitzPairs {
  const projected = new Float64Array(size * size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let dot = 0
      for (let i = 0; i < order; i++) dot += (basis[row * order + i] as number) * (image[column * order + i] as number)
      projected[row * size + column] = dot
      projected[column * size + row] = dot
    }
  }
  const small = jacobiEigen(projected, size)
  const vectors = new Float64Array(count * order)
  const images = new Float64Array(count * order)
  for (let pair = 0; pair < count; pair++) {
    for (let row = 0; row < size; row++) {
      const weight = small.vectors[pair * size + row] as number
      for (let i = 0; i < order; i++) {
        vectors[pair * order + i] = (vectors[pair * order + i] as number) + weight * (basis[row * order + i] as number)
        images[pair * order + i] = (images[pair * order + i] as number) + weight * (image[row * order + i] as number)
      }
    }
  }
  return { values: small.values.slice(0, count), vectors, images }
}

/** All eigenpairs of a small symmetric matrix by cyclic Jacobi rotations, largest first. `matrix` is overwritten. */
export function jacobiEigen(matrix: Float64Array, order: number): EigenPairs {
  const rotation = new Float64Array(order * order)
  for (let i = 0; i < order; i++) rotation[i * order + i] = 1
  let total = 0
  for (const value of matrix) total += value * value
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let p = 0; p < order; p++) for (let q = p + 1; q < order; q++) off += (matrix[p * order + q] as number) ** 2
    if (off <= 1e-30 * total) break
    for (let p = 0; p < order; p++) {
      for (let q = p + 1; q < order; q++) rotate(matrix, rotation, order, p, q)
    }
  }
  const ranked = Array.from({ length: order }, (_, i) => i)
    .sort((i, j) => (matrix[j * order + j] as number) - (matrix[i * order + i] as number))
  const values = Float64Array.from(ranked, i => matrix[i * order + i] as number)
  const vectors = new Float64Array(order * order)
  ranked.forEach((from, to) => vectors.set(rotation.subarray(from * order, (from + 1) * order), to * order))
  return { values, vectors }
}

/** Zeroes element (p, q); `rotation` holds eigenvectors as rows. */
function rotate(matrix: Float64Array, rotation: Float64Array, order: number, p: number, q: number): void {
  const apq = matrix[p * order + q] as number
  if (apq === 0) return
  const theta = ((matrix[q * order + q] as number) - (matrix[p * order + p] as number)) / (2 * apq)
  const tangent = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const cosine = 1 / Math.sqrt(tangent * tangent + 1)
  const sine = tangent * cosine
  for (let i = 0; i < order; i++) {
    const aip = matrix[i * order + p] as number
    const aiq = matrix[i * order + q] as number
    matrix[i * order + p] = cosine * aip - sine * aiq
    matrix[i * order + q] = sine * aip + cosine * aiq
  }
  for (let i = 0; i < order; i++) {
    const api = matrix[p * order + i] as number
    const aqi = matrix[q * order + i] as number
    matrix[p * order + i] = cosine * api - sine * aqi
    matrix[q * order + i] = sine * api + cosine * aqi
    const vpi = rotation[p * order + i] as number
    const vqi = rotation[q * order + i] as number
    rotation[p * order + i] = cosine * vpi - sine * vqi
    rotation[q * order + i] = sine * vpi + cosine * vqi
  }
}
