/** Two-dimensional pictures of activations, layer by layer, and exact neighbours in the full space. */
export type { Matrix } from '../activations/matrix'
export { exactNeighbors, type NeighborTable } from './neighbors/exact-neighbors'
export { openMatrixProducts, type MatrixProducts } from './matrix-products'
export { nearestRows } from './neighbors/nearest-rows'
export { pca } from './principal-components'
export type { LayerProjection } from './projection-messages'
export { openProjector, projectLayers, type LayerProjectionEvent, type ProjectLayersRequest } from './projector'
export { trustworthiness } from './trustworthiness'
