import type { DuckDBConnection } from '@duckdb/node-api'
import type { TextSource } from '../../../preload/recipe'
import { queryRows } from './database'
import { findColumn } from './find-column'
import type { SkippedRow, TextRow } from './open-dataset'
import type { Table } from './profile-columns'
import { parseTemplate, renderTemplate, templateColumns, type Rendered, type TemplatePart } from './template'

type TextChunk = { readonly texts: readonly TextRow[]; readonly skipped: readonly SkippedRow[] }

/** Rows read at a time. */
const chunkRows = 4096

/**
 * Texts of a table in row order, a chunk at a time; other queries may run between chunks.
 * @throws LayerscopeError `column-unknown`, `template-invalid`
 */
export async function* streamTexts(connection: DuckDBConnection, table: Table, source: TextSource, spanColumn: string | null, limit: number | null): AsyncGenerator<TextChunk> {
  const parts = source.kind === 'column' ? [{ kind: 'column', name: source.column } as const] : parseTemplate(source.template)
  const used = templateColumns(parts)
  const read = [...used, ...(spanColumn === null || used.includes(spanColumn) ? [] : [spanColumn])].map((name) => findColumn(table.columns, name))
  const values = read.map((column) => `, ${column.sql}`).join('')
  const end = Math.min(table.rows, limit ?? table.rows)
  for (let start = 0; start < end; start += chunkRows) {
    const rows = await queryRows(connection, `SELECT rowid${values} FROM ${table.name} WHERE rowid >= ${start} AND rowid < ${Math.min(end, start + chunkRows)} ORDER BY rowid`)
    const texts: TextRow[] = []
    const skipped: SkippedRow[] = []
    for (const [rowid, ...cells] of rows) {
      const row = Number(rowid)
      const valueOf = new Map(read.map((column, index) => [column.name, cells[index]] as const))
      const outcome = renderRow(parts, valueOf, source, spanColumn)
      if (typeof outcome === 'string') skipped.push({ row, reason: outcome })
      else texts.push({ row, ...outcome })
    }
    yield { texts, skipped }
  }
}

/** The row's text, or why it has none. */
function renderRow(parts: readonly TemplatePart[], valueOf: ReadonlyMap<string, unknown>, source: TextSource, spanColumn: string | null): Rendered | string {
  const textOf = (name: string): string => {
    const value = valueOf.get(name)
    return typeof value === 'string' ? value : ''
  }
  const empty = templateColumns(parts).find((name) => textOf(name).trim() === '')
  if (empty !== undefined) return source.kind === 'column' ? 'The text is empty.' : `“${empty}” is empty.`
  const rendered = renderTemplate(parts, textOf, source.kind === 'template' ? spanColumn : null)
  if (spanColumn === null || rendered.span !== null) return rendered
  const span = lastOccurrence(rendered.text, textOf(spanColumn))
  return span === null ? `The value of “${spanColumn}” is not in the text.` : { text: rendered.text, span }
}

/** Last occurrence of a value in the text: what introduces an entity may name it too. */
function lastOccurrence(text: string, value: string): readonly [number, number] | null {
  const start = value === '' ? -1 : text.lastIndexOf(value)
  return start < 0 ? null : [start, start + value.length]
}
