/** Small Parquet files through DuckDB. */
import { rename, rm } from 'node:fs/promises'
import { DuckDBInstance, type DuckDBAppender, type DuckDBConnection } from '@duckdb/node-api'
import { temporaryPathBeside } from '../atomic-file'

export type ParquetColumn =
  | { readonly name: string; readonly kind: 'integer'; readonly values: Int32Array }
  | { readonly name: string; readonly kind: 'float'; readonly values: Float32Array }
  | { readonly name: string; readonly kind: 'double'; readonly values: readonly (number | null)[] }
  | { readonly name: string; readonly kind: 'text'; readonly values: readonly (string | null)[] }

const columnTypes = { integer: 'INTEGER', float: 'FLOAT', double: 'DOUBLE', text: 'VARCHAR' } as const

/** Writes columns of equal length to a Parquet file, whole or not at all. */
export async function writeParquetTable(file: string, columns: readonly ParquetColumn[]): Promise<void> {
  await withConnection(async connection => {
    await connection.run(`CREATE TABLE t (${columns.map(({ name, kind }) => `${identifier(name)} ${columnTypes[kind]}`).join(', ')})`)
    const appender = await connection.createAppender('t')
    for (let row = 0; row < (columns[0]?.values.length ?? 0); row++) {
      for (const column of columns) appendCell(appender, column, row)
      appender.endRow()
    }
    appender.closeSync()
    await copyTo(connection, 'SELECT * FROM t', file)
  })
}

function appendCell(appender: DuckDBAppender, { kind, values }: ParquetColumn, row: number): void {
  const value = values[row] ?? null
  if (value === null) appender.appendNull()
  else if (kind === 'text') appender.appendVarchar(String(value))
  else if (kind === 'integer') appender.appendInteger(Number(value))
  else if (kind === 'float') appender.appendFloat(Number(value))
  else appender.appendDouble(Number(value))
}

/**
 * Copies the Parquet file `from`, which has a unique `row` column, to `to` with one text column more.
 * `texts` come in row order; rows that `from` lacks are passed over.
 */
export async function addTextColumn(from: string, to: string, column: string, texts: AsyncIterable<readonly { readonly row: number; readonly text: string }[]>): Promise<void> {
  await withConnection(async connection => {
    await connection.run('CREATE TABLE t (r INTEGER, text VARCHAR)')
    let appender: DuckDBAppender = await connection.createAppender('t')
    for await (const chunk of texts) {
      for (const { row, text } of chunk) {
        appender.appendInteger(row)
        appender.appendVarchar(text)
        appender.endRow()
      }
      // Flushed and begun again: the appender holds what it was given until then.
      appender.closeSync()
      appender = await connection.createAppender('t')
    }
    appender.closeSync()
    await copyTo(connection, `SELECT d.*, t.text AS ${identifier(column)} FROM read_parquet(${literal(from)}) d JOIN t ON d."row" = t.r ORDER BY d."row"`, to)
  })
}

async function withConnection(work: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '256MB', threads: '2' })
  const connection = await instance.connect()
  try {
    await work(connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function copyTo(connection: DuckDBConnection, query: string, file: string): Promise<void> {
  const beside = temporaryPathBeside(file)
  try {
    await connection.run(`COPY (${query}) TO ${literal(beside)} (FORMAT parquet)`)
    await rename(beside, file)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
