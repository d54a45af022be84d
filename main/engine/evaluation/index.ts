/** What kept held-out scores say beyond the measures of a sweep: where a probe errs, whether its probabilities hold, and how two cells or the best of many compare. */
export { bestOfMany, type BestOfManyOutcome } from './best-of-many'
export { reliability, type Reliability, type ReliabilityBin } from './calibration'
export { compareCells, type CellDifference } from './comparison'
export { confusionMatrix } from './confusion'
export { deLong, type DeLongAreas } from './delong'
export { comparableMeasures, type ScoredCell, type ScoredClasses, type ScoredNumbers } from './scored-cell'
