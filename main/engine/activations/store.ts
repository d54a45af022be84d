import { copyFile, link, mkdir, readdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Cell, ColumnInfo } from '../../../preload/contract'
import { openDataset, type OpenDataset } from '../datasets/index'
import { LayerscopeError } from '../errors'
import { quoted } from '../quoted'
import { MANIFEST_FILE, readManifest, type Manifest } from './manifest'
import type { Matrix, StoredMatrix } from './matrix'
import { ROWS_FILE, ROWS_TABLE_FILE } from './rows-table'
import { openSafetensors, type SafetensorsFile } from './safetensors'

/** A finished extraction, opened for reading. */
export interface ActivationStore {
  readonly folder: string
  readonly manifest: Manifest
  /** Site names in depth order. */
  readonly sites: readonly string[]
  /** Dataset row of each stored text, ascending; with one vector a text also of each activation row. */
  readonly rows: Int32Array
  /** Tokens of each stored text, [rows]. */
  readonly tokens: Int32Array
  /** First token read from each stored text, [rows]. */
  readonly positions: Int32Array
  /** One after the last token read from each stored text, [rows]: their mean is the activation, unless every token was kept. */
  readonly positionEnds: Int32Array
  /** Index of a dataset row among the stored ones; -1 where it was skipped. */
  indexOf(row: number): number
  /** A site whole as float32: [rows, width], or [tokens, width] where every token was kept. @throws LayerscopeError `site-unknown`, `tensor-too-large` */
  readSite(site: string): Promise<Matrix>
  /** Where a site's matrix lies, for those who read it in parts. @throws LayerscopeError `site-unknown` */
  storedSite(site: string): Promise<StoredMatrix>
  /** One vector of a site, [width]. */
  readRow(site: string, index: number): Promise<Float32Array>
  /** The texts as the model read them, in stored order. */
  texts(): Promise<readonly string[]>
  /** A dataset column as text, in stored order; null where a value is missing. @throws LayerscopeError `column-unknown` */
  textColumn(column: string): Promise<readonly (string | null)[]>
  /** The dataset's columns with their types, over the stored rows. */
  columns(): Promise<readonly ColumnInfo[]>
  /** One stored text and the dataset's columns beside it. */
  record(index: number): Promise<{ readonly text: string; readonly cells: readonly { readonly column: string; readonly value: Cell }[] }>
  close(): Promise<void>
}

/** @throws LayerscopeError `store-missing`, `store-incomplete`, `manifest-newer`, `manifest-unreadable` */
export async function openStore(folder: string): Promise<ActivationStore> {
  const manifest = await readManifest(folder)
  if (manifest === null) {
    const begun = existsSync(folder) && (await readdir(folder)).some(name => name.endsWith('.safetensors'))
    throw new LayerscopeError(begun
      ? { code: 'store-incomplete', message: 'The extraction into this folder has not ended.', file: folder, hint: 'Run the same extraction again: it goes on from where it stopped.' }
      : { code: 'store-missing', message: 'There are no activations in this folder.', file: folder, hint: 'Extract some first.' })
  }
  const missing = [ROWS_FILE, ROWS_TABLE_FILE, ...manifest.sites.map(({ file }) => file)].find(name => !existsSync(join(folder, name)))
  if (missing !== undefined) {
    throw new LayerscopeError({ code: 'store-file-missing', message: `The file ${missing} of these activations is missing.`, file: join(folder, missing), hint: 'Put it back, or run the extraction again.' })
  }
  const rowsFile = await openSafetensors(join(folder, ROWS_FILE))
  try {
    return new Store(folder, manifest, await rowsFile.readInt32('row'), await rowsFile.readInt32('tokens'), await rowsFile.readInt32('position'), await rowsFile.readInt32('position_end'))
  } finally {
    await rowsFile.close()
  }
}

/**
 * Makes the finished store `from` appear in the folder `to` as well: hard links where the disk allows, copies elsewhere.
 * A store is never written to once it is finished, so sharing is safe. The manifest comes last.
 */
