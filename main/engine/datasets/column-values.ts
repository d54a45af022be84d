import type { DuckDBConnection } from '@duckdb/node-api'
import type { ColumnValues } from '../../../preload/contract'
import { queryRows } from './database'
import { isQuantity, toLabel, type TableColumn } from './profile-columns'

/** Categories that are told apart; the rest is "other". */
const mostCategories = 255

/** All values of a column to colour by: a quantity as numbers (NaN where missing), anything else as categories, the most frequent first. */
export async function columnValues(connection: DuckDBConnection, table: string, column: TableColumn, rowCount: number): Promise<ColumnValues> {
  const rows = await queryRows(connection, `SELECT ${column.sql} FROM ${table} ORDER BY rowid`)
  if (isQuantity(column)) {
    const values = new Float32Array(rowCount).fill(NaN)
    rows.forEach(([value], row) => { if (typeof value === 'string') values[row] = Number(value) })
    return { kind: 'numeric', values, min: column.min ?? NaN, max: column.max ?? NaN }
  }
  const labels = rows.map(([value]) => toLabel(column.type, value))
  const counts = new Map<string, number>()
  for (const label of labels) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1)
  const byNumber = column.type === 'integer' || column.type === 'number'
  const names = Array.from(counts.keys()).sort((a, b) => (byNumber ? Number(a) - Number(b) : (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || (a < b ? -1 : 1)))
  const told = names.length <= mostCategories ? names : names.slice(0, mostCategories)
  const categories = told.length === names.length ? told : [...told, 'other']
  const codeOf = new Map(told.map((name, code) => [name, code]))
  return { kind: 'categorical', categories, codes: Int32Array.from(labels, (label) => (label === null ? -1 : codeOf.get(label) ?? told.length)) }
}
