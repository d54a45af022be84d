import type { SweepSummary, SiteResult } from '../../../preload/contract'
import type { Matrix, StoredMatrix } from '../activations/matrix'
import type { FoldSizes, KeptProbes } from './kept-probes'
import type { Baselines } from './worker-protocol'

export type { Matrix, StoredMatrix }

/** What methods on contrast pairs and polarity read, one entry an activation row; null where the column is not chosen. */
export interface ContrastColumns {
  /** Rows of a pair share it. */
  readonly pair: readonly (string | null)[] | null
  /** 1 affirmative, −1 negated, 0 unknown. */
  readonly polarity: Int8Array | null
  readonly topic: readonly (string | null)[] | null
}

/** The columns that folds are dealt by; all arrays have one entry per activation row. */
export interface FoldColumns {
  readonly texts: readonly string[]
  /** Null rows take no part. */
  readonly labels: readonly (string | null)[]
  readonly groups: readonly (string | null)[] | null
  /** 1 marks rows of a predefined test split. */
  readonly test: Uint8Array | null
  readonly contrast?: ContrastColumns
  /** The form of each row's word where rows are words of a text; null or left out where they are texts. */
  readonly words?: readonly string[] | null
}

/** The rows of a sweep as a part of others that its folds are dealt over: a row lies in the same fold in both. */
export interface Among<C> {
  readonly whole: C
  /** Place of each activation row among those of `whole`. */
  readonly rows: Int32Array
}

/** What a sweep needs besides activations; all arrays have one entry per activation row. */
export interface SweepInput extends FoldColumns {
  /** Left out where folds are dealt over these rows themselves. */
  readonly among?: Among<FoldColumns> | null
  /** What was found for the same rows, labels and folds before; left out where it is to be found. */
  readonly baselines?: Baselines | null
  /** Row of the dataset, from 0, of each activation row, for sentences that name rows; theirs are the same where left out. */
  readonly datasetRows?: ArrayLike<number>
  /** Depth order. */
  readonly sites: readonly string[]
  /** Sites held in memory at once, each by a worker of its own; one if not said. */
  readonly sitesAtOnce?: number
  /**
   * One site whole, [rows, width], or where it lies in a file, to be read in blocks; called once per site.
   * The sweep takes a matrix over: its buffer is moved to a worker.
   */
  readSite(site: string): Promise<Matrix | StoredMatrix>
}

interface HeldOutBase {
  /** The linear probes that gave this output; null for a method that is not linear. */
  readonly probes: KeptProbes | null
}

/** Held-out output of a classifier at one site, one entry per activation row; see `ClassValues`. */
export interface HeldOutClasses extends HeldOutBase { readonly kind: 'classes'; readonly score: Float32Array; readonly predicted: Int32Array; readonly confidence: Float32Array }

/** Held-out output of a regression at one site, [targets, activation rows], in the columns' units; NaN where a row was in no test fold. */
export interface HeldOutNumbers extends HeldOutBase { readonly kind: 'numeric'; readonly predicted: Float32Array }

/** Held-out parse at one site, one entry an activation row; see `TreeValues`. */
export interface HeldOutTrees extends HeldOutBase { readonly kind: 'trees'; readonly heads: Int32Array; readonly depths: Float32Array }

export type HeldOut = HeldOutClasses | HeldOutNumbers | HeldOutTrees

/** Class index of each activation row; -1 without a label. */
export interface ActualClasses { readonly kind: 'classes'; readonly codes: Int32Array }

/** The predicted columns, [targets, activation rows]; NaN without a value. */
export interface ActualNumbers { readonly kind: 'numeric'; readonly values: Float32Array }

/** The head of each activation row as `TreeValues` counts them. */
export interface ActualTrees { readonly kind: 'trees'; readonly heads: Int32Array }

/** What held-out output is to be compared with. */
export type Actual = ActualClasses | ActualNumbers | ActualTrees

/** Hears of every site as it is done; each task says which kind of result and held-out output it gives. */
export interface SweepListener<R extends SiteResult = SiteResult, H extends HeldOut = HeldOut> {
  onSite(result: R, heldOut: H, done: number, total: number): void | Promise<void>
  onStage?(stage: 'baselines' | 'probing'): void
}

export interface SweepOutcome<R extends SiteResult = SiteResult, A extends Actual = Actual> {
  readonly summary: Omit<SweepSummary, 'sites'> & { readonly sites: readonly R[] }
  readonly actual: A
  /** Outer fold that each row was tested in; -1 where it was in none. */
  readonly fold: Int32Array
  readonly folds: readonly FoldSizes[]
}
