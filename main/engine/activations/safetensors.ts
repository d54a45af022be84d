/**
 * The safetensors format (https://github.com/huggingface/safetensors): eight bytes of header length, a JSON header,
 * tensors back to back. The reader trusts nothing: lengths, offsets and shapes are checked before a byte is read.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { replaceFile } from '../atomic-file'
import { LayerscopeError } from '../errors'
import { quoted } from '../quoted'
import { float16ToFloat32 } from './float16'

const BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 } as const
export type TensorDtype = keyof typeof BYTES

/** Where a tensor lies: byte offsets count from the start of the file. */
export interface TensorEntry {
  readonly dtype: TensorDtype
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

/** A tensor to be written. */
export interface TensorLayout { readonly name: string; readonly dtype: TensorDtype; readonly shape: readonly number[] }

/** Longest header that is read: what the reference implementation allows. */
const MAX_HEADER_BYTES = 100_000_000
/** Electron aborts the process on one allocation over about 2 GiB. */
export const MAX_ALLOCATION_BYTES = 2 ** 31 - 2 ** 20
const READ_CHUNK_BYTES = 2 ** 26

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(16),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)])
})
const metadataSchema = z.record(z.string(), z.string())

/** The header of a file that will hold `tensors` in this order, and where each lies. Data starts at a multiple of 8. */
export function layOut(
  tensors: readonly TensorLayout[], metadata: Readonly<Record<string, string>> = {}
): { readonly header: Uint8Array; readonly entries: ReadonlyMap<string, TensorEntry>; readonly bytes: number } {
  const parts: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [['__metadata__', metadata]]
  const relative: (TensorLayout & { begin: number; end: number })[] = []
  let offset = 0
  for (const tensor of tensors) {
    const end = offset + BYTES[tensor.dtype] * tensor.shape.reduce((product, dim) => product * dim, 1)
    parts.push([tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, end] }])
    relative.push({ ...tensor, begin: offset, end })
    offset = end
  }
  const json = `{${parts.map(([name, part]) => `${JSON.stringify(name)}:${JSON.stringify(part)}`).join(',')}}`
  const unpadded = new TextEncoder().encode(json)
  const length = Math.ceil(unpadded.length / 8) * 8
  const header = new Uint8Array(8 + length).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.set(unpadded, 8)
  const start = header.length
  return {
    header,
    entries: new Map(relative.map(({ name, dtype, shape, begin, end }) => [name, { dtype, shape, begin: start + begin, end: start + end }])),
    bytes: start + offset
  }
}

export interface TensorToWrite extends TensorLayout { readonly data: Float32Array | Float64Array | Int32Array | Uint16Array | Uint8Array | BigInt64Array }

/** Writes a whole safetensors file: beside `path`, synced, renamed. */
export async function writeSafetensors(path: string, tensors: readonly TensorToWrite[], metadata: Readonly<Record<string, string>> = {}): Promise<void> {
  const { header, entries } = layOut(tensors, metadata)
  await replaceFile(path, async (file) => {
    await writeFully(file, header, 0)
    for (const { name, data } of tensors) {
      const entry = entries.get(name)
      if (entry === undefined || entry.end - entry.begin !== data.byteLength) throw new Error(`tensor ${name}: ${data.byteLength} bytes do not fill its shape`)
      await writeFully(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), entry.begin)
    }
  })
}

/** Writes all of `bytes` at `position`. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, Math.min(READ_CHUNK_BYTES, bytes.length - written), position + written)
    written += bytesWritten
  }
}

/** An open safetensors file whose header has been checked. */
export interface SafetensorsFile {
  readonly path: string
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, TensorEntry>
  /**
   * Rows `firstRow` … `firstRow + rows − 1` along the first dimension as float32 (F32, F16 and BF16 tensors); all rows by default.
   * @throws LayerscopeError `tensor-missing`, `tensor-type`, `tensor-too-large`
   */
  readFloat32(name: string, firstRow?: number, rows?: number): Promise<Float32Array>
  /** A whole F64 tensor. @throws LayerscopeError `tensor-missing`, `tensor-type`, `tensor-too-large` */
  readFloat64(name: string): Promise<Float64Array>
  /** A whole I32, U8, BOOL or I64 tensor as int32. @throws LayerscopeError also where an I64 does not fit. */
  readInt32(name: string): Promise<Int32Array>
  close(): Promise<void>
}

