import type { NeighborTable } from '../neighbors/exact-neighbors'

/** Local scales of each row: distance to the nearest distinct neighbour (rho) and bandwidth (sigma). [rows] each. */
export interface LocalScales {
  readonly sigmas: Float64Array
  readonly rhos: Float64Array
}

/** UMAP's fuzzy simplicial set as a symmetric sparse matrix in compressed rows, columns ascending, no diagonal. */
export interface FuzzyGraph {
  readonly rows: number
  /** Edges of row r are entries offsets[r] … offsets[r + 1]. [rows + 1] */
  readonly offsets: Int32Array
  readonly columns: Int32Array
  /** In (0, 1]. */
  readonly weights: Float32Array
}

const TOLERANCE = 1e-5
const MINIMUM_SCALE = 1e-3
const ITERATIONS = 64

/**
 * umap-learn's `smooth_knn_dist` with local connectivity 1 and bandwidth 1: sigma solves
 * Σ_{j>0} exp(−max(0, d_j − rho) / sigma) = log₂ k by bisection.
 */
export function smoothDistances(neighbors: NeighborTable): LocalScales {
  const { rows, k, distances } = neighbors
  const sigmas = new Float64Array(rows)
  const rhos = new Float64Array(rows)
  const target = Math.log2(k)
  let meanOfAll = 0
  for (const distance of distances) meanOfAll += distance
  meanOfAll /= Math.max(1, distances.length)

  for (let row = 0; row < rows; row++) {
    const start = row * k
    let rho = 0
    let mean = 0
    for (let j = 0; j < k; j++) {
      const distance = distances[start + j] as number
      if (rho === 0 && distance > 0) rho = distance
      mean += distance
    }
    mean /= k
    let low = 0
    let high = Infinity
    let sigma = 1
    for (let iteration = 0; iteration < ITERATIONS; iteration++) {
      let sum = 0
      for (let j = 1; j < k; j++) {
        const beyond = (distances[start + j] as number) - rho
        sum += beyond > 0 ? Math.exp(-beyond / sigma) : 1
      }
      if (Math.abs(sum - target) < TOLERANCE) break
      if (sum > target) {
        high = sigma
        sigma = (low + high) / 2
      } else {
        low = sigma
        sigma = high === Infinity ? sigma * 2 : (low + high) / 2
      }
    }
    sigmas[row] = Math.max(sigma, MINIMUM_SCALE * (rho > 0 ? mean : meanOfAll))
    rhos[row] = rho
  }
  return { sigmas, rhos }
}

/**
 * The fuzzy simplicial set of a neighbour table: directed memberships exp(−max(0, d − rho) / sigma), made symmetric
 * by the probabilistic union w = p + q − pq (umap-learn's `fuzzy_simplicial_set`, set_op_mix_ratio 1).
 * Flat arrays and one transpose by counting: linear in the number of edges.
 */
export function fuzzyGraph(neighbors: NeighborTable, scales: LocalScales = smoothDistances(neighbors)): FuzzyGraph {
  const { rows, k, indices, distances } = neighbors
  const strengths = new Float32Array(rows * k)
  for (let row = 0; row < rows; row++) {
    const sigma = scales.sigmas[row] as number
    const rho = scales.rhos[row] as number
    for (let at = row * k; at < (row + 1) * k; at++) {
      const beyond = (distances[at] as number) - rho
      strengths[at] = indices[at] === row ? 0 : beyond > 0 && sigma > 0 ? Math.exp(-beyond / sigma) : 1
    }
  }
  return union(rows, k, indices, strengths)
}

function union(rows: number, k: number, indices: Int32Array, strengths: Float32Array): FuzzyGraph {
  // Each directed edge i → j lands in the buckets of both i and j; a bucket then holds every edge touching its row.
  const starts = new Int32Array(rows + 1)
  for (let at = 0; at < indices.length; at++) {
    if (!((strengths[at] as number) > 0)) continue
    const row = Math.floor(at / k)
    const column = indices[at] as number
    starts[row + 1] = (starts[row + 1] as number) + 1
    starts[column + 1] = (starts[column + 1] as number) + 1
  }
  for (let row = 0; row < rows; row++) starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number)
  const total = starts[rows] as number
  const others = new Int32Array(total)
  const values = new Float32Array(total)
  const next = starts.slice(0, rows)
  for (let at = 0; at < indices.length; at++) {
    const strength = strengths[at] as number
    if (!(strength > 0)) continue
    const row = Math.floor(at / k)
    const column = indices[at] as number
    const forward = next[row] as number
    others[forward] = column
    values[forward] = strength
    next[row] = forward + 1
    const backward = next[column] as number
    others[backward] = row
    values[backward] = strength
    next[column] = backward + 1
  }

  const offsets = new Int32Array(rows + 1)
  const columns = new Int32Array(total)
  const weights = new Float32Array(total)
  // Where each column was last written in the row at hand; a second visit is the opposite direction of a mutual edge.
  const seen = new Int32Array(rows).fill(-1)
  let size = 0
  for (let row = 0; row < rows; row++) {
    const begin = size
    for (let at = starts[row] as number; at < (starts[row + 1] as number); at++) {
      const column = others[at] as number
      const value = values[at] as number
      const slot = seen[column] as number
      if (slot >= begin) {
        const first = weights[slot] as number
        weights[slot] = first + value - first * value
      } else {
        seen[column] = size
        columns[size] = column
        weights[size] = value
        size++
      }
    }
    sortRow(columns, weights, begin, size)
    offsets[row + 1] = size
  }
  return { rows, offsets, columns: columns.slice(0, size), weights: weights.slice(0, size) }
}

/** Ascending columns, so that the graph does not depend on the order of neighbours. */
function sortRow(columns: Int32Array, weights: Float32Array, begin: number, end: number): void {
  // A hub (the nearest row of very many) would make insertion sort quadratic.
  if (end - begin > 64) {
    const order = Array.from({ length: end - begin }, (_, i) => begin + i).sort((i, j) => (columns[i] as number) - (columns[j] as number))
    const sortedColumns = Int32Array.from(order, i => columns[i] as number)
    const sortedWeights = Float32Array.from(order, i => weights[i] as number)
    columns.set(sortedColumns, begin)
    weights.set(sortedWeights, begin)
    return
  }
  for (let i = begin + 1; i < end; i++) {
    const column = columns[i] as number
    const weight = weights[i] as number
    let at = i
    while (at > begin && (columns[at - 1] as number) > column) {
      columns[at] = columns[at - 1] as number
      weights[at] = weights[at - 1] as number
      at--
    }
    columns[at] = column
    weights[at] = weight
  }
}
