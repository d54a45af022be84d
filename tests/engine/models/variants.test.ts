/** The same model written in other ways must give the same numbers. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel, type OpenModel } from '../../../main/engine/models'
import { genaiLlama, inHalfPrecision, merged, readModel, withExternalData, withoutNames, writeModel } from '../../fixtures/onnx-variants'
import { largestDifference, readReference, sharedExists, sharedFolder } from '../../fixtures/reference'

const zoo = join(sharedFolder, 'models/zoo')
let folder = ''
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'layerscope-variants-')) })
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

/** Opens the model and returns every site of the reference that is missing or further off than `tolerance`. */
async function wrongSites(path: string, family: string, tolerance: number, except: RegExp = /^$/): Promise<{ readonly wrong: readonly string[]; readonly model: OpenModel }> {
  const { batch, sites } = readReference(join(zoo, family, 'reference.safetensors'))
  const model = await openModel(path)
  const known = new Set(model.sites.map(site => site.name))
  const wanted = [...sites.keys()].filter(site => !except.test(site))
  const wrong = wanted.filter(site => !known.has(site)).map(site => `${site} is missing`)
  const tensors = await model.run(batch, wanted.filter(site => known.has(site)), { kind: 'whole' })
  for (const [site, tensor] of tensors) {
    const expected = sites.get(site)
    const difference = expected === undefined ? Infinity : largestDifference(tensor, expected, batch)
    if (!(difference <= tolerance)) wrong.push(`${site}: ${String(difference)}`)
  }
  await model.close()
  return { wrong, model }
}

describe.skipIf(!sharedExists)('variants of an export', () => {
  it.each(['bert', 'gpt2', 'llama', 'neox', 'gemma2', 'phi3', 'opt'])('%s with every name replaced by a number', async family => {
    const path = writeModel(withoutNames(readModel(join(zoo, family, 'onnx/model.onnx'))), join(folder, `${family}-nameless.onnx`))
    expect((await wrongSites(path, family, 1e-4)).wrong).toEqual([])
  })

  it.each(['llama', 'gpt2', 'neox'])('%s merged: one If with and without a cache', async family => {
    const path = writeModel(merged(readModel(join(zoo, family, 'onnx/model.onnx')), readModel(join(zoo, family, 'onnx/decoder_with_past.onnx'))), join(folder, 'decoder_model_merged.onnx'))
    expect((await wrongSites(path, family, 1e-4)).wrong).toEqual([])
  })

  it.each([['separate', false], ['packed', true]] as const)('a Llama-like model as onnxruntime-genai writes it, projections %s', async (_, packed) => {
    const path = writeModel(genaiLlama(join(zoo, 'mistral'), packed), join(folder, `genai-${String(packed)}.onnx`))
    const { wrong, model } = await wrongSites(path, 'mistral', 1e-4)
    expect(wrong).toEqual([])
    expect(model.summary).toMatchObject({ layers: 3, heads: 6, kvHeads: 2, headDim: 16, hidden: 48, vocab: 600 })
  })

  it('bert in float16: every site comes out as float32', async () => {
    const path = writeModel(inHalfPrecision(readModel(join(zoo, 'bert/onnx/model.onnx'))), join(folder, 'model_fp16.onnx'))
    const { wrong, model } = await wrongSites(path, 'bert', 3e-2)
    expect(wrong).toEqual([])
    expect(model.summary.precision).toBe('float16')
  })

  it('weights in a file beside the graph; cut short, or without that file, an error that names it', async () => {
    const place = join(folder, 'external')
    mkdirSync(place)
    const path = withExternalData(readModel(join(zoo, 'llama/onnx/model.onnx')), place, 'model.onnx')
    const { wrong, model } = await wrongSites(path, 'llama', 1e-4)
    expect(wrong).toEqual([])
    expect(model.summary.bytes).toBeGreaterThan(400_000)
    const data = join(place, 'model.onnx_data')
    renameSync(data, join(place, 'elsewhere'))
    await expect(openModel(path)).rejects.toMatchObject({ report: { code: 'model-data-missing', file: data } })
    writeFileSync(data, readFileSync(join(place, 'elsewhere')).subarray(0, 1000))
    await expect(openModel(path)).rejects.toMatchObject({ report: { code: 'model-truncated', file: data, message: expect.stringContaining('1000 bytes') as string } })
  })
})
