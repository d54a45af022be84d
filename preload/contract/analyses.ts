/** What is asked of finished runs: which rows made a prediction, how probes and representations of runs compare. */
import type { Positions } from '../recipe'
import type { ErrorReport } from './errors'
import type { Interval, SweepSummary } from './sweeps'

/** A training row and what it adds to the logit of the predicted class of another row. */
export interface InfluentialRow {
  /** Dataset row. */
  readonly row: number
  /** Its class. */
  readonly label: string
  /** The logit of the predicted class with this row in training, less that without it: positive speaks for the prediction. */
  readonly effect: number
}

export interface InfluenceResult {
  readonly site: string
  readonly row: number
  /** By the probe of the fold that held this row out, without the rows left out. */
  readonly predicted: string
  readonly probability: number
  readonly trainingRows: number
  /** Strongest first. */
  readonly supporting: readonly InfluentialRow[]
  readonly opposing: readonly InfluentialRow[]
}

/** A probe's held-out accuracy over the run, and what it says of one row. */
export interface RefitScore {
  readonly accuracy: number
  /** 95 % cluster bootstrap interval over groups. */
  readonly interval: Interval
  /** Of the row that was asked about; null where none was, or it was in no test fold. */
  readonly row: { readonly predicted: string; readonly probability: number } | null
}

/** The same probe, folds and strengths with and without some training rows, scored on the same held-out rows. */
export interface RefitResult {
  readonly site: string
  readonly method: string
  readonly before: RefitScore
  readonly after: RefitScore
  /** Held-out rows whose predicted class is another now. */
  readonly changed: number
}

/** How a probe trained on one run does on another; on the diagonal the run's own held-out score. */
export interface TransferCell {
  readonly accuracy: number
  readonly interval: Interval
  readonly auroc: number | null
  /** Accuracy of the same probe trained on shuffled labels. */
  readonly shuffled: number
  /** Accuracy of always answering the training run's most frequent class. */
  readonly majority: number
  /** Rows tested. */
  readonly rows: number
  /** Of these, rows of groups that also occur in training, scored by the fold's probe that had not seen the group. */
  readonly byFold: number
  /** Rows of groups that occur in every fold's training: not tested. */
  readonly dropped: number
}

export interface TransferResult {
  readonly site: string
  readonly method: string
  readonly runs: readonly { readonly runId: string; readonly dataset: string }[]
  /** [runs × runs], row by row the run trained on; null where no row could be tested. */
  readonly cells: readonly (TransferCell | null)[]
  /** Runs of the session that cannot take part, each with the reason. */
  readonly leftOut: readonly { readonly runId: string; readonly dataset: string; readonly reason: string }[]
}

/** Linear CKA between sites. */
export interface SimilarityResult {
  /** Dataset rows that were compared. */
  readonly rows: number
  /** In depth order; the sites of the first run. */
  readonly sites: readonly string[]
  /** The sites of the other run, or the same. */
  readonly otherSites: readonly string[]
  /** [sites × otherSites], 0 … 1; NaN for a site whose rows are all alike. */
  readonly values: Float64Array
}

/** The online code of one set of labels. */
export interface OnlineCode {
  /** Of all labels, with the naming of the strength. */
  readonly bits: number
  /** The uniform code's bits over these. */
  readonly compression: number
  /** C of the logistic probes, the one of those tried whose code is shortest. */
  readonly strength: number
  /** Bits of each block; the first is sent by the uniform code. */
  readonly blocks: readonly number[]
}

/** Minimum description length of a run's labels given a site, by the online code of Voita and Titov (2020). */
export interface CodeLength {
  readonly site: string
  /** Rows whose labels are sent. */
  readonly rows: number
  readonly classes: number
  /** After how many rows each block ends. */
  readonly ends: readonly number[]
  /** Bits of the uniform code, rows · log₂ classes. */
  readonly uniform: number
  /** Bits that name a strength. */
  readonly naming: number
  readonly labels: OnlineCode
  readonly shuffled: OnlineCode
  /** Random tags by word type; null where rows are not words. */
  readonly controlTask: OnlineCode | null
  readonly seconds: number
}

/** A probe trained again on features that something was taken out of. */
export interface ErasedScore {
  /** Directions taken out, mean over the folds. */
  readonly directions: number
  /** Of the fresh probe on held-out rows. */
  readonly accuracy: number
  readonly interval: Interval
  /** Share of the training rows' variance that went with them; every feature counts the same. Mean over the folds. */
  readonly variance: number
}

/** A run's label erased from one site, by closed form (LEACE) and by projections (INLP). */
export interface Erasure {
  readonly site: string
  /** Held-out rows. */
  readonly rows: number
  /** Accuracy of always answering the most frequent class of the training rows. */
  readonly majority: number
  readonly before: { readonly accuracy: number; readonly interval: Interval }
  readonly leace: ErasedScore
  /** After one projection, two, and so on. */
  readonly inlp: readonly ErasedScore[]
  /** Whether the interval of the last projection's accuracy reaches the majority's. */
  readonly reached: boolean
  /** The probe of the true label after as much was taken out for shuffled labels: by LEACE, and by as many projections as `inlp` has. */
  readonly shuffled: { readonly leace: ErasedScore; readonly inlp: ErasedScore }
  readonly seconds: number
}

/** A run's probes at one position of its texts. */
export interface PositionSweep {
  readonly positions: Positions
  /** Rows that have a vector there. */
  readonly rows: number
  /** Rows of the run that have none, and the first of them. */
  readonly leftOut: { readonly count: number; readonly first: { readonly row: number; readonly reason: string } | null }
  /** The most frequent token there, with its share of the rows; null where means were read. */
  readonly readAt: { readonly token: string; readonly share: number } | null
  /** Null where no probes could be trained. */
  readonly sweep: SweepSummary | null
  /** Why not. */
  readonly error: ErrorReport | null
}

/** A run's probes at several positions: its own and those read since, in the order of the text. */
export interface PositionsResult { readonly positions: readonly PositionSweep[] }

export type PositionsEvent =
  /** Of the pass in vectors, of the probes in sites and methods over all positions. */
  | { readonly kind: 'progress'; readonly stage: 'extracting' | 'probing'; readonly done: number; readonly total: number }
  /** A position is done. */
  | { readonly kind: 'position'; readonly sweep: PositionSweep }

export interface AnalysisProgress { readonly kind: 'progress'; readonly done: number; readonly total: number }
