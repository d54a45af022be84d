/**
 * Which batches are safely on disk: one line each, written only after their values were synced.
 * A line torn by a kill is dropped; its batch is run again over the same places in the files.
 */
import { open, readFile, rm, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'

const headerSchema = z.object({
  format: z.literal('layerscope-extraction'),
  version: z.literal(1),
  key: z.string(),
  rows: z.int().min(0),
  tokens: z.int().min(0),
  batchTokens: z.int().positive()
})
export type JournalHeader = z.infer<typeof headerSchema>

const lineSchema = z.object({ batch: z.int().min(0), rows: z.int().min(1) })

/** The header and the number of whole lines after it; null where there is no readable journal. */
export async function readJournal(file: string): Promise<{ readonly header: JournalHeader; readonly batches: number; readonly bytes: number } | null> {
  const content = await readFile(file, 'utf8').catch(() => null)
  if (content === null) return null
  const lines = content.split('\n')
  // What follows the last newline was torn off.
  lines.pop()
  const header = headerSchema.safeParse(parse(lines[0] ?? ''))
  if (!header.success) return null
  let batches = 0
  let bytes = Buffer.byteLength(`${lines[0] ?? ''}\n`)
  for (const line of lines.slice(1)) {
    const entry = lineSchema.safeParse(parse(line))
    if (!entry.success || entry.data.batch !== batches) break
    batches += 1
    bytes += Buffer.byteLength(`${line}\n`)
  }
  return { header: header.data, batches, bytes }
}

function parse(line: string): unknown {
  try { return JSON.parse(line) } catch { return null }
}

/** Appends to a journal. */
export class Journal {
  private constructor(private readonly file: FileHandle, private readonly path: string, private bytes: number) {}

  static async begin(path: string, header: JournalHeader): Promise<Journal> {
    const journal = new Journal(await open(path, 'w'), path, 0)
    await journal.append(header)
    return journal
  }

  /** Goes on after the first `bytes` of an earlier journal. */
  static async resume(path: string, bytes: number): Promise<Journal> {
    const file = await open(path, 'r+')
    await file.truncate(bytes)
    return new Journal(file, path, bytes)
  }

  async finish(batch: number, rows: number): Promise<void> {
    await this.append({ batch, rows })
  }

  async close(): Promise<void> {
    await this.file.close()
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true })
  }

  private async append(entry: object): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`)
    for (let written = 0; written < line.length;) {
      const { bytesWritten } = await this.file.write(line, written, line.length - written, this.bytes + written)
      written += bytesWritten
    }
    this.bytes += line.length
    await this.file.datasync()
  }
}
