import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import type { ReadOptions } from '../../../../preload/recipe'
import { LayerscopeError } from '../../errors'
import { queryRows } from '../database'
import { listedProblems, type LoadedTable } from '../load-table'
import { parseSentence, type SentenceBlock } from './parse-sentence'
import { sentenceColumns, sentenceRow, topConstituentsColumn } from './sentence-rows'
import { wordColumns, wordRows } from './word-rows'

/** How a CoNLL-U file is read when nothing is said: it is a table of words. */
export const defaultRows: NonNullable<ReadOptions['rows']> = 'words'

/** Different sequences of top constituents that are told apart, as in the paper; the rest is "other". */
const mostConstituents = 19

/**
 * Loads a CoNLL-U file into `table`, a row a word or a row a sentence. Sentences that form no tree are left out and listed by line.
 * @throws LayerscopeError `dataset-unreadable` where no line looks like CoNLL-U
 */
export async function loadConllu(connection: DuckDBConnection, table: string, file: string, rows: NonNullable<ReadOptions['rows']>): Promise<LoadedTable> {
  const columns = rows === 'words' ? wordColumns : sentenceColumns
  const problems: LoadedTable['problems'][number][] = []
  let problemCount = 0
  const say = (message: string): void => {
    problemCount++
    if (problems.length < listedProblems) problems.push({ row: null, message })
  }
  await connection.run(`CREATE TABLE ${table} (${columns.map((_, index) => `c${index} VARCHAR`).join(', ')})`)
  const appender = await connection.createAppender(table)
  const names = new Map<string, number>()
  let tabs = false
  try {
    for await (const block of sentenceBlocks(file)) {
      tabs ||= block.lines.some(line => line.includes('\t'))
      const parsed = parseSentence(block)
      if (typeof parsed === 'string') {
        say(parsed)
        continue
      }
      if (parsed.note !== null) say(parsed.note)
      const { sentence } = parsed
      const earlier = names.get(sentence.id) ?? 0
      names.set(sentence.id, earlier + 1)
      // A name that comes twice would make one sentence of two.
      const named = earlier === 0 ? sentence : { ...sentence, id: `${sentence.id} (${earlier + 1})` }
      for (const row of rows === 'words' ? wordRows(named) : [sentenceRow(named)]) append(appender, row)
    }
  } finally {
    appender.closeSync()
  }
  if (!tabs) {
    throw new LayerscopeError({
      code: 'dataset-unreadable', message: 'The file is not CoNLL-U: no line has columns separated by tabs.', file,
      hint: 'CoNLL-U has a line a word with ten columns, and a blank line after each sentence.'
    })
  }
  if (rows === 'sentences') await joinRareConstituents(connection, table)
  return { columns: await withoutEmptyColumns(connection, table, columns), problems, problemCount }
}

async function * sentenceBlocks(file: string): AsyncGenerator<SentenceBlock> {
  let lines: string[] = []
  let line = 0
  let index = 0
  for await (const text of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
    line++
    if (text.trim() !== '') lines.push(line === 1 ? text.replace(/^\uFEFF/, '') : text)
    else if (lines.length > 0) {
      yield { line: line - lines.length, lines, index: index++ }
      lines = []
    }
  }
  if (lines.length > 0) yield { line: line - lines.length + 1, lines, index }
}

function append(appender: DuckDBAppender, row: readonly (string | null)[]): void {
  for (const value of row) {
    if (value === null) appender.appendNull()
    else appender.appendVarchar(value)
  }
  appender.endRow()
}

async function joinRareConstituents(connection: DuckDBConnection, table: string): Promise<void> {
  const column = `c${topConstituentsColumn}`
  await connection.run(`UPDATE ${table} SET ${column} = 'other' WHERE ${column} IS NOT NULL AND ${column} NOT IN (
    SELECT ${column} FROM ${table} WHERE ${column} IS NOT NULL GROUP BY ${column} ORDER BY count(*) DESC, ${column} LIMIT ${mostConstituents})`)
}

/** Drops columns without a value and closes their gaps; returns the names that stay. */
async function withoutEmptyColumns(connection: DuckDBConnection, table: string, columns: readonly string[]): Promise<readonly string[]> {
  const [counts = []] = await queryRows(connection, `SELECT count(*), ${columns.map((_, index) => `count(c${index})`).join(', ')} FROM ${table}`)
  if (Number(counts[0]) === 0) return columns
  const kept = columns.flatMap((name, index) => (Number(counts[index + 1]) > 0 ? [{ name, index }] : []))
  for (const [index] of columns.entries()) if (!kept.some(column => column.index === index)) await connection.run(`ALTER TABLE ${table} DROP COLUMN c${index}`)
  for (const [place, { index }] of kept.entries()) if (place !== index) await connection.run(`ALTER TABLE ${table} RENAME COLUMN c${index} TO c${place}`)
  return kept.map(({ name }) => name)
}
