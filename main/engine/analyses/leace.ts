import { cholesky, symmetricEigen, type DoubleProducts } from '../matrices'

/** Takes a concept out of rows: x − outwardᵀ · inward · (x − mean). */
export interface LinearEraser {
  readonly columns: number
  /** Of the rows it was fitted on, [columns]. */
  readonly mean: Float64Array
  /** Directions that are read, [rank, columns]; inward · outwardᵀ is the identity. */
  readonly inward: Float64Array
  /** Directions along which what was read is taken out, [rank, columns]. */
  readonly outward: Float64Array
  readonly rank: number
}

/** A pivot under this share of the largest variance: the features depend on one another and are solved by eigenvectors. */
const leastPivot = 1e-12
/** Directions whose squared correlation with the concept is under this share of the strongest are rounding. */
const leastCorrelation = 1e-9

/**
 * Fits erasers on one set of rows [rows, columns], as many concepts as are asked for: the covariance is factored once.
 * Closed form of least-squares concept erasure (LEACE, Belrose et al. 2023, 2306.03819):
 * r(x) = x − W⁺ P W (x − μ), W = (Σ^{½})⁺ of the total covariance, P the orthogonal projection onto the columns of WΣxz, z the class as
 * indicators. Written without the root: W⁺PW = Σxz (ΣzxΣ⁺Σxz)⁺ ΣzxΣ⁺, so that all it takes is Σ⁺Σxz.
 */
export async function leaceFitter(products: DoubleProducts, features: Float64Array, rows: number, columns: number): Promise<(codes: Int32Array, classes: number) => Promise<LinearEraser>> {
  const mean = columnMeans(features, rows, columns)
  const centred = centredRows(features, rows, mean)
  const solve = await pseudoSolver(products, centred, rows, columns)
  return async (codes, classes) => {
    const indicators = centredIndicators(codes, classes)
    const cross = (await products.columnsByColumns(centred, columns, indicators, classes, rows)).map(value => value / rows)
    const solved = await solve(indicators, classes, cross)
    // The part of the concept that is linear in the features, its covariance [classes, classes].
    const explained = await products.columnsByColumns(cross, classes, solved, classes, columns)
    const { values, vectors } = symmetricEigen(explained, classes)
    const rank = values.reduce((count, value) => count + (value > leastCorrelation * (values[0] as number) && value > 0 ? 1 : 0), 0)
    // Rows scaled by λ^{−½}: both sides get the same half of the inverse.
    const scaled = new Float64Array(rank * classes)
    for (let k = 0; k < rank; k++) for (let c = 0; c < classes; c++) scaled[k * classes + c] = (vectors[k * classes + c] as number) / Math.sqrt(values[k] as number)
    const none = new Float64Array(0)
    return {
      columns, mean, rank,
      inward: rank === 0 ? none : await products.rowsByRows(scaled, rank, solved, columns, classes),
      outward: rank === 0 ? none : await products.rowsByRows(scaled, rank, cross, columns, classes)
    }
  }
}

/** `features` [rows, columns] without what the eraser takes out; a fresh array. */
export async function erase(products: DoubleProducts, { columns, mean, inward, outward, rank }: LinearEraser, features: Float64Array, rows: number): Promise<Float64Array> {
  if (rank === 0) return Float64Array.from(features)
  const read = await products.rowsByRows(centredRows(features, rows, mean), rows, inward, rank, columns)
  const taken = await products.multiply(read, rows, rank, outward, columns)
  for (let at = 0; at < taken.length; at++) taken[at] = (features[at] as number) - (taken[at] as number)
  return taken
}

/**
 * Solves Σ⁺Σxz [columns, classes] on the smaller side of the rows. With more rows than columns that is the covariance, else the rows' inner
 * products, XᵀX⁺… = Xᵀ(XXᵀ)⁺Z; centred rows have the vector of ones in the kernel of theirs, which is lifted out of it and changes
 * nothing, because the indicators are centred as well.
 */
async function pseudoSolver(
  products: DoubleProducts, centred: Float64Array, rows: number, columns: number
): Promise<(indicators: Float64Array, classes: number, cross: Float64Array) => Promise<Float64Array>> {
  const byColumns = rows > columns
  const order = byColumns ? columns : rows
  const matrix = byColumns
    ? (await products.columnsByColumns(centred, columns, centred, columns, rows)).map(value => value / rows)
    : await products.rowsByRows(centred, rows, centred, rows, columns)
  const lifted = Float64Array.from(matrix)
  let trace = 0
  for (let i = 0; i < order; i++) trace += matrix[i * (order + 1)] as number
  // A constant feature has no covariance with anything: a variance of 1 leaves its solution 0.
  if (byColumns) for (let i = 0; i < order; i++) { if (lifted[i * (order + 1)] === 0) lifted[i * (order + 1)] = trace / order }
  else for (let at = 0; at < lifted.length; at++) lifted[at] = (lifted[at] as number) + trace / (order * order)
  const factor = cholesky(lifted, order, leastPivot)
  const eigen = factor === null ? symmetricEigen(matrix, order) : null
  const least = Math.max(rows, columns) * Number.EPSILON * (eigen?.values[0] ?? 0)
  const pseudoInverse = (right: Float64Array): Float64Array => {
    if (factor !== null) return factor.solve(right)
    const result = new Float64Array(order)
    for (let k = 0; eigen !== null && k < order && (eigen.values[k] as number) > least; k++) {
      const vector = eigen.vectors.subarray(k * order, (k + 1) * order)
      const share = right.reduce((sum, value, i) => sum + value * (vector[i] as number), 0) / (eigen.values[k] as number)
      for (let i = 0; i < order; i++) result[i] = (result[i] as number) + share * (vector[i] as number)
    }
    return result
  }
  return async (indicators, classes, cross) => {
    const right = byColumns ? cross : indicators
    const solved = new Float64Array(order * classes)
    for (let c = 0; c < classes; c++) {
      const own = pseudoInverse(Float64Array.from({ length: order }, (_, i) => right[i * classes + c] as number))
      for (let i = 0; i < order; i++) solved[i * classes + c] = own[i] as number
    }
    return byColumns ? solved : await products.columnsByColumns(centred, columns, solved, classes, rows)
  }
}

function columnMeans(features: Float64Array, rows: number, columns: number): Float64Array {
  const mean = new Float64Array(columns)
  for (let at = 0; at < features.length;) for (let column = 0; column < columns; column++, at++) mean[column] = (mean[column] as number) + (features[at] as number)
  return mean.map(sum => sum / rows)
}

function centredRows(features: Float64Array, rows: number, mean: Float64Array): Float64Array {
  const centred = new Float64Array(features.length)
  for (let row = 0, at = 0; row < rows; row++) for (let column = 0; column < mean.length; column++, at++) centred[at] = (features[at] as number) - (mean[column] as number)
  return centred
}

/** 1 at the class of each row, less the class's share, [rows, classes]. */
function centredIndicators(codes: Int32Array, classes: number): Float64Array {
  const shares = new Float64Array(classes)
  for (const code of codes) shares[code] = (shares[code] as number) + 1 / codes.length
  return Float64Array.from({ length: codes.length * classes }, (_, at) => (codes[Math.floor(at / classes)] === at % classes ? 1 : 0) - (shares[at % classes] as number))
}
