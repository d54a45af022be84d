/** Figures without a window: SVG strings, and PNG made from them. */
export { cardFigure, type PredictedNumbers } from './card-figure'
export type { FigureTheme, NumericScale } from './figure-colors'
export { layerStripFigure, type LayerStripOptions } from './layer-strip-figure'
export { positionFigure } from './position-figure'
export { projectionFigure, type FigureColors, type ProjectionFigure } from './projection-figure'
export { renderPng } from './render-png'
export { siteLabels } from './site-labels'
