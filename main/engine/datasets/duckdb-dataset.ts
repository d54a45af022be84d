import { basename } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Cell, ColumnInfo, ColumnValues, DatasetSummary, ParsedParams, RolesCheck, RowPage } from '../../../preload/contract'
import { readOptionsSchema, type ColumnRoles, type ProbeTask, type ReadOptions, type TextSource } from '../../../preload/recipe'
import { LayerscopeError } from '../errors'
import { checkRoles } from './check-roles'
import { defaultRows, suggestTreebankRoles } from './conllu'
import { columnValues } from './column-values'
import { connect, newTableName, queryRows, quoteName, quoteText } from './database'
import { findColumn } from './find-column'
import { inspectFile, type DatasetFormat } from './inspect-file'
import { listedProblems, loadTable } from './load-table'
import type { OpenDataset, SkippedRow, SpanSource, TextRow } from './open-dataset'
import { profileColumns, toCell, toLabel, type TableColumn } from './profile-columns'
import { RowPages } from './row-pages'
import { suggestedPositions, suggestRoles } from './suggest-roles'
import { streamTexts } from './stream-texts'
import { quantity, written } from '../quantity'

const previewRows = 50

/**
 * Opens a dataset file: CSV, TSV, JSON (array of objects), JSONL, Parquet, CoNLL-U, or plain text (a statement a line).
 * Rows that cannot be read are left out and listed in `summary.problems`; the others keep their order.
 * An aborted `signal` ends it between chunks of the file, and the query that loads it.
 * @throws LayerscopeError `file-missing`, `dataset-empty`, `dataset-encoding`, `dataset-binary`, `dataset-unreadable`; the signal's reason
 */
export async function openDataset(path: string, read: ReadOptions = {}, signal?: AbortSignal): Promise<OpenDataset> {
  const options = readOptionsSchema.parse(read)
  const inspection = await inspectFile(path, options, signal)
  const connection = await connect()
  const table = newTableName()
  const interrupt = (): void => connection.interrupt()
  signal?.addEventListener('abort', interrupt)
  const discard = async (): Promise<void> => {
    await connection.run(`DROP TABLE IF EXISTS ${table}`)
    connection.closeSync()
  }
  try {
    signal?.throwIfAborted()
    const loaded = await loadTable(connection, table, path, inspection, options)
    const [count] = await queryRows(connection, `SELECT count(*) FROM ${table}`)
    const rows = Number(count?.[0] ?? 0)
    if (rows === 0) throw emptyError(path, inspection.format, loaded.problems)
    const columns = await profileColumns(connection, table, loaded.columns)
    const nulCharacters = await rowsWithNul(connection, table, columns)
    const suggestion = suggestTreebankRoles(inspection.format, options.rows ?? defaultRows, columns) ?? await suggestRoles(connection, table, columns, rows)
    const preview = await queryRows(connection, `SELECT ${columns.map((column) => column.sql).join(', ')} FROM ${table} ORDER BY rowid LIMIT ${previewRows}`)
    const summary: Omit<DatasetSummary, 'datasetId'> = {
      path, name: basename(path), hash: inspection.hash, format: inspection.format, bytes: inspection.bytes, rows,
      read: inspection.format === 'conllu' ? { rows: options.rows ?? defaultRows } : options,
      columns: columns.map(publicColumn),
      preview: preview.map((values) => values.map((value, index) => toCell(columns[index]?.type ?? 'text', value))),
      problems: [...loaded.problems, ...nulCharacters].slice(0, listedProblems),
      problemCount: loaded.problemCount + nulCharacters.length,
      suggested: suggestion.roles,
      groupReason: suggestion.groupReason,
      suggestedPositions: suggestedPositions(columns)
    }
    signal?.throwIfAborted()
    return new DuckDBDataset(connection, table, columns, summary, discard)
  } catch (error) {
    await discard()
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', interrupt)
  }
}

function emptyError(file: string, format: DatasetFormat, problems: DatasetSummary['problems']): LayerscopeError {
  const first = problems.find((problem) => problem.row !== null || format === 'conllu')?.message
  if (format === 'conllu') return new LayerscopeError({ code: 'dataset-empty', message: first === undefined ? 'The file holds no sentence.' : `No sentence of the file could be read. The first one: ${first}`, file })
  return first === undefined
    ? new LayerscopeError({ code: 'dataset-empty', message: 'The file has a header and no rows.', file })
    : new LayerscopeError({ code: 'dataset-empty', message: `No row of the file could be read. The first one: ${first}`, file, hint: 'Check the delimiter, and that the first line names every column.' })
}

function publicColumn({ name, type, distinct, missing, min, max, examples }: TableColumn): ColumnInfo {
  return { name, type, distinct, missing, min, max, examples }
}

