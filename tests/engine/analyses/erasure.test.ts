import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSafetensors } from '../../../main/engine/activations/index'
import { analyse, type ErasureJob } from '../../../main/engine/analyses/index'
import { freshProbe } from '../../../main/engine/analyses/fresh-probe'
import { erase, leaceFitter } from '../../../main/engine/analyses/leace'
import { inUnits, unitsOf } from '../../../main/engine/analyses/training-rows'
import { openDoubleProducts } from '../../../main/engine/matrices'
import { Products, sweep } from '../../../main/engine/probes/index'
import { seededRandom } from '../../../main/engine/probes/random'

let root = ''
beforeAll(async () => { root = await mkdtemp(join(tmpdir(), 'erasure-')) })
afterAll(async () => { await rm(root, { recursive: true }) })

const columns = 40
const site = 'blocks.0.hook_resid_post'

interface Made { readonly job: ErasureJob; readonly values: Float32Array; readonly accuracy: number; readonly majority: number }

/** A swept run on disk, two rows a group. Class c lies `apart` along the direction `along` gives it. */
async function made(name: string, rows: number, classes: number, along: (c: number, column: number) => number, turn = (values: Float32Array) => values): Promise<Made> {
  const random = seededRandom(rows + classes)
  const codes = Int32Array.from({ length: rows }, () => Math.floor(random() * classes))
  const values = turn(Float32Array.from({ length: rows * columns }, (_, at) => 2 * (random() - 0.5) + along(codes[Math.floor(at / columns)]!, at % columns)))
  const path = join(root, `${name}.safetensors`)
  await writeSafetensors(path, [{ name: 'activations', dtype: 'F32', shape: [rows, columns], data: values }])
  const groups = Int32Array.from(codes, (_, row) => Math.floor(row / 2))
  let chosen: Float64Array | null = null
  const outcome = await sweep({
    texts: [...codes.keys()].map(row => `${name} ${row}`), labels: [...codes].map(String), groups: [...groups].map(String), test: null, sites: [site],
    readSite: () => Promise.resolve({ data: Float32Array.from(values), rows, columns })
  }, { task: 'classes', split: 'folds', methods: ['logistic'], folds: 4, strengths: 4, seed: 0 }, { onSite: (_, held) => { chosen = held.probes?.chosen ?? null } })
  const [result] = outcome.summary.sites
  if (!result || chosen === null) throw new Error('no probes')
  return {
    values, accuracy: result.metrics.accuracy, majority: result.controls.majority,
    job: { kind: 'erasure', site, path, codes: outcome.actual.codes, classes, fold: outcome.fold, folds: 4, strengths: chosen, groups, iterations: 8, seed: 0 }
  }
}

/** All of the signal lies along one feature, and what is within classes has no direction. */
const oneDirection = (c: number, column: number): number => column === 7 ? 2 * c : 0
const ownFeature = (c: number, column: number): number => column === c ? 1.6 : 0

