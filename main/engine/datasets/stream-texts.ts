import type { DuckDBConnection } from '@duckdb/node-api'
import type { TextSource } from '../../../preload/recipe'
import { queryRows } from './database'
import { findColumn } from './find-column'
import type { SkippedRow, SpanSource, TextRow } from './open-dataset'
import type { Table } from './profile-columns'
import { parseTemplate, renderTemplate, templateColumns, type Rendered, type TemplatePart } from './template'
import { quoted } from '../quoted'

type TextChunk = { readonly texts: readonly TextRow[]; readonly skipped: readonly SkippedRow[] }

/** Rows read at a time. */
const chunkRows = 4096

/**
 * Texts of a table in row order, a chunk at a time; other queries may run between chunks.
 * @throws LayerscopeError `column-unknown`, `template-invalid`
 */
export async function* streamTexts(connection: DuckDBConnection, table: Table, source: TextSource, span: SpanSource | null, limit: number | null): AsyncGenerator<TextChunk> {
  const parts = source.kind === 'column' ? [{ kind: 'column', name: source.column } as const] : parseTemplate(source.template)
  const used = templateColumns(parts)
  const spanColumns = span === null ? [] : span.kind === 'value' ? [span.column] : [span.start, span.end]
  const read = Array.from(new Set([...used, ...spanColumns]), (name) => findColumn(table.columns, name))
  const values = read.map((column) => `, ${column.sql}`).join('')
  const end = Math.min(table.rows, limit ?? table.rows)
  for (let start = 0; start < end; start += chunkRows) {
    const rows = await queryRows(connection, `SELECT rowid${values} FROM ${table.name} WHERE rowid >= ${start} AND rowid < ${Math.min(end, start + chunkRows)} ORDER BY rowid`)
    const texts: TextRow[] = []
    const skipped: SkippedRow[] = []
    for (const [rowid, ...cells] of rows) {
      const row = Number(rowid)
      const valueOf = new Map(read.map((column, index) => [column.name, cells[index]] as const))
      const outcome = renderRow(parts, valueOf, source, span)
      if (typeof outcome === 'string') skipped.push({ row, reason: outcome })
      else texts.push({ row, ...outcome })
    }
    yield { texts, skipped }
  }
}

/** The row's text, or why it has none. */
function renderRow(parts: readonly TemplatePart[], valueOf: ReadonlyMap<string, unknown>, source: TextSource, span: SpanSource | null): Rendered | string {
  const textOf = (name: string): string => {
    const value = valueOf.get(name)
    return typeof value === 'string' ? value : ''
  }
  const empty = templateColumns(parts).find((name) => textOf(name).trim() === '')
  if (empty !== undefined) return source.kind === 'column' ? 'The text is empty.' : `${quoted(empty)} is empty.`
  const rendered = renderTemplate(parts, textOf, source.kind === 'template' && span?.kind === 'value' ? span.column : null)
  if (span === null || rendered.span !== null) return rendered
  if (span.kind === 'range') return withRange(rendered.text, [textOf(span.start), textOf(span.end)], span)
  const found = lastOccurrence(rendered.text, textOf(span.column))
  return found === null ? `The value of ${quoted(span.column)} is not in the text.` : { text: rendered.text, span: found }
}

/** The text with the characters that its row names. */
function withRange(text: string, [start, end]: readonly [string, string], columns: { readonly start: string; readonly end: string }): Rendered | string {
  const range = [Number(start), Number(end)] as const
  const valid = start !== '' && end !== '' && range.every(Number.isInteger) && range[0] >= 0 && range[0] < range[1] && range[1] <= text.length
  return valid ? { text, span: range } : `${quoted(columns.start)} ${start === '' ? '(empty)' : start} to ${quoted(columns.end)} ${end === '' ? '(empty)' : end} is no part of the text, which has ${text.length} characters.`
}

/** Last occurrence of a value in the text: what introduces an entity may name it too. */
function lastOccurrence(text: string, value: string): readonly [number, number] | null {
  const start = value === '' ? -1 : text.lastIndexOf(value)
  return start < 0 ? null : [start, start + value.length]
}
