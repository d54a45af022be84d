import { open, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { LayerscopeError } from '../../errors'
import { quotedValue } from '../../quoted'
import type { ByteRange } from './graph/graph-builder'

/** Element types of the safetensors format that a graph can read in place, with their widths in bytes. */
const WIDTHS: Readonly<Record<string, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1, U16: 2, U32: 4, U64: 8, F8_E4M3: 1, F8_E5M2: 1 }

/** The safetensors reference implementation's own limit. */
const HEADER_LIMIT = 100_000_000

/** One tensor in a file: where its bytes are, what they are. */
export interface StoredTensor {
  readonly type: string
  readonly shape: readonly number[]
  readonly range: ByteRange
}

/** All tensors of a model folder and the folder (symlinks resolved) that their ranges are relative to. */
export interface TensorIndex {
  readonly folder: string
  readonly files: readonly string[]
  readonly bytes: number
  readonly tensors: ReadonlyMap<string, StoredTensor>
}

/**
 * Reads the headers of one `.safetensors` file or of the shards of an index file; no tensor is read.
 * @throws LayerscopeError `safetensors-invalid`, `shard-missing`
 */
export async function readTensorIndex(path: string): Promise<TensorIndex> {
  const paths = path.endsWith('.index.json') ? await shardPaths(path) : [path]
  const files: string[] = []
  for (const shard of paths) {
    files.push(await realpath(shard).catch(() => {
      throw new LayerscopeError({ code: 'shard-missing', message: `The weights file ${basename(shard)} is missing.`, file: shard, hint: 'Copy or download it into the model\'s folder.' })
    }))
  }
  const folder = commonFolder(files)
  const tensors = new Map<string, StoredTensor>()
  let bytes = 0
  for (const file of files) {
    const header = await readHeader(file, relative(folder, file).split(sep).join('/'))
    bytes += header.bytes
    for (const [name, tensor] of header.tensors) tensors.set(name, tensor)
  }
  return { folder, files, bytes, tensors }
}

async function shardPaths(index: string): Promise<string[]> {
  const invalid = (problem: string): LayerscopeError =>
    new LayerscopeError({ code: 'safetensors-invalid', message: `The index of shards ${problem}.`, file: index, hint: 'Copy the file again from the model\'s source.' })
  let content: unknown
  try {
    content = JSON.parse(await readFile(index, 'utf8'))
  } catch {
    throw invalid('is not readable JSON')
  }
  const map = typeof content === 'object' && content !== null && 'weight_map' in content ? content.weight_map : null
  if (typeof map !== 'object' || map === null) throw invalid('has no weight_map')
  const names = new Set<string>()
  for (const name of Object.values(map)) {
    if (typeof name !== 'string' || name !== basename(name) || ['', '.', '..'].includes(name) || name.includes('\\')) throw invalid(`names ${quotedValue(name)}, which is not a file beside it`)
    names.add(name)
  }
  if (names.size === 0) throw invalid('names no file')
  return [...names].sort().map((name) => join(dirname(index), name))
}

/** The deepest folder that holds all of the files. */
export function commonFolder(files: readonly string[]): string {
  let folder = dirname(files[0] ?? '.')
  while (!files.every((file) => file.startsWith(folder.endsWith(sep) ? folder : folder + sep))) folder = dirname(folder)
  return folder
}

async function readHeader(file: string, location: string): Promise<{ readonly bytes: number; readonly tensors: Map<string, StoredTensor> }> {
  const invalid = (problem: string): LayerscopeError =>
    new LayerscopeError({ code: 'safetensors-invalid', message: `${basename(file)} is not a whole safetensors file: ${problem}.`, file, hint: 'Copy or download the file again.' })
  const status = await stat(file)
  const { size } = status
  if (!status.isFile()) throw invalid('it is a folder')
  const handle = await open(file, 'r')
  try {
    const prefix = Buffer.alloc(8)
    if ((await handle.read(prefix, 0, 8, 0)).bytesRead < 8) throw invalid('it is shorter than 8 bytes')
    const length = prefix.readBigUInt64LE()
    if (length > BigInt(HEADER_LIMIT)) throw invalid(`its header claims ${length} bytes, more than the format's limit`)
    if (length > BigInt(size - 8)) throw invalid(`its header claims ${length} bytes, the file has ${size}`)
    const text = Buffer.alloc(Number(length))
    await handle.read(text, 0, text.length, 8)
    let header: unknown
    try {
      header = JSON.parse(text.toString('utf8'))
    } catch {
      throw invalid('its header is not JSON')
    }
    if (typeof header !== 'object' || header === null || Array.isArray(header)) throw invalid('its header is not an object')
    const start = 8 + text.length
    const tensors = new Map<string, StoredTensor>()
    const spans: { readonly name: string; readonly begin: number; readonly end: number }[] = []
    for (const [name, entry] of Object.entries(header as Record<string, unknown>)) {
      if (name === '__metadata__') continue
      const { type, shape, begin, end } = tensorEntry(entry, name, invalid)
      if (start + end > size) throw invalid(`the tensor ${name} ends at byte ${start + end}, the file has ${size}`)
      spans.push({ name, begin, end })
      tensors.set(name, { type, shape, range: { file: location, offset: start + begin, length: end - begin } })
    }
    spans.sort((a, b) => a.begin - b.begin || a.end - b.end)
    for (let i = 1; i < spans.length; i++) {
      const [before, after] = [spans[i - 1], spans[i]]
      if (before && after && after.begin < before.end) throw invalid(`the tensors ${before.name} and ${after.name} overlap`)
    }
    return { bytes: size, tensors }
  } finally {
    await handle.close()
  }
}

function tensorEntry(entry: unknown, name: string, invalid: (problem: string) => LayerscopeError): { type: string; shape: number[]; begin: number; end: number } {
  const isSize = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  if (typeof entry !== 'object' || entry === null) throw invalid(`the entry of ${name} is not an object`)
  const { dtype: type, shape, data_offsets: offsets } = entry as Record<string, unknown>
  if (typeof type !== 'string') throw invalid(`the tensor ${name} has no type`)
  const width = Object.hasOwn(WIDTHS, type) ? WIDTHS[type] : undefined
  if (width === undefined) throw invalid(`the tensor ${name} has the unknown type ${type}`)
  if (!Array.isArray(shape) || !shape.every(isSize) || shape.length > 8) throw invalid(`the tensor ${name} has no proper shape`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) throw invalid(`the tensor ${name} has no proper offsets`)
  const [begin = 0, end = 0] = offsets
  const expected = shape.reduce((product, dim) => product * dim, width)
  if (!Number.isSafeInteger(expected) || end < begin || end - begin !== expected) throw invalid(`the tensor ${name} should take ${expected} bytes and claims ${end - begin}`)
  return { type, shape, begin, end }
}
