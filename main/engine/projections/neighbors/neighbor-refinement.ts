import type { Matrix } from '../../activations/matrix'
import { copyCentredRows, squaredDistance } from '../centred-rows'
import type { NeighborTable } from './exact-neighbors'
import type { MatrixProducts } from '../matrix-products'
import { NeighborLists } from './neighbor-lists'

/** What the distances were computed from. */
export interface RefinementSource {
  readonly matrix: Matrix
  readonly means: Float64Array
  /** Squared norms of the centred rows. [rows] */
  readonly norms: Float32Array
  readonly products: MatrixProducts
}

/** Rounding of a float32 squared distance relative to the squared norms it came from, generous in practice. */
const ROUNDING = 16 * 2 ** -24
const BLOCK = 512
/** Entries beyond k that keep near ties apart until they are sorted in float64. */
const SPARE = 8

/**
 * Turns candidates chosen by float32 distances into the exact k nearest: distances again in float64, sorted. A row is
 * in doubt where a row that was not kept could, within rounding, be nearer than its k-th; rows in doubt are compared
 * once more with every row, and everything within rounding of the k-th distance is computed exactly.
 */
export async function refineNeighbors(source: RefinementSource, lists: NeighborLists, k: number): Promise<NeighborTable> {
  const { matrix, norms } = source
  const { rows } = matrix
  const table: NeighborTable = { rows, k, indices: new Int32Array(rows * k), distances: new Float32Array(rows * k) }
  const doubtful: number[] = []
  /** Squared distance under which the rows in doubt are searched. */
  const reach: number[] = []
  for (let row = 0; row < rows; row++) {
    const farthest = sortExactly(matrix, row, lists, row, table)
    const radius = Math.sqrt(norms[row] as number) + Math.sqrt(farthest)
    const rounding = ROUNDING * (radius * radius + (norms[row] as number))
    // At distance 0 nothing can be nearer.
    if (farthest > 0 && (lists.limits[row] as number) < farthest + rounding) {
      doubtful.push(row)
      reach.push(farthest + rounding)
    }
  }
  // Where all rows were candidates there is nothing more to find.
  if (lists.k < rows && doubtful.length > 0) await searchAgain(source, doubtful, reach, table)
  return table
}

async function searchAgain(source: RefinementSource, doubtful: readonly number[], reach: readonly number[], table: NeighborTable): Promise<void> {
  const { matrix, means, norms, products } = source
  const { rows, columns } = matrix
  const left = new Float32Array(BLOCK * columns)
  const right = new Float32Array(BLOCK * columns)
  const product = new Float32Array(BLOCK * BLOCK)
  for (let start = 0; start < doubtful.length; start += BLOCK) {
    const chosen = doubtful.slice(start, start + BLOCK)
    chosen.forEach((row, at) => { copyCentredRows(matrix, means, row, 1, left.subarray(at * columns), null) })
    const lists = new NeighborLists(chosen.length, Math.min(rows, table.k + SPARE))
    for (let first = 0; first < rows; first += BLOCK) {
      const size = Math.min(BLOCK, rows - first)
      copyCentredRows(matrix, means, first, size, right, null)
      await products.rowsByRows(left, chosen.length, right, size, columns, product)
      for (let at = 0; at < chosen.length; at++) {
        const row = chosen[at] as number
        const limit = reach[start + at] as number
        const norm = norms[row] as number
        for (let c = 0; c < size; c++) {
          const other = first + c
          if (norm + (norms[other] as number) - 2 * (product[at * size + c] as number) > limit && other !== row) continue
          const distance = other === row ? -Infinity : squaredDistance(matrix.data, row, other, columns)
          if (distance < (lists.limits[at] as number)) lists.push(at, other, distance)
        }
      }
    }
    chosen.forEach((row, at) => { sortExactly(matrix, row, lists, at, table) })
  }
}

/** Writes the k nearest of one row's candidates to the table, the row itself first; returns the k-th squared distance. */
function sortExactly(matrix: Matrix, row: number, lists: NeighborLists, list: number, table: NeighborTable): number {
  const candidates = lists.k
  const exact = new Float64Array(candidates)
  const order = new Int32Array(candidates)
  // Insertion sort of about thirty.
  for (let c = 0; c < candidates; c++) {
    const index = lists.indices[list * candidates + c] as number
    const distance = index === row ? -1 : index < 0 ? Infinity : squaredDistance(matrix.data, row, index, matrix.columns)
    let at = c
    while (at > 0 && (distance < (exact[at - 1] as number) || (distance === exact[at - 1] && index < (order[at - 1] as number)))) {
      exact[at] = exact[at - 1] as number
      order[at] = order[at - 1] as number
      at--
    }
    exact[at] = distance
    order[at] = index
  }
  const { k } = table
  for (let c = 0; c < k; c++) {
    table.indices[row * k + c] = order[c] as number
    table.distances[row * k + c] = Math.sqrt(Math.max(0, exact[c] as number))
  }
  return Math.max(0, exact[k - 1] as number)
}
