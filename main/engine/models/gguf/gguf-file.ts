import { existsSync } from 'node:fs'
import { open, realpath, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { LayerscopeError } from '../../errors'
import { commonFolder } from '../generated/safetensors-index'
import { blockLayout, GGUF_TYPE_NAMES } from './block-types'

export type GgufValue = string | number | boolean | readonly GgufValue[]

/** One tensor of a GGUF file. GGUF lists the innermost dimension first; `shape` is turned to row-major [out, in]. */
export interface GgufTensor {
  readonly name: string
  /** `Q4_0`, `F16`, … */
  readonly type: string
  readonly shape: readonly number[]
  /** The file that holds it, symlinks resolved. */
  readonly file: string
  /** Byte offset in that file. */
  readonly offset: number
  readonly length: number
}

/** A model's metadata and tensors, from one file or from all that it is split over (`gguf-split`). */
export interface GgufFile {
  /** The file with the metadata; symlinks resolved. */
  readonly path: string
  /** All files, symlinks resolved, and the deepest folder that holds them. */
  readonly files: readonly string[]
  readonly folder: string
  readonly bytes: number
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: ReadonlyMap<string, GgufTensor>
}

/** No real header comes near these; they bound what a lying one can make us allocate. */
const LIMITS = { entries: 100_000, tensors: 1_000_000, nesting: 2, header: 512 * 1024 * 1024 } as const

/** More parts than this are a lie; the largest published models have a few dozen. */
const MOST_PARTS = 1000

/**
 * Reads the metadata and tensor directory of a GGUF file, versions 2 and 3 (ggml's `gguf.md`), and of the files that it is split over;
 * no tensor is read. Reads never leave a file and allocate no more than what it holds.
 * @param file the file, or any part of a split one
 * @throws LayerscopeError `gguf-invalid`, `gguf-unsupported`, `shard-missing`
 */
export async function readGguf(file: string): Promise<GgufFile> {
  const given = await readPart(file)
  const count = given.metadata.get('split.count')
  if (typeof count !== 'number' || count <= 1) return given
  const invalid = (problem: string): LayerscopeError =>
    new LayerscopeError({ code: 'gguf-invalid', message: `${basename(file)} is one of ${count} parts of a model: ${problem}.`, file, hint: 'Copy or download the parts again, under the names they had.' })
  // A link of the Hugging Face cache keeps the name that the file behind it has not.
  const numbered = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i.exec(file)
  if (count > MOST_PARTS || !numbered || Number(numbered[3]) !== count) throw invalid('its name does not end in its number and theirs, as in -00001-of-00003.gguf')
  const parts: GgufFile[] = []
  for (let at = 1; at <= count; at++) {
    const path = `${numbered[1]}-${String(at).padStart(5, '0')}-of-${numbered[3]}.gguf`
    if (!existsSync(path)) throw new LayerscopeError({ code: 'shard-missing', message: `The weights file ${basename(path)} is missing.`, file: path, hint: 'Copy or download it into the folder of the others.' })
    parts.push(await readPart(path))
  }
  const tensors = new Map(parts.flatMap((part) => [...part.tensors]))
  const [expected, listed] = [parts[0]?.metadata.get('split.tensors.count'), parts.reduce((total, part) => total + part.tensors.size, 0)]
  if (tensors.size !== listed || (typeof expected === 'number' && expected !== listed)) throw invalid(`together they hold ${tensors.size} tensors and should hold ${String(expected ?? listed)}`)
  const files = parts.map((part) => part.path)
  return { path: files[0] ?? given.path, files, folder: commonFolder(files), bytes: parts.reduce((total, part) => total + part.bytes, 0), metadata: parts[0]?.metadata ?? given.metadata, tensors }
}

async function readPart(file: string): Promise<GgufFile> {
  const path = await realpath(file).catch(() => {
    throw new LayerscopeError({ code: 'model-not-found', message: `There is no file ${file}.`, file, hint: 'It may have been moved or its disk unplugged: choose it again.' })
  })
  const status = await stat(path)
  const { size } = status
  if (!status.isFile()) throw new LayerscopeError({ code: 'gguf-invalid', message: `${basename(path)} is a folder, not a GGUF file.`, file: path, hint: 'Copy or download the file again.' })
  const handle = await open(path, 'r')
  try {
    const reader = new Reader(handle, size, path)
    const magic = await reader.take(4)
    if (magic.toString('latin1') !== 'GGUF') throw reader.invalid('it does not begin with GGUF')
    const version = (await reader.take(4)).readUInt32LE()
    if (version === 1 || version > 0xffff) {
      throw new LayerscopeError({
        code: 'gguf-unsupported', file: path, hint: 'Convert the model again with a current llama.cpp.',
        message: version === 1 ? 'This is a GGUF file of version 1, a format that llama.cpp gave up in 2023.' : 'This GGUF file is big-endian.'
      })
    }
    if (version !== 2 && version !== 3) throw reader.invalid(`its version is ${version}, known are 2 and 3`)
    const tensorCount = await reader.count(LIMITS.tensors, 'tensors', 24)
    const entryCount = await reader.count(LIMITS.entries, 'metadata entries', 13)
    const metadata = new Map<string, GgufValue>()
    for (let i = 0; i < entryCount; i++) {
      const key = await reader.text('a metadata key')
      metadata.set(key, await reader.value(await reader.uint32(), key, 0))
    }
    const entries: { name: string; type: number; dims: number[]; relative: number }[] = []
    for (let i = 0; i < tensorCount; i++) {
      const name = await reader.text('a tensor name')
      const dimensions = await reader.uint32()
      if (dimensions > 4) throw reader.invalid(`the tensor ${name} has ${dimensions} dimensions`)
      const dims: number[] = []
      for (let d = 0; d < dimensions; d++) dims.push(await reader.uint64(`a dimension of ${name}`))
      entries.push({ name, dims, type: await reader.uint32(), relative: await reader.uint64(`the offset of ${name}`) })
    }
    const alignment = metadata.get('general.alignment') ?? 32
    if (typeof alignment !== 'number' || alignment < 1 || alignment > 1 << 20 || !Number.isInteger(alignment)) throw reader.invalid(`its alignment is ${String(alignment)}`)
    const start = Math.ceil(reader.position / alignment) * alignment
    const tensors = new Map<string, GgufTensor>()
    for (const { name, type, dims, relative } of entries) {
      const typeName = GGUF_TYPE_NAMES[type]
      if (typeName === undefined) throw reader.invalid(`the tensor ${name} has the unknown type ${type}`)
      const { values, bytes } = blockLayout(typeName)
      const count = dims.reduce((product, dim) => product * dim, 1)
      const length = (count / values) * bytes
      if (!Number.isSafeInteger(count) || (dims[0] ?? 1) % values !== 0) throw reader.invalid(`the tensor ${name} has the shape [${dims.join(', ')}], which ${typeName} cannot hold`)
      const offset = start + relative
      if (!Number.isSafeInteger(offset) || offset + length > size) throw reader.invalid(`the tensor ${name} ends at byte ${offset + length}, the file has ${size}`)
      if (tensors.has(name)) throw reader.invalid(`the tensor ${name} is listed twice`)
      tensors.set(name, { name, type: typeName, shape: [...dims].reverse(), file: path, offset, length })
    }
    return { path, files: [path], folder: dirname(path), bytes: size, metadata, tensors }
  } finally {
    await handle.close()
  }
}

/** Reads forward through the file in windows, never past its end. */
class Reader {
  position = 0
  private window = Buffer.alloc(0)
  private windowStart = 0

  constructor(private readonly handle: FileHandle, private readonly size: number, private readonly path: string) {}

  invalid(problem: string): LayerscopeError {
    return new LayerscopeError({ code: 'gguf-invalid', message: `${basename(this.path)} is not a whole GGUF file: ${problem}.`, file: this.path, hint: 'Copy or download the file again.' })
  }

  /** The next `length` bytes; valid until the next call. */
  async take(length: number): Promise<Buffer> {
    if (this.position + length > this.size) throw this.invalid(`it ends at byte ${this.size}, within its header`)
    if (this.position + length > LIMITS.header) throw this.invalid('its header is larger than 512 MB')
    if (this.position < this.windowStart || this.position + length > this.windowStart + this.window.length) {
      const wanted = Math.min(Math.max(length, 1 << 20), this.size - this.position)
      const window = Buffer.alloc(wanted)
      const { bytesRead } = await this.handle.read(window, 0, wanted, this.position)
      if (bytesRead < length) throw this.invalid('it could not be read to the end')
      this.window = window.subarray(0, bytesRead)
      this.windowStart = this.position
    }
    const from = this.position - this.windowStart
    this.position += length
    return this.window.subarray(from, from + length)
  }

  async uint32(): Promise<number> {
    return (await this.take(4)).readUInt32LE()
  }

  async uint64(what: string): Promise<number> {
    const value = (await this.take(8)).readBigUInt64LE()
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.invalid(`${what} is ${value}`)
    return Number(value)
  }

  /** A count of things that take at least `least` bytes each: more than the rest of the file holds is a lie. */
  async count(limit: number, what: string, least: number): Promise<number> {
    const count = await this.uint64(`the number of ${what}`)
    if (count > limit || count * least > this.size - this.position) throw this.invalid(`it claims ${count} ${what}`)
    return count
  }

  async text(what: string): Promise<string> {
    const length = await this.uint64(`the length of ${what}`)
    if (length > this.size - this.position) throw this.invalid(`${what} claims ${length} bytes`)
    return (await this.take(length)).toString('utf8')
  }

  async value(type: number, key: string, depth: number): Promise<GgufValue> {
    switch (type) {
      case 0: return (await this.take(1)).readUInt8()
      case 1: return (await this.take(1)).readInt8()
      case 2: return (await this.take(2)).readUInt16LE()
      case 3: return (await this.take(2)).readInt16LE()
      case 4: return this.uint32()
      case 5: return (await this.take(4)).readInt32LE()
      case 6: return (await this.take(4)).readFloatLE()
      case 7: return (await this.take(1)).readUInt8() !== 0
      case 8: return this.text(`the value of ${key}`)
      case 9: return this.list(key, depth)
      case 10: return Number((await this.take(8)).readBigUInt64LE())
      case 11: return Number((await this.take(8)).readBigInt64LE())
      case 12: return (await this.take(8)).readDoubleLE()
      default: throw this.invalid(`the metadata entry ${key} has the unknown type ${type}`)
    }
  }

  private async list(key: string, depth: number): Promise<GgufValue[]> {
    if (depth >= LIMITS.nesting) throw this.invalid(`the metadata entry ${key} nests lists too deep`)
    const type = await this.uint32()
    const least = { 0: 1, 1: 1, 2: 2, 3: 2, 7: 1, 8: 8, 9: 12, 10: 8, 11: 8, 12: 8 }[type] ?? 4
    const count = await this.count(Number.MAX_SAFE_INTEGER, `entries in ${key}`, least)
    const values: GgufValue[] = []
    for (let i = 0; i < count; i++) values.push(await this.value(type, key, depth + 1))
    return values
  }
}
