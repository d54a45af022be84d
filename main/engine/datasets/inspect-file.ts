import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { DatasetSummary } from '../../../preload/contract'
import type { ReadOptions } from '../../../preload/recipe'
import { LayerscopeError } from '../errors'
import { defaultRows } from './conllu'

export type DatasetFormat = DatasetSummary['format']

/** What one pass over a file tells before it is read as a table. */
export interface FileInspection {
  readonly format: DatasetFormat
  readonly bytes: number
  /** SHA-256 over the content and the read options. */
  readonly hash: string
  /** The first part of the file as text, without a byte-order mark. */
  readonly head: string
  /** The head is the whole file. */
  readonly headIsAll: boolean
  /** 1-based records (quotes respected) longer than the reader takes; the header counts as the first. */
  readonly longRecords: readonly number[]
}

/** Longest record of a text table, in bytes: DuckDB leaves longer ones out, sometimes without a word. */
export const longestRecord = 2_000_000
const headBytes = 256 * 1024

const formatOfExtension: ReadonlyMap<string, DatasetFormat> = new Map([
  ['.csv', 'csv'], ['.tsv', 'tsv'], ['.tab', 'tsv'], ['.json', 'json'], ['.jsonl', 'jsonl'], ['.ndjson', 'jsonl'],
  ['.parquet', 'parquet'], ['.pq', 'parquet'], ['.conllu', 'conllu'], ['.txt', 'text'], ['.text', 'text']
])

/**
 * Reads a file once, in chunks: its format by name and first bytes, its hash, the records that are too long.
 * @throws LayerscopeError `file-missing`, `dataset-unreadable`, `dataset-empty`, `dataset-encoding`, `dataset-binary`; the signal's reason
 */
export async function inspectFile(file: string, read: ReadOptions, signal?: AbortSignal): Promise<FileInspection> {
  const { size } = await statFile(file)
  if (size === 0) throw new LayerscopeError({ code: 'dataset-empty', message: 'The file is empty.', file })
  const start = await readStart(file, size)
  const format = formatOf(file, start)
  if (format !== 'parquet') refuseOtherEncodings(file, start)
  const { hash, longRecords } = await scan(file, read, format, signal)
  // The last character may be cut in two.
  const head = new TextDecoder('utf-8').decode(start, { stream: start.length < size })
  if (format !== 'parquet' && start.length === size && head.trim() === '') throw new LayerscopeError({ code: 'dataset-empty', message: 'The file holds nothing but white space.', file })
  return { format, bytes: size, hash, head, headIsAll: start.length === size, longRecords }
}

async function statFile(file: string): Promise<{ readonly size: number }> {
  try {
    const found = await stat(file)
    if (found.isDirectory()) {
      throw new LayerscopeError({ code: 'dataset-unreadable', message: 'This is a folder, not a dataset.', file, hint: 'Choose a CSV, TSV, JSON, JSONL, Parquet, CoNLL-U or text file.' })
    }
    if (!found.isFile()) throw new LayerscopeError({ code: 'dataset-unreadable', message: 'This is not a regular file.', file })
    return found
  } catch (error) {
    throw accessError(error, file)
  }
}

function accessError(error: unknown, file: string): unknown {
  if (error instanceof LayerscopeError || !(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    return new LayerscopeError({ code: 'file-missing', message: 'The file does not exist.', file, hint: 'It may have been moved or renamed since: choose it again.' }, { cause: error })
  }
  return new LayerscopeError({ code: 'dataset-unreadable', message: `The file cannot be read: ${error.message}`, file }, { cause: error })
}

async function readStart(file: string, size: number): Promise<Uint8Array> {
  try {
    const handle = await open(file)
    try {
      const buffer = new Uint8Array(Math.min(size, headBytes))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw accessError(error, file)
  }
}

function formatOf(file: string, start: Uint8Array): DatasetFormat {
  if (Buffer.from(start.subarray(0, 4)).toString('latin1') === 'PAR1') return 'parquet'
  const known = formatOfExtension.get(extname(file).toLowerCase())
  if (known !== undefined) return known
  const text = new TextDecoder().decode(start.subarray(0, 4096)).trimStart()
  if (text.startsWith('[')) return 'json'
  if (text.startsWith('{')) return 'jsonl'
  const firstLine = text.split(/\r?\n/, 1)[0] ?? ''
  return firstLine.includes('\t') ? 'tsv' : /[,;|]/.test(firstLine) ? 'csv' : 'text'
}

/** @throws LayerscopeError `dataset-encoding` for UTF-16 and UTF-32, `dataset-binary` for what is no text at all */
function refuseOtherEncodings(file: string, start: Uint8Array): void {
  const [a, b] = start
  const zeros = start.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0)
  const zerosAtOdd = start.reduce((count, byte, index) => count + (byte === 0 && index % 2 === 1 ? 1 : 0), 0)
  const looksWide = zeros > start.length * 0.2 && (zerosAtOdd > zeros * 0.9 || zerosAtOdd < zeros * 0.1)
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || looksWide) {
    throw new LayerscopeError({ code: 'dataset-encoding', message: 'The file is encoded in UTF-16, not UTF-8.', file, hint: 'Save it again as UTF-8 (in Excel: “CSV UTF-8”).' })
  }
  const controls = start.reduce((count, byte) => count + (byte < 9 || (byte > 13 && byte < 32 && byte !== 27) ? 1 : 0), 0)
  if (controls > start.length * 0.05 || isKnownBinary(start)) {
    throw new LayerscopeError({ code: 'dataset-binary', message: 'The file is not text: it holds binary data.', file, hint: 'Export it as CSV, JSONL or Parquet and open that.' })
  }
}

/** Archives (a spreadsheet is one), images, documents, databases: by their first bytes. */
function isKnownBinary(start: Uint8Array): boolean {
  const first = Buffer.from(start.subarray(0, 16)).toString('latin1')
  return ['PK\u0003\u0004', '\u001f\u008b', '\u0089PNG', '%PDF-', 'GIF8', '\u00ff\u00d8\u00ff', 'SQLite format 3', '\u007fELF', 'GGUF', 'ARROW1', 'BZh', '\u00fd7zXZ'].some((magic) => first.startsWith(magic))
}

async function scan(file: string, read: ReadOptions, format: DatasetFormat, signal: AbortSignal | undefined): Promise<{ readonly hash: string; readonly longRecords: readonly number[] }> {
  const hash = createHash('sha256')
  const longRecords: number[] = []
  const delimited = format === 'csv' || format === 'tsv' || format === 'text'
  const quotes = format !== 'text'
  let record = 1
  let length = 0
  let quoted = false
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024, signal }) as AsyncIterable<Buffer>) {
      hash.update(chunk)
      if (!delimited) continue
      // An index is several times faster than the buffer's iterator.
      for (let index = 0; index < chunk.length; index++) {
        const byte = chunk[index]
        if (byte === 0x22 && quotes) quoted = !quoted
        if (byte === 0x0a && !quoted) {
          if (length > longestRecord) longRecords.push(record)
          record++
          length = 0
        } else {
          length++
        }
      }
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw accessError(error, file)
  }
  if (length > longestRecord) longRecords.push(record)
  hash.update(`\n${JSON.stringify(format === 'conllu' ? [read.rows ?? defaultRows] : [read.delimiter ?? null, read.header ?? null])}`)
  return { hash: hash.digest('hex'), longRecords }
}
