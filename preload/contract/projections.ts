/** Maps of the activations in two dimensions, while they are computed and after. */

export interface ProjectionResult {
  readonly site: string
  readonly method: 'umap' | 'pca'
  /** Dataset row of each point. */
  readonly rows: Int32Array
  /** x, y interleaved, [rows, 2]. */
  readonly xy: Float32Array
  readonly trustworthiness: number | null
  /** Share of variance of the two axes; PCA only. */
  readonly explained: readonly [number, number] | null
  readonly seconds: number
}

export type ProjectionEvent =
  /** `note` is a sentence on what takes long or was adapted to the data. */
  | { readonly kind: 'stage'; readonly site: string; readonly stage: 'reading' | 'neighbors' | 'initialising' | 'optimising'; readonly note?: string }
  /** Drawn frame; superseded frames are dropped until the page acknowledges the last one. */
  | { readonly kind: 'frame'; readonly site: string; readonly epoch: number; readonly epochs: number; readonly rows: Int32Array; readonly xy: Float32Array }
  | { readonly kind: 'layer'; readonly result: ProjectionResult }
