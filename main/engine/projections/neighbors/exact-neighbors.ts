import type { Matrix } from '../../activations/matrix'
import { columnMeans, copyCentredRows } from '../centred-rows'
import type { MatrixProducts } from '../matrix-products'
import { NeighborLists } from './neighbor-lists'
import { refineNeighbors } from './neighbor-refinement'

/** Every row's nearest rows by Euclidean distance, nearest first; column 0 is the row itself at distance 0. */
export interface NeighborTable {
  readonly rows: number
  readonly k: number
  /** [rows, k] */
  readonly indices: Int32Array
  /** [rows, k], not squared. */
  readonly distances: Float32Array
}

export interface NeighborOptions {
  /** Called between blocks; throws to stop. */
  onProgress?(done: number, total: number): void | Promise<void>
}

/** Rows of one block: a product of two blocks (1 MB in and out at 384 features) stays in cache. */
const BLOCK = 512

/**
 * Exact k nearest neighbours, `k` counting the row itself as umap-learn does; reduced to the number of rows.
 *
 * ‖x−y‖² = ‖x‖² + ‖y‖² − 2xᵀy with xᵀy from blocked products of the upper triangle only, each serving both of its
 * rows. float32 cancels where norms dwarf distances, as in residual streams with a few huge features, so rows are
 * centred first, some candidates more than k are kept, their distances are computed again in float64 from the rows as
 * given, and rows where rounding may have lost a neighbour are searched again (`refineNeighbors`).
 * Neighbours at equal distance are ordered by row; which of several equally far ones is last in the list is
 * deterministic, not specified. Memory: k + 8 + k/4 entries a row and three blocks, never rows².
 */
export async function exactNeighbors(matrix: Matrix, k: number, products: MatrixProducts, options: NeighborOptions = {}): Promise<NeighborTable> {
  const { rows, columns } = matrix
  const kept = Math.min(k, rows)
  const lists = new NeighborLists(rows, Math.min(rows, kept + 8 + (kept >> 2)))
  const means = columnMeans(matrix)
  const norms = new Float32Array(rows)
  const left = new Float32Array(BLOCK * columns)
  const right = new Float32Array(BLOCK * columns)
  const product = new Float32Array(BLOCK * BLOCK)
  const blocks = Math.ceil(rows / BLOCK)
  const total = blocks * (blocks + 1) / 2
  let done = 0

  for (let i = 0; i < blocks; i++) {
    const firstRow = i * BLOCK
    const leftRows = Math.min(BLOCK, rows - firstRow)
    copyCentredRows(matrix, means, firstRow, leftRows, left, norms)
    for (let j = 0; j <= i; j++) {
      const firstColumn = j * BLOCK
      const rightRows = Math.min(BLOCK, rows - firstColumn)
      if (j < i) copyCentredRows(matrix, means, firstColumn, rightRows, right, null)
      await products.rowsByRows(left, leftRows, j < i ? right : left, rightRows, columns, product)
      if (j < i) selectBoth(lists, norms, product, firstRow, leftRows, firstColumn, rightRows)
      else selectWithin(lists, norms, product, firstRow, leftRows)
      done++
      if (options.onProgress !== undefined) await options.onProgress(done, total)
    }
  }
  return refineNeighbors({ matrix, means, norms, products }, lists, kept)
}

function selectBoth(lists: NeighborLists, norms: Float32Array, product: Float32Array, firstRow: number, rows: number, firstColumn: number, columns: number): void {
  const { limits } = lists
  for (let r = 0; r < rows; r++) {
    const row = firstRow + r
    const norm = norms[row] as number
    const start = r * columns
    for (let c = 0; c < columns; c++) {
      const column = firstColumn + c
      const distance = norm + (norms[column] as number) - 2 * (product[start + c] as number)
      if (distance < (limits[row] as number)) lists.push(row, column, distance)
      if (distance < (limits[column] as number)) lists.push(column, row, distance)
    }
  }
}

function selectWithin(lists: NeighborLists, norms: Float32Array, product: Float32Array, firstRow: number, rows: number): void {
  const { limits } = lists
  for (let r = 0; r < rows; r++) {
    const row = firstRow + r
    for (let c = 0; c < rows; c++) {
      // The row itself must survive among any number of equals.
      const distance = c === r ? -Infinity : (norms[row] as number) + (norms[firstRow + c] as number) - 2 * (product[r * rows + c] as number)
      if (distance < (limits[row] as number)) lists.push(row, firstRow + c, distance)
    }
  }
}
