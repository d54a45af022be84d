/** Every export of every family against Hugging Face's own numbers (see shared/models/README.md). */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModel } from '../../../main/engine/models'
import { largestDifference, readReference, sharedExists, sharedFolder } from '../../fixtures/reference'

const TOLERANCE = 1e-4
const zoo = join(sharedFolder, 'models/zoo')
const families = sharedExists ? readdirSync(zoo) : []
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

const cases = (names: readonly string[]): readonly (readonly [string, string])[] =>
  families.flatMap(family => names.filter(name => existsSync(join(zoo, family, 'onnx', `${name}.onnx`))).map(name => [family, name] as const))

describe.skipIf(!sharedExists)('sites of exported graphs', () => {
  it.each(cases(['model', 'decoder_with_past', 'model_optimized', 'model_fused']))('%s %s equals the reference', async (family, name) => {
    const { batch, sites } = readReference(join(zoo, family, 'reference.safetensors'))
    const model = await openModel(join(zoo, family, 'onnx', `${name}.onnx`))
    try {
      const known = new Set(model.sites.map(site => site.name))
      expect([...sites.keys()].filter(site => !known.has(site))).toEqual([])
      const tensors = await model.run(batch, [...sites.keys()], { kind: 'whole' })
      const wrong: string[] = []
      for (const [site, expected] of sites) {
        const found = tensors.get(site)
        const difference = found === undefined ? Infinity : largestDifference(found, expected, batch)
        if (!(difference <= TOLERANCE)) wrong.push(`${site}: ${String(difference)}`)
      }
      expect(wrong).toEqual([])
      expect(model.summary.checks.filter(check => !check.ok)).toEqual([])
      expect(model.summary.family).toBe(family === 'llama3-rope' ? 'llama' : family === 'neox' ? 'gpt_neox' : family === 'gemma3' ? 'gemma3_text' : family)
      expect(model.summary.layers).toBe(3)
    } finally {
      await model.close()
    }
  })

  it.each(cases(['model_quantized', 'model_q4']))('%s %s exposes the same sites and stays near the reference', async (family, name) => {
    const { batch, sites } = readReference(join(zoo, family, 'reference.safetensors'))
    const plain = await openModel(join(zoo, family, 'onnx/model.onnx'))
    const model = await openModel(join(zoo, family, 'onnx', `${name}.onnx`))
    try {
      expect(model.sites).toEqual(plain.sites)
      expect(model.summary.checks.filter(check => !check.ok)).toEqual([])
      const tensors = await model.run(batch, [...sites.keys()], { kind: 'whole' })
      for (const [site, expected] of sites) {
        const found = tensors.get(site)
        // Rounding of weights to 8 or 4 bits: near in direction, not equal.
        expect(found === undefined ? 0 : cosine(found.data, expected.data, batch.attentionMask, site), site).toBeGreaterThan(0.9)
      }
    } finally {
      await model.close()
      await plain.close()
    }
  })
})

/** Cosine of two sites over unpadded tokens; patterns, whose padded queries are undefined, over all first-row values. */
function cosine(found: Float32Array, expected: ArrayLike<number | bigint>, mask: Uint8Array, site: string): number {
  const width = found.length / mask.length
  let [ab, aa, bb] = [0, 0, 0]
  for (let at = 0; at < found.length; at++) {
    if (site.endsWith('pattern') ? at >= found.length / 3 / 4 : mask[Math.floor(at / width)] !== 1) continue
    const [a, b] = [found[at] ?? 0, Number(expected[at])]
    ab += a * b
    aa += a * a
    bb += b * b
  }
  return ab / Math.sqrt(aa * bb)
}
