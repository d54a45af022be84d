import type { ProjectionPlan } from '../../../preload/recipe'
import type { Matrix } from '../activations/matrix'
import { curveParameters } from './umap/curve-parameters'
import { allRowsEqual, dotLayout, requireFinite } from './degenerate-input'
import { exactNeighbors, type NeighborTable } from './neighbors/exact-neighbors'
import { fuzzyGraph } from './umap/fuzzy-graph'
import { fromComponents, fromLayout } from './umap/initial-layout'
import { defaultEpochs, optimizeLayout, type Layout } from './umap/layout-optimizer'
import type { MatrixProducts } from './matrix-products'
import { pca } from './principal-components'
import { alignToReference, centre, flipToReference } from './procrustes'
import type { LayerProjection, LayoutEngine, ProjectionStage } from './projection-messages'
import { trustworthiness } from './trustworthiness'
import { umapJsLayout } from './umap/umap-js-layout'
import { written } from '../quantity'

/** One site to project. */
export interface LayerTask {
  readonly site: string
  readonly matrix: Matrix
  readonly plan: ProjectionPlan
  readonly engine: LayoutEngine
  /** Layout of the nearest computed layer, [rows, 2]; null for the first. */
  readonly reference: Float32Array | null
}

/** What surrounds the computation: products, kept neighbours, and who listens. */
export interface LayerSurroundings {
  readonly products: MatrixProducts
  /** Neighbours kept from before, if any. */
  recall(k: number): NeighborTable | null
  keep(table: NeighborTable): void
  onStage(stage: ProjectionStage, note: string | null): void
  /** Whether a frame would be drawn now; asked before the cost of making one. */
  wantsFrame(): boolean
  onFrame(epoch: number, epochs: number, xy: Float32Array): void
  /** Throws when the work was cancelled. */
  checkCancelled(): void
}

/** Rows fewer than this have an exact picture in two dimensions: UMAP's neighbourhoods mean nothing. */
const FEWEST_UMAP_ROWS = 4
/** Rows from which comparing all pairs is announced. */
const MANY_ROWS = 50_000

/**
 * Projects one site to two dimensions.
 *
 * UMAP starts from the reference layer's layout, or from the first two principal components, and every frame and the
 * result are laid over the reference by `alignToReference`; without one they are centred on the origin.
 * PCA keeps its axes and only flips their signs to match.
 * Rows that are all equal become a dot at the origin; fewer than four rows are drawn by PCA.
 * Deterministic by data, plan and reference.
 * @throws LayerscopeError `activations-not-finite`
 */
export async function projectLayer(task: LayerTask, around: LayerSurroundings): Promise<Omit<LayerProjection, 'seconds'>> {
  const { site, matrix, plan, reference } = task
  requireFinite(matrix, site)
  if (allRowsEqual(matrix)) {
    around.onStage('initialising', 'All rows are the same vector here: they are drawn as one dot.')
    const xy = dotLayout(matrix.rows, plan.seed)
    return { site, method: plan.method, xy, trustworthiness: null, explained: plan.method === 'pca' ? [0, 0] : null }
  }
  const xy = plan.method === 'umap' && matrix.rows >= FEWEST_UMAP_ROWS ? await umapLayer(task, around) : null
  if (xy !== null) {
    return { site, method: 'umap', xy, trustworthiness: await trustworthiness(matrix, xy, around.products, { seed: plan.seed }), explained: null }
  }
  around.onStage('initialising', plan.method === 'umap' ? `${matrix.rows} rows are too few for UMAP: drawn by PCA.` : null)
  const { scores, explained } = await pca(matrix, 2, around.products)
  const flipped = reference === null ? scores : flipToReference(scores, reference)
  return {
    site, method: plan.method, xy: flipped,
    trustworthiness: await trustworthiness(matrix, flipped, around.products, { seed: plan.seed }),
    explained: plan.method === 'pca' ? [explained[0] ?? 0, explained[1] ?? 0] : null
  }
}

async function umapLayer(task: LayerTask, around: LayerSurroundings): Promise<Float32Array> {
  const { matrix, plan, reference } = task
  const epochs = plan.epochs ?? defaultEpochs(matrix.rows)
  const aligned = (xy: Float32Array): Float32Array => reference === null ? centred(xy) : alignToReference(xy, reference)

  around.onStage('initialising', null)
  const initial = reference === null
    ? fromComponents((await pca(matrix, 2, around.products)).scores, plan.seed)
    : fromLayout(reference, plan.seed)
  // The start is worth seeing while neighbours are computed.
  if (around.wantsFrame()) around.onFrame(0, epochs, aligned(initial))

  const neighbors = await findNeighbors(task, around)
  around.onStage('optimising', null)
  const layout = startLayout(task, neighbors, initial, epochs)
  while (layout.epoch < epochs) {
    around.checkCancelled()
    layout.step()
    if (layout.epoch < epochs && around.wantsFrame()) around.onFrame(layout.epoch, epochs, aligned(layout.xy))
  }
  return aligned(layout.xy)
}

function startLayout(task: LayerTask, neighbors: NeighborTable, initial: Float32Array, epochs: number): Layout {
  const { minDist, seed } = task.plan
  if (task.engine === 'umap-js') return umapJsLayout(neighbors, { epochs, minDist, seed, initial })
  return optimizeLayout(fuzzyGraph(neighbors), { epochs, curve: curveParameters(minDist), seed, initial })
}

async function findNeighbors(task: LayerTask, around: LayerSurroundings): Promise<NeighborTable> {
  const { matrix, plan } = task
  const k = Math.min(plan.neighbors, matrix.rows)
  const notes = [
    ...(k < plan.neighbors ? [`Only ${matrix.rows} rows: ${k} neighbours instead of ${plan.neighbors}.`] : []),
    ...(matrix.rows > MANY_ROWS ? [`Comparing every pair of ${written(matrix.rows)} rows exactly takes a while.`] : [])
  ]
  around.onStage('neighbors', notes.length > 0 ? notes.join(' ') : null)
  const known = around.recall(k)
  if (known !== null) return known
  const started = performance.now()
  let announced = started
  const table = await exactNeighbors(matrix, k, around.products, {
    onProgress(done, total) {
      around.checkCancelled()
      const now = performance.now()
      if (now - announced < 1000) return
      announced = now
      const secondsLeft = (now - started) / 1000 / done * (total - done)
      around.onStage('neighbors', `Neighbours ${Math.floor(100 * done / total)} %, about ${Math.ceil(secondsLeft)} s left.`)
    }
  })
  around.keep(table)
  return table
}

function centred(xy: Float32Array): Float32Array {
  const [x, y] = centre(xy)
  return xy.map((value, i) => value - (i % 2 === 0 ? x : y))
}
