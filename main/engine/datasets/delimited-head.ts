import type { DatasetProblem } from '../../../preload/contract'
import type { ReadOptions } from '../../../preload/recipe'
import { quoted } from '../quoted'

/** How a delimited file is read, decided from its head. */
export interface Dialect {
  readonly delimiter: string
  readonly header: boolean
  readonly columns: readonly string[]
  readonly problems: readonly DatasetProblem[]
}

const candidates = [',', '\t', ';', '|'] as const
const sampledRecords = 100
/** Stands for "no delimiter": what no file contains. */
export const noDelimiter = '\u001f\u001e\u001f'

const names: ReadonlyMap<string, string> = new Map([[',', 'a comma'], ['\t', 'a tab'], [';', 'a semicolon'], ['|', 'a vertical bar']])
const nameOf = (delimiter: string): string => names.get(delimiter) ?? quoted(delimiter)

/**
 * Decides delimiter and header from the first records, unless the person said so. The delimiter is the one
 * that cuts every record into the same number (more than one) of values; without any, the file has one column.
 */
export function sniffDialect(head: string, headIsAll: boolean, format: 'csv' | 'tsv', read: ReadOptions): Dialect {
  const preferred = format === 'tsv' ? ['\t', ',', ';', '|'] : candidates
  const measured = preferred.map((delimiter) => ({ delimiter, ...regularity(parseHead(head, delimiter, headIsAll)) }))
  const regular = measured.filter(({ width, share }) => width > 1 && share > 0.5).sort((a, b) => b.share - a.share || b.width - a.width)
  const problems: DatasetProblem[] = []
  const chosen = read.delimiter ?? regular[0]?.delimiter ?? measured.filter(({ width }) => width > 1)[0]?.delimiter ?? null
  const records = parseHead(head, chosen ?? noDelimiter, headIsAll)
  const first = records[0] ?? ['']
  const better = regular.find(({ delimiter }) => delimiter !== chosen)
  if (first.length === 1 && better !== undefined) {
    problems.push({
      row: null,
      message: `Cut at ${nameOf(chosen ?? ',')} the file has a single column, but ${nameOf(better.delimiter)} cuts its rows into ${better.width} values: read it with ${nameOf(better.delimiter)} as delimiter.`
    })
  }
  const header = read.header ?? looksLikeHeader(first)
  if (read.header === undefined && !header) {
    problems.push({ row: null, message: 'The first line holds numbers, so it was read as data: the columns are called column_1, column_2, …' })
  }
  const { columns, renamed } = uniqueNames(header ? first : first.map(() => ''))
  problems.push(...renamed)
  return { delimiter: first.length === 1 ? noDelimiter : chosen ?? noDelimiter, header, columns, problems }
}

/** Column names made unique without regard to case; empty ones are numbered. */
export function uniqueNames(header: readonly string[]): { readonly columns: readonly string[]; readonly renamed: readonly DatasetProblem[] } {
  const taken = new Set<string>()
  const renamed: DatasetProblem[] = []
  const columns = header.map((name, index) => {
    const wanted = name.trim() === '' ? `column_${index + 1}` : name.trim()
    let unique = wanted
    for (let count = 2; taken.has(unique.toLowerCase()); count++) unique = `${wanted}_${count}`
    taken.add(unique.toLowerCase())
    if (unique !== wanted) renamed.push({ row: null, message: `The header says ${quoted(wanted)} more than once: column ${index + 1} is called ${quoted(unique)}.` })
    return unique
  })
  return { columns, renamed }
}

const numeric = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/

function looksLikeHeader(first: readonly string[]): boolean {
  return !first.some((value) => numeric.test(value))
}

/** Values of the most usual width, and the share of records that have it; the header decides the width. */
function regularity(records: readonly (readonly string[])[]): { readonly width: number; readonly share: number } {
  const width = records[0]?.length ?? 0
  const same = records.filter((record) => record.length === width).length
  return { width, share: records.length === 0 ? 0 : same / records.length }
}

/** Records of the head (RFC 4180); the last one is left out where the file goes on. */
function parseHead(head: string, delimiter: string, headIsAll: boolean): readonly (readonly string[])[] {
  const records: string[][] = []
  let record: string[] = []
  let value = ''
  let quoted = false
  let index = 0
  const endRecord = (): void => {
    record.push(value)
    // Blank lines are no records.
    if (record.length > 1 || value !== '') records.push(record)
    record = []
    value = ''
  }
  while (index < head.length && records.length < sampledRecords) {
    const character = head.charAt(index)
    if (quoted) {
      if (character !== '"') value += character
      else if (head.charAt(index + 1) === '"') {
        value += '"'
        index++
      } else quoted = false
    } else if (character === '"' && value === '') quoted = true
    else if (head.startsWith(delimiter, index)) {
      record.push(value)
      value = ''
      index += delimiter.length - 1
    } else if (character === '\n' || character === '\r') {
      if (character === '\r' && head.charAt(index + 1) === '\n') index++
      endRecord()
    } else value += character
    index++
  }
  if (index >= head.length && headIsAll && (record.length > 0 || value !== '')) endRecord()
  return records
}
