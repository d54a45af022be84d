import type { Matrix } from '../activations/matrix'
import { columnMeans, copyCentredRows, squaredDistance } from './centred-rows'
import type { MatrixProducts } from './matrix-products'
import { NeighborLists } from './neighbors/neighbor-lists'
import { sampleRows, seededRandom } from './random'

export interface TrustworthinessOptions {
  /** Neighbours on the plane that are judged; reduced below half of the rows, as the definition asks. */
  readonly k?: number
  /** Rows of the seeded sample. */
  readonly sample?: number
  readonly seed?: number
}

const BLOCK = 256

/**
 * How far neighbours on the plane are neighbours in the full space (Venna & Kaski 2001, scikit-learn's definition):
 * T = 1 − 2 / (n·k·(2n − 3k − 1)) · Σᵢ Σ_{j near i on the plane} max(0, r(i, j) − k), r the rank of j by distance
 * from i in the full space (1 is nearest). 1 is perfect, about 0.5 is chance.
 *
 * Over more than `sample` (3,000) rows it is taken within a seeded sample. Distances come from blocked float32
 * products; those too close to call are computed again in float64 from the rows. Equal distances never count against
 * the layout. Null where it has no meaning: fewer than four rows, or all rows equal.
 */
export async function trustworthiness(matrix: Matrix, xy: Float32Array, products: MatrixProducts, options: TrustworthinessOptions = {}): Promise<number | null> {
  const chosen = sampleRows(matrix.rows, options.sample ?? 3000, seededRandom(options.seed ?? 0))
  const rows = chosen.length
  const columns = matrix.columns
  const k = Math.min(options.k ?? 15, Math.ceil(rows / 2) - 1)
  if (k < 1 || rows < 4) return null
  const space: Matrix = { data: new Float32Array(rows * columns), rows, columns }
  const plane = new Float32Array(rows * 2)
  chosen.forEach((from, to) => {
    space.data.set(matrix.data.subarray(from * columns, (from + 1) * columns), to * columns)
    plane.set(xy.subarray(2 * from, 2 * from + 2), 2 * to)
  })
  const centred = new Float32Array(rows * columns)
  const norms = new Float32Array(rows)
  copyCentredRows(space, columnMeans(space), 0, rows, centred, norms)
  const twins = firstEqualRow(space)
  if (twins.every(first => first === 0)) return null

  const product = new Float32Array(BLOCK * rows)
  const row = new Float32Array(rows)
  const exact = new Float64Array(rows)
  let penalty = 0
  for (let first = 0; first < rows; first += BLOCK) {
    const size = Math.min(BLOCK, rows - first)
    await products.rowsByRows(centred.subarray(first * columns), size, centred, rows, columns, product)
    for (let r = 0; r < size; r++) {
      const i = first + r
      for (let l = 0; l < rows; l++) row[l] = (norms[i] as number) + (norms[l] as number) - 2 * (product[r * rows + l] as number)
      exact.fill(-1)
      for (const j of nearestOnPlane(plane, i, k)) penalty += Math.max(0, rank(space, twins, norms, row, exact, i, j) - k)
    }
  }
  return 1 - penalty * 2 / (rows * k * (2 * rows - 3 * k - 1))
}

/** Rank of j among the others by distance from i: one more than the number of rows strictly nearer. */
function rank(space: Matrix, twins: Int32Array, norms: Float32Array, row: Float32Array, exact: Float64Array, i: number, j: number): number {
  const distance = (l: number): number => {
    // Equal rows are at equal distance, so that a heap of duplicates costs one computation.
    const twin = twins[l] as number
    if ((exact[twin] as number) < 0) exact[twin] = squaredDistance(space.data, i, twin, space.columns)
    return exact[twin] as number
  }
  const target = row[j] as number
  const doubt = 4e-6 * ((norms[i] as number) + (norms[j] as number)) + 1e-6 * Math.abs(target)
  const surely = target - doubt
  const hardly = target + doubt
  let nearer = 0
  for (let l = 0; l < row.length; l++) {
    const value = row[l] as number
    if (value > hardly || l === i) continue
    if (value < surely || distance(l) < distance(j)) nearer++
  }
  return nearer + 1
}

function nearestOnPlane(plane: Float32Array, i: number, k: number): Int32Array {
  const lists = new NeighborLists(1, k)
  const x = plane[2 * i] as number
  const y = plane[2 * i + 1] as number
  for (let l = 0; 2 * l < plane.length; l++) {
    if (l === i) continue
    const dx = (plane[2 * l] as number) - x
    const dy = (plane[2 * l + 1] as number) - y
    const distance = dx * dx + dy * dy
    if (distance < (lists.limits[0] as number)) lists.push(0, l, distance)
  }
  return lists.indices
}

/** For each row the first row that holds the same numbers. [rows] */
function firstEqualRow(space: Matrix): Int32Array {
  const { rows, columns } = space
  const firsts = new Int32Array(rows)
  const buckets = new Map<number, number[]>()
  const words = new Int32Array(space.data.buffer, space.data.byteOffset, space.data.length)
  for (let row = 0; row < rows; row++) {
    const start = row * columns
    let hash = 0
    for (let at = start; at < start + columns; at++) hash = (Math.imul(hash, 31) + (words[at] as number)) | 0
    const bucket = buckets.get(hash) ?? []
    const twin = bucket.find(other => {
      for (let at = 0; at < columns; at++) if (space.data[other * columns + at] !== space.data[start + at]) return false
      return true
    })
    firsts[row] = twin ?? row
    if (twin === undefined) buckets.set(hash, [...bucket, row])
  }
  return firsts
}
