export type { FoldSizes, KeptProbes, RowsAndGroups } from './kept-probes'
export { regressionSweep, type RegressionInput } from './regression/sweep'
export { sweep } from './sweep'
export type { Actual, ActualClasses, ActualNumbers, ContrastColumns, HeldOut, HeldOutClasses, HeldOutNumbers, Matrix, SweepInput, SweepListener, SweepOutcome } from './sweep-types'
