import { describe, expect, it } from 'vitest'
import { batchesOf, gatherOf, tokenBatch } from '../../../main/engine/activations/batches'
import { EVERY_TOKEN, positionOf } from '../../../main/engine/activations/positions'
import type { EncodedRow } from '../../../main/engine/activations/windows'

function rowsOfLengths(lengths: readonly number[], position = 0): EncodedRow[] {
  return lengths.map((length, slot) => ({ slot, row: slot, ids: Int32Array.from({ length }, (_, i) => 100 * slot + i), position, firstToken: 0 }))
}

const byLength = { tokens: 1024, batching: 'length', keptOf: () => 1, kept: 1e9 } as const

describe('batches', () => {
  // A long-tailed spread such as natural texts have.
  const lengths = Array.from({ length: 2000 }, (_, i) => 4 + Math.floor(60 * ((i * 0.618034) % 1) ** 3))

  it('hold every row once, in slot order, within the budget and with less than 5 % padding', () => {
    const batches = batchesOf({ rows: rowsOfLengths(lengths) }, { ...byLength, rowsAt: () => 1e9 })
    const slots = batches.flat().map(({ slot }) => slot)
    expect(slots.toSorted((a, b) => a - b)).toEqual(lengths.map((_, slot) => slot))
    const padded = batches.map(batch => batch.length * Math.max(...batch.map(({ ids }) => ids.length)))
    expect(Math.max(...padded)).toBeLessThanOrEqual(1024)
    const tokens = lengths.reduce((sum, length) => sum + length, 0)
    expect(1 - tokens / padded.reduce((sum, size) => sum + size, 0)).toBeLessThan(0.05)
    for (const batch of batches) expect(batch.map(({ slot }) => slot)).toEqual(batch.map(({ slot }) => slot).toSorted((a, b) => a - b))
  })

  it('run a text longer than the budget alone and keep to the rows that memory allows', () => {
    const batches = batchesOf({ rows: rowsOfLengths([3000, 2, 2, 2]) }, { ...byLength, rowsAt: length => length === 2 ? 2 : 1 })
    expect(batches.map(batch => batch.length)).toEqual([1, 2, 1])
  })

  it('become right-padded rectangles', () => {
    const batch = tokenBatch(rowsOfLengths([3, 1]))
    expect(batch).toEqual({ rows: 2, length: 3, inputIds: Int32Array.of(0, 1, 2, 100, 0, 0), attentionMask: Uint8Array.of(1, 1, 1, 1, 0, 0) })
    expect(gatherOf(rowsOfLengths([3], EVERY_TOKEN), false)).toEqual({ kind: 'positions', positions: [Int32Array.of(0, 1, 2)] })
    expect(gatherOf(rowsOfLengths([3], 2), false)).toEqual({ kind: 'positions', positions: [Int32Array.of(2)] })
  })
})

describe('positions', () => {
  // [CLS] New York is big [SEP] over "New York is big"
  const encoding = { ids: Int32Array.of(1, 5, 6, 7, 8, 2), offsets: Int32Array.of(-1, -1, 0, 3, 4, 8, 9, 11, 12, 15, -1, -1), truncated: 0 }
  const row = (span: readonly [number, number] | null): { row: number; text: string; span: readonly [number, number] | null } => ({ row: 0, text: 'New York is big', span })

  it('take the last token that overlaps a span', () => {
    expect(positionOf(encoding, row([0, 8]), { kind: 'span', column: 'city' })).toBe(2)
    expect(positionOf(encoding, row([0, 1]), { kind: 'span', column: 'city' })).toBe(1)
    expect(positionOf(encoding, row([10, 13]), { kind: 'span', column: 'city' })).toBe(4)
  })

  it('say why a row has none', () => {
    expect(positionOf(encoding, row(null), { kind: 'span', column: 'city' })).toContain('not found')
    expect(positionOf(encoding, row([3, 4]), { kind: 'span', column: 'city' })).toContain('No token covers')
    expect(positionOf({ ...encoding, truncated: 3 }, row([12, 40]), { kind: 'span', column: 'city' })).toContain('cut off')
    expect(positionOf({ ids: new Int32Array(0), offsets: new Int32Array(0), truncated: 0 }, row(null), { kind: 'last' })).toContain('no tokens')
  })

  it('count special tokens as the mask does', () => {
    expect(positionOf(encoding, row(null), { kind: 'last' })).toBe(5)
    expect(positionOf(encoding, row(null), { kind: 'first' })).toBe(0)
    expect(positionOf(encoding, row(null), { kind: 'mean' })).toBe(EVERY_TOKEN)
  })
})