/**
 * Opens and validates.
 * @throws LayerscopeError `file-missing`, `safetensors-unreadable`
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new LayerscopeError({ code: 'file-missing', message: 'The file cannot be opened.', file: path, hint: error instanceof Error ? error.message : String(error) })
  })
  try {
    const { metadata, tensors } = await readHeader(file, path)
    return new OpenFile(file, path, metadata, tensors)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function readHeader(file: FileHandle, path: string): Promise<Pick<SafetensorsFile, 'metadata' | 'tensors'>> {
  const unreadable = (message: string): LayerscopeError =>
    new LayerscopeError({ code: 'safetensors-unreadable', message: `Not a readable safetensors file: ${message}.`, file: path })
  const { size } = await file.stat()
  if (size < 8) throw unreadable('it is shorter than the header length')
  const lengthBytes = new Uint8Array(8)
  await file.read(lengthBytes, 0, 8, 0)
  const length = new DataView(lengthBytes.buffer).getBigUint64(0, true)
  if (length > BigInt(MAX_HEADER_BYTES) || length > BigInt(size - 8)) throw unreadable(`a header of ${length} bytes does not fit a file of ${size}`)
  const headerBytes = new Uint8Array(Number(length))
  await file.read(headerBytes, 0, headerBytes.length, 8)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(headerBytes))
  } catch {
    throw unreadable('its header is not JSON')
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw unreadable('its header is not an object')
  const start = 8 + headerBytes.length
  let metadata: Readonly<Record<string, string>> = {}
  const tensors = new Map<string, TensorEntry>()
  for (const [name, part] of Object.entries(header)) {
    if (name === '__metadata__') {
      const parsed = metadataSchema.safeParse(part)
      if (!parsed.success) throw unreadable('its metadata is not a table of texts')
      metadata = parsed.data
      continue
    }
    const parsed = entrySchema.safeParse(part)
    if (!parsed.success) throw unreadable(`the entry of ${quoted(name)} is malformed`)
    const { dtype, shape, data_offsets: [begin, end] } = parsed.data
    if (!isDtype(dtype)) throw unreadable(`${quoted(name)} has the unknown type ${quoted(dtype, 20)}`)
    const bytes = shape.reduce((product, dim) => product * dim, BYTES[dtype])
    if (end - begin !== bytes || start + end > size) {
      throw unreadable(`${quoted(name)} needs ${bytes} bytes and its offsets are ${begin} to ${end} in ${size - start} bytes of data`)
    }
    tensors.set(name, { dtype, shape, begin: start + begin, end: start + end })
  }
  let covered = start
  for (const [name, { begin, end }] of [...tensors].sort((a, b) => a[1].begin - b[1].begin || a[1].end - b[1].end)) {
    if (begin !== covered) throw unreadable(`${quoted(name)} overlaps another tensor or leaves a gap`)
    covered = end
  }
  return { metadata, tensors }
}

function isDtype(dtype: string): dtype is TensorDtype {
  return Object.hasOwn(BYTES, dtype)
}

class OpenFile implements SafetensorsFile {
  constructor(
    private readonly file: FileHandle,
    readonly path: string,
    readonly metadata: Readonly<Record<string, string>>,
    readonly tensors: ReadonlyMap<string, TensorEntry>
  ) {}

  async readFloat32(name: string, firstRow = 0, rows?: number): Promise<Float32Array> {
    const entry = this.entry(name)
    const total = entry.shape[0] ?? 1
    const count = rows ?? total - firstRow
    if (firstRow < 0 || count < 0 || firstRow + count > total) throw this.error('tensor-missing', `${name} has ${total} rows, not ${firstRow} to ${firstRow + count}.`)
    const width = entry.shape.slice(1).reduce((product, dim) => product * dim, 1)
    if (count * width * 4 > MAX_ALLOCATION_BYTES) throw this.error('tensor-too-large', `${name} is too large to read whole (${count} × ${width}).`)
    const result = new Float32Array(count * width)
    const begin = entry.begin + firstRow * width * BYTES[entry.dtype]
    switch (entry.dtype) {
      case 'F32':
        await this.fill(new Uint8Array(result.buffer), begin)
        return result
      case 'F16':
      case 'BF16': {
        const chunk = READ_CHUNK_BYTES / 16
        for (let at = 0; at < result.length; at += chunk) {
          const part = new Uint16Array(Math.min(chunk, result.length - at))
          await this.fill(new Uint8Array(part.buffer), begin + at * 2)
          if (entry.dtype === 'F16') float16ToFloat32(part, result.subarray(at, at + part.length))
          else new Uint32Array(result.buffer, at * 4, part.length).set(Uint32Array.from(part, bits => bits << 16))
        }
        return result
      }
      default:
        throw this.error('tensor-type', `${name} holds ${entry.dtype}, not floating-point numbers.`)
    }
  }

  async readFloat64(name: string): Promise<Float64Array> {
    const entry = this.entry(name)
    if (entry.dtype !== 'F64') throw this.error('tensor-type', `${name} holds ${entry.dtype}, not float64.`)
    if (entry.end - entry.begin > MAX_ALLOCATION_BYTES) throw this.error('tensor-too-large', `${name} is too large to read whole.`)
    const bytes = new Uint8Array(entry.end - entry.begin)
    await this.fill(bytes, entry.begin)
    return new Float64Array(bytes.buffer)
  }

  async readInt32(name: string): Promise<Int32Array> {
    const entry = this.entry(name)
    const count = entry.shape.reduce((product, dim) => product * dim, 1)
    if (entry.end - entry.begin > MAX_ALLOCATION_BYTES || count * 4 > MAX_ALLOCATION_BYTES) throw this.error('tensor-too-large', `${name} is too large to read whole.`)
    const bytes = new Uint8Array(entry.end - entry.begin)
    await this.fill(bytes, entry.begin)
    switch (entry.dtype) {
      case 'I32': return new Int32Array(bytes.buffer)
      case 'U8':
      case 'BOOL': return Int32Array.from(bytes)
      case 'I64': {
        const result = new Int32Array(count)
        new BigInt64Array(bytes.buffer).forEach((wide, i) => {
          if (BigInt.asIntN(32, wide) !== wide) throw this.error('tensor-type', `${name} holds ${wide}, which is not a token id.`)
          result[i] = Number(wide)
        })
        return result
      }
      default:
        throw this.error('tensor-type', `${name} holds ${entry.dtype}, not whole numbers.`)
    }
  }

  async close(): Promise<void> {
    await this.file.close()
  }

  private entry(name: string): TensorEntry {
    const entry = this.tensors.get(name)
    if (entry === undefined) throw this.error('tensor-missing', `The file holds no tensor ${quoted(name)}.`)
    return entry
  }

  private async fill(to: Uint8Array, position: number): Promise<void> {
    for (let read = 0; read < to.length;) {
      const { bytesRead } = await this.file.read(to, read, Math.min(READ_CHUNK_BYTES, to.length - read), position + read)
      if (bytesRead === 0) throw this.error('safetensors-unreadable', 'The file ended early: it was cut while being read.')
      read += bytesRead
    }
  }

  private error(code: string, message: string): LayerscopeError {
    return new LayerscopeError({ code, message, file: this.path })
  }
}
