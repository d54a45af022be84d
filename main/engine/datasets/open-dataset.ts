import type { Cell, ColumnValues, DatasetSummary, ParsedParams, RolesCheck, RowPage } from '../../../preload/contract'
import type { ColumnRoles, ProbeTask, TextSource } from '../../../preload/recipe'

/** A row as the model will read it. */
export interface TextRow {
  /** 0-based row of the dataset. */
  readonly row: number
  readonly text: string
  /** UTF-16 range that was asked for inside `text`: a column's value, or the row's word; null when not asked for or not found. */
  readonly span: readonly [number, number] | null
}

/** Which part of a text a row is about: the value of a column, or the characters from column `start` to column `end`. */
export type SpanSource =
  | { readonly kind: 'value'; readonly column: string }
  | { readonly kind: 'range'; readonly start: string; readonly end: string }

/** Why a row gives no text: an empty cell, a span that is not in the text. */
export interface SkippedRow { readonly row: number; readonly reason: string }

/** A dataset in DuckDB: rows stay there, pages of them go to the screen. Rows are numbered 0 … rows − 1 in file order. */
export interface OpenDataset {
  readonly summary: Omit<DatasetSummary, 'datasetId'>
  /** Streams texts in row order in chunks of at most a few thousand; memory is bounded by the chunk. */
  texts(source: TextSource, span: SpanSource | null, limit: number | null): AsyncIterable<{ readonly texts: readonly TextRow[]; readonly skipped: readonly SkippedRow[] }>
  check(roles: ColumnRoles, task?: ProbeTask): Promise<RolesCheck>
  rows(query: Omit<ParsedParams<'dataset.rows'>, 'datasetId'>): Promise<RowPage>
  row(row: number): Promise<readonly { readonly column: string; readonly value: Cell }[]>
  /** All values of one column as text in row order (null for missing), for labels and groups. */
  textColumn(column: string): Promise<readonly (string | null)[]>
  columnValues(column: string): Promise<ColumnValues>
  /** Writes `rows` (dataset rows, ascending) with a `row` column first to a Parquet file. */
  writeParquet(file: string, rows: Int32Array): Promise<void>
  close(): Promise<void>
}
