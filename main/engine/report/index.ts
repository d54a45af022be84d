/** A finished sweep as what a paper needs: methods paragraph, tables, figure, and arrays with a script that gives the stated number again. */
export { cellCard } from './cell-card'
export { bestOfRun, compareTwo, flatteringBest, type FlatteringBest, type SweptStore } from './cell-comparison'
export { cellMaterial, valuesAt } from './cell-material'
export { openFinishedSweep, sweepOfRun, writePlan } from './finished-sweep'
export { positionSweep, positionSweeps } from './position-sweeps'
export { writeReport } from './report'
