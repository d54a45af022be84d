import { UMAP } from 'umap-js'
import type { NeighborTable } from '../neighbors/exact-neighbors'
import type { Layout } from './layout-optimizer'
import { seededRandom } from '../random'

export interface UmapJsOptions {
  readonly epochs: number
  readonly minDist: number
  readonly seed: number
  /** Initial positions, [rows, 2]; copied. */
  readonly initial: Float32Array
}

/**
 * The same layout by umap-js, fed with our neighbours and our initial positions: the reference that
 * `optimizeLayout` is tested and timed against, and selectable in its place.
 * Its graph and curve are its own; it needs seconds to initialise 10,000 rows.
 */
export function umapJsLayout(neighbors: NeighborTable, options: UmapJsOptions): Layout {
  const { rows, k } = neighbors
  const umap = new UMAP({
    nComponents: 2, nNeighbors: k, nEpochs: options.epochs, minDist: options.minDist, random: seededRandom(options.seed)
  })
  const nested = (values: ArrayLike<number>): number[][] =>
    Array.from({ length: rows }, (_, row) => Array.from({ length: k }, (_, j) => values[row * k + j] ?? 0))
  umap.setPrecomputedKNN(nested(neighbors.indices), nested(neighbors.distances))
  // With neighbours given, only the number of rows is read.
  umap.initializeFit(Array.from({ length: rows }, () => [0]))
  // The returned rows are the ones that `step` moves.
  const embedding = umap.getEmbedding()
  embedding.forEach((point, row) => {
    point[0] = options.initial[2 * row] ?? 0
    point[1] = options.initial[2 * row + 1] ?? 0
  })
  const xy = Float32Array.from(options.initial)
  let epoch = 0
  return {
    epochs: options.epochs,
    xy,
    step() {
      umap.step()
      epoch++
      embedding.forEach((point, row) => {
        xy[2 * row] = point[0] ?? 0
        xy[2 * row + 1] = point[1] ?? 0
      })
    },
    get epoch() { return epoch }
  }
}
