/** The focused row and the selection in detail. */
export { Inspector } from './Inspector'
export { showSpace } from './token-pieces'
