/**
 * Held-out probe output of a run: one safetensors file of its final size from the start, filled in as sites are done.
 * Tensors: int32 `actual` [rows], and for every site and method `SITE/METHOD/score` float32 and `SITE/METHOD/predicted` int32, [rows].
 */
import { open, rm, type FileHandle } from 'node:fs/promises'
import type { TensorEntry } from '../activations/index'
import { layOut, openSafetensors } from '../activations/index'

export interface HeldOutValues { readonly score: Float32Array; readonly predicted: Int32Array; readonly actual: Int32Array }

/** Writes the file of a sweep that is on. */
export class HeldOutFile {
  private constructor(private readonly file: FileHandle, private readonly entries: ReadonlyMap<string, TensorEntry>) {}

  static async create(path: string, sites: readonly string[], methods: readonly string[], rows: number): Promise<HeldOutFile> {
    const names = sites.flatMap(site => methods.map(method => `${site}/${method}`))
    const { header, entries, bytes } = layOut([
      { name: 'actual', dtype: 'I32', shape: [rows] },
      ...names.flatMap(name => [
        { name: `${name}/score`, dtype: 'F32', shape: [rows] } as const,
        { name: `${name}/predicted`, dtype: 'I32', shape: [rows] } as const
      ])
    ])
    // Removed first: the old one may be shared with another session by a hard link.
    await rm(path, { force: true })
    const file = await open(path, 'wx')
    await file.write(header, 0, header.length, 0)
    await file.truncate(bytes)
    return new HeldOutFile(file, entries)
  }

  async writeSite(site: string, method: string, score: Float32Array, predicted: Int32Array): Promise<void> {
    await this.write(`${site}/${method}/score`, score)
    await this.write(`${site}/${method}/predicted`, predicted)
    await this.file.datasync()
  }

  async writeActual(actual: Int32Array): Promise<void> {
    await this.write('actual', actual)
    await this.file.sync()
  }

  async close(): Promise<void> {
    await this.file.close()
  }

  private async write(name: string, values: Float32Array | Int32Array): Promise<void> {
    const entry = this.entries.get(name)
    if (entry === undefined || entry.end - entry.begin !== values.byteLength) throw new Error(`held-out values of ${name} have another size than the file`)
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    for (let written = 0; written < bytes.length;) {
      const { bytesWritten } = await this.file.write(bytes, written, bytes.length - written, entry.begin + written)
      written += bytesWritten
    }
  }
}

/** Reads one site's values. @throws LayerscopeError where the file or the site is missing */
export async function readHeldOut(path: string, site: string, method: string): Promise<HeldOutValues> {
  const file = await openSafetensors(path)
  try {
    return {
      score: await file.readFloat32(`${site}/${method}/score`),
      predicted: await file.readInt32(`${site}/${method}/predicted`),
      actual: await file.readInt32('actual')
    }
  } finally {
    await file.close()
  }
}
