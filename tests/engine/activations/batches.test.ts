import { describe, expect, it } from 'vitest'
import { batchesOf, gatherOf, tokenBatch } from '../../../main/engine/activations/batches'
import { positionOf, type TokenRange } from '../../../main/engine/activations/positions'
import type { EncodedRow } from '../../../main/engine/activations/windows'

function rowsOfLengths(lengths: readonly number[], kept: TokenRange = { first: 0, end: 1 }): EncodedRow[] {
  return lengths.map((length, slot) => ({ target: 0, slot, row: slot, ids: Int32Array.from({ length }, (_, i) => 100 * slot + i), kept, firstToken: 0 }))
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
    expect(gatherOf(rowsOfLengths([3], { first: 0, end: 3 }), false)).toEqual({ kind: 'positions', positions: [Int32Array.of(0, 1, 2)] })
    expect(gatherOf(rowsOfLengths([3], { first: 2, end: 3 }), false)).toEqual({ kind: 'positions', positions: [Int32Array.of(2)] })
  })
})

describe('rows of one text', () => {
  const ids = [Int32Array.of(1, 2, 3), Int32Array.of(4, 5, 6), Int32Array.of(7, 8, 9)]
  const words = [0, 0, 1, 0, 2, 1].map((text, slot): EncodedRow => ({ target: 0, slot, row: slot, ids: ids[text]!, kept: { first: slot % 2, end: slot % 2 + 1 }, firstToken: 0 }))

  it('are run once and read at their own tokens', () => {
    const [batch = [], ...more] = batchesOf({ rows: words }, { ...byLength, rowsAt: () => 1e9 })
    expect(more).toEqual([])
    expect(tokenBatch(batch)).toMatchObject({ rows: 3, length: 3, inputIds: Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) })
    expect(gatherOf(batch, false)).toEqual({ kind: 'positions', positions: words.map(({ kept }) => Int32Array.of(kept.first)), batchRows: Int32Array.of(0, 0, 1, 0, 2, 1) })
  })

  it('count their text once against the budget, and stay within the vectors a batch may keep', () => {
    expect(batchesOf({ rows: words }, { ...byLength, tokens: 6, rowsAt: () => 1e9 }).map(batch => batch.map(({ slot }) => slot))).toEqual([[0, 1, 2, 3, 5], [4]])
    expect(batchesOf({ rows: words }, { ...byLength, kept: 2, rowsAt: () => 1e9 }).map(batch => batch.length)).toEqual([2, 2, 2])
  })
})

describe('positions', () => {
  // [CLS] New York is big [SEP] over "New York is big"
  const encoding = { ids: Int32Array.of(1, 5, 6, 7, 8, 2), offsets: Int32Array.of(-1, -1, 0, 3, 4, 8, 9, 11, 12, 15, -1, -1), truncated: 0 }
  const row = (span: readonly [number, number] | null): { row: number; text: string; span: readonly [number, number] | null } => ({ row: 0, text: 'New York is big', span })

  const token = (first: number): TokenRange => ({ first, end: first + 1 })

  it('take the last token that overlaps a span', () => {
    expect(positionOf(encoding, row([0, 8]), { kind: 'span', column: 'city' })).toEqual(token(2))
    expect(positionOf(encoding, row([0, 1]), { kind: 'span', column: 'city' })).toEqual(token(1))
    expect(positionOf(encoding, row([10, 13]), { kind: 'span', column: 'city' })).toEqual(token(4))
  })

  it('take every token that overlaps a word', () => {
    expect(positionOf(encoding, row([0, 8]), { kind: 'word' })).toEqual({ first: 1, end: 3 })
    expect(positionOf(encoding, row([9, 11]), { kind: 'word' })).toEqual(token(3))
    // A token that holds the end of one word and the beginning of the next belongs to both.
    expect(positionOf(encoding, row([1, 2]), { kind: 'word' })).toEqual(token(1))
    expect(positionOf(encoding, row([3, 4]), { kind: 'word' })).toBe('No token covers the word.')
  })

  it('say why a row has none', () => {
    expect(positionOf(encoding, row(null), { kind: 'span', column: 'city' })).toContain('not found')
    expect(positionOf(encoding, row([3, 4]), { kind: 'span', column: 'city' })).toContain('No token covers')
    expect(positionOf({ ...encoding, truncated: 3 }, row([12, 40]), { kind: 'span', column: 'city' })).toContain('cut off')
    expect(positionOf({ ids: new Int32Array(0), offsets: new Int32Array(0), truncated: 0 }, row(null), { kind: 'last' })).toContain('no tokens')
  })

  it('count special tokens as the mask does', () => {
    expect(positionOf(encoding, row(null), { kind: 'last' })).toEqual(token(5))
    expect(positionOf(encoding, row(null), { kind: 'first' })).toEqual(token(0))
    expect(positionOf(encoding, row(null), { kind: 'mean' })).toEqual({ first: 0, end: 6 })
    // [SEP] is the last token: one before it stands "big", five before it [CLS], and the text has no more.
    expect([1, 3, 5].map(offset => positionOf(encoding, row(null), { kind: 'from-end', offset }))).toEqual([token(4), token(2), token(0)])
    expect([1, 5].map(offset => positionOf(encoding, row(null), { kind: 'from-start', offset }))).toEqual([token(1), token(5)])
    expect(positionOf(encoding, row(null), { kind: 'from-end', offset: 6 })).toBe('The text has 6 tokens: it has no 6th token before the last.')
    expect(positionOf(encoding, row(null), { kind: 'from-start', offset: 6 })).toBe('The text has 6 tokens: it has no 6th token after the first.')
  })
})
