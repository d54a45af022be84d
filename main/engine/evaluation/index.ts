/** What kept held-out scores say beyond the measures of a sweep: where a probe errs, whether its probabilities hold, and how two cells or the best of many compare. */
export type { CellDifference } from '../../../preload/contract'
export { bestOfMany, type BestOfManyOutcome } from './best-of-many'
export { reliability } from './calibration'
export { compareCells } from './comparison'
export { confusionMatrix } from './confusion'
export { deLong } from './delong'
export { comparableMeasures, type ScoredCell, type ScoredClasses, type ScoredNumbers } from './scored-cell'