describe('erasure', () => {
  it('begins at the run\'s own score and majority', async () => {
    for (const [name, classes, along] of [['own two', 2, oneDirection], ['own four', 4, ownFeature]] as const) {
      const { job, accuracy, majority } = await made(name, 300, classes, along)
      const { before, majority: ours, rows } = await analyse(job)
      expect(rows).toBe(300)
      expect(Math.abs(before.accuracy - accuracy)).toBeLessThan(0.004)
      expect(ours).toBeCloseTo(majority, 12)
    }
  })

  it.each([['two', 2, oneDirection], ['four', 4, ownFeature]] as const)('by LEACE leaves the majority class and nothing else (%s classes)', async (name, classes, along) => {
    const { job } = await made(`leace ${name}`, 400, classes, along)
    const { before, leace, majority, shuffled } = await analyse(job)
    expect(before.accuracy).toBeGreaterThan(majority + 0.25)
    expect(leace.accuracy).toBeCloseTo(majority, 12)
    expect(leace.directions).toBe(classes - 1)
    // Taking as much out for shuffled labels leaves the label's score as it was.
    expect(shuffled.leace.directions).toBe(classes - 1)
    expect(Math.abs(shuffled.leace.accuracy - before.accuracy)).toBeLessThan(0.03)
    expect(leace.variance).toBeGreaterThan(shuffled.leace.variance)
  })

  it('by LEACE leaves a linear probe of the training rows at its intercept, whatever its strength', async () => {
    const { job, values } = await made('training', 300, 3, ownFeature)
    const rows = Int32Array.from(job.codes.keys())
    const matrix = { data: values, rows: 300, columns }
    const features = inUnits(matrix, rows, unitsOf(matrix, rows))
    const doubles = await openDoubleProducts()
    const products = await Products.create(3)
    const left = await erase(doubles, await (await leaceFitter(doubles, features, 300, columns))(job.codes, 3), features, 300)
    const shares = [0, 1, 2].map(c => job.codes.filter(code => code === c).length / 300)
    for (const strength of [1e-2, 1, 1e4]) {
      const probe = await freshProbe(products, site, { features: left, columns, classes: 3, strength, codes: job.codes }, () => undefined)
      for (let row = 0; row < 300; row++) {
        const odds = [0, 1, 2].map(c => Math.exp(left.subarray(row * columns, (row + 1) * columns).reduce((sum, value, k) => sum + value * probe.weights[c * columns + k]!, probe.intercepts[c]!)))
        odds.forEach((own, c) => { expect(own / odds.reduce((sum, value) => sum + value, 0)).toBeCloseTo(shares[c]!, 3) })
      }
    }
    await doubles.release()
    await products.release()
  })

  it('by projections falls to chance where the signal is one direction', async () => {
    const { job } = await made('single', 600, 2, oneDirection)
    const { before, inlp, majority, reached, shuffled } = await analyse(job)
    expect(before.accuracy).toBeGreaterThan(0.8)
    expect(reached).toBe(true)
    // One projection finds nearly all of it; what it misses by the noise of its training rows the next take.
    expect(inlp[0]!.directions).toBe(1)
    expect(inlp[0]!.accuracy).toBeLessThan(majority + 0.12)
    expect(inlp.at(-1)!.interval.lo).toBeLessThanOrEqual(majority)
    expect(inlp.length).toBeLessThanOrEqual(3)
    expect(Math.abs(shuffled.inlp.accuracy - before.accuracy)).toBeLessThan(0.04)
    expect(inlp.map(({ directions }) => directions)).toEqual(inlp.map((_, k) => k + 1))
  })

  it('by projections takes a direction a class less one each time, until none are left', async () => {
    const { job } = await made('several', 300, 4, ownFeature)
    const { inlp, shuffled } = await analyse(job)
    inlp.forEach(({ directions, variance }, k) => {
      expect(directions).toBe(Math.min(columns, 3 * (k + 1)))
      expect(variance).toBeGreaterThan(inlp[k - 1]?.variance ?? 0)
    })
    expect(shuffled.inlp.directions).toBe(inlp.at(-1)!.directions)
  })

  it('stays the same where features are rotated', async () => {
    const random = seededRandom(4)
    const u = Float64Array.from({ length: columns }, () => random() - 0.5)
    const square = u.reduce((sum, value) => sum + value * value, 0)
    const turn = (values: Float32Array): Float32Array => {
      const turned = Float32Array.from(values)
      for (let at = 0; at < values.length; at += columns) {
        const along = 2 * u.reduce((sum, value, k) => sum + value * values[at + k]!, 0) / square
        u.forEach((value, k) => { turned[at + k] = values[at + k]! - along * value })
      }
      return turned
    }
    const [plain, turned] = [await analyse((await made('plain', 400, 2, oneDirection)).job), await analyse((await made('turned', 400, 2, oneDirection, turn)).job)]
    expect(turned.leace.accuracy).toBeCloseTo(plain.leace.accuracy, 12)
    expect(Math.abs(turned.before.accuracy - plain.before.accuracy)).toBeLessThan(0.02)
    expect(turned.leace.directions).toBe(plain.leace.directions)
    // What is orthogonal depends on the units of the features, which a rotation changes: the way differs, not its end.
    expect([turned.reached, plain.reached]).toEqual([true, true])
    expect(turned.inlp.length).toBeLessThanOrEqual(4)
  })

  it('takes nothing out where nothing is decodable', async () => {
    const { job } = await made('nothing', 300, 2, () => 0)
    const { inlp, reached, shuffled, before } = await analyse(job)
    expect([inlp.length, reached]).toEqual([0, true])
    expect(shuffled.inlp.accuracy).toBe(before.accuracy)
  })

  it('fits on the training rows of a predefined split and tests on the others', async () => {
    const { job } = await made('split', 300, 2, oneDirection)
    const fold = Int32Array.from(job.fold, own => own === 0 ? 0 : -1)
    const { rows, before } = await analyse({ ...job, fold, folds: 1, strengths: job.strengths.slice(0, 1) })
    expect(rows).toBe(fold.filter(own => own === 0).length)
    expect(before.accuracy).toBeGreaterThan(0.75)
  })

  it('ends when it is cancelled', async () => {
    const { job } = await made('cancelled', 200, 2, oneDirection)
    const abort = new AbortController()
    const asked = analyse(job, { signal: abort.signal, onProgress: () => { abort.abort() } })
    await expect(asked).rejects.toThrow()
  })
})
