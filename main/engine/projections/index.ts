/** Two-dimensional pictures of activations, layer by layer, and exact neighbours in the full space. */
export type { Matrix } from '../activations/matrix'
export { exactNeighbors, type NeighborOptions, type NeighborTable } from './exact-neighbors'
export { openMatrixProducts, type MatrixProducts } from './matrix-products'
export { nearestRows, type NearestRow } from './nearest-rows'
export { pca, type PrincipalComponents } from './principal-components'
export type { LayerProjection, LayoutEngine, ProjectionStage } from './projection-messages'
export { openProjector, projectLayers, type LayerProjectionEvent, type NeighborsRequest, type ProjectLayersRequest, type Projector } from './projector'
export { trustworthiness, type TrustworthinessOptions } from './trustworthiness'
