import type { ErrorReport, ProjectionEvent } from '../../../preload/contract'
import type { ProjectionPlan } from '../../../preload/recipe'
import type { Matrix } from '../activations/matrix'
import type { NeighborTable } from './neighbors/exact-neighbors'

/** The steps of projecting one site. */
export type ProjectionStage = Extract<ProjectionEvent, { kind: 'stage' }>['stage']

/** Who optimises UMAP's layout; `umap-js` is the reference that `flat` is compared with. */
export type LayoutEngine = 'flat' | 'umap-js'

/** Two coordinates per row at one site. */
export interface LayerProjection {
  readonly site: string
  readonly method: 'umap' | 'pca'
  /** x, y interleaved, [rows, 2]. */
  readonly xy: Float32Array
  /** Null where it has no meaning: fewer than four rows, or all rows equal. */
  readonly trustworthiness: number | null
  /** Share of variance of the two axes; PCA only. */
  readonly explained: readonly [number, number] | null
  readonly seconds: number
}

/** What the worker is told: one site at a time. */
export type ProjectionRequest =
  | {
    readonly kind: 'project'
    readonly id: number
    readonly site: string
    readonly matrix: Matrix
    readonly plan: ProjectionPlan
    readonly engine: LayoutEngine
    /** Final layout of the nearest computed layer; null for the first. */
    readonly reference: Float32Array | null
    /** Identity of the activations, under which the neighbours are kept; null keeps nothing. */
    readonly cacheKey: string | null
    /** Int32 [cancelled, frames the other side is ready for]. */
    readonly control: SharedArrayBuffer
  }
  | {
    readonly kind: 'neighbors'
    readonly id: number
    readonly site: string
    /** Null asks for what is kept. */
    readonly matrix: Matrix | null
    readonly k: number
    readonly cacheKey: string
  }

/** Places in the shared control words. */
export const CANCELLED = 0
export const FRAME_CREDIT = 1

export type ProjectionReply =
  | { readonly kind: 'stage'; readonly id: number; readonly stage: ProjectionStage; readonly note: string | null }
  | { readonly kind: 'frame'; readonly id: number; readonly epoch: number; readonly epochs: number; readonly xy: Float32Array }
  | { readonly kind: 'layer'; readonly id: number; readonly result: Omit<LayerProjection, 'seconds'> }
  | { readonly kind: 'neighbors'; readonly id: number; readonly table: NeighborTable | null }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorReport }
