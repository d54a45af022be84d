import type { DuckDBConnection } from '@duckdb/node-api'
import type { DatasetProblem } from '../../../preload/contract'
import type { ReadOptions } from '../../../preload/recipe'
import { LayerscopeError } from '../errors'
import { defaultRows, loadConllu } from './conllu'
import { queryRows, quoteFile, quoteName, quoteText } from './database'
import { noDelimiter, sniffDialect, uniqueNames } from './delimited-head'
import { longestRecord, type FileInspection } from './inspect-file'

/** A file in the database: columns c0, c1, … of text in file order, null for a missing value. */
export interface LoadedTable {
  readonly columns: readonly string[]
  readonly problems: readonly DatasetProblem[]
  readonly problemCount: number
}

/** Problems that are listed one by one. */
export const listedProblems = 100

/**
 * Loads a file into `table`. Rows that cannot be read are left out and listed with their numbers.
 * @throws LayerscopeError `dataset-unreadable`, `dataset-empty`
 */
export async function loadTable(connection: DuckDBConnection, table: string, file: string, inspection: FileInspection, read: ReadOptions): Promise<LoadedTable> {
  try {
    switch (inspection.format) {
      case 'csv': case 'tsv': return await loadDelimited(connection, table, file, inspection, read, inspection.format)
      case 'text': return await loadLines(connection, table, file, inspection)
      case 'json': case 'jsonl': return await loadJson(connection, table, file, inspection.format)
      case 'parquet': return await loadParquet(connection, table, file)
      case 'conllu': return await loadConllu(connection, table, file, read.rows ?? defaultRows)
    }
  } catch (error) {
    if (error instanceof LayerscopeError || !(error instanceof Error)) throw error
    throw new LayerscopeError({
      code: 'dataset-unreadable',
      message: `The file cannot be read as ${inspection.format.toUpperCase()}: ${firstSentence(error.message)}`,
      file,
      hint: inspection.format === 'json' ? 'A JSON dataset is an array of objects; one object a line is JSONL (.jsonl).' : 'Open it in the program that wrote it and export it again.'
    }, { cause: error })
  }
}

async function loadDelimited(connection: DuckDBConnection, table: string, file: string, inspection: FileInspection, read: ReadOptions, format: 'csv' | 'tsv'): Promise<LoadedTable> {
  const dialect = sniffDialect(inspection.head, inspection.headIsAll, format, read)
  const rejected = await readCsv(connection, table, file, dialect.columns.length, { delimiter: dialect.delimiter, quote: '"', header: dialect.header })
  return withRejects(dialect.columns, dialect.problems, rejected, inspection, dialect.header)
}

async function loadLines(connection: DuckDBConnection, table: string, file: string, inspection: FileInspection): Promise<LoadedTable> {
  const rejected = await readCsv(connection, table, file, 1, { delimiter: noDelimiter, quote: '', header: false })
  return withRejects(['text'], [], rejected, inspection, false)
}

/** A record that DuckDB left out; 1-based, the header counted. */
interface Reject { readonly record: number; readonly kind: string; readonly message: string }

async function readCsv(connection: DuckDBConnection, table: string, file: string, width: number, dialect: { readonly delimiter: string; readonly quote: string; readonly header: boolean }): Promise<readonly Reject[]> {
  const columns = Array.from({ length: width }, (_, index) => `'c${index}': 'VARCHAR'`).join(', ')
  const rejects = `${table}_rejects`
  const scans = `${table}_scans`
  await connection.run(
    `CREATE TABLE ${table} AS SELECT * FROM read_csv(${quoteFile(file)}, auto_detect = false, delim = ${quoteText(dialect.delimiter)}, ` +
    `quote = ${quoteText(dialect.quote)}, escape = ${quoteText(dialect.quote)}, header = ${dialect.header}, columns = {${columns}}, ` +
    `store_rejects = true, rejects_table = '${rejects}', rejects_scan = '${scans}', rejects_limit = 0)`
  )
  const rows = await queryRows(connection, `SELECT line, error_type::VARCHAR, error_message FROM ${rejects} ORDER BY line`)
  await connection.run(`DROP TABLE IF EXISTS ${rejects}`)
  await connection.run(`DROP TABLE IF EXISTS ${scans}`)
  return rows.map(([record, kind, message]) => ({ record: Number(record), kind: String(kind), message: String(message) }))
}

function withRejects(columns: readonly string[], problems: readonly DatasetProblem[], rejects: readonly Reject[], inspection: FileInspection, header: boolean): LoadedTable {
  const before = header ? 1 : 0
  const byRow = new Map<number, string>()
  for (const reject of rejects) byRow.set(reject.record - before, rejectSentence(reject, columns.length))
  // DuckDB says nothing about some of the longest rows: the scan of the file does.
  const tooLong = `This row is longer than ${longestRecord / 1_000_000} million bytes and was left out.`
  for (const record of inspection.longRecords) if (!byRow.has(record - before)) byRow.set(record - before, tooLong)
  const rows = Array.from(byRow, ([row, message]) => ({ row, message })).sort((a, b) => a.row - b.row)
  return { columns, problems: [...problems, ...rows.slice(0, listedProblems)], problemCount: problems.length + rows.length }
}

