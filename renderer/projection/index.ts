/** The embedding cloud of the selected layer. */
export { cloudActions, type CloudActions } from './cloud-actions'
export { useClouds } from './clouds'
export { colorByKey, colorByOfKey, setMethod } from './ProjectionHeader'
export { ProjectionView, type ProjectionViewProps } from './ProjectionView'
export { textOfRow, useRowPositions } from './row-text'
export { loadPointCloud } from './use-point-cloud'
