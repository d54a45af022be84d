/** Lying headers: whatever bytes a file has, reading it ends in a model or in a plain error, and stays within the file. */
import { closeSync, copyFileSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { LayerscopeError } from '../../../main/engine/errors'
import { readSafetensorsModel } from '../../../main/engine/models/generated'
import { readTensorIndex } from '../../../main/engine/models/generated/safetensors-index'
import { readGgufModel } from '../../../main/engine/models/gguf'
import { readGguf } from '../../../main/engine/models/gguf/gguf-file'
import { ggufTokenizer } from '../../../main/engine/models/gguf/gguf-tokenizer'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

/** Of each of the four kinds of header. */
const CASES = 2500
/** Reading allocates no more than the file's size and this. */
const BOUND = 4 * 2 ** 20
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor(state / 2 ** 32 * below)
  }
}

const INTERESTING = [0n, 1n, 2n, 255n, 65535n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]

/** A copy with one to four bytes, words, digits or lengths changed within the header, or the file cut short. */
function mutated(original: Buffer, header: number, below: (limit: number) => number): Buffer {
  const bytes = Buffer.from(original)
  for (let change = 1 + below(4); change > 0; change--) {
    const at = below(header)
    switch (below(5)) {
      case 0: bytes[at] = below(256); break
      case 1: bytes.writeBigUInt64LE(INTERESTING[below(INTERESTING.length)] ?? 0n, Math.min(at, bytes.length - 8)); break
      case 2: bytes.writeUInt32LE(Number((INTERESTING[below(INTERESTING.length)] ?? 0n) & 0xffffffffn), Math.min(at, bytes.length - 4)); break
      case 3: bytes[at] = 48 + below(10); break
      default: return bytes.subarray(0, below(bytes.length))
    }
  }
  return bytes
}

/** What a value of a JSON file may be changed to. */
const ODD: readonly unknown[] = [
  null, true, false, '', 'x', [], {}, [null], [[]], -1, 0, 1, 0.5, 3, 1e9, -0.25, 2 ** 31, 2 ** 32 + 1, 2 ** 53, 1e308, 'model', '..', '.', '../model.safetensors', '/etc/passwd', 'a/b.safetensors', 'a\\b', '\u0000', 'x'.repeat(5000),
  'LlamaForCausalLM', 'gpt2', '__proto__', { rope_type: 'yarn', factor: 0 }, { type: 'longrope', short_factor: [], long_factor: [1e308] }, { rope_type: 'dynamic', factor: -1 }, Array.from({ length: 2000 }, () => 'full_attention')
]

/** A copy with one to three values changed, left out or doubled under another name; of one in four, bytes instead. */
function mutatedJson(original: Buffer, below: (limit: number) => number): Buffer {
  if (below(4) === 0) return mutated(original, original.length, below)
  const content = JSON.parse(original.toString('utf8')) as unknown
  for (let change = 1 + below(3); change > 0; change--) {
    const holders = containers(content)
    const holder = holders[below(holders.length)] ?? {}
    const keys = Object.keys(holder)
    const key = keys[below(keys.length)] ?? 'x'
    const odd = structuredClone(ODD[below(ODD.length)])
    switch (below(8)) {
      case 0: Reflect.deleteProperty(holder, key); break
      case 1: holder[`${key}_`] = structuredClone(holder[key]); break
      default: holder[key] = odd
    }
  }
  return Buffer.from(JSON.stringify(content))
}

/** Every object and list of a JSON value, itself first. */
function containers(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(containers)]
}

interface Reading {
  /** Where in its file a tensor is said to be. */
  readonly tensors: readonly { readonly name: string; readonly offset: number; readonly length: number; readonly size: number }[]
  /** Files that are read, real paths. */
  readonly files: readonly string[]
}

const zoo = join(sharedFolder, 'models/zoo')

