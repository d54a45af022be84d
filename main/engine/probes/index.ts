export type { FoldSizes, KeptProbes, RowsAndGroups } from './kept-probes'
export { sweep } from './sweep'
export type { ContrastColumns, HeldOut, Matrix, SweepInput, SweepListener, SweepOutcome } from './sweep-types'
