/** Predicted against actual numbers: on a world map where they are places, else beside the diagonal. */
export { FitView } from './FitView'
