/** Lying headers: whatever bytes a file has, reading it ends in a model or in a plain error, and stays within the file. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync, ftruncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { LayerscopeError } from '../../../main/engine/errors'
import { readTensorIndex } from '../../../main/engine/models/generated/safetensors-index'
import { readGguf } from '../../../main/engine/models/gguf/gguf-file'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

const CASES = 5000
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

describe.skipIf(!sharedExists).each([
  ['safetensors', 'zoo/llama/model.safetensors', (path: string) => readTensorIndex(path), (bytes: Buffer) => 8 + Number(bytes.readBigUInt64LE(0))],
  ['GGUF', 'gguf/llama-256-Q4_0.gguf', (path: string) => readGguf(path), () => 9000]
] as const)('%s', (_, source, read, headerOf) => {
  let folder: string
  beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'layerscope-fuzz-')) })
  afterAll(() => { rmSync(folder, { recursive: true }) })

  it(`${String(CASES)} mutated headers are read or refused, within the file and its size`, async () => {
    const whole = readFileSync(join(sharedFolder, 'models', source))
    const header = headerOf(whole)
    // Tensors themselves are not read: what stands in for them only has to be as long.
    const path = join(folder, 'model.safetensors')
    const below = random(20240717)
    const alloc = vi.spyOn(Buffer, 'alloc')
    let refused = 0
    const strange: string[] = []
    for (let round = 0; round < CASES; round++) {
      const bytes = mutated(whole.subarray(0, Math.min(whole.length, header + 64)), header, below)
      const size = bytes.length < header ? bytes.length : whole.length
      const file = openSync(path, 'w')
      writeSync(file, bytes)
      ftruncateSync(file, size)
      closeSync(file)
      alloc.mockClear()
      try {
        const { tensors } = await read(path)
        for (const [name, tensor] of tensors) {
          const { offset, length } = 'range' in tensor ? tensor.range : tensor
          if (!(offset >= 0 && length >= 0 && offset + length <= size)) strange.push(`case ${String(round)}: ${name} at ${String(offset)}+${String(length)} of ${String(size)}`)
        }
      } catch (error) {
        refused++
        if (!(error instanceof LayerscopeError)) strange.push(`case ${String(round)}: ${String(error)}`)
      }
      const allocated = alloc.mock.calls.reduce((total, [length]) => total + length, 0)
      if (allocated > size + BOUND) strange.push(`case ${String(round)}: ${String(allocated)} bytes allocated for a file of ${String(size)}`)
    }
    alloc.mockRestore()
    expect(strange).toEqual([])
    // Most changes break something; some only change a value.
    expect(refused).toBeGreaterThan(CASES / 10)
    expect(refused).toBeLessThan(CASES)
  })
})

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
    await expect(readTensorIndex(file(header))).rejects.toMatchObject({ report: { code: 'safetensors-invalid', message: expect.stringContaining(words) as string } })
  })

  it('shards that are missing, or that leave the folder', async () => {
    const index = join(folder, 'model.safetensors.index.json')
    writeFileSync(index, JSON.stringify({ weight_map: { a: 'model-00001-of-00002.safetensors' } }))
    await expect(readTensorIndex(index)).rejects.toMatchObject({ report: { code: 'shard-missing' } })
    for (const path of ['../secret.safetensors', '/etc/passwd', 'a/b.safetensors', '..']) {
      writeFileSync(index, JSON.stringify({ weight_map: { a: path } }))
      await expect(readTensorIndex(index)).rejects.toMatchObject({ report: { code: 'safetensors-invalid', message: expect.stringContaining('not a file beside it') as string } })
    }
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
    await expect(readGguf(of(...parts))).rejects.toMatchObject({ report: { code, message: expect.stringContaining(words) as string } })
  })

  it('a file that ends within its header', async () => {
    const path = join(folder, 'short.gguf')
    writeFileSync(path, Buffer.concat([magic, uint32(3), uint64(0n)]))
    await expect(readGguf(path)).rejects.toMatchObject({ report: { code: 'gguf-invalid' } })
    expect(statSync(path).size).toBe(16)
  })
})
