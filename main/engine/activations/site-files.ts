/**
 * The files an extraction writes: one safetensors file a site, of its final size from the start,
 * so that every batch is written straight to its place.
 */
import { writeSync } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { LayerscopeError } from '../errors'
import type { Tensor } from '../models/open-model'
import { float32ToFloat16 } from './float16'
import { layOut, openSafetensors, type TensorEntry, type TensorLayout } from './safetensors'
import type { EncodedRow } from './windows'

/** Name of a site's file: the site's name, with anything a file system may refuse percent-encoded. */
export function siteFile(site: string): string {
  return `${site.replace(/[^A-Za-z0-9._-]/g, character => encodeURIComponent(character).replace(/[*'()!~]/g, c => `%${c.charCodeAt(0).toString(16)}`))}.safetensors`
}

export interface SiteFilesShape {
  readonly sites: readonly { readonly name: string; readonly width: number }[]
  readonly dtype: 'f32' | 'f16'
  /** Stored texts. */
  readonly rows: number
  /** Tokens of all stored texts; the number of vectors when every token is kept. */
  readonly tokens: number
  readonly everyToken: boolean
}

interface OpenSite { readonly name: string; readonly width: number; readonly file: FileHandle; readonly entries: ReadonlyMap<string, TensorEntry> }

/** Layout of one site's file. */
function layout(shape: SiteFilesShape, width: number): readonly TensorLayout[] {
  const vectors = shape.everyToken ? shape.tokens : shape.rows
  const activations: TensorLayout = { name: 'activations', dtype: shape.dtype === 'f32' ? 'F32' : 'F16', shape: [vectors, width] }
  if (!shape.everyToken) return [activations]
  // 4-byte numbers first: everything stays aligned whatever the count of halves.
  return [
    { name: 'row', dtype: 'I32', shape: [vectors] },
    { name: 'position', dtype: 'I32', shape: [vectors] },
    { name: 'token_id', dtype: 'I32', shape: [vectors] },
    activations
  ]
}

/** Whether the folder's files are all there with the shapes asked for. */
export async function siteFilesFit(folder: string, shape: SiteFilesShape): Promise<boolean> {
  for (const { name, width } of shape.sites) {
    try {
      const file = await openSafetensors(join(folder, siteFile(name)))
      await file.close()
      const fits = layout(shape, width).every(tensor => {
        const entry = file.tensors.get(tensor.name)
        return entry !== undefined && entry.dtype === tensor.dtype && entry.shape.join() === tensor.shape.join()
      })
      if (!fits) return false
    } catch (error) {
      if (error instanceof LayerscopeError) return false
      throw error
    }
  }
  return true
}

/** Open for writing. */
export class SiteFiles {
  private constructor(private readonly shape: SiteFilesShape, private readonly open: readonly OpenSite[]) {}

  /** Makes the files at their full size, or opens those of an interrupted extraction. */
  static async open(folder: string, shape: SiteFilesShape, fresh: boolean): Promise<SiteFiles> {
    const sites: OpenSite[] = []
    try {
      for (const { name, width } of shape.sites) {
        const { header, entries, bytes } = layOut(layout(shape, width), { site: name })
        const path = join(folder, siteFile(name))
        // Removed first: an older file of this name may be shared with another run by a hard link.
        if (fresh) await rm(path, { force: true })
        const file = await open(path, fresh ? 'wx' : 'r+')
        sites.push({ name, width, file, entries })
        if (!fresh) continue
        await file.write(header, 0, header.length, 0)
        await file.truncate(bytes)
        await file.sync()
      }
      return new SiteFiles(shape, sites)
    } catch (error) {
      await Promise.all(sites.map(async ({ file }) => { await file.close() }))
      throw error
    }
  }

