/** Models as torch exports them, and the same weights as safetensors, against Hugging Face's numbers (`tests/fixtures/onnx-exports.py`). */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel, type Gather, type OpenModel, type Tensor, type TokenBatch } from '../../../main/engine/models'
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

describe('a GPT-2 without position_ids, whose graph numbers positions by place', () => {
  const name = 'gpt2-without-positions'
  const { batch, sites } = referenceOf(name)

  it('equals the reference in a padded batch', async () => {
    expect(readModel(join(exportsFolder, `${name}.onnx`)).graph?.input?.map(input => input.name)).toEqual(['input_ids', 'attention_mask'])
    await withModel(write(name, 'ONNX'), async model => {
      expect(await wrongSites(model, { batch, sites })).toEqual([])
      expect(model.summary.checks.filter(check => !check.ok)).toEqual([])
    })
  })

  it.each([['on the left', 'left'], ['between tokens', 'between']] as const)('gives each row the same with its padding %s', async (_, side) => {
    const moved = withPadding(batch, side)
    await withModel(write(name, 'ONNX'), async model => {
      const asked = model.sites.map(site => site.name)
      const right = await model.run(batch, asked, { kind: 'whole' })
      const whole = await model.run(moved, asked, { kind: 'whole' })
      for (const site of asked) {
        for (const [row, places] of realPlaces(moved).entries()) {
          const before = realPlaces(batch)[row] ?? []
          expect(largestGap(tokensOf(site, whole.get(site), row, places), tokensOf(site, right.get(site), row, before)), `${site}, row ${String(row)}`).toBeLessThan(1e-6)
        }
      }
      const perToken = asked.filter(site => !site.endsWith('pattern'))
      const lasts = (of: TokenBatch): Gather => ({ kind: 'positions', positions: realPlaces(of).map(places => Int32Array.from(places.slice(-2))) })
      const compare = async (a: Gather, b: Gather): Promise<void> => {
        const [one, other] = [await model.run(moved, perToken, a), await model.run(batch, perToken, b)]
        for (const site of perToken) expect(largestGap([...one.get(site)?.data ?? []], [...other.get(site)?.data ?? []]), site).toBeLessThan(1e-6)
      }
      await compare({ kind: 'tokens' }, { kind: 'tokens' })
      await compare(lasts(moved), lasts(batch))
    })
  })

  it('gives each row of a batch padded on the left what it gives the row alone', async () => {
    const moved = withPadding(batch, 'left')
    await withModel(write(name, 'ONNX'), async model => {
      const whole = await model.run(moved, ['ln_final.hook_out', 'logits'], { kind: 'whole' })
      for (const [row, places] of realPlaces(moved).entries()) {
        const inputIds = Int32Array.from(places, place => moved.inputIds[row * moved.length + place] ?? 0)
        const alone = await model.run({ rows: 1, length: inputIds.length, inputIds, attentionMask: new Uint8Array(inputIds.length).fill(1) }, [...whole.keys()], { kind: 'whole' })
        for (const [site, tensor] of whole) expect(largestGap(tokensOf(site, tensor, row, places), [...alone.get(site)?.data ?? []]), site).toBeLessThan(TOLERANCE)
      }
    })
  })
})

/** The same rows with their padding on the left, or before their last token. */
function withPadding({ rows, length, inputIds, attentionMask }: TokenBatch, side: 'left' | 'between'): TokenBatch {
  const ids = new Int32Array(rows * length)
  const mask = new Uint8Array(rows * length)
  realPlaces({ rows, length, inputIds, attentionMask }).forEach((places, row) => {
    places.forEach((place, at) => {
      const to = row * length + (side === 'left' || at === places.length - 1 ? length - places.length + at : at)
      ids[to] = inputIds[row * length + place] ?? 0
      mask[to] = 1
    })
  })
  return { rows, length, inputIds: ids, attentionMask: mask }
}

/** Where the real tokens of each row stand. */
function realPlaces({ rows, length, attentionMask }: TokenBatch): readonly (readonly number[])[] {
  return Array.from({ length: rows }, (_, row) => Array.from({ length }, (_, at) => at).filter(at => attentionMask[row * length + at] === 1))
}

/** A row's values at these places, one after the other; of a pattern, those of pairs of places. */
function tokensOf(site: string, tensor: Tensor | undefined, row: number, places: readonly number[]): readonly number[] {
  const { data, shape: [, second = 0, third = 0, fourth] } = tensor ?? { data: new Float32Array(0), shape: [] }
  if (site.endsWith('pattern')) {
    return Array.from({ length: second }, (_, head) => places.flatMap(query => places.map(key => data[((row * second + head) * third + query) * third + key] ?? NaN))).flat()
  }
  const width = third * (fourth ?? 1)
  return places.flatMap(place => [...data.subarray((row * second + place) * width, (row * second + place + 1) * width)])
}

function largestGap(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || a.length !== b.length) return Infinity
  return a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - (b[at] ?? NaN))), 0)
}