export async function shareStore(from: string, to: string): Promise<void> {
  const manifest = await readManifest(from)
  if (manifest === null) throw new LayerscopeError({ code: 'store-incomplete', message: 'The extraction has not ended.', file: from })
  await mkdir(to, { recursive: true })
  for (const name of [...manifest.sites.map(({ file }) => file), ROWS_FILE, ROWS_TABLE_FILE, MANIFEST_FILE]) {
    await linkOrCopy(join(from, name), join(to, name))
  }
}

/** A finished file at a second place: a hard link where the disk allows. One that is there already stays. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    await copyFile(from, to)
  })
}

class Store implements ActivationStore {
  private table: Promise<OpenDataset> | null = null
  private readonly files = new Map<string, Promise<SafetensorsFile>>()

  constructor(
    readonly folder: string,
    readonly manifest: Manifest,
    readonly rows: Int32Array,
    readonly tokens: Int32Array,
    readonly positions: Int32Array,
    readonly positionEnds: Int32Array
  ) {}

  get sites(): readonly string[] { return this.manifest.sites.map(({ name }) => name) }

  indexOf(row: number): number {
    let low = 0
    let high = this.rows.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const at = this.rows[middle] ?? 0
      if (at === row) return middle
      if (at < row) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  async readSite(site: string): Promise<Matrix> {
    const file = await this.file(site)
    const [rows = 0, columns = 0] = file.tensors.get('activations')?.shape ?? []
    return { data: await file.readFloat32('activations'), rows, columns }
  }

  async storedSite(site: string): Promise<StoredMatrix> {
    const { path, tensors } = await this.file(site)
    const { dtype, shape: [rows = 0, columns = 0], begin } = tensors.get('activations') ?? { dtype: null, shape: [], begin: 0 }
    if (dtype !== 'F32' && dtype !== 'F16') throw new LayerscopeError({ code: 'tensor-type', message: 'The file holds no activations in float32 or float16.', file: path })
    return { path, begin, dtype, rows, columns }
  }

  async readRow(site: string, index: number): Promise<Float32Array> {
    return await (await this.file(site)).readFloat32('activations', index, 1)
  }

  async texts(): Promise<readonly string[]> {
    return (await this.textColumn(this.manifest.textColumn)).map(text => text ?? '')
  }

  async textColumn(column: string): Promise<readonly (string | null)[]> {
    return await (await this.openTable()).textColumn(column)
  }

  async columns(): Promise<readonly ColumnInfo[]> {
    return (await this.openTable()).summary.columns
  }

  async record(index: number): Promise<{ readonly text: string; readonly cells: readonly { readonly column: string; readonly value: Cell }[] }> {
    const { textColumn } = this.manifest
    const added = !this.isOwnColumn(textColumn)
    const cells = await (await this.openTable()).row(index)
    return {
      text: String(cells.find(({ column }) => column === textColumn)?.value ?? ''),
      cells: cells.filter(({ column }) => column !== 'row' && !(added && column === textColumn))
    }
  }

  /** Whether the text is a column of the dataset itself, or was added beside its columns. */
  private isOwnColumn(column: string): boolean {
    const { text } = this.manifest
    return text.kind === 'column' && text.column === column
  }

  async close(): Promise<void> {
    const table = this.table
    this.table = null
    await (await table?.catch(() => null))?.close()
    for (const file of this.files.values()) await (await file.catch(() => null))?.close()
    this.files.clear()
  }

  private openTable(): Promise<OpenDataset> {
    const table = this.table ?? openDataset(join(this.folder, ROWS_TABLE_FILE))
    this.table = table
    return table
  }

  private file(site: string): Promise<SafetensorsFile> {
    const found = this.files.get(site)
    if (found !== undefined) return found
    const entry = this.manifest.sites.find(({ name }) => name === site)
    if (entry === undefined) {
      return Promise.reject(new LayerscopeError({ code: 'site-unknown', message: `These activations do not include ${quoted(site)}.`, file: this.folder, field: 'site', hint: `They have ${this.sites.join(', ')}.` }))
    }
    // The name was percent-encoded when it was written; a manifest from elsewhere must not lead out of the folder.
    if (/[/\\]/.test(entry.file)) return Promise.reject(new LayerscopeError({ code: 'manifest-unreadable', message: 'The manifest names a file outside its folder.', file: this.folder }))
    const opened = openSafetensors(join(this.folder, entry.file))
    this.files.set(site, opened)
    return opened
  }
}
