import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { toFloat32 } from '../../../main/engine/models/gguf/decode-blocks'
import { packBlocks } from '../../../main/engine/models/gguf/pack-blocks'

// Made by tests/fixtures/gguf-blocks.py from random blocks.
const entries = JSON.parse(readFileSync(fileURLToPath(new URL('../../fixtures/gguf-blocks.json', import.meta.url)), 'utf8')) as Readonly<Record<string, { readonly blocks: string; readonly values: string }>>

describe('blocks of fewer than four bits, and of microscaling floats', () => {
  it.each(Object.entries(entries))('%s are gguf-py\'s values, and packed the same', (type, { blocks, values }) => {
    const bytes = new Uint8Array(Buffer.from(blocks, 'base64'))
    const expected = new Float32Array(new Uint8Array(Buffer.from(values, 'base64')).buffer)
    const found = toFloat32(type, bytes)
    expect(found).toHaveLength(expected.length)
    const gap = (other: ArrayLike<number>): number => expected.reduce((most, value, at) => Math.max(most, Math.abs(value - (other[at] ?? NaN)) / Math.max(Math.abs(value), 1e-30)), 0)
    expect(expected.some(value => value !== 0)).toBe(true)
    // The order of two float32 products moves a last bit.
    expect(gap(found)).toBeLessThan(3e-7)
    const { packed, scales, group, bits } = packBlocks(type, bytes)
    const number = (at: number): number => bits === 8 ? (packed[at] ?? 0) - 128 : (((packed[at >> 1] ?? 0) >> (4 * (at & 1))) & 15) - 8
    expect(gap(Float32Array.from(expected, (_, at) => (scales[Math.floor(at / group)] ?? 0) * number(at)))).toBeLessThan(3e-7)
  })
})
