/**
 * Held-out probe output of a run: one safetensors file of its final size from the start, filled in as sites are done.
 * Classes: int32 `actual` [rows], and for every site and method `SITE/METHOD/score` float32, `SITE/METHOD/predicted` int32 and
 * `SITE/METHOD/confidence` float32 (the probability of the predicted class), [rows].
 * Trees: int32 `actual` [rows], and `SITE/METHOD/predicted` int32 and `SITE/METHOD/depths` float32, [rows]; see `TreeValues`.
 * Numbers: float32 `actual` [targets, rows] and `SITE/METHOD/predicted` [targets, rows]; the metadata name the targets.
 */
import { open, rm, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import type { ClassValues, NumericValues, TreeValues } from '../../../preload/contract'
import type { TensorEntry, TensorLayout } from '../activations/index'
import { layOut, openSafetensors } from '../activations/index'
import type { Actual, HeldOut } from '../probes/index'

/** What a sweep will write at every site. */
export type HeldOutLayout =
  | { readonly kind: 'classes' }
  | { readonly kind: 'trees' }
  | { readonly kind: 'numeric'; readonly targets: readonly string[] }

/** Held-out values of one site, without the rows they belong to. */
export type HeldOutValues = Omit<ClassValues, 'rows'> | Omit<NumericValues, 'rows'> | Omit<TreeValues, 'rows'>

/** Writes the file of a sweep that is on. */
export class HeldOutFile {
  private constructor(private readonly file: FileHandle, private readonly entries: ReadonlyMap<string, TensorEntry>) {}

  static async create(path: string, layout: HeldOutLayout, sites: readonly string[], methods: readonly string[], rows: number): Promise<HeldOutFile> {
    const names = sites.flatMap(site => methods.map(method => `${site}/${method}`))
    const { header, entries, bytes } = layOut(tensorsOf(layout, names, rows), layout.kind === 'numeric' ? { kind: layout.kind, targets: JSON.stringify(layout.targets) } : { kind: layout.kind })
    // Removed first: the old one may be shared with another session by a hard link.
    await rm(path, { force: true })
    const file = await open(path, 'wx')
    await file.write(header, 0, header.length, 0)
    await file.truncate(bytes)
    return new HeldOutFile(file, entries)
  }

  async writeSite(site: string, method: string, heldOut: HeldOut): Promise<void> {
    if (heldOut.kind === 'classes') {
      await this.write(`${site}/${method}/score`, heldOut.score)
      await this.write(`${site}/${method}/confidence`, heldOut.confidence)
    }
    if (heldOut.kind === 'trees') await this.write(`${site}/${method}/depths`, heldOut.depths)
    await this.write(`${site}/${method}/predicted`, heldOut.kind === 'trees' ? heldOut.heads : heldOut.predicted)
    await this.file.datasync()
  }

  async writeActual(actual: Actual): Promise<void> {
    await this.write('actual', actual.kind === 'classes' ? actual.codes : actual.kind === 'trees' ? actual.heads : actual.values)
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

/** What stands in the file for a site and method, one value a row. */
const siteTensors = {
  classes: [['score', 'F32'], ['predicted', 'I32'], ['confidence', 'F32']],
  trees: [['predicted', 'I32'], ['depths', 'F32']]
} as const

function tensorsOf(layout: HeldOutLayout, names: readonly string[], rows: number): readonly TensorLayout[] {
  if (layout.kind === 'numeric') {
    const shape = [layout.targets.length, rows]
    return [{ name: 'actual', dtype: 'F32', shape }, ...names.map(name => ({ name: `${name}/predicted`, dtype: 'F32', shape } as const))]
  }
  return [
    { name: 'actual', dtype: 'I32', shape: [rows] },
    ...names.flatMap(name => siteTensors[layout.kind].map(([part, dtype]) => ({ name: `${name}/${part}`, dtype, shape: [rows] })))
  ]
}

/** Reads one site's values. @throws LayerscopeError where the file or the site is missing */
export async function readHeldOut(path: string, site: string, method: string): Promise<HeldOutValues> {
  const file = await openSafetensors(path)
  try {
    if (file.metadata['kind'] === 'trees') {
      return {
        kind: 'trees',
        predicted: await file.readInt32(`${site}/${method}/predicted`),
        depths: await file.readFloat32(`${site}/${method}/depths`),
        actual: await file.readInt32('actual')
      }
    }
    if (file.metadata['kind'] !== 'numeric') {
      return {
        kind: 'classes',
        score: await file.readFloat32(`${site}/${method}/score`),
        predicted: await file.readInt32(`${site}/${method}/predicted`),
        confidence: file.tensors.has(`${site}/${method}/confidence`) ? await file.readFloat32(`${site}/${method}/confidence`) : null,
        actual: await file.readInt32('actual')
      }
    }
    const names = z.array(z.string()).parse(JSON.parse(file.metadata['targets'] ?? '[]'))
    const [predicted, actual] = [await file.readFloat32(`${site}/${method}/predicted`), await file.readFloat32('actual')]
    const rows = actual.length / names.length
    return {
      kind: 'numeric',
      targets: names.map((name, target) => ({
        name, predicted: predicted.slice(target * rows, (target + 1) * rows), actual: actual.slice(target * rows, (target + 1) * rows)
      }))
    }
  } finally {
    await file.close()
  }
}