  /**
   * Writes one batch to its places; `rows` of its target in slot order, tensors as the model's `run` gathered them.
   * @throws LayerscopeError `activation-not-a-number`, `float16-overflow`
   */
  write(rows: readonly EncodedRow[], tensors: Pick<ReadonlyMap<string, Tensor>, 'get'>): void {
    for (const site of this.open) {
      const tensor = tensors.get(site.name)
      const vectors = this.shape.everyToken ? rows.reduce((sum, { ids }) => sum + ids.length, 0) : rows.length
      if (tensor === undefined || tensor.data.length !== vectors * site.width) {
        throw new LayerscopeError({ code: 'model-run-failed', message: `The model gave ${tensor?.data.length ?? 0} values at ${site.name} instead of ${vectors} × ${site.width}.` })
      }
      this.check(site, rows, tensor.data)
      const values = this.shape.dtype === 'f32' ? tensor.data : float32ToFloat16(tensor.data)
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      this.writeRuns(site, rows, bytes)
      if (this.shape.everyToken) this.writeTokens(site, rows)
    }
  }

  /** Makes everything written so far durable. */
  async sync(): Promise<void> {
    await Promise.all(this.open.map(async ({ file }) => { await file.datasync() }))
  }

  async close(): Promise<void> {
    await Promise.all(this.open.map(async ({ file }) => { await file.close() }))
  }

  /** Vectors of rows that are neighbours in the file go in one write. */
  private writeRuns(site: OpenSite, rows: readonly EncodedRow[], bytes: Uint8Array): void {
    const vectorBytes = site.width * (this.shape.dtype === 'f32' ? 4 : 2)
    let from = 0
    let length = 0
    let place = 0
    const flush = (): void => { writeAt(site, 'activations', bytes.subarray(from, from + length), place) }
    for (const row of rows) {
      const at = (this.shape.everyToken ? row.firstToken : row.slot) * vectorBytes
      const size = (this.shape.everyToken ? row.ids.length : 1) * vectorBytes
      if (at !== place + length) {
        flush()
        from += length
        place = at
        length = 0
      }
      length += size
    }
    flush()
  }

  private writeTokens(site: OpenSite, rows: readonly EncodedRow[]): void {
    for (const { row, ids, firstToken } of rows) {
      const place = firstToken * 4
      const asBytes = (values: Int32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      writeAt(site, 'row', asBytes(new Int32Array(ids.length).fill(row)), place)
      writeAt(site, 'position', asBytes(Int32Array.from(ids, (_, i) => i)), place)
      writeAt(site, 'token_id', asBytes(ids), place)
    }
  }

  private check(site: OpenSite, rows: readonly EncodedRow[], data: Float32Array): void {
    const most = this.shape.dtype === 'f16' ? 65_520 : Infinity
    for (let i = 0; i < data.length; i++) {
      const value = data[i] ?? 0
      if (value !== value || (most !== Infinity && Math.abs(value) >= most)) this.fail(site, rows, Math.floor(i / site.width), value)
    }
  }

  private fail(site: OpenSite, rows: readonly EncodedRow[], vector: number, value: number): never {
    let index = 0
    for (let left = vector; this.shape.everyToken && left >= (rows[index]?.ids.length ?? Infinity); index++) left -= rows[index]?.ids.length ?? 0
    const row = rows[this.shape.everyToken ? index : vector]?.row
    const at = row === undefined ? {} : { row: row + 1 }
    if (Number.isNaN(value)) throw new LayerscopeError({ code: 'activation-not-a-number', message: `The model gave a value that is not a number at ${site.name}.`, ...at, hint: 'Try another precision of the model or the CPU provider.' })
    throw new LayerscopeError({ code: 'float16-overflow', message: `${value} at ${site.name} does not fit float16.`, ...at, hint: 'Extract with float32.' })
  }
}

/** Synchronous: a few microseconds into the page cache, many times less than a turn through the thread pool. */
function writeAt(site: OpenSite, tensor: string, bytes: Uint8Array, offset: number): void {
  const entry = site.entries.get(tensor)
  if (entry === undefined || entry.begin + offset + bytes.length > entry.end) throw new Error(`write outside ${tensor} of ${site.name}`)
  for (let written = 0; written < bytes.length;) {
    written += writeSync(site.file.fd, bytes, written, bytes.length - written, entry.begin + offset + written)
  }
}
