/** Changing a site while the model runs. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel, type Intervention, type OpenModel, type TokenBatch } from '../../../main/engine/models'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

const batch: TokenBatch = { rows: 2, length: 6, inputIds: Int32Array.from([5, 9, 17, 31, 2, 44, 8, 81, 3, 60, 0, 0]), attentionMask: Uint8Array.from([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]) }
const other: TokenBatch = { ...batch, inputIds: Int32Array.from([77, 12, 40, 6, 90, 13, 21, 55, 34, 10, 0, 0]) }

describe.skipIf(!sharedExists).each([['qwen3', 'logits', 'blocks.1.hook_resid_post'], ['gpt2', 'logits', 'blocks.1.hook_resid_mid'], ['bert', 'blocks.2.block_out', 'blocks.0.block_out']])('%s', (family, output, site) => {
  let model: OpenModel
  const values = async (of: TokenBatch, name: string, interventions: readonly Intervention[] = []): Promise<Float32Array> =>
    (await model.run(of, [name], { kind: 'whole' }, interventions)).get(name)?.data ?? new Float32Array(0)

  /** Largest difference over real positions. */
  const apart = (a: Float32Array, b: Float32Array): number => {
    const width = a.length / 12
    let largest = a.length === b.length && a.length > 0 ? 0 : Infinity
    a.forEach((value, at) => { if (batch.attentionMask[Math.floor(at / width)] === 1) largest = Math.max(largest, Math.abs(value - (b[at] ?? NaN))) })
    return largest
  }

  beforeAll(async () => { model = await openModel(join(sharedFolder, 'models/zoo', family, 'model.safetensors')) })
  afterAll(async () => { await model.close() })

  it('adding zero changes nothing', async () => {
    expect(apart(await values(batch, output, [{ site, add: new Float32Array(model.summary.hidden) }]), await values(batch, output))).toBeLessThan(1e-6)
  })

  it('adding a vector moves the site by it and the output with it', async () => {
    const add = new Float32Array(model.summary.hidden).fill(0.25)
    const before = await values(batch, site)
    expect(apart(await values(batch, site, [{ site, add }]), before.map(value => value + 0.25))).toBeLessThan(1e-6)
    // A step along the all-ones direction alone is what a layer norm takes away: change one value as well.
    add[0] = 2
    expect(apart(await values(batch, output, [{ site, add }]), await values(batch, output))).toBeGreaterThan(1e-3)
  })

  it('patching a run with its own activations changes nothing', async () => {
    const value = await values(batch, site)
    expect(apart(await values(batch, output, [{ site, patch: { mask: new Uint8Array(12).fill(1), value } }]), await values(batch, output))).toBeLessThan(1e-6)
  })

  it('patching with another prompt\'s gives that prompt\'s output', async () => {
    // The whole stream at one depth decides everything above it.
    const patched = await values(batch, output, [{ site, patch: { mask: new Uint8Array(12).fill(1), value: await values(other, site) } }])
    const expected = await values(other, output)
    if (site.endsWith('resid_mid')) expect(apart(patched, expected)).toBeLessThan(1e-4)
    else expect(apart(patched, expected)).toBeLessThan(1e-5)
    expect(apart(patched, await values(batch, output))).toBeGreaterThan(1e-3)
  })

  it('patches only where the mask says', async () => {
    const mask = new Uint8Array(12)
    mask[3] = 1
    const value = await values(other, site)
    const found = await values(batch, site, [{ site, patch: { mask, value } }])
    const expected = Float32Array.from(await values(batch, site))
    const width = model.summary.hidden
    expected.set(value.subarray(3 * width, 4 * width), 3 * width)
    expect(apart(found, expected)).toBeLessThan(1e-6)
  })

  it('refuses sites and sizes that do not fit', async () => {
    const refused = { report: { code: 'intervention-invalid' } }
    await expect(values(batch, output, [{ site: 'blocks.0.attn.hook_pattern' }])).rejects.toMatchObject(refused)
    await expect(values(batch, output, [{ site, add: new Float32Array(7) }])).rejects.toMatchObject(refused)
    await expect(values(batch, output, [{ site }, { site }])).rejects.toMatchObject(refused)
  })
})

it.skipIf(!sharedExists)('an exported graph can be read but not changed', async () => {
  const model = await openModel(join(sharedFolder, 'models/zoo/bert/onnx/model.onnx'))
  await expect(model.run(batch, ['blocks.0.block_out'], { kind: 'whole' }, [{ site: 'blocks.0.block_out' }])).rejects.toMatchObject({ report: { code: 'intervention-invalid' } })
  await model.close()
})
