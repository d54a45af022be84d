/** Runs of the session side by side. */
export { CompareView } from './CompareView'
