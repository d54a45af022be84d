/** What is known of a dataset: its columns, what a choice of them means for a run, and its rows a page at a time. */
import type { ColumnRoles, Positions, ReadOptions } from '../recipe'

export type ColumnType = 'text' | 'integer' | 'number' | 'boolean' | 'date' | 'other'

export interface ColumnInfo {
  readonly name: string
  readonly type: ColumnType
  readonly distinct: number
  readonly missing: number
  readonly min: number | null
  readonly max: number | null
  /** Up to five frequent values as text. */
  readonly examples: readonly string[]
}

export interface DatasetProblem {
  /** 1-based data row in the source; null for the whole file. */
  readonly row: number | null
  readonly message: string
}

export type Cell = string | number | boolean | null

export interface DatasetSummary {
  readonly datasetId: string
  readonly path: string
  readonly name: string
  readonly hash: string
  readonly format: 'csv' | 'tsv' | 'json' | 'jsonl' | 'parquet' | 'text' | 'conllu'
  readonly bytes: number
  readonly read: ReadOptions
  /** Rows that loaded; they are numbered 0 … rows − 1 in file order. */
  readonly rows: number
  readonly columns: readonly ColumnInfo[]
  readonly preview: readonly (readonly Cell[])[]
  /** At most 100, with `problemCount` the whole number. */
  readonly problems: readonly DatasetProblem[]
  readonly problemCount: number
  readonly suggested: Partial<ColumnRoles>
  /** `word` where every row is a word of a text; null where nothing speaks for one choice. */
  readonly suggestedPositions: Positions | null
  /** Why the group column is suggested, in a sentence; null without a suggestion. */
  readonly groupReason: string | null
}

/** `tree`: a dependency parse for every sentence (CoNLL-U read word by word). */
export type Task = 'binary' | 'multiclass' | 'numeric' | 'tree' | 'none'

/** What a choice of columns means for the run, before it is pressed. */
export interface RolesCheck {
  readonly task: Task
  readonly usableRows: number
  readonly classes: readonly { readonly name: string; readonly rows: number }[]
  /** Columns of numbers to predict with their range over usable rows; empty for other tasks. */
  readonly targets: readonly { readonly name: string; readonly min: number; readonly max: number }[]
  readonly groups: number | null
  readonly problems: readonly DatasetProblem[]
  /** First texts as the model will read them, each once. */
  readonly examples: readonly string[]
}

export interface RowPage {
  /** Rows that match, of which `rows` is a page. */
  readonly total: number
  readonly rows: readonly { readonly row: number; readonly cells: readonly Cell[] }[]
}

/** One column over all rows, ready to colour by. Codes index `categories` (255 distinct at most, the rest in "other"); -1 is missing. */
export type ColumnValues =
  | { readonly kind: 'categorical'; readonly categories: readonly string[]; readonly codes: Int32Array }
  | { readonly kind: 'numeric'; readonly values: Float32Array; readonly min: number; readonly max: number }
