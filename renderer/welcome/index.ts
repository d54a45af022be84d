/** What a fresh window shows. */
export { LayersMark } from './LayersMark'
export { Welcome } from './Welcome'
