import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkMethods, probeMethod } from '../../../main/engine/probes/methods'
import type { SiteContext } from '../../../main/engine/probes/probe-method'
import { accuracy, areaUnderCurve, predictedClasses, ranking, type Predictions } from '../../../main/engine/probes/metrics'
import { seededRandom, shuffle } from '../../../main/engine/probes/random'
import { leavingOut, linearProbe, logitsOf, siteContext } from './fitting'
import { fixtureTensors, missing, sharedFile } from './shared-files'

const closedForms = ['mass-mean', 'mass-mean-covariance', 'lda', 'nearest-centroid']

async function fitOne(context: SiteContext, name: string, held: number, cells: number, codes: Int32Array): Promise<ReturnType<typeof logitsOf>> {
  const [fit] = await probeMethod(name).fit(context, leavingOut([held], cells, codes, [1]), 'final')
  return logitsOf(context, linearProbe(fit))
}

function predictionsOf(logits: Float64Array, rows: readonly number[], codes: Int32Array): Predictions {
  return {
    probabilities: Float64Array.from(rows.flatMap(row => { const p = 1 / (1 + Math.exp(-logits[row]!)); return [1 - p, p] })),
    actual: Int32Array.from(rows, row => codes[row]!), classes: 2
  }
}

const fixtures = 'reference/fixtures/expected.json'
describe.skipIf(missing(fixtures))('closed-form probes against the fixtures', () => {
  const expected = missing(fixtures) ? null! : JSON.parse(readFileSync(sharedFile(fixtures), 'utf8')) as Record<'mass_mean' | 'lda_shrinkage_auto' | 'nearest_centroid', Record<string, number>>
  const inputs = missing(fixtures) ? null! : fixtureTensors('inputs')
  const codes = (name: string): Int32Array => inputs.get(name)!.data as Int32Array

  it.each([
    ['mass-mean', 'mass_mean', 'test_accuracy', 'test_auroc'], ['mass-mean-covariance', 'mass_mean', 'cov_test_accuracy', 'cov_test_auroc'],
    ['lda', 'lda_shrinkage_auto', 'test_accuracy', 'test_auroc']
  ] as const)('%s gives the accuracy exactly and the area within one pair of rows', async (name, entry, right, area) => {
    const y = codes('truth_y')
    const folds = codes('truth_fold')
    const context = await siteContext(inputs.get('truth_x')!.data as Float32Array, 576, folds, 2)
    const predictions = predictionsOf(await fitOne(context, name, 0, 5, y), [...folds.keys()].filter(row => folds[row] === 0), y)
    expect(accuracy(predictedClasses(predictions), predictions.actual)).toBeCloseTo(expected[entry][right]!, 9)
    expect(Math.abs(areaUnderCurve(ranking(predictions, 1), null)! - expected[entry][area]!)).toBeLessThan(1.2e-3)
  })

  it('mass-mean gives the direction to 1e-4 and lda the coefficients to 1e-3 of the largest', async () => {
    const y = codes('truth_y')
    const context = await siteContext(inputs.get('truth_x')!.data as Float32Array, 576, codes('truth_fold'), 2)
    const tensors = fixtureTensors('expected')
    for (const [name, tensor, tolerance] of [['mass-mean', 'mass_mean_direction', 1e-4], ['lda', 'lda_coef', 1e-3]] as const) {
      const reference = tensors.get(tensor)!.data as Float64Array
      const [fit] = await probeMethod(name).fit(context, leavingOut([0], 5, y, [1]), 'final')
      const weights = Float64Array.from(linearProbe(fit).weights, (weight, column) => context.data.scale[column]! > 0 ? weight / context.data.scale[column]! : 0)
      // The mass-mean logit's scale is calibrated: compare its direction.
      const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
      const factor = name === 'lda' ? 1 : norm(reference) / norm(weights)
      const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expect(weights.reduce((most, value, i) => Math.max(most, Math.abs(value * factor - reference[i]!)), 0)).toBeLessThan(tolerance * largest)
    }
  })

  it('nearest-centroid gives the accuracy on place classes exactly', async () => {
    const kind = codes('place_kind')
    const folds = codes('place_fold')
    const context = await siteContext(inputs.get('place_x')!.data as Float32Array, 384, folds, 2)
    const predictions = predictionsOf(await fitOne(context, 'nearest-centroid', 0, 5, kind), [...folds.keys()].filter(row => folds[row] === 0), kind)
    expect(accuracy(predictedClasses(predictions), predictions.actual)).toBeCloseTo(expected.nearest_centroid['test_accuracy']!, 9)
  })
})

