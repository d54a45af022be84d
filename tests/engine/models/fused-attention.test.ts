/** Fused attention taken apart (or asked for its probabilities) must compute what ONNX Runtime's own kernel computes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel, type TokenBatch } from '../../../main/engine/models'
import { readModel, withAttention, withoutAttention, writeModel } from '../../fixtures/onnx-variants'
import { largestDifference, readReference, sharedExists, sharedFolder } from '../../fixtures/reference'

let folder = ''
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'layerscope-attention-')) })
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

async function byOnnxRuntime(path: string, batch: TokenBatch): Promise<Float32Array> {
  const session = await InferenceSession.create(path)
  const long = (values: ArrayLike<number>): Tensor => new Tensor('int64', BigInt64Array.from(Array.from(values, BigInt)), [batch.rows, batch.length])
  const outputs = await session.run({ input_ids: long(batch.inputIds), attention_mask: long(batch.attentionMask), token_type_ids: long(new Uint8Array(batch.inputIds.length)) })
  const data = outputs['last_hidden_state']?.data
  await session.release()
  if (!(data instanceof Float32Array)) throw new Error('no last_hidden_state')
  return data
}

describe.skipIf(!sharedExists)('fused attention', () => {
  it.each(['causal', 'scaled-raw-mask', 'multi-head', 'multi-head-bias', 'standard'] as const)('%s', async form => {
    const path = writeModel(withAttention(readModel(join(sharedFolder, 'models/zoo/bert/onnx/model_fused.onnx')), form), join(folder, `${form}.onnx`))
    const { batch, sites } = readReference(join(sharedFolder, 'models/zoo/bert/reference.safetensors'))
    const model = await openModel(path)
    try {
      expect(model.summary.warnings.filter(warning => !warning.includes('tokenizer'))).toEqual([])
      expect([...sites.keys()].filter(site => !model.sites.some(known => known.name === site))).toEqual([])
      const tensors = await model.run(batch, [...sites.keys(), 'blocks.1.attn.hook_v', 'blocks.1.attn.hook_z'], { kind: 'whole' })
      const expected = { shape: [batch.rows, batch.length, 48], data: await byOnnxRuntime(path, batch) }
      const last = tensors.get('hf.hidden_states.3')
      expect(last === undefined ? Infinity : largestDifference(last, expected, batch)).toBeLessThan(1e-4)

      // The pattern is what mixes the values: z = pattern · v, head by head.
      const read = (site: string): Float32Array => tensors.get(site)?.data ?? new Float32Array(0)
      const [pattern, values, mixed] = [read('blocks.1.attn.hook_pattern'), read('blocks.1.attn.hook_v'), read('blocks.1.attn.hook_z')]
      const { length } = batch
      for (const [head, query] of [[0, 0], [2, 3], [5, 6]] as const) {
        for (const column of [0, 7]) {
          let sum = 0
          for (let key = 0; key < length; key++) {
            const weight = pattern[(head * length + query) * length + key] ?? NaN
            if (form === 'causal' && key > query) expect(weight).toBe(0)
            sum += weight * (values[(key * 6 + head) * 8 + column] ?? NaN)
          }
          expect(mixed[(query * 6 + head) * 8 + column]).toBeCloseTo(sum, 4)
        }
      }
      if (form === 'multi-head' || form === 'standard' || form === 'multi-head-bias') {
        for (const [site, tensor] of sites) {
          const found = tensors.get(site)
          expect(found === undefined ? Infinity : largestDifference(found, tensor, batch), site).toBeLessThan(1e-4)
        }
      }
    } finally {
      await model.close()
    }
  })
})

describe('a graph without attention', () => {
  it('says which pattern is missing and gives the last hidden state alone', async () => {
    const model = await openModel(writeModel(withoutAttention(), join(folder, 'bag.onnx')))
    try {
      expect(model.sites.map(site => site.name)).toEqual(['last_hidden_state'])
      expect(model.summary.defaultSites).toEqual(['last_hidden_state'])
      expect(model.summary.warnings[0]).toMatch(/softmax that multiplies values.*Only the model's own output/)
      const batch = { rows: 1, length: 2, inputIds: Int32Array.of(3, 4), attentionMask: Uint8Array.of(1, 1) }
      expect((await model.run(batch, ['last_hidden_state'], { kind: 'whole' })).get('last_hidden_state')?.shape).toEqual([1, 2, 4])
    } finally {
      await model.close()
    }
  })
})
