import type { Matrix } from '../activations/matrix'
import { columnMeans, copyCentredRows } from './centred-rows'
import type { MatrixProducts } from './matrix-products'
import { denseOperator, largestEigenpairs } from './symmetric-eigen'

/** Principal components as scikit-learn's `PCA` gives them. */
export interface PrincipalComponents {
  readonly components: number
  /** Scores, [rows, components]: centred rows on the axes. */
  readonly scores: Float32Array
  /** Unit axes, [components, columns]. */
  readonly axes: Float64Array
  /** [columns] */
  readonly means: Float64Array
  /** Variance along each axis with n − 1 in the denominator. [components] */
  readonly variance: Float64Array
  /** Share of the whole variance; 0 where there is none. [components] */
  readonly explained: Float64Array
}

const BLOCK = 1024

/**
 * Exact PCA: the covariance (features × features), or the Gram matrix (rows × rows) where rows are fewer, from
 * blocked float32 products summed in float64, and its leading eigenvectors in float64.
 * Signs follow scikit-learn's `svd_flip`: the largest loading of each axis in magnitude is positive.
 * Memory: min(rows, columns)² float64 and two blocks.
 */
export async function pca(matrix: Matrix, components: number, products: MatrixProducts): Promise<PrincipalComponents> {
  const { rows, columns } = matrix
  const means = columnMeans(matrix)
  const available = Math.min(components, columns, Math.max(0, rows - 1))
  const axes = new Float64Array(components * columns)
  const { values, vectors, total } = rows < columns
    ? await fromGram(matrix, means, available, products)
    : await fromCovariance(matrix, means, available, products)

  const variance = new Float64Array(components)
  const explained = new Float64Array(components)
  for (let axis = 0; axis < available; axis++) {
    const value = Math.max(0, values[axis] ?? 0)
    // What rounding leaves of a constant matrix is no direction.
    if (!(value > 1e-13 * total)) continue
    variance[axis] = value / (rows - 1)
    explained[axis] = value / total
    axes.set(vectors.subarray(axis * columns, (axis + 1) * columns), axis * columns)
    flipSign(axes.subarray(axis * columns, (axis + 1) * columns))
  }
  return { components, axes, means, variance, explained, scores: project(matrix, means, axes, components) }
}

interface Scatter {
  /** Eigenvalues of the centred scatter matrix XᵀX. */
  readonly values: Float64Array
  readonly vectors: Float64Array
  /** Its trace. */
  readonly total: number
}

async function fromCovariance(matrix: Matrix, means: Float64Array, count: number, products: MatrixProducts): Promise<Scatter> {
  const { rows, columns } = matrix
  const scatter = new Float64Array(columns * columns)
  const block = new Float32Array(Math.min(BLOCK, rows) * columns)
  const product = new Float32Array(columns * columns)
  for (let first = 0; first < rows; first += BLOCK) {
    const size = Math.min(BLOCK, rows - first)
    copyCentredRows(matrix, means, first, size, block, null)
    await products.columnsByColumns(block, columns, block, columns, size, product)
    for (let i = 0; i < product.length; i++) scatter[i] = (scatter[i] as number) + (product[i] as number)
  }
  return { ...largestEigenpairs(denseOperator(scatter, columns), count), total: trace(scatter, columns) }
}

async function fromGram(matrix: Matrix, means: Float64Array, count: number, products: MatrixProducts): Promise<Scatter> {
  const { rows, columns } = matrix
  const centred = new Float32Array(rows * columns)
  copyCentredRows(matrix, means, 0, rows, centred, null)
  const product = new Float32Array(rows * rows)
  await products.rowsByRows(centred, rows, centred, rows, columns, product)
  const gram = Float64Array.from(product)
  const pairs = largestEigenpairs(denseOperator(gram, rows), count)
  const vectors = new Float64Array(count * columns)
  for (let axis = 0; axis < count; axis++) {
    const scale = Math.sqrt(Math.max(pairs.values[axis] ?? 0, Number.MIN_VALUE))
    for (let row = 0; row < rows; row++) {
      const weight = (pairs.vectors[axis * rows + row] as number) / scale
      for (let column = 0; column < columns; column++) {
        const at = axis * columns + column
        vectors[at] = (vectors[at] as number) + weight * (centred[row * columns + column] as number)
      }
    }
  }
  return { values: pairs.values, vectors, total: trace(gram, rows) }
}

function trace(matrix: Float64Array, order: number): number {
  let sum = 0
  for (let i = 0; i < order; i++) sum += matrix[i * order + i] as number
  return sum
}

function flipSign(axis: Float64Array): void {
  let largest = 0
  for (const value of axis) if (Math.abs(value) > Math.abs(largest)) largest = value
  if (largest < 0) for (let i = 0; i < axis.length; i++) axis[i] = -(axis[i] as number)
}

function project(matrix: Matrix, means: Float64Array, axes: Float64Array, components: number): Float32Array {
  const { data, rows, columns } = matrix
  const scores = new Float32Array(rows * components)
  for (let axis = 0; axis < components; axis++) {
    const start = axis * columns
    let offset = 0
    for (let column = 0; column < columns; column++) offset += (means[column] as number) * (axes[start + column] as number)
    for (let row = 0, at = 0; row < rows; row++) {
      let sum = -offset
      for (let column = 0; column < columns; column++, at++) sum += (data[at] as number) * (axes[start + column] as number)
      scores[row * components + axis] = sum
    }
  }
  return scores
}
