/** Models as torch exports them, and the same weights as safetensors, against Hugging Face's numbers (`tests/fixtures/onnx-exports.py`). */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel, type OpenModel } from '../../../main/engine/models'
import { writeVariant, type ModelVariant } from '../../fixtures/model-variants'
import { headless, readModel, writeModel } from '../../fixtures/onnx-variants'
import { largestDifference, readReference, type Reference } from '../../fixtures/reference'

const TOLERANCE = 1e-4
const exportsFolder = fileURLToPath(new URL('../../fixtures/onnx-exports/', import.meta.url))
const entries = JSON.parse(readFileSync(join(exportsFolder, 'exports.json'), 'utf8')) as Readonly<Record<string, Pick<ModelVariant, 'config' | 'tensors'>>>
const referenceOf = (name: string): Reference => readReference(join(exportsFolder, `${name}.safetensors`))
let root = ''
beforeAll(() => { root = mkdtempSync(join(tmpdir(), 'layerscope-exports-')) })
afterAll(() => { rmSync(root, { recursive: true }) })

/** The model in one of its formats, in a folder of its own. */
function write(name: string, format: 'ONNX' | 'ONNX without its head' | 'safetensors'): string {
  const entry = entries[name]
  if (entry === undefined) throw new Error(`no export ${name}`)
  const folder = join(root, `${name} ${format}`)
  if (format === 'safetensors') return writeVariant(folder, { ...entry, bfloat16: false })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'config.json'), JSON.stringify(entry.config))
  const path = join(folder, 'model.onnx')
  if (format === 'ONNX') copyFileSync(join(exportsFolder, `${name}.onnx`), path)
  else writeModel(headless(readModel(join(exportsFolder, `${name}.onnx`))), path)
  return path
}

async function withModel(path: string, use: (model: OpenModel) => Promise<void>): Promise<void> {
  const model = await openModel(path)
  try {
    await use(model)
  } finally {
    await model.close()
  }
}

/** Sites that are missing, or further than the tolerance from Hugging Face's. */
async function wrongSites(model: OpenModel, { batch, sites }: Reference): Promise<readonly string[]> {
  const known = new Set(model.sites.map(site => site.name))
  const tensors = await model.run(batch, [...sites.keys()].filter(site => known.has(site)), { kind: 'whole' })
  return [...sites].flatMap(([site, expected]) => {
    const found = tensors.get(site)
    const difference = found === undefined ? Infinity : largestDifference(found, expected, batch)
    return difference <= TOLERANCE ? [] : [`${site}: ${String(difference)}`]
  })
}

describe('an OPT with an embedding of another width', () => {
  it.each([
    ['opt-norms-after', 'ONNX'], ['opt-norms-after', 'safetensors'], ['opt-norms-before', 'ONNX'], ['opt-norms-before', 'safetensors'],
    ['opt-norms-after', 'ONNX without its head'], ['opt-norms-before', 'ONNX without its head']
  ] as const)('%s as %s: every site equals the reference', async (name, format) => {
    const { batch, sites } = referenceOf(name)
    const expected = new Map([...sites].filter(([site]) => site !== 'logits' || format !== 'ONNX without its head'))
    await withModel(write(name, format), async model => {
      expect(await wrongSites(model, { batch, sites: expected })).toEqual([])
      expect(model.sites.some(site => site.name === 'logits')).toBe(expected.has('logits'))
      expect(model.summary.checks.filter(check => !check.ok)).toEqual([])
      expect(model.summary).toMatchObject({ family: 'opt', layers: 2, hidden: 16, heads: 4, vocab: 100, warnings: [expect.stringContaining('tokenizer.json')] })
    })
  })

  it('has sites of the same names and shapes in both formats', async () => {
    // Scores before the softmax are a site of the graphs that Layerscope writes, the norm before its scale one of those it reads.
    const names = async (path: string): Promise<readonly string[]> => {
      let found: readonly string[] = []
      await withModel(path, model => { found = model.sites.filter(site => !/attn_scores|hook_normalized/.test(site.name)).map(site => `${site.name} ${site.shape.slice(2).join(' × ')}`).sort(); return Promise.resolve() })
      return found
    }
    for (const name of ['opt-norms-after', 'opt-norms-before']) expect(await names(write(name, 'ONNX'))).toEqual(await names(write(name, 'safetensors')))
  })
})
