import type { ClassifiedSite, ErrorReport, Interval } from '../../../preload/contract'
import type { SiteContrast } from './contrast-pairs'
import type { FoldPlan } from './folds'
import type { KeptProbes } from './kept-probes'
import type { RegressionOutcome, RegressionStart } from './regression/site-regression'
import type { TreeOutcome, TreeStart } from './structural/site-trees'
import type { Matrix, StoredMatrix } from './sweep-types'

/** Cancellation flag shared with the worker: 1 asks it to stop at its next checkpoint. */
export interface ProbeWorkerData {
  readonly cancelled: Int32Array
}

/** What a sweep is about, said once. Arrays run over the labelled rows unless said otherwise. */
export interface SweepStart {
  readonly kind: 'start'
  /** Activation rows with a label, ascending. */
  readonly rows: Int32Array
  readonly allRows: number
  readonly codes: Int32Array
  readonly shuffledCodes: Int32Array
  /** Of the control task; null where rows are not words. */
  readonly controlCodes: Int32Array | null
  readonly groups: Int32Array
  readonly contrast: SiteContrast
  readonly classes: number
  readonly plan: FoldPlan
  readonly methods: readonly string[]
  readonly strengths: number
  readonly seed: number
  /** Of a product; 0 for one a core. */
  readonly threads: number
}

/** Asks for the scores that do not depend on the site. `texts` runs over all activation rows. */
export interface BaselineQuestion {
  readonly kind: 'baselines'
  readonly texts: readonly string[]
}

/** One site's activations; the buffer of a matrix is moved to the worker. */
export interface SweepSite {
  readonly kind: 'site'
  readonly site: string
  readonly matrix: Matrix | StoredMatrix
}

/** A question about the site on other folds than the sweep's. */
export interface OtherFolds {
  readonly kind: 'other-folds'
  readonly site: string
  readonly matrix: Matrix
  readonly plan: FoldPlan
}

export type ToProbeWorker = SweepStart | BaselineQuestion | RegressionStart | TreeStart | SweepSite | OtherFolds | { readonly kind: 'close' }

/** Scores that do not depend on the site. */
export interface Baselines {
  readonly textOnly: number
  readonly textOnlyAuroc: number | null
  readonly majority: number
}

/** See `FittedSite.control`. */
export interface ControlScore { readonly accuracy: number; readonly selectivity: number; readonly interval: Interval }

/** What one method gave at one site, before it is set beside the baselines. */
export interface FittedSite extends Pick<ClassifiedSite, 'site' | 'method' | 'metrics' | 'validationScore' | 'strength' | 'remarks' | 'seconds'>, HeldOutSite {
  /** Scores of the probe trained on shuffled labels. */
  readonly shuffled: { readonly accuracy: number; readonly auroc: number | null }
  /** Accuracy of the probe on the control task, and what the task's is above it with its interval; null without one. */
  readonly control: ControlScore | null
}

/** What is kept of the held-out rows. */
export interface HeldOutSite {
  /** Over all activation rows: probability of class 1 or of the true class; NaN where a row was not tested. */
  readonly score: Float32Array
  readonly predicted: Int32Array
  /** Probability of the predicted class. */
  readonly confidence: Float32Array
  /** Null for a method that is not linear. */
  readonly probes: KeptProbes | null
  /** Per outer fold. */
  readonly folds: readonly { readonly validationAccuracy: number; readonly testRight: number; readonly testRows: number }[]
  readonly separable: boolean
  readonly unfinished: boolean
}

/** A site's result with what the guards and the nested choice of layer need. */
export interface SiteOutcome extends HeldOutSite {
  readonly result: ClassifiedSite
}

export type FromProbeWorker =
  | { readonly kind: 'started' }
  | { readonly kind: 'baselines'; readonly baselines: Baselines }
  | { readonly kind: 'numeric-baselines' }
  | { readonly kind: 'tree-baselines' }
  | { readonly kind: 'site'; readonly outcomes: readonly FittedSite[] }
  | { readonly kind: 'numeric-site'; readonly outcomes: readonly RegressionOutcome[] }
  | { readonly kind: 'tree-site'; readonly outcomes: readonly TreeOutcome[] }
  | { readonly kind: 'other-folds'; readonly r2: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly report: ErrorReport }
