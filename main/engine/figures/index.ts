/** Figures without a window: SVG strings, and PNG made from them. */
export { cardFigure } from './card-figure'
export { layerStripFigure } from './layer-strip-figure'
export { positionFigure } from './position-figure'
export { projectionFigure, type FigureColors } from './projection-figure'
export { renderPng } from './render-png'
export { siteLabels } from './site-labels'
