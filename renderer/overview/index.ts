/** Every cell of the run on show at once: methods by layers. */
export { OverviewView } from './OverviewView'
