/** What stands on the card of one cell (a site and a method of a run), how two cells compare, and what picking the best of many adds. */
import type { Positions, ProbePlan } from '../recipe'
import type { CodeLength, Erasure } from './analyses'
import type { Task } from './datasets'
import type { Interval, MeasureName, SiteResult } from './sweeps'

/** One bin of a reliability curve; means are null where no row falls into it. */
export interface CalibrationBin {
  readonly lo: number
  readonly hi: number
  readonly rows: number
  /** Mean probability said. */
  readonly predicted: number | null
  /** Share of rows for which it came true. */
  readonly observed: number | null
}

export interface Calibration {
  /** What the probability is said of: class 1 (two classes) or the predicted class (more). */
  readonly of: 'class' | 'prediction'
  /** Ten of equal width over 0 … 1. */
  readonly bins: readonly CalibrationBin[]
  /** Expected calibration error, 0 … 1. */
  readonly ece: number
  /** Mean (probability − outcome)², 0 … 1. */
  readonly brier: number
}

/** Where a classifier errs. */
export interface ClassDetail {
  readonly kind: 'classes'
  /** Rows by true class (row) and predicted class (column), [classes, classes] row by row. */
  readonly confusion: Int32Array
  /** Null for more than two classes in runs that did not keep the probability of the predicted class. */
  readonly calibration: Calibration | null
}

/** How one column of numbers is predicted. */
export interface TargetDetail {
  readonly name: string
  /** Root mean squared error in the column's unit. */
  readonly rmse: number
  /** Least squares of actual on predicted values: slope 1 and intercept 0 where predictions are neither shrunk nor stretched; null where predictions are constant. */
  readonly slope: number | null
  readonly intercept: number | null
}
export interface NumberDetail { readonly kind: 'numeric'; readonly targets: readonly TargetDetail[] }

/** Rows and groups of one outer fold, and what validation chose there. */
export interface CardFold {
  readonly training: { readonly rows: number; readonly groups: number }
  readonly validation: { readonly rows: number; readonly groups: number }
  readonly test: { readonly rows: number; readonly groups: number }
  /** Null for a method of which no linear probe was kept. */
  readonly strength: number | null
}

/** The groups of the held-out rows. */
export interface CardGroups {
  readonly column: string
  readonly count: number
  /** Rows a group. */
  readonly least: number
  readonly median: number
  readonly most: number
}

/** Exactly what the numbers come from. */
export interface CardOrigin {
  readonly runId: string | null
  readonly model: { readonly name: string; readonly hash: string }
  readonly dataset: { readonly name: string; readonly hash: string }
  readonly label: readonly string[]
  readonly positions: Positions
  readonly dtype: 'f32' | 'f16'
  readonly provider: string
  readonly plan: ProbePlan
  /** Column that marks the test rows; null where folds were dealt. */
  readonly test: string | null
  readonly version: string
}

/** All that a run keeps about one site and method. */
export interface CellCard {
  readonly site: string
  readonly method: string
  readonly task: Task
  readonly classes: readonly string[]
  readonly result: SiteResult
  readonly origin: CardOrigin
  /** Held-out rows that were scored. */
  readonly rows: number
  /** Null where rows were split one by one. */
  readonly groups: CardGroups | null
  /** Empty in runs of an earlier version. */
  readonly folds: readonly CardFold[]
  /** The cell that validation chose, with the measure that is its headline; null where none was. */
  readonly chosen: { readonly site: string; readonly method: string; readonly here: boolean } | null
  /** Cells of the run, sites × methods. */
  readonly cells: number
  readonly detail: ClassDetail | NumberDetail | null
  /** How short the labels can be told at this site; null where it was not computed. */
  readonly codeLength: CodeLength | null
  /** What is left of the label once it is erased from this site; null where it was not computed. */
  readonly erasure: Erasure | null
  /** Guards that fired for this cell, then those of the sweep, in sentences. */
  readonly cautions: readonly string[]
  readonly notes: readonly string[]
}

/** How two cells of a run differ in one measure on the same held-out rows. */
export interface CellDifference {
  readonly measure: MeasureName
  /** `bootstrap`: whole groups drawn with replacement, the same for both; `delong`: DeLong's test, rows taken as independent. */
  readonly test: 'bootstrap' | 'delong'
  readonly first: number
  readonly second: number
  /** first − second */
  readonly difference: number
  /** 95 %. */
  readonly interval: Interval
  /** Two-sided, of no difference. */
  readonly p: number
}

export interface CellName { readonly site: string; readonly method: string }

export interface CellComparison {
  readonly first: CellName
  readonly second: CellName
  readonly rows: number
  /** What the bootstrap draws: groups, or rows where there are no groups. */
  readonly drawn: { readonly kind: 'groups' | 'rows'; readonly count: number }
  readonly differences: readonly CellDifference[]
}

/** What the best of many test scores is worth. */
export interface BestOfMany {
  readonly measure: MeasureName
  /** Cells that were looked at. */
  readonly cells: number
  readonly best: CellName & { readonly value: number }
  /** By how much the best of as many equally good cells stands above its worth: mean over bootstrap resamples of the largest centred deviation. */
  readonly expected: number
  /** What that deviation exceeds in one resample of twenty. */
  readonly upper: number
}

/** What a report states and where it lies. */
export interface ReportSummary {
  readonly site: string
  readonly method: string
  /** The headline measure that the report states. */
  readonly measure: MeasureName | null
  readonly value: number | null
  /** The same measure, from the exported arrays in float64; null where there are none. */
  readonly reproduced: number | null
  /** Paths of what was written. */
  readonly files: readonly string[]
}