describe.skipIf(!sharedExists)('mutated headers', () => {
  let folder: string
  beforeAll(() => { folder = realpathSync(mkdtempSync(join(tmpdir(), 'layerscope-fuzz-'))) })
  afterAll(() => { rmSync(folder, { recursive: true }) })

  /** Tensors themselves are not read: what stands in for them only has to be as long. */
  function writeHeader(path: string, bytes: Buffer, size: number): void {
    const file = openSync(path, 'w')
    writeSync(file, bytes)
    ftruncateSync(file, size)
    closeSync(file)
  }

  async function indexed(path: string): Promise<Reading> {
    const index = await readTensorIndex(path)
    return {
      files: index.files,
      tensors: [...index.tensors].map(([name, { range }]) => ({ name, offset: range.offset, length: range.length, size: statSync(join(index.folder, range.file)).size }))
    }
  }

  interface Target {
    /** Writes the case and returns the bytes that were written, or stand in the files it reads. */
    readonly write: (below: (limit: number) => number, round: number) => number
    readonly read: (round: number) => Promise<Reading>
  }
  const targets: Readonly<Record<string, () => Target>> = {
    'safetensors headers': () => {
      const whole = readFileSync(join(zoo, 'llama/model.safetensors'))
      const header = 8 + Number(whole.readBigUInt64LE(0))
      const path = join(folder, 'model.safetensors')
      return {
        write: below => {
          const bytes = mutated(whole.subarray(0, Math.min(whole.length, header + 64)), header, below)
          const size = bytes.length < header ? bytes.length : whole.length
          writeHeader(path, bytes, size)
          return size
        },
        read: () => indexed(path)
      }
    },
    'indexes of shards': () => {
      const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
      for (const shard of shards) copyFileSync(join(zoo, 'llama/model.safetensors'), join(folder, shard))
      const names = Object.keys(JSON.parse(readFileSync(join(folder, shards[0] ?? ''), 'utf8').slice(8).replace(/\}\}[^]*$/, '}}')) as object)
      const whole = Buffer.from(JSON.stringify({ metadata: { total_size: 1 }, weight_map: Object.fromEntries(names.map((name, at) => [name, shards[at % 2]])) }))
      const size = 2 * statSync(join(folder, shards[0] ?? '')).size
      const path = join(folder, 'model.safetensors.index.json')
      return {
        write: below => {
          writeFileSync(path, mutatedJson(whole, below))
          return size + 5 * whole.length
        },
        read: () => indexed(path)
      }
    },
    'configurations': () => {
      const families = ['llama', 'gpt2', 'gemma3', 'phi3', 'neox', 'opt', 'roberta', 'mpnet']
      const configs = families.map(family => readFileSync(join(zoo, family, 'config.json')))
      const path = join(folder, 'config.json')
      return {
        write: (below, round) => {
          writeFileSync(path, mutatedJson(configs[round % families.length] ?? Buffer.alloc(0), below))
          return statSync(join(zoo, families[round % families.length] ?? '', 'model.safetensors')).size
        },
        read: async round => {
          const model = await readSafetensorsModel(join(zoo, families[round % families.length] ?? '', 'model.safetensors'), path)
          // What a run would need: the graph, all of it.
          const { bytes } = model.graphFor(model.declared?.checked ?? [], false)
          expect(bytes.length).toBeLessThan(BOUND)
          return { files: [], tensors: [] }
        }
      }
    },
    'GGUF headers': () => {
      const whole = readFileSync(join(sharedFolder, 'models/gguf/llama-256-Q4_0.gguf'))
      const path = join(folder, 'model.gguf')
      return {
        write: below => {
          const bytes = mutated(whole.subarray(0, 9064), 9000, below)
          const size = bytes.length < 9000 ? bytes.length : whole.length
          writeHeader(path, bytes, size)
          return size
        },
        read: async () => {
          const file = await readGguf(path)
          await readGgufModel(path)
          ggufTokenizer(file, 512)
          return { files: file.files, tensors: [...file.tensors].map(([name, { offset, length }]) => ({ name, offset, length, size: file.bytes })) }
        }
      }
    }
  }

  it.each(Object.keys(targets))(`${String(CASES)} %s are read or refused with what to do, within the files and their size`, async kind => {
    const target = targets[kind]?.()
    if (target === undefined) throw new Error(kind)
    const below = random(20240717)
    const alloc = vi.spyOn(Buffer, 'alloc')
    let refused = 0
    const strange: string[] = []
    for (let round = 0; round < CASES; round++) {
      const size = target.write(below, round)
      const note = (what: string): void => { strange.push(`case ${String(round)}: ${what}`) }
      alloc.mockClear()
      try {
        const { tensors, files } = await target.read(round)
        for (const file of files) if (dirname(file) !== folder) note(`${file} is outside the folder`)
        for (const { name, offset, length, size: end } of tensors) if (!(offset >= 0 && length >= 0 && offset + length <= end)) note(`${name} at ${String(offset)}+${String(length)} of ${String(end)}`)
      } catch (error) {
        refused++
        if (!(error instanceof LayerscopeError)) note(String(error))
        else if (error.report.hint === undefined) note(`no remedy: ${error.message}`)
      }
      const allocated = alloc.mock.calls.reduce((total, [length]) => total + length, 0)
      if (allocated > size + BOUND) note(`${String(allocated)} bytes allocated for files of ${String(size)}`)
    }
    alloc.mockRestore()
    expect(strange).toEqual([])
    // Most changes break something; some only change a value.
    expect(refused).toBeGreaterThan(CASES / 10)
    expect(refused).toBeLessThan(CASES)
  }, 300_000)
})

