import type { DuckDBConnection } from '@duckdb/node-api'
import type { Cell, ColumnInfo, ColumnType } from '../../../preload/contract'
import { queryRows } from './database'

/** A column of a loaded table. */
export interface TableColumn extends ColumnInfo {
  /** SQL for its value as text: whole numbers written `1.0` read `1`. */
  readonly sql: string
  readonly averageLength: number
}

/** A loaded table: its rows are numbered by DuckDB's rowid, 0 … rows − 1 in file order. */
export interface Table {
  readonly name: string
  readonly rows: number
  readonly columns: readonly TableColumn[]
}

const integerPattern = '[+-]?(0|[1-9][0-9]{0,14})'
const wholePattern = '[+-]?(0|[1-9][0-9]{0,14})(\\.0+)?'
/** A number as text. */
export const numberPattern = '[+-]?((0|[1-9][0-9]*)(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?'
const datePattern = '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.+Z-]*)?'

/** Above this many rows the distinct values are estimated (HyperLogLog). */
const countedRows = 2_000_000

/** Types, distinct values, range and frequent values of every column. */
export async function profileColumns(connection: DuckDBConnection, table: string, names: readonly string[]): Promise<readonly TableColumn[]> {
  const columns: TableColumn[] = []
  for (const [index, name] of names.entries()) columns.push(await profileColumn(connection, table, `c${index}`, name))
  return columns
}

async function profileColumn(connection: DuckDBConnection, table: string, column: string, name: string): Promise<TableColumn> {
  const matches = (pattern: string): string => `count(*) FILTER (WHERE regexp_full_match(${column}, '${pattern}'))`
  const [counts] = await queryRows(connection, `
    SELECT count(*), count(${column}), ${matches(integerPattern)}, ${matches(wholePattern)}, ${matches(numberPattern)}, ${matches(datePattern)},
      count(*) FILTER (WHERE lower(${column}) IN ('true', 'false')), count(*) FILTER (WHERE ${column}[1] IN ('[', '{')), avg(length(${column}))
    FROM ${table}`)
  const [rows = 0, present = 0, integers, wholes, numbers, dates, booleans, nested, averageLength] = (counts ?? []).map(Number)
  const all = (count: number | undefined): boolean => present > 0 && count === present
  const type: ColumnType = present === 0 ? 'other'
    : all(wholes) ? 'integer' : all(numbers) ? 'number' : all(booleans) ? 'boolean' : all(dates) ? 'date' : all(nested) ? 'other' : 'text'
  const sql = type === 'integer' && integers !== present ? `regexp_replace(${column}, '\\.0+$', '')` : column
  const isNumeric = type === 'integer' || type === 'number'
  const distinctSql = rows > countedRows ? `approx_count_distinct(${sql})` : `count(DISTINCT ${sql})`
  const range = isNumeric ? `min(TRY_CAST(${column} AS DOUBLE)), max(TRY_CAST(${column} AS DOUBLE))` : 'NULL, NULL'
  const [values] = await queryRows(connection, `SELECT ${distinctSql}, ${range} FROM ${table}`)
  const distinct = Number(values?.[0] ?? 0)
  // A column of texts that are all different has no frequent values: its first ones do.
  const examples = await queryRows(connection, distinct === present
    ? `SELECT left(${sql}, 200) FROM ${table} WHERE ${column} IS NOT NULL ORDER BY rowid LIMIT 5`
    : `SELECT left(${sql}, 200) FROM ${table} WHERE ${column} IS NOT NULL GROUP BY ${sql} ORDER BY count(*) DESC, min(rowid) LIMIT 5`)
  return {
    name, type, sql, distinct,
    missing: rows - present,
    min: isNumeric ? Number(values?.[1]) : null,
    max: isNumeric ? Number(values?.[2]) : null,
    examples: examples.map(([value]) => String(value)),
    averageLength: averageLength ?? 0
  }
}

/** A value of the column as a cell of its type. */
export function toCell(type: ColumnType, value: unknown): Cell {
  if (typeof value !== 'string') return null
  switch (type) {
    case 'integer': case 'number': return Number(value)
    case 'boolean': return value.toLowerCase() === 'true'
    default: return value
  }
}

/** A value as labels and groups use it: numbers in their shortest form, everything else as it stands. */
export function toLabel(type: ColumnType, value: unknown): string | null {
  if (typeof value !== 'string') return null
  return type === 'number' ? String(Number(value)) : value
}

/** More different numbers than this are a quantity; fewer are classes. */
export const mostNumberClasses = 20

/** Whether the column's numbers are a quantity rather than names of classes. */
export function isQuantity(column: ColumnInfo): boolean {
  return (column.type === 'integer' || column.type === 'number') && column.distinct > mostNumberClasses
}
