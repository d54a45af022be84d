import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api'

/** Memory that all datasets together may take; beyond it DuckDB works on disk. */
const memoryLimit = '512MB'
const folderPrefix = 'layerscope-tables-'

let instance: Promise<DuckDBInstance> | null = null
let tables = 0

/** The engine's one database: a file in the temporary folder that goes when the process ends. */
function database(): Promise<DuckDBInstance> {
  instance ??= createDatabase()
  return instance
}

async function createDatabase(): Promise<DuckDBInstance> {
  removeAbandoned()
  const folder = mkdtempSync(join(tmpdir(), `${folderPrefix}${process.pid}-`))
  process.once('exit', () => { removeFolder(folder) })
  return DuckDBInstance.create(join(folder, 'tables.duckdb'), {
    memory_limit: memoryLimit,
    threads: String(Math.min(4, availableParallelism())),
    temp_directory: join(folder, 'spill'),
    preserve_insertion_order: 'true',
    // Nothing is fetched: every format we read is built in.
    autoinstall_known_extensions: 'false',
    allow_community_extensions: 'false'
  })
}

/** Folders that killed processes left behind. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue
    const owner = Number.parseInt(name.slice(folderPrefix.length), 10)
    if (!Number.isInteger(owner) || isRunning(owner)) continue
    removeFolder(join(tmpdir(), name))
  }
}

/** What cannot be removed now is removed by the next start. */
function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    return
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A connection of its own: a result that streams on one connection ends when another query runs there. */
export async function connect(): Promise<DuckDBConnection> {
  return (await database()).connect()
}

/** A table name that is in use nowhere. Columns are called c0, c1, …: names from a file never reach the SQL. */
export function newTableName(): string {
  tables++
  return `dataset_${tables}`
}

/** All rows of a query; 64-bit integers become numbers. */
export async function queryRows(connection: DuckDBConnection, sql: string, values: readonly DuckDBValue[] = []): Promise<readonly (readonly unknown[])[]> {
  const reader = await connection.runAndReadAll(sql, [...values])
  return reader.getRows().map((row) => row.map((value) => (typeof value === 'bigint' ? Number(value) : value)))
}

/** A string literal of SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** An identifier of SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A file name as DuckDB's readers take it, where `*`, `?` and `[` would otherwise be patterns. */
export function quoteFile(file: string): string {
  return quoteText(file.replaceAll(/[*?[]/g, (character) => `[${character}]`))
}
