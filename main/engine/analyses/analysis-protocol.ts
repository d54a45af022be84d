import type { CodeLength, Erasure, ErrorReport, MeasureName, ProbeMetrics } from '../../../preload/contract'
import type { ContrastColumns } from '../probes/index'
import type { BestOfManyOutcome, CellDifference, ScoredCell } from '../evaluation/index'

/** Where one site of one run lies, `[rows, width]`, and what its rows are. Arrays have one entry an activation row. */
export interface SiteRows {
  readonly site: string
  /** Safetensors file whose tensor `activations` holds the rows. */
  readonly path: string
}

/** A site with labels and with the folds and probes of its sweep. */
export interface ProbedRows extends SiteRows {
  /** Class of each row; -1 without a label. */
  readonly codes: Int32Array
  readonly classes: number
  /** Outer fold each row was tested in; -1 where it was in none, which with a predefined split are the training rows. */
  readonly fold: Int32Array
  readonly folds: number
  /** The strength of each fold's probe, [folds]. */
  readonly strengths: Float64Array
  /** The fold's probes on raw activations: weights [folds, outputs, width], intercepts [folds, outputs]. */
  readonly weights: Float64Array
  readonly intercepts: Float64Array
  /** Columns that the sweep's methods on pairs read. */
  readonly contrast: ContrastColumns
}

/** Which training rows made one prediction. Rows are activation rows. */
export interface InfluenceJob extends ProbedRows {
  readonly kind: 'influence'
  readonly row: number
  readonly k: number
  /** Rows left out of training. */
  readonly without: Int32Array
}

export interface InfluenceOutcome {
  readonly trainingRows: number
  /** Logit of class 1 of the row, by the probe of its fold. */
  readonly logit: number
  /** Rows with the largest effects on the logit of class 1, in either direction, strongest first. */
  readonly upwards: readonly { readonly row: number; readonly effect: number }[]
  readonly downwards: readonly { readonly row: number; readonly effect: number }[]
}

/** All folds of one method trained again without some rows. */
export interface RefitJob extends ProbedRows {
  readonly kind: 'refit'
  readonly method: string
  readonly without: Int32Array
  /** Group of each row, for the intervals. */
  readonly groups: Int32Array
  readonly seed: number
}

/** Held-out output before and after; probabilities are [rows, classes], NaN on rows in no test fold. */
export interface RefitOutcome {
  readonly before: HeldOutScores
  readonly after: HeldOutScores
}
export interface HeldOutScores {
  readonly probabilities: Float64Array
  readonly accuracy: number
  readonly interval: { readonly lo: number; readonly hi: number }
}

/** One run of a transfer matrix. */
export interface TransferSide extends ProbedRows {
  /** The strength that validation chose over all folds. */
  readonly strength: number
  /** The same number for the same group in every run; negative numbers are rows of their own. Null without a group column. */
  readonly groups: Int32Array | null
  /** The same number for the same text in every run. */
  readonly texts: Int32Array
}

export interface TransferJob {
  readonly kind: 'transfer'
  readonly method: string
  readonly sides: readonly TransferSide[]
  readonly seed: number
}

/** How the probe of one run does on another. */
export interface TransferScore {
  readonly metrics: ProbeMetrics
  readonly shuffled: number
  /** Accuracy of always answering the training run's most frequent class. */
  readonly majority: number
  /** Rows that were tested. */
  readonly rows: number
  /** Of these, rows that share a group with training rows and were scored by the fold's probe that did not see the group. */
  readonly byFold: number
  /** Rows that share a group or text with training rows and could not be tested. */
  readonly dropped: number
}

export interface TransferOutcome {
  /** [sides × sides], row by row the run trained on; null on the diagonal and where nothing could be tested. */
  readonly scores: readonly (TransferScore | null)[]
  /** Rows that could not be tested where the score is null, same order. */
  readonly dropped: readonly number[]
}

export interface SimilarityJob {
  readonly kind: 'similarity'
  readonly sites: readonly SimilaritySite[]
}
export interface SimilaritySite extends SiteRows {
  readonly width: number
  /** Activation rows to compare, the same count for every site. */
  readonly rows: Int32Array
}
export interface SimilarityOutcome {
  /** [sites × sites] of linear CKA, 0 … 1; NaN for a site whose rows are all alike. */
  readonly values: Float64Array
}

/** The online code of the labels at one site; arrays have one entry an activation row. */
export interface CodeLengthJob extends SiteRows {
  readonly kind: 'code-length'
  /** Class of each row; −1 for one that is not sent. */
  readonly codes: Int32Array
  readonly classes: number
  /** Class of each row in the control task; null where there is none. */
  readonly control: Int32Array | null
  /** Rows of a group lie in one block. */
  readonly groups: Int32Array
  /** How many strengths are tried. */
  readonly strengths: number
  readonly seed: number
}
export type CodeLengthOutcome = Omit<CodeLength, 'site' | 'classes' | 'seconds'>

/** The label taken out of one site; arrays have one entry an activation row. */
export interface ErasureJob extends Pick<ProbedRows, 'site' | 'path' | 'codes' | 'classes' | 'fold' | 'folds' | 'strengths'> {
  readonly kind: 'erasure'
  /** Drawn together for the intervals. */
  readonly groups: Int32Array
  /** INLP projects at most so often. */
  readonly iterations: number
  readonly seed: number
}
export type ErasureOutcome = Omit<Erasure, 'site' | 'seconds'>

/** How two cells of a sweep differ; `groups` holds a group a tested row. */
export interface ComparisonJob {
  readonly kind: 'comparison'
  readonly first: ScoredCell
  readonly second: ScoredCell
  readonly groups: Int32Array
  readonly seed: number
}
export interface ComparisonOutcome { readonly differences: readonly CellDifference[] }

/** What picking the best of these cells by its test score adds to it. */
export interface BestOfManyJob {
  readonly kind: 'best-of-many'
  readonly measure: MeasureName
  readonly cells: readonly ScoredCell[]
  readonly groups: Int32Array
  readonly seed: number
}

export interface AnalysisOutcomes {
  readonly influence: InfluenceOutcome
  readonly refit: RefitOutcome
  readonly transfer: TransferOutcome
  readonly similarity: SimilarityOutcome
  readonly 'code-length': CodeLengthOutcome
  readonly erasure: ErasureOutcome
  readonly comparison: ComparisonOutcome
  readonly 'best-of-many': BestOfManyOutcome
}
export type AnalysisJob = InfluenceJob | RefitJob | TransferJob | SimilarityJob | CodeLengthJob | ErasureJob | ComparisonJob | BestOfManyJob

/** What an analysis worker is started with: one job, and a flag that is 1 once it was cancelled. */
export interface AnalysisWorkerData {
  readonly job: AnalysisJob
  readonly cancelled: Int32Array
}

export type FromAnalysisWorker =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'done'; readonly outcome: AnalysisOutcomes[keyof AnalysisOutcomes] }
  | { readonly kind: 'failed'; readonly report: ErrorReport }

/** What a running analysis may do besides computing. */
export interface AnalysisContext {
  /** Throws once the analysis was cancelled. */
  checkpoint(): void
  onProgress(done: number, total: number): void
}
