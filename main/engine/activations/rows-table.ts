import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TextSource } from '../../../preload/recipe'
import { temporaryPathBeside } from '../atomic-file'
import type { OpenDataset } from '../datasets/open-dataset'
import { addTextColumn } from './parquet'

/** File of the stored rows' numbers: int32 `row`, `tokens`, and the tokens read, `position` up to `position_end`, each [rows]. */
export const ROWS_FILE = 'rows.safetensors'
/** Table of the stored rows: `row`, every column of the dataset, and the text as the model read it. */
export const ROWS_TABLE_FILE = 'rows.parquet'

/**
 * Writes the table for these dataset rows (ascending) and returns the name of the column that holds the text:
 * the dataset's own where one text column is the text, else `text` or, where the dataset has that, `layerscope_text`.
 */
export async function writeRowsTable(folder: string, dataset: OpenDataset, source: TextSource, limit: number | null, rows: Int32Array): Promise<string> {
  const file = join(folder, ROWS_TABLE_FILE)
  const own = source.kind === 'column' ? dataset.summary.columns.find(({ name }) => name === source.column) : undefined
  // The table keeps numbers as numbers, which may not print as they were written; and its own `row` comes first.
  if (source.kind === 'column' && own?.type === 'text' && own.name.toLowerCase() !== 'row') {
    await dataset.writeParquet(file, rows)
    return source.column
  }
  const taken = new Set(dataset.summary.columns.map(({ name }) => name.toLowerCase()))
  const column = taken.has('text') ? 'layerscope_text' : 'text'
  const without = temporaryPathBeside(file)
  try {
    await dataset.writeParquet(without, rows)
    await addTextColumn(without, file, column, chunks(dataset, source, limit))
  } finally {
    await rm(without, { force: true })
  }
  return column
}

async function * chunks(dataset: OpenDataset, source: TextSource, limit: number | null): AsyncGenerator<readonly { readonly row: number; readonly text: string }[]> {
  for await (const { texts } of dataset.texts(source, null, limit)) yield texts
}