/** What to do, as a sentence. */
const REMEDY = expect.stringMatching(/^[A-Z].* .*\.$/) as string

describe('bad safetensors files', () => {
  let folder: string
  beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'layerscope-bad-')) })
  afterAll(() => { rmSync(folder, { recursive: true }) })
  const file = (header: string | bigint, data = 64): string => {
    const path = join(folder, 'model.safetensors')
    const text = typeof header === 'string' ? Buffer.from(header) : Buffer.alloc(0)
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(typeof header === 'string' ? BigInt(text.length) : header)
    writeFileSync(path, Buffer.concat([length, text, Buffer.alloc(data)]))
    return path
  }
  const entry = (begin: number, end: number, shape: number[] = [(end - begin) / 4]): unknown => ({ dtype: 'F32', shape, data_offsets: [begin, end] })

  it.each([
    ['a header longer than the file', 1_000n, 'its header claims 1000 bytes'],
    ['a header of 2⁶³ bytes', 2n ** 63n, 'more than the format\'s limit'],
    ['a header that is no JSON', '{"a":', 'not JSON'],
    ['offsets that overlap', JSON.stringify({ a: entry(0, 32), b: entry(16, 48) }), 'overlap'],
    ['a tensor beyond the end', JSON.stringify({ a: entry(0, 4096) }), 'ends at byte'],
    ['a shape that is not its bytes', JSON.stringify({ a: entry(0, 32, [9]) }), 'should take 36 bytes'],
    ['a shape whose product overflows', JSON.stringify({ a: entry(0, 32, [2 ** 52, 2 ** 52]) }), 'should take'],
    ['an unknown type', JSON.stringify({ a: { dtype: 'F13', shape: [1], data_offsets: [0, 4] } }), 'unknown type F13']
  ])('%s', async (_, header, words) => {
    const path = file(header)
    await expect(readTensorIndex(path)).rejects.toMatchObject({ report: { code: 'safetensors-invalid', message: expect.stringContaining(words) as string, file: path, hint: REMEDY } })
  })

  it('shards that are missing, or that leave the folder', async () => {
    const index = join(folder, 'model.safetensors.index.json')
    writeFileSync(index, JSON.stringify({ weight_map: { a: 'model-00001-of-00002.safetensors' } }))
    await expect(readTensorIndex(index)).rejects.toMatchObject({ report: { code: 'shard-missing', file: join(folder, 'model-00001-of-00002.safetensors'), hint: REMEDY } })
    for (const path of ['../secret.safetensors', '/etc/passwd', 'a/b.safetensors', '..', '.']) {
      writeFileSync(index, JSON.stringify({ weight_map: { a: path } }))
      await expect(readTensorIndex(index)).rejects.toMatchObject({ report: { code: 'safetensors-invalid', message: expect.stringContaining('not a file beside it') as string, file: index, hint: REMEDY } })
    }
    mkdirSync(join(folder, 'shard.safetensors'))
    writeFileSync(index, JSON.stringify({ weight_map: { a: 'shard.safetensors' } }))
    await expect(readTensorIndex(index)).rejects.toMatchObject({ report: { code: 'safetensors-invalid', message: expect.stringContaining('it is a folder') as string, file: join(folder, 'shard.safetensors'), hint: REMEDY } })
    writeFileSync(index, JSON.stringify({ weight_map: {} }))
    await expect(readTensorIndex(index)).rejects.toMatchObject({ report: { code: 'safetensors-invalid', message: expect.stringContaining('names no file') as string, file: index, hint: REMEDY } })
  })
})

