import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layOut, openSafetensors, writeSafetensors } from '../../../main/engine/activations/safetensors'

let folder = ''
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'safetensors-')) })
afterAll(async () => { await rm(folder, { recursive: true }) })

/** A file of this header text and data, with the header's true length unless another is claimed. */
async function fileOf(header: string, data = new Uint8Array(0), claimed?: bigint): Promise<string> {
  const text = new TextEncoder().encode(header)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true)
  const path = join(folder, `${Math.random()}.safetensors`)
  await writeFile(path, Buffer.concat([length, text, data]))
  return path
}

describe('safetensors', () => {
  it('reads what it wrote, whole and by rows', async () => {
    const path = join(folder, 'numbers.safetensors')
    await writeSafetensors(path, [
      { name: 'halves', dtype: 'F16', shape: [3], data: Uint16Array.of(0x3c00, 0xc000, 0x3555) },
      { name: 'ids', dtype: 'I64', shape: [2, 1], data: BigInt64Array.of(7n, -1n) },
      { name: '__proto__', dtype: 'F32', shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }
    ], { from: 'a test' })
    const file = await openSafetensors(path)
    expect(file.metadata).toEqual({ from: 'a test' })
    expect(await file.readFloat32('__proto__', 1, 2)).toEqual(Float32Array.of(3, 4, 5, 6))
    expect(await file.readFloat32('halves')).toEqual(Float32Array.of(1, -2, 0.333251953125))
    expect(await file.readInt32('ids')).toEqual(Int32Array.of(7, -1))
    await expect(file.readFloat32('none')).rejects.toMatchObject({ report: { code: 'tensor-missing', file: path } })
    await expect(file.readFloat32('ids')).rejects.toMatchObject({ report: { code: 'tensor-type' } })
    await expect(file.readFloat32('__proto__', 2, 2)).rejects.toMatchObject({ report: { code: 'tensor-missing' } })
    await file.close()
  })

  it('starts data at a multiple of eight', () => {
    for (let length = 1; length < 12; length++) {
      const { header } = layOut([{ name: 'x'.repeat(length), dtype: 'U8', shape: [1] }])
      expect(header.length % 8).toBe(0)
    }
  })

  it.each([
    ['shorter than its length', async () => { const path = join(folder, 'short'); await writeFile(path, 'abc'); return path }],
    ['a header longer than the file', () => fileOf('{}', undefined, 1n << 40n)],
    ['a header beyond 2^63', () => fileOf('{}', undefined, (1n << 64n) - 1n)],
    ['no JSON', () => fileOf('{"a":')],
    ['no object', () => fileOf('[1]')],
    ['an unknown type', () => fileOf('{"a":{"dtype":"F7","shape":[1],"data_offsets":[0,1]}}', new Uint8Array(1))],
    ['offsets past the end', () => fileOf('{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}', new Uint8Array(8))],
    ['a shape that does not fill its offsets', () => fileOf('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', new Uint8Array(8))],
    ['a negative dimension', () => fileOf('{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,8]}}', new Uint8Array(8))],
    ['a shape that overflows', () => fileOf('{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}')],
    ['overlapping tensors', () => fileOf('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}', new Uint8Array(8))],
    ['a gap', () => fileOf('{"a":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}', new Uint8Array(8))]
  ])('refuses a file with %s', async (_what, make) => {
    const path = await make()
    await expect(openSafetensors(path)).rejects.toMatchObject({ report: { code: 'safetensors-unreadable', file: path } })
  })

  it('leaves the old file when writing fails', async () => {
    const path = join(folder, 'kept.safetensors')
    await writeSafetensors(path, [{ name: 'a', dtype: 'U8', shape: [1], data: Uint8Array.of(5) }])
    const before = await readFile(path)
    await expect(writeSafetensors(path, [{ name: 'a', dtype: 'U8', shape: [2], data: Uint8Array.of(5) }])).rejects.toThrow('do not fill')
    expect(await readFile(path)).toEqual(before)
  })
})
