import { mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sweep, type HeldOutClasses, type SweepInput } from '../../../main/engine/probes'
import { seededRandom } from '../../../main/engine/probes/random'
import { ProbesFile, readProbes } from '../../../main/engine/sessions/index'

let root = ''
beforeAll(async () => { root = await mkdtemp(join(tmpdir(), 'probes-')) })
afterAll(async () => { await rm(root, { recursive: true }) })

const columns = 12

/** Features of unlike units and offsets, one of them dead; pairs of rows share a group. */
function made(rows: number, classes: number): SweepInput & { readonly values: Float32Array } {
  const random = seededRandom(5)
  const codes = Array.from({ length: rows }, (_, row) => Math.floor(row / 2) % classes)
  const values = Float32Array.from({ length: rows * columns }, (_, at) => {
    const column = at % columns
    if (column === 3) return 7.5
    return (random() - 0.5 + (column === codes[Math.floor(at / columns)] ? 0.4 : 0)) * 4 ** (column % 5 - 2) + column * 3
  })
  return {
    values, texts: codes.map((_, row) => `row ${row}`), labels: codes.map((code, row) => row === 9 ? null : `class ${code}`),
    groups: codes.map((_, row) => String(Math.floor(row / 2))), test: null, sites: ['blocks.0.hook_resid_post'],
    readSite: () => Promise.resolve({ data: Float32Array.from(values), rows, columns })
  }
}

describe('kept probes', () => {
  it.each([[2, ['logistic', 'mass-mean', 'lda']], [3, ['logistic', 'nearest-centroid']]] as const)('give the held-out output again from raw activations (%i classes)', async (classes, methods) => {
    const rows = 180
    const input = made(rows, classes)
    const held: HeldOutClasses[] = []
    const { actual, fold, folds } = await sweep(input, { task: 'classes', split: 'folds', methods: [...methods], folds: 5, strengths: 4, seed: 0 }, { onSite: (_, heldOut) => { held.push(heldOut) } })
    expect(fold[9]).toBe(-1)
    expect(folds.map(({ test }) => test.rows).reduce((sum, own) => sum + own)).toBe(rows - 1)
    folds.forEach(({ training, test, validation }, index) => {
      expect(test.rows).toBe(fold.filter(own => own === index).length)
      expect(training.rows + test.rows).toBe(rows - 1)
      // Five folds: every training row validates once, and no pair is torn apart.
      expect(validation).toEqual(training)
      expect(training.groups + test.groups).toBe(rows / 2)
    })
    for (const { probes, score, predicted } of held) {
      if (probes === null) throw new Error('a linear method must keep its probes')
      const { outputs } = probes
      expect([probes.folds, outputs, probes.columns]).toEqual([5, classes === 2 ? 1 : classes, columns])
      for (let row = 0; row < rows; row++) {
        const own = fold[row] as number
        if (own < 0) continue
        const logits = Array.from({ length: outputs }, (_, output) => {
          let sum = probes.intercepts[own * outputs + output] as number
          for (let column = 0; column < columns; column++) sum += (probes.weights[(own * outputs + output) * columns + column] as number) * (input.values[row * columns + column] as number)
          return sum
        })
        const both = outputs === 1 ? [0, logits[0] as number] : logits
        const total = both.reduce((sum, logit) => sum + Math.exp(logit), 0)
        expect(both.indexOf(Math.max(...both))).toBe(predicted[row])
        // The engine's products are float32.
        expect(Math.exp(both[classes === 2 ? 1 : actual.codes[row] as number] as number) / total).toBeCloseTo(score[row] as number, 4)
      }
    }
  })

  it('come back from their file as they were, and nothing stands there before the end', async () => {
    const path = join(root, 'probes.safetensors')
    const site = 'blocks.0/ünusual "name"'
    const file = await ProbesFile.create(path, [site, 'never fitted'], ['logistic'])
    const probes = {
      folds: 2, outputs: 1, columns: 3, weights: Float64Array.of(1, 2, 3, 4, 5, Math.PI), intercepts: Float64Array.of(-1, 1e-9),
      strengths: Float64Array.of(0.1, 10), validation: Float64Array.of(0.5, 0.6, 0.7, 0.65), chosen: Float64Array.of(10, 0.1)
    }
    await file.writeSite(site, 'logistic', probes)
    expect(existsSync(path)).toBe(false)
    const sizes = [0, 1].map(fold => ({ training: { rows: 4, groups: 2 + fold }, validation: { rows: 3, groups: 1 }, test: { rows: 2, groups: 1 } }))
    await file.finish(Int32Array.of(0, 1, -1, 0), sizes)
    expect(await readProbes(path, site, 'logistic')).toEqual({ probes, fold: Int32Array.of(0, 1, -1, 0), sizes })
    expect((await readProbes(path, 'never fitted', 'logistic')).probes).toBeNull()
    await expect(readProbes(join(root, 'none'), site, 'logistic')).rejects.toMatchObject({ report: { code: 'probes-missing' } })
  })
})