/** Gaussian classes: [rows, columns] around means that are `distance` apart along every axis in turn. */
function clouds(rows: number, columns: number, classes: number, distance: number, seed: number): { readonly values: Float32Array; readonly codes: Int32Array } {
  const random = seededRandom(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const codes = Int32Array.from({ length: rows }, (_, row) => row % classes)
  const values = Float32Array.from({ length: rows * columns }, (_, at) => normal() * (1 + at % columns % 3) + (at % columns === codes[Math.floor(at / columns)]! ? distance : 0))
  return { values, codes }
}

describe('closed-form probes', () => {
  it.each(['lda', 'mass-mean-covariance'])('%s is unmoved by other units of each feature (1e-3 of a logit)', async name => {
    const { values, codes } = clouds(200, 12, 2, 2, 1)
    const folds = Int32Array.from(codes, (_, row) => Math.floor(row / 2) % 5)
    const scaled = values.map((value, at) => value * 2 ** (at % 12 - 6) + at % 12)
    const [a, b] = [await fitOne(await siteContext(values, 12, folds, 2), name, 0, 5, codes), await fitOne(await siteContext(scaled, 12, folds, 2), name, 0, 5, codes)]
    expect(a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)).toBeLessThan(1e-3)
  })

  it.each(closedForms)('%s gives chance on permuted labels and well over it on true ones', async name => {
    const { values, codes } = clouds(600, 8, 2, 3, 2)
    const folds = Int32Array.from(codes, (_, row) => Math.floor(row / 2) % 5)
    const context = await siteContext(values, 8, folds, 2)
    const permuted = shuffle(Int32Array.from(codes), seededRandom(9))
    const score = async (labels: Int32Array): Promise<number> => {
      let right = 0
      for (let held = 0; held < 5; held++) {
        const logits = await fitOne(context, name, held, 5, labels)
        folds.forEach((fold, row) => { if (fold === held && (logits[row]! > 0 ? 1 : 0) === labels[row]) right++ })
      }
      return right / 600
    }
    expect(await score(codes)).toBeGreaterThan(0.85)
    // 600 coin tosses: four standard deviations are .08.
    expect(Math.abs(await score(permuted) - 0.5)).toBeLessThan(0.08)
  })

  it.each(['lda', 'nearest-centroid'])('%s tells several classes apart, and survives a class that training lacks', async name => {
    const { values, codes } = clouds(400, 6, 4, 8, 3)
    // The last class lies in the held cell alone.
    const folds = Int32Array.from(codes, (code, row) => code === 3 ? 0 : Math.floor(row / 4) % 4)
    const context = await siteContext(values, 6, folds, 4)
    const logits = await fitOne(context, name, 0, 4, codes)
    let right = 0
    let rows = 0
    folds.forEach((fold, row) => {
      if (fold !== 0) return
      const own = [...logits.subarray(row * 4, row * 4 + 4)]
      const predicted = own.indexOf(Math.max(...own))
      expect(predicted).not.toBe(3)
      if (codes[row] === 3) return
      rows++
      if (predicted === codes[row]) right++
    })
    expect(right / rows).toBeGreaterThan(0.9)
  })

  it('equal the pseudo-inverse by either route: a feature repeated leaves mass-mean-covariance as it was', async () => {
    const { values, codes } = clouds(300, 10, 2, 2, 4)
    const folds = Int32Array.from(codes, (_, row) => Math.floor(row / 2) % 5)
    const twice = Float32Array.from({ length: 300 * 20 }, (_, at) => values[Math.floor(at / 20) * 10 + at % 10]!)
    const plain = await fitOne(await siteContext(values, 10, folds, 2), 'mass-mean-covariance', 0, 5, codes)
    const repeated = await fitOne(await siteContext(twice, 20, folds, 2), 'mass-mean-covariance', 0, 5, codes)
    expect(plain.reduce((most, value, i) => Math.max(most, Math.abs(value - repeated[i]!)), 0)).toBeLessThan(1e-3)
  })

  it('are refused in words: unknown names, too many classes', () => {
    expect(() => probeMethod('magic')).toThrow(/no probe method “magic”/)
    expect(() => { checkMethods(['mass-mean'], { classes: 3, pair: false, polarity: false }) }).toThrow(/two classes/)
  })
})
