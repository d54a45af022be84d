/** The linked table of rows. */
export { TableDrawer } from './TableDrawer'