describe('bad GGUF files', () => {
  let folder: string
  beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'layerscope-bad-')) })
  afterAll(() => { rmSync(folder, { recursive: true }) })
  const uint32 = (value: number): Buffer => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value); return bytes }
  const uint64 = (value: bigint): Buffer => { const bytes = Buffer.alloc(8); bytes.writeBigUInt64LE(value); return bytes }
  const text = (value: string): Buffer => Buffer.concat([uint64(BigInt(value.length)), Buffer.from(value)])
  const magic = Buffer.from('GGUF')
  const tensor = (type: number, offset: bigint): Buffer => Buffer.concat([text('t'), uint32(1), uint64(32n), uint32(type), uint64(offset)])
  const of = (...parts: readonly Buffer[]): string => {
    const path = join(folder, 'model.gguf')
    writeFileSync(path, Buffer.concat([...parts, Buffer.alloc(256)]))
    return path
  }

  it.each([
    ['the wrong magic', [Buffer.from('GGML'), uint32(3)], 'gguf-invalid', 'does not begin with GGUF'],
    ['version 1', [magic, uint32(1)], 'gguf-unsupported', 'version 1'],
    ['a version of the future', [magic, uint32(99)], 'gguf-invalid', 'its version is 99'],
    ['an absurd number of tensors', [magic, uint32(3), uint64(2n ** 50n), uint64(0n)], 'gguf-invalid', 'tensors'],
    ['an absurd number of entries', [magic, uint32(3), uint64(0n), uint64(2n ** 63n)], 'gguf-invalid', 'metadata entries'],
    ['a string of 2⁶³ bytes', [magic, uint32(3), uint64(0n), uint64(1n), uint64(2n ** 63n)], 'gguf-invalid', 'a metadata key'],
    ['an entry of unknown type', [magic, uint32(3), uint64(0n), uint64(1n), text('k'), uint32(77)], 'gguf-invalid', 'unknown type 77'],
    ['a list that claims more than the file holds', [magic, uint32(3), uint64(0n), uint64(1n), text('k'), uint32(9), uint32(4), uint64(2n ** 40n)], 'gguf-invalid', 'entries in k'],
    ['a tensor beyond the end', [magic, uint32(3), uint64(1n), uint64(0n), tensor(0, 4096n)], 'gguf-invalid', 'ends at byte'],
    ['a tensor of unknown type', [magic, uint32(3), uint64(1n), uint64(0n), tensor(200, 0n)], 'gguf-invalid', 'unknown type 200']
  ])('%s', async (_, parts, code, words) => {
    const path = of(...parts)
    await expect(readGguf(path)).rejects.toMatchObject({ report: { code, message: expect.stringContaining(words) as string, file: path, hint: REMEDY } })
  })

  it('a file that ends within its header', async () => {
    const path = join(folder, 'short.gguf')
    writeFileSync(path, Buffer.concat([magic, uint32(3), uint64(0n)]))
    await expect(readGguf(path)).rejects.toMatchObject({ report: { code: 'gguf-invalid', file: path, hint: REMEDY } })
    expect(statSync(path).size).toBe(16)
  })
})
