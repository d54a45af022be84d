/** Gradients of the output with respect to sites: against PyTorch's, and against central differences. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModel, type OpenModel, type TokenBatch } from '../../../main/engine/models'
import { readReference, sharedExists, sharedFolder } from '../../fixtures/reference'
import { readSafetensors } from '../../fixtures/safetensors'

const zoo = join(sharedFolder, 'models/zoo')
const families = sharedExists ? readdirSync(zoo) : []
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

/** Largest difference relative to the largest value. */
function relativeDifference(found: Float32Array, expected: Float32Array): number {
  let scale = 0
  for (const value of expected) scale = Math.max(scale, Math.abs(value))
  let largest = found.length === expected.length ? 0 : Infinity
  expected.forEach((value, at) => { largest = Math.max(largest, Math.abs(value - (found[at] ?? NaN)) / scale) })
  return largest
}

describe.skipIf(!sharedExists)('gradients', () => {
  it.each(families)('%s: equal PyTorch\'s within 1e-4', async family => {
    const model = await openModel(join(zoo, family, 'model.safetensors'))
    try {
      const { batch } = readReference(join(zoo, family, 'reference.safetensors'))
      const reference = readSafetensors(join(zoo, family, 'gradients.safetensors'))
      const cotangent = reference.get('cotangent')?.data as Float32Array
      const sites = [...reference.keys()].filter(name => name.startsWith('grad.'))
      expect(sites.length).toBeGreaterThan(1)
      for (const name of sites) {
        const expected = reference.get(name)
        // The last block of an encoder is its output: its gradient is the cotangent itself.
        const found = await model.gradient(batch, name.slice('grad.'.length), cotangent)
        expect(found.shape).toEqual(expected?.shape)
        expect(relativeDifference(found.data, expected?.data as Float32Array), name).toBeLessThan(1e-4)
      }
    } finally {
      await model.close()
    }
  })

  it.each(['gemma2', 'qwen3', 'bert'])('%s: equal central differences of the run itself', async family => {
    const model = await openModel(join(zoo, family, 'model.safetensors'))
    try {
      const { batch } = readReference(join(zoo, family, 'reference.safetensors'))
      const output = model.gradientOutput ?? ''
      const site = family === 'bert' ? 'blocks.0.attn_block_out' : 'blocks.0.hook_resid_mid'
      const width = model.sites.find(({ name }) => name === output)?.width ?? 0
      const cotangent = Float32Array.from({ length: batch.rows * batch.length * width }, (_, at) => batch.attentionMask[Math.floor(at / width)] === 1 ? Math.sin(at) : 0)
      await expectDirectionalDerivative(model, batch, site, cotangent)
    } finally {
      await model.close()
    }
  })

  it('are there for quantised GGUF files, whose rows llama.cpp reorders', async () => {
    const model = await openModel(join(sharedFolder, 'models/gguf/llama-256-Q4_1.gguf'))
    try {
      const batch: TokenBatch = { rows: 1, length: 4, inputIds: Int32Array.from([5, 9, 17, 31]), attentionMask: new Uint8Array(4).fill(1) }
      const cotangent = new Float32Array(4 * (model.summary.vocab ?? 0))
      cotangent[cotangent.length - 7] = 1
      await expectDirectionalDerivative(model, batch, 'blocks.0.hook_resid_pre', cotangent)
    } finally {
      await model.close()
    }
  })

  it('refuses what has no gradient', async () => {
    const model = await openModel(join(zoo, 'bert/model.safetensors'))
    const { batch } = readReference(join(zoo, 'bert/reference.safetensors'))
    await expect(model.gradient(batch, 'hook_embed', new Float32Array(5))).rejects.toMatchObject({ report: { code: 'cotangent-malformed' } })
    await expect(model.gradient(batch, 'nowhere', new Float32Array(5))).rejects.toMatchObject({ report: { code: 'site-unknown' } })
    await model.close()
    const exported = await openModel(join(zoo, 'bert/onnx/model.onnx'))
    await expect(exported.gradient(batch, 'hook_embed', new Float32Array(5))).rejects.toMatchObject({ report: { code: 'gradient-unsupported' } })
    await exported.close()
  })
})

/** The derivative along the gradient itself, by central differences, is the gradient's length: there it is largest beside rounding. */
async function expectDirectionalDerivative(model: OpenModel, batch: TokenBatch, site: string, cotangent: Float32Array): Promise<void> {
  const output = model.gradientOutput ?? ''
  const gradient = await model.gradient(batch, site, cotangent)
  const length = Math.hypot(...gradient.data)
  const step = 1e-2
  const value = async (sign: number): Promise<number> => {
    const add = gradient.data.map(one => sign * step * one / length)
    const outputs = (await model.run(batch, [output], { kind: 'whole' }, [{ site, add }])).get(output)?.data ?? new Float32Array(0)
    return outputs.reduce((total, one, at) => total + one * (cotangent[at] ?? 0), 0)
  }
  expect((await value(1) - await value(-1)) / (2 * step) / length).toBeCloseTo(1, 2)
}