async function rowsWithNul(connection: DuckDBConnection, table: string, columns: readonly TableColumn[]): Promise<DatasetSummary['problems']> {
  const texts = columns.filter((column) => column.type === 'text')
  if (texts.length === 0) return []
  const rows = await queryRows(connection, `SELECT rowid + 1 FROM ${table} WHERE ${texts.map((column) => `contains(${column.sql}, chr(0))`).join(' OR ')} ORDER BY rowid LIMIT ${listedProblems}`)
  return rows.map(([row]) => ({ row: Number(row), message: 'This row holds a NUL character; it was loaded with it.' }))
}

class DuckDBDataset implements OpenDataset {
  private readonly pages: RowPages
  private closed = false

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly table: string,
    private readonly columns: readonly TableColumn[],
    readonly summary: Omit<DatasetSummary, 'datasetId'>,
    private readonly discard: () => Promise<void>
  ) {
    this.pages = new RowPages(connection, table, columns)
  }

  texts(source: TextSource, span: SpanSource | null, limit: number | null): AsyncIterable<{ readonly texts: readonly TextRow[]; readonly skipped: readonly SkippedRow[] }> {
    return streamTexts(this.connection, { name: this.table, rows: this.summary.rows, columns: this.columns }, source, span, limit)
  }

  async check(roles: ColumnRoles, task: ProbeTask = 'auto'): Promise<RolesCheck> {
    const check = await checkRoles(this.connection, this.table, this.columns, roles, task)
    const examples: string[] = []
    if (check.usableRows > 0) {
      for await (const chunk of this.texts(roles.text, null, 100)) examples.push(...chunk.texts.map((row) => row.text))
    }
    // The words of a sentence share its text.
    return { ...check, examples: [...new Set(examples)].slice(0, 5) }
  }

  rows(query: Omit<ParsedParams<'dataset.rows'>, 'datasetId'>): Promise<RowPage> {
    return this.pages.page(query)
  }

  async row(row: number): Promise<readonly { readonly column: string; readonly value: Cell }[]> {
    if (!Number.isInteger(row) || row < 0 || row >= this.summary.rows) {
      throw new LayerscopeError({ code: 'row-unknown', message: `The dataset has ${quantity(this.summary.rows, 'row')}; there is no row ${written(row + 1)}.`, file: this.summary.path })
    }
    const [values] = await queryRows(this.connection, `SELECT ${this.columns.map((column) => column.sql).join(', ')} FROM ${this.table} WHERE rowid = ${row}`)
    return this.columns.map((column, index) => ({ column: column.name, value: toCell(column.type, values?.[index]) }))
  }

  async textColumn(name: string): Promise<readonly (string | null)[]> {
    const column = findColumn(this.columns, name)
    const rows = await queryRows(this.connection, `SELECT ${column.sql} FROM ${this.table} ORDER BY rowid`)
    return rows.map(([value]) => toLabel(column.type, value))
  }

  columnValues(name: string): Promise<ColumnValues> {
    return columnValues(this.connection, this.table, findColumn(this.columns, name), this.summary.rows)
  }

  async writeParquet(file: string, rows: Int32Array): Promise<void> {
    await this.pages.withRows(rows, async (chosen) => {
      const values = this.columns.map((column) => `${typedSql(column)} AS ${quoteName(column.name.toLowerCase() === 'row' ? `${column.name}_2` : column.name)}`)
      await this.connection.run(`COPY (SELECT t.rowid::INTEGER AS "row", ${values.join(', ')} FROM ${this.table} t WHERE t.rowid IN (SELECT row FROM ${chosen}) ORDER BY t.rowid) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION zstd)`)
    })
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await this.discard()
  }
}

/** A column with the type that other tools expect of it. */
function typedSql(column: TableColumn): string {
  const types: Partial<Record<ColumnInfo['type'], string>> = { integer: 'BIGINT', number: 'DOUBLE', boolean: 'BOOLEAN' }
  const type = types[column.type]
  return type === undefined ? column.sql : `CAST(${column.sql} AS ${type})`
}

/**
 * Columns of a Parquet table as text, in row order (null for missing): for the rows that an activation store wrote.
 * @throws LayerscopeError as `openDataset`, and `column-unknown`
 */
export async function readParquetColumns(file: string, columns: readonly string[]): Promise<ReadonlyMap<string, readonly (string | null)[]>> {
  const dataset = await openDataset(file)
  try {
    const values = new Map<string, readonly (string | null)[]>()
    for (const column of columns) values.set(column, await dataset.textColumn(column))
    return values
  } finally {
    await dataset.close()
  }
}

