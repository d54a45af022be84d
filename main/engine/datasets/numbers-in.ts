import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows } from './database'
import { numberPattern, type TableColumn } from './profile-columns'

/** What a column that is none of numbers holds of them. */
export interface NumbersIn {
  readonly numbers: number
  /** Cells of something else; empty ones count as neither. */
  readonly others: number
  /** Different numbers, and their range; null without one. */
  readonly distinct: number
  readonly min: number | null
  readonly max: number | null
  /** The first cell of something else, `row` from 1; null where there is none. */
  readonly first: { readonly row: number; readonly cell: string } | null
}

/** Counts the cells of a column that are numbers, over the rows where `usable` holds. */
export async function numbersIn(connection: DuckDBConnection, table: string, { sql }: TableColumn, usable: string): Promise<NumbersIn> {
  const isNumber = `regexp_full_match(trim(${sql}), '${numberPattern}')`
  const value = `TRY_CAST(trim(${sql}) AS DOUBLE)`
  const [row] = await queryRows(connection, `
    SELECT count(*) FILTER (WHERE ${isNumber}), count(*) FILTER (WHERE NOT ${isNumber}), count(DISTINCT ${value}) FILTER (WHERE ${isNumber}),
      min(${value}) FILTER (WHERE ${isNumber}), max(${value}) FILTER (WHERE ${isNumber}),
      min(rowid) FILTER (WHERE NOT ${isNumber}) + 1, left(arg_min(${sql}, rowid) FILTER (WHERE NOT ${isNumber}), 60)
    FROM ${table} WHERE (${usable}) AND ${sql} IS NOT NULL AND lower(trim(${sql})) NOT IN ('', 'nan')`)
  const [numbers, others, distinct, min, max, first, cell] = row ?? []
  const numberOrNull = (from: unknown): number | null => from == null ? null : Number(from)
  return {
    numbers: Number(numbers ?? 0), others: Number(others ?? 0), distinct: Number(distinct ?? 0), min: numberOrNull(min), max: numberOrNull(max),
    first: first == null ? null : { row: Number(first), cell: String(cell) }
  }
}
