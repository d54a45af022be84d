/** Graphs that Layerscope writes itself against Hugging Face's numbers: every family from safetensors, every GGUF file. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openModel, type OpenModel, type Tensor, type TokenBatch } from '../../../main/engine/models'
import { OWN_REFERENCE } from '../../fixtures/parity'
import { largestDifference, readReference, sharedExists, sharedFolder } from '../../fixtures/reference'
import { readSafetensors } from '../../fixtures/safetensors'

const TOLERANCE = 1e-4
const zoo = join(sharedFolder, 'models/zoo')
const ggufFolder = join(sharedFolder, 'models/gguf')
const families = sharedExists ? readdirSync(zoo) : []
const ggufFiles = sharedExists ? readdirSync(ggufFolder).filter(file => file.endsWith('.gguf')).map(file => file.slice(0, -'.gguf'.length)) : []
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

async function withModel(path: string, use: (model: OpenModel) => Promise<void>): Promise<void> {
  const model = await openModel(path)
  try {
    await use(model)
  } finally {
    await model.close()
  }
}

/** Sites of the reference file that are missing or differ by more than the tolerance. */
async function wrongSites(model: OpenModel, reference: string): Promise<readonly string[]> {
  const { batch, sites } = readReference(reference)
  const known = new Set(model.sites.map(site => site.name))
  const asked = [...sites.keys()].filter(site => known.has(site))
  const tensors = await model.run(batch, asked, { kind: 'whole' })
  return [...sites].flatMap(([site, expected]) => {
    const found = tensors.get(site)
    const difference = found === undefined ? Infinity : largestDifference(found, expected, batch)
    return difference <= TOLERANCE ? [] : [`${site}: ${String(difference)}`]
  })
}

describe.skipIf(!sharedExists)('graphs written from safetensors', () => {
  it.each(families)('%s: every site equals the reference', async family => {
    await withModel(join(zoo, family, 'model.safetensors'), async model => {
      expect(await wrongSites(model, join(zoo, family, 'reference.safetensors'))).toEqual([])
      expect(model.summary.checks.filter(check => !check.ok)).toEqual([])
      expect(model.summary.checks.map(check => check.name)).toContain('batched-equals-unbatched')
      expect(model.summary.format).toBe('safetensors')
    })
  })

  it.each(families)('%s: padding on the left gives each row the same', async family => {
    await withModel(join(zoo, family, 'model.safetensors'), async model => {
      const { batch } = readReference(join(zoo, family, 'reference.safetensors'))
      const site = model.summary.defaultSites.at(-1) ?? ''
      const right = (await model.run(batch, [site], { kind: 'tokens' })).get(site)
      const left = (await model.run(leftPadded(batch), [site], { kind: 'tokens' })).get(site)
      expect(largestGap(left, right)).toBeLessThan(1e-5)
    })
  })

  it('reading an early block leaves the later ones out of the graph', async () => {
    await withModel(join(zoo, 'llama/model.safetensors'), async model => {
      const { batch, sites } = readReference(join(zoo, 'llama/reference.safetensors'))
      const expected = sites.get('blocks.0.hook_resid_post')
      const found = (await model.run(batch, ['blocks.0.hook_resid_post'], { kind: 'whole' })).get('blocks.0.hook_resid_post')
      expect(found && expected ? largestDifference(found, expected, batch) : Infinity).toBeLessThan(TOLERANCE)
    })
  })
})

const ownHiddenStates = readSafetensors(fileURLToPath(new URL('../../fixtures/gguf-hidden-states.safetensors', import.meta.url)))

describe.skipIf(!sharedExists)('graphs written from GGUF files', () => {
  it.each(ggufFiles.filter(file => !OWN_REFERENCE.test(file)))('%s: every site equals the reference', async file => {
    await withModel(join(ggufFolder, `${file}.gguf`), async model => {
      expect(await wrongSites(model, join(ggufFolder, `${file}.reference.safetensors`))).toEqual([])
      expect(model.summary.checks.filter(check => !check.ok)).toEqual([])
    })
  })

  it.each(ggufFiles.filter(file => OWN_REFERENCE.test(file)))('%s: the final hidden states equal transformers on the dequantised weights', async file => {
    await withModel(join(ggufFolder, `${file}.gguf`), async model => {
      const { batch } = readReference(join(ggufFolder, `${file}.reference.safetensors`))
      const found = (await model.run(batch, ['ln_final.hook_out'], { kind: 'tokens' })).get('ln_final.hook_out')
      const expected = ownHiddenStates.get(file)
      expect(expected).toBeDefined()
      expect(largestGap(found, expected as { data: Float32Array, shape: number[] } | undefined)).toBeLessThan(TOLERANCE)
      expect(model.summary.checks.filter(check => !check.ok)).toEqual([])
    })
  })
})

/** The same rows with their padding moved to the front. */
function leftPadded({ rows, length, inputIds, attentionMask }: TokenBatch): TokenBatch {
  const ids = new Int32Array(rows * length)
  const mask = new Uint8Array(rows * length)
  for (let row = 0; row < rows; row++) {
    const real = attentionMask.subarray(row * length, (row + 1) * length).reduce((total, one) => total + one, 0)
    for (let token = 0; token < length; token++) {
      const to = row * length + ((token + length - real) % length)
      ids[to] = inputIds[row * length + token] ?? 0
      mask[to] = attentionMask[row * length + token] ?? 0
    }
  }
  return { rows, length, inputIds: ids, attentionMask: mask }
}

function largestGap(a: Pick<Tensor, 'data' | 'shape'> | undefined, b: Pick<Tensor, 'data' | 'shape'> | undefined): number {
  if (a === undefined || b === undefined || a.shape.join() !== b.shape.join()) return Infinity
  let largest = 0
  for (let at = 0; at < a.data.length; at++) {
    const gap = Math.abs((a.data[at] ?? NaN) - (b.data[at] ?? NaN))
    if (!(gap <= largest)) largest = gap
  }
  return largest
}
