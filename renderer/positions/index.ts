/** At which token: the run's probes at several positions of its texts. */
export { PositionsView } from './PositionsView'
