import type { Coordinates, MeasureName } from '../../../preload/contract'

/** Kept held-out output of a classifier; all arrays run over the tested rows. */
export interface ScoredClasses {
  readonly kind: 'classes'
  readonly classes: number
  readonly actual: Int32Array
  readonly predicted: Int32Array
  /** Probability of class 1 for two classes, of the true class for more. */
  readonly score: Float32Array
}

/** Kept held-out output of a regression, [targets, tested rows] in the columns' units. */
export interface ScoredNumbers {
  readonly kind: 'numeric'
  readonly targets: number
  readonly rows: number
  readonly predicted: Float64Array
  readonly actual: Float64Array
  readonly coordinates: Coordinates | null
}

/** One site and method on the rows it was tested on. */
export type ScoredCell = ScoredClasses | ScoredNumbers

/** Measures that kept scores give again for any resample, the headline first. The area needs the score of one class against the other. */
export function comparableMeasures(cell: ScoredCell): readonly MeasureName[] {
  if (cell.kind === 'classes') return cell.classes === 2 ? ['accuracy', 'auroc', 'balancedAccuracy'] : ['accuracy', 'balancedAccuracy']
  return cell.coordinates === null ? ['r2', 'spearman', 'proximityError'] : ['r2', 'spearman', 'greatCircleKm', 'proximityError']
}
