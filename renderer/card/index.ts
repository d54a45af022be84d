/** The card of one cell, a site and a method of the run on show, and its report. */
export { CellCardDialog } from './CellCardDialog'
export { exportReport } from './export-report'
