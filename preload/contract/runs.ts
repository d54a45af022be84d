/** A run over a dataset: how it goes on, what it keeps, and what its probes say of each row. */
import type { ColumnRoles, ExtractionPlan, ProbePlan } from '../recipe'
import type { Cell } from './datasets'
import type { ErrorReport } from './errors'
import type { TokenInfo } from './prompts'
import type { SiteResult, SweepSummary } from './sweeps'

export interface ExtractionSummary {
  readonly rows: number
  readonly tokens: number
  readonly paddedTokens: number
  /** Tokens the model ran in the call that finished the extraction: fewer than `tokens` where rows begin alike. */
  readonly computedTokens?: number | undefined
  readonly seconds: number
  readonly rowsPerSecond: number
  readonly sites: readonly { readonly name: string; readonly width: number }[]
  readonly skipped: readonly { readonly row: number; readonly reason: string }[]
  readonly truncated: number
  /** The most frequent token among those that were read, with its share of the rows; left out where means were. */
  readonly readAt?: { readonly token: string; readonly share: number } | undefined
  readonly resumedRows: number
  readonly provider: string
}

export interface RunSummary {
  readonly runId: string
  readonly startedAt: string
  readonly status: 'complete' | 'cancelled' | 'failed' | 'running'
  readonly error: ErrorReport | null
  readonly model: { readonly name: string; readonly hash: string }
  readonly dataset: { readonly name: string; readonly hash: string; readonly roles: ColumnRoles }
  readonly extractionPlan: ExtractionPlan
  readonly probePlan: ProbePlan
  /** Null until extraction has ended. */
  readonly extraction: ExtractionSummary | null
  readonly sweep: SweepSummary | null
  /** Dataset row of each activation row; activations exist for these rows, in this order. */
  readonly rowCount: number
}

export type RunEvent =
  | { readonly kind: 'stage'; readonly stage: 'loading' | 'tokenizing' | 'extracting' | 'baselines' | 'probing' | 'saving'; readonly note?: string }
  | { readonly kind: 'started'; readonly run: RunSummary }
  | { readonly kind: 'extracting'; readonly done: number; readonly total: number; readonly rowsPerSecond: number; readonly secondsLeft: number | null }
  | { readonly kind: 'extracted'; readonly extraction: ExtractionSummary }
  | { readonly kind: 'site'; readonly result: SiteResult; readonly done: number; readonly total: number }
  | { readonly kind: 'warning'; readonly message: string }

/** Held-out output of a classifier at one site, in activation row order. */
export interface ClassValues {
  readonly kind: 'classes'
  /** Dataset row of each entry. */
  readonly rows: Int32Array
  /** Probability of class 1 (binary) or of the true class (multiclass). */
  readonly score: Float32Array
  /** Index into the sweep's classes; -1 where a row was in no test fold. */
  readonly predicted: Int32Array
  /** Probability of the predicted class; null in runs of an earlier version. */
  readonly confidence: Float32Array | null
  /** Index into the sweep's classes; -1 without a label. */
  readonly actual: Int32Array
}

/** Held-out output of a regression at one site, in activation row order. */
export interface NumericValues {
  readonly kind: 'numeric'
  /** Dataset row of each entry. */
  readonly rows: Int32Array
  /** In the columns' own units; `predicted` is NaN where a row was in no test fold, `actual` where it has no value. */
  readonly targets: readonly { readonly name: string; readonly predicted: Float32Array; readonly actual: Float32Array }[]
}

/** Held-out parse of a treebank at one site, in activation row order. Heads are words of the sentence counted from 1, 0 for its root. */
export interface TreeValues {
  readonly kind: 'trees'
  /** Dataset row of each entry. */
  readonly rows: Int32Array
  /** The predicted spanning tree, hung from the word of least predicted depth; −1 for punctuation and words that were not tested. */
  readonly predicted: Int32Array
  /** Predicted squared length, near to the arcs between the word and the root; NaN where it was not tested. */
  readonly depths: Float32Array
  /** −1 for words of sentences that took no part. */
  readonly actual: Int32Array
}

export type ProbeValues = ClassValues | NumericValues | TreeValues

/** What the held-out probe says of one row at every site, in depth order. */
export type RowScores =
  | { readonly kind: 'classes'; readonly at: readonly { readonly site: string; readonly score: number; readonly predicted: string }[] }
  /** Values by target; NaN where the row was in no test fold or has no value. */
  | { readonly kind: 'numeric'; readonly targets: readonly { readonly name: string; readonly actual: number }[]; readonly at: readonly { readonly site: string; readonly predicted: readonly number[] }[] }

/** One row through all layers. */
export interface RowDetail {
  readonly row: number
  readonly text: string
  readonly tokens: readonly TokenInfo[]
  /** Indices into `tokens` that were read; several for a mean or a word. */
  readonly positions: readonly number[]
  readonly cells: readonly { readonly column: string; readonly value: Cell }[]
  /** Null before the sweep. */
  readonly scores: RowScores | null
}

export interface Neighbor { readonly row: number; readonly distance: number }
