import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModel, prepareModelThread, type TokenBatch } from '../../../main/engine/models'
import { rehearse } from '../../../main/engine/models/worker/rehearsal'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

it('rehearses with a model that ONNX Runtime runs', async () => {
  await expect(rehearse()).resolves.toBeUndefined()
})

describe.skipIf(!sharedExists)('a thread that waits for a model', () => {
  const path = join(sharedFolder, 'models/zoo/llama')
  const batch: TokenBatch = { rows: 1, length: 3, inputIds: Int32Array.of(5, 9, 20), attentionMask: new Uint8Array(3).fill(1) }

  async function logits(): Promise<Float32Array> {
    const model = await openModel(path)
    try {
      expect(model.summary.checks.every(({ ok }) => ok)).toBe(true)
      return (await model.run(batch, ['logits'], { kind: 'whole' })).get('logits')?.data ?? new Float32Array(0)
    } finally {
      await model.close()
    }
  }

  it('serves one model as a new thread does, and the next model gets another', async () => {
    const fresh = await logits()
    expect(fresh.length).toBeGreaterThan(0)
    prepareModelThread()
    prepareModelThread()
    expect(await logits()).toEqual(fresh)
    expect(await logits()).toEqual(fresh)
    prepareModelThread()
    expect(await logits()).toEqual(fresh)
  })
})
