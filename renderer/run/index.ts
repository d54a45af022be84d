/** The run's part of the window. */
export { providerName, RunAction, RunCard } from './RunCard'
export { ProbesDialog } from './ProbesDialog'
export { stageName } from './RunProgressView'
export { SitesDialog } from './SitesDialog'
