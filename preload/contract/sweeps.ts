/** What a sweep found: probes of every site and method, scored on held-out rows beside their controls. */
import type { Task } from './datasets'

export interface Interval { readonly lo: number; readonly hi: number }

export interface ProbeMetrics {
  readonly accuracy: number
  readonly balancedAccuracy: number
  /** One-vs-rest macro average for several classes; null where a class is absent. */
  readonly auroc: number | null
  readonly logLoss: number
  /** 95 % cluster bootstrap interval of the accuracy over groups. */
  readonly interval: Interval
  readonly aurocInterval: Interval | null
}

export interface ProbeControls {
  /** Accuracy of the same probe trained on labels shuffled (within nothing: the whole column). */
  readonly shuffled: number
  /** Word and character n-grams of the text alone, same folds. */
  readonly textOnly: number
  readonly majority: number
}

/**
 * What a probe's held-out output can be measured by. Shares and areas lie in 0 … 1, correlations in −1 … 1;
 * `greatCircleKm` is a mean error in kilometres, `compression` a ratio of code lengths.
 */
export const measureNames = [
  'accuracy', 'auroc', 'balancedAccuracy', 'selectivity', 'compression',
  'r2', 'spearman', 'greatCircleKm', 'proximityError',
  'uuas', 'distanceSpearman', 'rootAccuracy', 'depthSpearman'
] as const
export type MeasureName = (typeof measureNames)[number]

/** What a measure is to be read against. `controlTask`: random labels by word type; `linearTree`: the tree that joins neighbours in the text. */
export type BaselineName = 'shuffled' | 'textOnly' | 'majority' | 'chance' | 'mean' | 'controlTask' | 'linearTree'

/** One number of a result with its interval and its baselines beside it. */
export interface Measure {
  readonly name: MeasureName
  /** Null where it has no meaning for these rows (an area without one of the classes). */
  readonly value: number | null
  /** 95 % cluster bootstrap interval over groups. */
  readonly interval: Interval | null
  readonly baselines: readonly { readonly name: BaselineName; readonly value: number }[]
}

interface SiteResultBase {
  readonly site: string
  readonly method: string
  /** Over held-out rows; the first is the headline that views show when nothing else is asked. */
  readonly measures: readonly Measure[]
  /** Score on validation rows that chose the strength, higher is better; layers are chosen by it too. */
  readonly validationScore: number
  /** Regularisation, refitted on all training rows: C of scikit-learn for classifiers, α for ridge; the rank of structural probes. */
  readonly strength: number
  /**
   * `constant`: all rows have the same activations; `separable`: a plane separates the training rows without error;
   * `unfinished`: a fit stopped at the cap of iterations.
   */
  readonly remarks?: readonly ('constant' | 'separable' | 'unfinished')[]
  readonly seconds: number
}

/** One site × method of a sweep over classes. Scores are means over held-out rows. */
export interface ClassifiedSite extends SiteResultBase {
  readonly kind: 'classes'
  readonly metrics: ProbeMetrics
  readonly controls: ProbeControls
  /** Same names as `controls`, AUROC instead of accuracy; null where it has no meaning. */
  readonly aurocControls: { readonly shuffled: number; readonly textOnly: number } | null
}

/** How well one column of numbers is predicted on held-out rows. */
export interface TargetScore {
  readonly name: string
  /** 1 − Σ(y − ŷ)² / Σ(y − ȳ)² over the pooled held-out rows; at most 1, below 0 where the mean would do better. */
  readonly r2: number
  readonly r2Interval: Interval
  /** Rank correlation of predicted with actual values; null where either is constant. */
  readonly spearman: number | null
  readonly spearmanInterval: Interval | null
  /** Mean |y − ŷ|, in the column's unit. */
  readonly meanAbsoluteError: number
  /** R² of the controls: targets shuffled, n-grams of the text alone, the mean of the training rows. */
  readonly controls: { readonly shuffled: number; readonly textOnly: number; readonly mean: number }
}

/** One site × method of a sweep over numbers. Its measures are means over the targets. */
export interface RegressedSite extends SiteResultBase {
  readonly kind: 'numeric'
  readonly targets: readonly TargetScore[]
}

/** One site × method of a sweep over trees, by the structural probes; its strength is their rank. */
export interface TreeSite extends SiteResultBase {
  readonly kind: 'trees'
  /** Sentences that the probes were trained on, chosen by and scored on. */
  readonly sentences: { readonly training: number; readonly validation: number; readonly test: number }
}

/** One site × method of a sweep. */
export type SiteResult = ClassifiedSite | RegressedSite | TreeSite

/** What validation chose, and the headline measure that it then has on test rows. */
export interface ChosenSite {
  readonly site: string
  readonly method: string
  readonly measure: MeasureName
  readonly testScore: number
  readonly interval: Interval
}

/** Positions among the targets of the two that place a row on the globe. */
export interface Coordinates { readonly latitude: number; readonly longitude: number }

/** How the warning begins that explains a text baseline below chance: the page shows it beside the number. */
export const textBelowChance = 'The text alone scores below chance'

export interface SweepSummary {
  readonly task: Task
  /** Names of the classes; empty for other tasks. */
  readonly classes: readonly string[]
  /** Names of the predicted columns of numbers; empty for other tasks. */
  readonly targets: readonly string[]
  /** Which targets are degrees of latitude and longitude; null unless both are there. */
  readonly coordinates: Coordinates | null
  readonly folds: number
  readonly sites: readonly SiteResult[]
  readonly chosen: ChosenSite | null
  /** Guards that fired, in sentences. */
  readonly warnings: readonly string[]
  /** What is good to know besides, in sentences: how the site was chosen. */
  readonly notes?: readonly string[]
  readonly seconds: number
}
