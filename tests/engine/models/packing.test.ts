/** Rows that begin alike, run once: the same numbers as the plain padded run. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModel, type OpenModel, type TokenBatch } from '../../../main/engine/models'
import { prefixPacks } from '../../../main/engine/models/generated/prefix-packs'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

const zoo = join(sharedFolder, 'models/zoo')
const families = sharedExists ? readdirSync(zoo) : []
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

function batchOf(sequences: readonly (readonly number[])[], padding: 'left' | 'right' = 'right'): TokenBatch {
  const length = Math.max(...sequences.map(sequence => sequence.length))
  const inputIds = new Int32Array(sequences.length * length)
  const attentionMask = new Uint8Array(sequences.length * length)
  sequences.forEach((sequence, row) => {
    const from = row * length + (padding === 'left' ? length - sequence.length : 0)
    inputIds.set(sequence, from)
    attentionMask.fill(1, from, from + sequence.length)
  })
  return { rows: sequences.length, length, inputIds, attentionMask }
}

describe('laying out a prefix tree', () => {
  it('gives each distinct prefix of a causal model one slot', () => {
    const packs = prefixPacks(batchOf([[5, 6, 7], [5, 6], [9], [5, 6, 8, 1], [5, 6, 7]]), true)
    expect(packs).toHaveLength(1)
    // 9; 5, 6; 7; 8, 1
    expect(packs[0]?.tokens).toHaveLength(6)
    const slots = new Map(packs[0]?.rows.map(({ row, slots: own }) => [row, [...own]]))
    expect(slots.get(4)).toEqual(slots.get(0))
    expect(slots.get(1)).toEqual(slots.get(0)?.slice(0, 2))
    expect(slots.get(3)?.slice(0, 2)).toEqual(slots.get(1))
    expect(slots.get(3)?.slice(2)).not.toContain(slots.get(0)?.[2])
  })

  it('shares only equal rows where every token sees the whole row', () => {
    const [pack] = prefixPacks(batchOf([[5, 6, 7], [5, 6], [5, 6, 7]]), false)
    expect(pack?.tokens).toHaveLength(5)
  })

  it('ends a pack at 256 slots, and gives a longer row one of its own', () => {
    const row = (first: number, length: number): number[] => Array.from({ length }, (_, at) => first * 1000 + at)
    const packs = prefixPacks(batchOf([row(1, 200), row(2, 100), row(3, 400), row(4, 156)]), true)
    expect(packs.map(({ tokens }) => tokens.length)).toEqual([200, 100, 400, 156])
    expect(prefixPacks(batchOf([row(1, 100), row(2, 156)]), true)).toHaveLength(1)
  })
})

describe.skipIf(!sharedExists)('running packs', () => {
  it.each(families)('%s: every site of every token equals the row run alone', async family => {
    const model = await openModel(join(zoo, family, 'model.safetensors'))
    try {
      const sequences = templated(model.summary.vocab ?? 100)
      const sites = model.sites.filter(site => site.width !== null).map(site => site.name)
      for (const padding of ['right', 'left'] as const) {
        const packed = await model.run(batchOf(sequences, padding), sites, { kind: 'tokens' })
        expect(packed.computedTokens).toBeLessThan(0.75 * sequences.length * Math.max(...sequences.map(sequence => sequence.length)))
        expect(await worstRow(model, sequences, sites, packed)).toBeLessThan(1e-5)
      }
    } finally {
      await model.close()
    }
  })

  it.each(['gemma3', 'mistral'])('%s: so it does where a long beginning is shared, and attention runs over all slots in one row', async family => {
    const model = await openModel(join(zoo, family, 'model.safetensors'))
    try {
      const vocab = model.summary.vocab ?? 100
      const sequences = Array.from({ length: 12 }, (_, row) => [...Array.from({ length: 20 }, (_, at) => (at * 7 + 3) % vocab), row + 1, (row * 5 + 2) % vocab])
      const sites = model.sites.filter(site => site.width !== null).map(site => site.name)
      const packed = await model.run(batchOf(sequences), sites, { kind: 'tokens' })
      expect(packed.computedTokens).toBeLessThan(20 + 2 * 12 + 1)
      expect(await worstRow(model, sequences, sites, packed)).toBeLessThan(1e-5)
    } finally {
      await model.close()
    }
  })

  it('gives whole tensors and chosen positions as a padded run does', async () => {
    const model = await openModel(join(zoo, 'qwen3/model.safetensors'))
    try {
      const sequences = templated(model.summary.vocab ?? 100)
      const site = 'blocks.1.attn.hook_z'
      const batch = batchOf(sequences)
      // Asking for a pattern as well leaves only the padded run.
      const plain = await model.run(batch, [site, 'blocks.0.attn.hook_pattern'], { kind: 'whole' })
      const packed = await model.run(batch, [site], { kind: 'whole' })
      expect(plain.computedTokens).toBe(batch.rows * batch.length)
      expect(packed.computedTokens).toBeLessThan(plain.computedTokens)
      expect(packed.get(site)?.shape).toEqual(plain.get(site)?.shape)
      const [a, b] = [packed.get(site)?.data ?? new Float32Array(0), plain.get(site)?.data ?? new Float32Array(0)]
      const width = a.length / (batch.rows * batch.length)
      let largest = 0
      a.forEach((value, at) => { if (batch.attentionMask[Math.floor(at / width)] === 1) largest = Math.max(largest, Math.abs(value - (b[at] ?? NaN))) })
      expect(largest).toBeLessThan(1e-5)

      for (const padding of ['right', 'left'] as const) {
        const padded = batchOf(sequences, padding)
        const last = sequences.map(sequence => Int32Array.of(padding === 'right' ? sequence.length - 1 : padded.length - 1))
        const mean = sequences.map(sequence => Int32Array.from(sequence, (_, token) => token + (padding === 'right' ? 0 : padded.length - sequence.length)))
        const tokens = (await model.run(padded, ['ln_final.hook_out'], { kind: 'tokens' })).get('ln_final.hook_out')?.data ?? new Float32Array(0)
        const hidden = model.summary.hidden
        let start = 0
        for (const [row, sequence] of sequences.entries()) {
          const atLast = (await model.run(padded, ['ln_final.hook_out'], { kind: 'positions', positions: last })).get('ln_final.hook_out')?.data
          const averaged = (await model.run(padded, ['ln_final.hook_out'], { kind: 'positions', positions: mean })).get('ln_final.hook_out')?.data
          for (let column = 0; column < hidden; column++) {
            let sum = 0
            for (let token = 0; token < sequence.length; token++) sum += tokens[(start + token) * hidden + column] ?? NaN
            expect(averaged?.[row * hidden + column]).toBeCloseTo(sum / sequence.length, 5)
            expect(atLast?.[row * hidden + column]).toBe(tokens[(start + sequence.length - 1) * hidden + column])
          }
          start += sequence.length
        }
        // Several entries of one row, and none of others.
        const twice = await model.run(padded, ['ln_final.hook_out'], { kind: 'positions', positions: [last[2]!, mean[0]!, mean[2]!], batchRows: Int32Array.of(2, 0, 2) })
        const each = (await model.run(padded, ['ln_final.hook_out'], { kind: 'positions', positions: mean })).get('ln_final.hook_out')?.data ?? new Float32Array(0)
        const atLast = (await model.run(padded, ['ln_final.hook_out'], { kind: 'positions', positions: last })).get('ln_final.hook_out')?.data ?? new Float32Array(0)
        expect(twice.get('ln_final.hook_out')?.shape).toEqual([3, hidden])
        expect(twice.get('ln_final.hook_out')?.data).toEqual(Float32Array.of(...atLast.slice(2 * hidden, 3 * hidden), ...each.slice(0, hidden), ...each.slice(2 * hidden, 3 * hidden)))
      }
    } finally {
      await model.close()
    }
  })
})

/** Rows of a template: they begin alike, some twice, of different lengths; more than one pack of them. */
function templated(vocab: number): number[][] {
  const id = (seed: number): number => 3 + (seed * 7919) % (vocab - 4)
  return Array.from({ length: 24 }, (_, row) => {
    const kind = row % 3
    const start = Array.from({ length: 6 + 5 * kind }, (_, at) => id(at + 100 * kind))
    const own = row % 5 === 0 ? [] : Array.from({ length: 1 + row % 4 }, (_, at) => id(1000 + row + 13 * at))
    return [...start, ...own]
  })
}

async function worstRow(model: OpenModel, sequences: readonly (readonly number[])[], sites: readonly string[], packed: ReadonlyMap<string, { readonly data: Float32Array }>): Promise<number> {
  let worst = 0
  let start = 0
  for (const sequence of sequences) {
    const alone = await model.run(batchOf([sequence]), sites, { kind: 'tokens' })
    for (const site of sites) {
      const expected = alone.get(site)?.data ?? new Float32Array(0)
      const width = expected.length / sequence.length
      const found = packed.get(site)?.data.subarray(start * width, (start + sequence.length) * width) ?? new Float32Array(0)
      let scale = 1
      for (const value of expected) scale = Math.max(scale, Math.abs(value))
      expected.forEach((value, at) => { worst = Math.max(worst, Math.abs(value - (found[at] ?? NaN)) / scale) })
    }
    start += sequence.length
  }
  return worst
}
