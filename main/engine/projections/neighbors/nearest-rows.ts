import type { Matrix } from '../../activations/matrix'
import { squaredDistance } from '../centred-rows'
import { NeighborLists } from './neighbor-lists'

/** One neighbour of a row in the full space. */
export interface NearestRow {
  readonly row: number
  /** Euclidean. */
  readonly distance: number
}

/**
 * The `k` rows nearest to `row` by exact Euclidean distance over all features, nearest first, the row itself left
 * out. One pass over the matrix on the calling thread.
 * @throws RangeError for a row outside the matrix
 */
export function nearestRows(matrix: Matrix, row: number, k: number): NearestRow[] {
  const { data, rows, columns } = matrix
  if (!Number.isInteger(row) || row < 0 || row >= rows) throw new RangeError(`Row ${row} is not one of ${rows} rows.`)
  const wanted = Math.min(k, rows - 1)
  if (wanted < 1) return []
  // Lists hold float32: a few more than asked, so that near ties are decided in float64 below.
  const lists = new NeighborLists(1, Math.min(rows - 1, wanted + 8))
  for (let other = 0; other < rows; other++) {
    if (other === row) continue
    const distance = squaredDistance(data, row, other, columns)
    if (distance < (lists.limits[0] as number)) lists.push(0, other, distance)
  }
  return Array.from(lists.indices)
    .filter(index => index >= 0)
    .map(index => ({ row: index, distance: Math.sqrt(squaredDistance(data, row, index, columns)) }))
    .sort((a, b) => a.distance - b.distance || a.row - b.row)
    .slice(0, wanted)
}
