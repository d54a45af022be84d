import type { SweepSummary, SiteResult } from '../../../preload/contract'
import type { Matrix, StoredMatrix } from '../activations/matrix'
import type { FoldSizes, KeptProbes } from './kept-probes'

export type { Matrix, StoredMatrix }

/** What methods on contrast pairs and polarity read, one entry an activation row; null where the column is not chosen. */
export interface ContrastColumns {
  /** Rows of a pair share it. */
  readonly pair: readonly (string | null)[] | null
  /** 1 affirmative, −1 negated, 0 unknown. */
  readonly polarity: Int8Array | null
  readonly topic: readonly (string | null)[] | null
}

/** What a sweep needs besides activations; all arrays have one entry per activation row. */
export interface SweepInput {
  readonly texts: readonly string[]
  /** Null rows take no part. */
  readonly labels: readonly (string | null)[]
  readonly groups: readonly (string | null)[] | null
  /** 1 marks rows of a predefined test split. */
  readonly test: Uint8Array | null
  readonly contrast?: ContrastColumns
  /** Depth order. */
  readonly sites: readonly string[]
  /**
   * One site whole, [rows, width], or where it lies in a file, to be read in blocks; called once per site.
   * The sweep takes a matrix over: its buffer is moved to a worker.
   */
  readSite(site: string): Promise<Matrix | StoredMatrix>
}

/** Held-out output of the probe at one site, one entry per activation row. */
export interface HeldOut {
  readonly score: Float32Array
  readonly predicted: Int32Array
  /** The linear probes that gave this output; null for a method that is not linear. */
  readonly probes: KeptProbes | null
}

export interface SweepListener {
  onSite(result: SiteResult, heldOut: HeldOut, done: number, total: number): void | Promise<void>
  onStage?(stage: 'baselines' | 'probing'): void
}

export interface SweepOutcome {
  readonly summary: SweepSummary
  /** Class index of each row; -1 without a label. */
  readonly actual: Int32Array
  /** Outer fold that each row was tested in; -1 where it was in none. */
  readonly fold: Int32Array
  readonly folds: readonly FoldSizes[]
}
