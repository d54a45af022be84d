/** What is read at a token counted from the end against Hugging Face's own numbers, with padding on either side. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gatherOf, tokenBatch } from '../../../main/engine/activations/batches'
import { positionOf, type TokenRange } from '../../../main/engine/activations/positions'
import type { EncodedRow } from '../../../main/engine/activations/windows'
import { openModel } from '../../../main/engine/models'
import { readReference, sharedFolder } from '../../fixtures/reference'

const TOLERANCE = 1e-4
const zoo = join(sharedFolder, 'models/zoo')
const absent = !existsSync(join(zoo, 'llama/reference.safetensors'))
if (absent) console.log('skipped: the reference models of ../shared are not here')

describe.skipIf(absent)('a token counted from the end', () => {
  it.each([['llama', 'blocks.1.hook_resid_post'], ['gpt2', 'blocks.1.hook_resid_post'], ['bert', 'blocks.1.block_out']])('of %s is the one of the reference', async (family, site) => {
    const { batch, sites } = readReference(join(zoo, family, 'reference.safetensors'))
    const expected = sites.get(site)
    if (expected === undefined) throw new Error(`the reference of ${family} has no ${site}`)
    const model = await openModel(join(zoo, family, 'onnx/model.onnx'))
    try {
      // Both ends of the padding: the first real token of each row, and how many there are.
      const texts = Array.from({ length: batch.rows }, (_, row) => {
        const mask = batch.attentionMask.subarray(row * batch.length, (row + 1) * batch.length)
        const begin = mask.indexOf(1)
        const length = mask.reduce((sum, one) => sum + one, 0)
        return { begin, ids: batch.inputIds.slice(row * batch.length + begin, row * batch.length + begin + length) }
      })
      expect(new Set(texts.map(({ ids }) => ids.length)).size).toBeGreaterThan(1)
      for (const offset of [0, 1, 3]) {
        const rows: EncodedRow[] = texts.map(({ ids }, slot) => {
          const kept = positionOf({ ids, offsets: new Int32Array(2 * ids.length), truncated: 0 }, { row: slot, text: '', span: null }, offset === 0 ? { kind: 'last' } : { kind: 'from-end', offset })
          return { target: 0, slot, row: slot, ids, kept: kept as TokenRange, firstToken: 0 }
        })
        const found = (await model.run(tokenBatch(rows), [site], gatherOf(rows, false))).get(site)?.data ?? new Float32Array(0)
        const width = found.length / batch.rows
        texts.forEach(({ begin, ids }, row) => {
          const place = row * batch.length + begin + ids.length - 1 - offset
          for (let i = 0; i < width; i++) expect(Math.abs((found[row * width + i] ?? NaN) - Number(expected.data[place * width + i]))).toBeLessThanOrEqual(TOLERANCE)
        })
      }
    } finally {
      await model.close()
    }
  })

  it('is the same token where a batch is padded on the left', async () => {
    const { batch } = readReference(join(zoo, 'llama/reference.safetensors'))
    const site = 'blocks.1.hook_resid_post'
    const lengths = Array.from({ length: batch.rows }, (_, row) => batch.attentionMask.subarray(row * batch.length, (row + 1) * batch.length).reduce((sum, one) => sum + one, 0))
    // Every row's tokens moved to its end.
    const moved = <T extends Int32Array | Uint8Array>(from: T, into: T): T => {
      lengths.forEach((length, row) => { into.set(from.subarray(row * batch.length, row * batch.length + length), (row + 1) * batch.length - length) })
      return into
    }
    const left = { ...batch, inputIds: moved(batch.inputIds, new Int32Array(batch.inputIds.length)), attentionMask: moved(batch.attentionMask, new Uint8Array(batch.attentionMask.length)) }
    const model = await openModel(join(zoo, 'llama/onnx/model.onnx'))
    try {
      for (const offset of [0, 2]) {
        const right = (await model.run(batch, [site], { kind: 'positions', positions: lengths.map(length => Int32Array.of(length - 1 - offset)) })).get(site)?.data ?? new Float32Array(0)
        const own = (await model.run(left, [site], { kind: 'positions', positions: lengths.map(() => Int32Array.of(batch.length - 1 - offset)) })).get(site)?.data ?? new Float32Array(0)
        expect(own.length).toBe(right.length)
        for (let i = 0; i < own.length; i++) expect(Math.abs((own[i] ?? NaN) - (right[i] ?? NaN))).toBeLessThanOrEqual(TOLERANCE)
      }
    } finally {
      await model.close()
    }
  })
})
