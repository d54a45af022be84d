/** A finished sweep as what a paper needs: methods paragraph, tables, figure, and arrays with a script that gives the stated number again. */
export { cellCard } from './cell-card'
export { bestOfRun, compareTwo, flatteringBest, type FlatteringBest, type SweptStore } from './cell-comparison'
export { cellMaterial, valuesAt } from './cell-material'
export { PLAN_FILE, openFinishedSweep, sweepOfRun, writePlan, type FinishedSweep } from './finished-sweep'
export { positionSweep, positionSweeps } from './position-sweeps'
export { writeReport, type ReportRequest } from './report'