function rejectSentence(reject: Reject, width: number): string {
  switch (reject.kind) {
    case 'MISSING COLUMNS': case 'TOO MANY COLUMNS': {
      const found = /Found: (\d+)/.exec(reject.message)?.[1]
      return `This row has ${found ?? 'another number of'} ${found === '1' ? 'value' : 'values'} where the header has ${width}, and was left out.`
    }
    case 'UNQUOTED VALUE': return 'A quotation mark in this row is never closed, or text follows its end: the row was left out, with all that the open quotation took in.'
    case 'INVALID ENCODING': case 'INVALID UNICODE': return 'This row holds bytes that are not UTF-8, and was left out.'
    case 'LINE SIZE OVER MAXIMUM': return `This row is longer than ${longestRecord / 1_000_000} million bytes and was left out.`
    default: return `This row was left out: ${firstSentence(reject.message)}`
  }
}

async function loadJson(connection: DuckDBConnection, table: string, file: string, format: 'json' | 'jsonl'): Promise<LoadedTable> {
  const raw = `${table}_raw`
  const options = format === 'json' ? `format = 'array'` : `format = 'newline_delimited', ignore_errors = true`
  await connection.run(`CREATE TABLE ${raw} AS SELECT json FROM read_json_objects(${quoteFile(file)}, ${options}, maximum_object_size = 33554432)`)
  try {
    const strings = await queryRows(connection, `SELECT count(*) FROM ${raw} HAVING count(*) > 0 AND bool_and(json_type(json) = 'VARCHAR')`)
    if (strings.length > 0) {
      await connection.run(`CREATE TABLE ${table} AS SELECT nullif(json_extract_string(json, '$'), '') AS c0 FROM ${raw} ORDER BY rowid`)
      return { columns: ['text'], problems: [], problemCount: 0 }
    }
    const keys = await orderedKeys(connection, raw)
    if (keys.length === 0) throw new LayerscopeError({ code: 'dataset-unreadable', message: 'The file holds no JSON object.', file, hint: 'A JSON dataset is an array of objects, or one object a line (JSONL).' })
    const { columns, renamed } = uniqueNames(keys)
    const values = keys.map((key, index) => `nullif(json_extract_string(json, ${quoteText(`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)}), '') AS c${index}`).join(', ')
    await connection.run(`CREATE TABLE ${table} AS SELECT ${values} FROM ${raw} WHERE json_type(json) = 'OBJECT' ORDER BY rowid`)
    const bad = await queryRows(connection, `SELECT rowid + 1, json IS NULL, count(*) OVER () FROM ${raw} WHERE json IS NULL OR json_type(json) <> 'OBJECT' ORDER BY rowid LIMIT ${listedProblems}`)
    const problems = bad.map(([row, malformed]) => ({ row: Number(row), message: malformed === true ? 'This line is not valid JSON, and was left out.' : 'This entry is not an object with columns, and was left out.' }))
    return { columns, problems: [...renamed, ...problems], problemCount: renamed.length + Number(bad[0]?.[2] ?? 0) }
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${raw}`)
  }
}

/** Keys in the order in which they first appear. */
async function orderedKeys(connection: DuckDBConnection, raw: string): Promise<readonly string[]> {
  const rows = await queryRows(connection, `
    SELECT key FROM (
      SELECT rowid AS entry, unnest(json_keys(json)) AS key, unnest(range(len(json_keys(json)))) AS place FROM ${raw} WHERE json_type(json) = 'OBJECT'
    ) GROUP BY key ORDER BY min(entry), arg_min(place, entry)`)
  return rows.map(([key]) => String(key))
}

async function loadParquet(connection: DuckDBConnection, table: string, file: string): Promise<LoadedTable> {
  const described = await queryRows(connection, `DESCRIBE SELECT * FROM read_parquet(${quoteFile(file)})`)
  const names = described.map(([name]) => String(name))
  const values = names.map((name, index) => `nullif(CAST(${quoteName(name)} AS VARCHAR), '') AS c${index}`).join(', ')
  await connection.run(`CREATE TABLE ${table} AS SELECT ${values} FROM read_parquet(${quoteFile(file)})`)
  const { columns, renamed } = uniqueNames(names)
  return { columns, problems: renamed, problemCount: renamed.length }
}

function firstSentence(message: string): string {
  const line = message.replace(/^[A-Za-z ]+ Error: /, '').split('\n', 1)[0] ?? message
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
