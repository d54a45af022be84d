import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import type { ParsedParams, RowPage } from '../../../preload/contract'
import { newTableName, queryRows } from './database'
import { findColumn } from './find-column'
import { toCell, type TableColumn } from './profile-columns'

type RowQuery = Omit<ParsedParams<'dataset.rows'>, 'datasetId'>

/** Pages of rows: sorted, searched, filtered. */
export class RowPages {
  constructor(
    private readonly connection: DuckDBConnection,
    private readonly table: string,
    private readonly columns: readonly TableColumn[]
  ) {}

  /** @throws LayerscopeError `column-unknown` */
  async page(query: RowQuery): Promise<RowPage> {
    return query.only === null ? this.select(query, null) : this.withRows(query.only, (chosen) => this.select(query, chosen))
  }

  /** Runs `use` with the name of a table that holds these rows; it goes afterwards. */
  async withRows<T>(rows: Int32Array, use: (table: string) => Promise<T>): Promise<T> {
    const chosen = newTableName()
    await this.connection.run(`CREATE TEMP TABLE ${chosen} (row BIGINT)`)
    try {
      const appender = await this.connection.createAppender(chosen)
      for (const row of rows) {
        appender.appendBigInt(BigInt(row))
        appender.endRow()
      }
      appender.closeSync()
      return await use(chosen)
    } finally {
      await this.connection.run(`DROP TABLE IF EXISTS ${chosen}`)
    }
  }

  private async select(query: RowQuery, chosen: string | null): Promise<RowPage> {
    const conditions: string[] = chosen === null ? [] : [`rowid IN (SELECT row FROM ${chosen})`]
    const values: DuckDBValue[] = []
    const bind = (value: DuckDBValue): string => {
      values.push(value)
      return `$${values.length}`
    }
    if (query.search !== '') {
      const wanted = bind(query.search)
      const searched = this.columns.filter((column) => column.type === 'text')
      const within = searched.length > 0 ? searched : this.columns
      conditions.push(`(${within.map((column) => `contains(lower(${column.sql}), lower(${wanted}))`).join(' OR ')})`)
    }
    for (const { column: name, equals } of query.filter) {
      const column = findColumn(this.columns, name)
      if (equals === null) conditions.push(`${column.sql} IS NULL`)
      else if (typeof equals === 'number') conditions.push(`TRY_CAST(${column.sql} AS DOUBLE) = ${bind(equals)}`)
      else if (typeof equals === 'boolean') conditions.push(`lower(${column.sql}) = ${bind(String(equals))}`)
      else conditions.push(`${column.sql} = ${bind(equals)}`)
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    const [count] = await queryRows(this.connection, `SELECT count(*) FROM ${this.table} ${where}`, values)
    const rows = await queryRows(this.connection,
      `SELECT rowid, ${this.columns.map((column) => column.sql).join(', ')} FROM ${this.table} ${where} ORDER BY ${this.order(query.sort)} LIMIT ${query.limit} OFFSET ${query.offset}`, values)
    return {
      total: Number(count?.[0] ?? 0),
      rows: rows.map(([row, ...cells]) => ({ row: Number(row), cells: cells.map((value, index) => toCell(this.columns[index]?.type ?? 'text', value)) }))
    }
  }

  private order(sort: RowQuery['sort']): string {
    if (sort === null) return 'rowid'
    const column = findColumn(this.columns, sort.column)
    const value = column.type === 'integer' || column.type === 'number' ? `TRY_CAST(${column.sql} AS DOUBLE)` : `lower(${column.sql})`
    return `${value} ${sort.descending ? 'DESC' : 'ASC'} NULLS LAST, rowid`
  }
}
