import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSafetensors } from '../../../main/engine/activations/index'
import { analyse, type ProbedRows, type TransferSide } from '../../../main/engine/analyses/index'
import { sweep, type HeldOutClasses } from '../../../main/engine/probes/index'
import { seededRandom } from '../../../main/engine/probes/random'

let root = ''
beforeAll(async () => { root = await mkdtemp(join(tmpdir(), 'analyses-')) })
afterAll(async () => { await rm(root, { recursive: true }) })

const columns = 10
const site = 'blocks.0.hook_resid_post'

interface Made { readonly rows: ProbedRows; readonly values: Float32Array; readonly held: HeldOutClasses; readonly strength: number; readonly accuracy: number; readonly groupIds: Int32Array }

/** A swept run on disk: classes lie apart along feature 0 by `apart`, and along feature 1 by `side`; two rows a group. */
async function madeRun(name: string, rows: number, classes: number, apart: number, side: number, firstGroup: number, method = 'logistic'): Promise<Made> {
  const random = seededRandom(name.length + rows)
  const codes = Int32Array.from({ length: rows }, (_, row) => row % classes)
  const values = Float32Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns]
    const code = (codes[row] as number) - (classes - 1) / 2
    return 2 * (random() - 0.5) + (column === 0 ? apart * code : column === 1 ? side * code : 0) + column
  })
  const path = join(root, `${name}.safetensors`)
  await writeSafetensors(path, [{ name: 'activations', dtype: 'F32', shape: [rows, columns], data: values }])
  const groupIds = Int32Array.from(codes, (_, row) => firstGroup + Math.floor(row / 2))
  const held: HeldOutClasses[] = []
  const outcome = await sweep({
    texts: [...codes.keys()].map(row => `${name} ${row}`), labels: [...codes].map(String), groups: [...groupIds].map(String), test: null, sites: [site],
    readSite: () => Promise.resolve({ data: Float32Array.from(values), rows, columns })
  }, { task: 'classes', split: 'folds', methods: [method], folds: 5, strengths: 4, seed: 0 }, { onSite: (_, own) => { held.push(own) } })
  const probes = held[0]?.probes
  if (!probes) throw new Error('no probes')
  const result = outcome.summary.sites[0]
  return {
    values, held: held[0] as HeldOutClasses, groupIds, strength: result?.strength ?? NaN, accuracy: result?.metrics.accuracy ?? NaN,
    rows: { site, path, codes: outcome.actual.codes, classes, fold: outcome.fold, folds: probes.folds, strengths: probes.chosen, weights: probes.weights, intercepts: probes.intercepts, contrast: { pair: null, polarity: null, topic: null } }
  }
}

describe('refitting without rows', () => {
  it.each([['logistic', 2], ['logistic', 3], ['nearest-centroid', 3]])('without none gives the run\'s own scores (%s, %i classes)', async (method, classes) => {
    const made = await madeRun(`none ${method} ${classes}`, 120, classes, 1.2, 0, 0, method)
    const { before, after } = await analyse({ kind: 'refit', ...made.rows, method, without: new Int32Array(0), groups: made.groupIds, seed: 0 })
    expect(before.accuracy).toBeCloseTo(made.accuracy, 10)
    expect(after.accuracy).toBeCloseTo(made.accuracy, 10)
    expect(after.interval).toEqual(before.interval)
    after.probabilities.forEach((p, at) => { expect(Math.abs(p - (before.probabilities[at] as number))).toBeLessThan(2e-3) })
  })

  it('leaves rows out of every training set and keeps them in the test', async () => {
    const made = await madeRun('wrong', 160, 2, 1.5, 0, 0)
    // A quarter of the rows gets the other label: without them the probe is better on the rest.
    const codes = Int32Array.from(made.rows.codes)
    const flipped = Int32Array.from({ length: 40 }, (_, i) => i * 4)
    for (const row of flipped) codes[row] = 1 - (codes[row] as number)
    const rows = { ...made.rows, codes }
    const { after } = await analyse({ kind: 'refit', ...rows, method: 'logistic', without: flipped, groups: made.groupIds, seed: 0 })
    const { after: all } = await analyse({ kind: 'refit', ...rows, method: 'logistic', without: new Int32Array(0), groups: made.groupIds, seed: 0 })
    const rest = [...codes.keys()].filter(row => !flipped.includes(row))
    const margin = (probabilities: Float64Array): number => rest.reduce((sum, row) => sum + Math.log(probabilities[row * 2 + (codes[row] as number)] as number), 0)
    expect(margin(after.probabilities)).toBeGreaterThan(margin(all.probabilities))
    expect(after.probabilities.every(p => !Number.isNaN(p))).toBe(true)
  })

  it('refuses to leave a class without training rows', async () => {
    const made = await madeRun('emptied', 40, 2, 1, 0, 0)
    const without = Int32Array.from(made.rows.codes.keys()).filter(row => made.rows.codes[row] === 1)
    await expect(analyse({ kind: 'refit', ...made.rows, method: 'logistic', without, groups: made.groupIds, seed: 0 })).rejects.toMatchObject({ report: { code: 'too-few-rows' } })
  })
})

describe('influence in a run', () => {
  it('predicts what leaving a row out changes, by the probe of the row\'s own fold', async () => {
    const made = await madeRun('influence', 120, 2, 1, 0, 0)
    const row = 31
    const own = made.rows.fold[row] as number
    const outcome = await analyse({ kind: 'influence', ...made.rows, row, k: 4, without: new Int32Array(0) })
    expect(outcome.trainingRows).toBe(made.rows.fold.filter(fold => fold !== own).length)
    expect(1 / (1 + Math.exp(-outcome.logit))).toBeCloseTo(made.held.score[row] as number, 3)
    for (const { row: training, effect } of [...outcome.upwards, ...outcome.downwards]) {
      expect(made.rows.fold[training]).not.toBe(own)
      const without = await analyse({ kind: 'influence', ...made.rows, row, k: 1, without: Int32Array.of(training) })
      expect(Math.abs(outcome.logit - without.logit - effect)).toBeLessThan(0.06 * Math.abs(effect) + 1e-6)
    }
    // The strongest of each side really are: a row from neither list does less.
    const least = Math.min(...outcome.upwards.map(({ effect }) => effect))
    expect(outcome.upwards).toHaveLength(4)
    expect(least).toBeGreaterThan(0)
    expect(outcome.downwards.every(({ effect }) => effect < 0)).toBe(true)
  })

  it('says in a sentence what it cannot do', async () => {
    const many = await madeRun('many', 60, 3, 1, 0, 0)
    await expect(analyse({ kind: 'influence', ...many.rows, row: 0, k: 3, without: new Int32Array(0) })).rejects.toMatchObject({ report: { code: 'influence-two-classes' } })
    const two = await madeRun('two', 60, 2, 1, 0, 0)
    const fold = Int32Array.from(two.rows.fold, (own, row) => row === 5 ? -1 : own)
    await expect(analyse({ kind: 'influence', ...two.rows, fold, row: 5, k: 3, without: new Int32Array(0) })).rejects.toMatchObject({ report: { code: 'row-not-tested' } })
  })

  it('ends when it is cancelled', async () => {
    const made = await madeRun('cancelled', 60, 2, 1, 0, 0)
    const abort = new AbortController()
    const asked = analyse({ kind: 'influence', ...made.rows, row: 0, k: 3, without: new Int32Array(0) }, { signal: abort.signal })
    abort.abort()
    await expect(asked).rejects.toThrow()
  })
})

describe('transfer', () => {
  const side = (made: Made, texts = 0): TransferSide => ({
    ...made.rows, strength: made.strength, groups: made.groupIds, texts: Int32Array.from(made.groupIds, (_, row) => texts + row)
  })

  it('carries a direction that both runs share and not one that they do not', async () => {
    const [a, b, c] = [await madeRun('first', 160, 2, 1.5, 0, 0), await madeRun('second', 120, 2, 1.5, 0, 1000), await madeRun('third', 140, 2, 0, 1.5, 2000)]
    const { scores } = await analyse({ kind: 'transfer', method: 'logistic', sides: [side(a), side(b, 1000), side(c, 2000)], seed: 0 })
    expect([scores[0], scores[4], scores[8]]).toEqual([null, null, null])
    const [ab, ac] = [scores[1], scores[2]]
    expect(ab).toMatchObject({ rows: 120, byFold: 0, dropped: 0, majority: 0.5 })
    expect(ab?.metrics.accuracy).toBeGreaterThan(0.75)
    expect(ac?.metrics.accuracy).toBeLessThan(0.65)
    expect(ab?.metrics.interval.lo).toBeLessThan(ab?.metrics.accuracy ?? 0)
  })

  it('scores a shared group by the fold that did not see it, and drops what every fold trained on', async () => {
    const [a, b] = [await madeRun('pairs', 120, 2, 2, 0, 0), await madeRun('other pairs', 100, 2, 2, 0, 50)]
    // Groups 50 … 59 occur in both.
    const { scores } = await analyse({ kind: 'transfer', method: 'logistic', sides: [side(a), side(b, 1000)], seed: 0 })
    expect(scores[1]).toMatchObject({ rows: 100, byFold: 20, dropped: 0 })
    // As after a predefined split: the first half of the groups only trained.
    const fold = Int32Array.from(a.rows.fold, (own, row) => row < 110 ? -1 : own)
    const split = await analyse({ kind: 'transfer', method: 'logistic', sides: [{ ...side(a), fold }, side(b, 1000)], seed: 0 })
    expect(split.scores[1]).toMatchObject({ rows: 90, byFold: 10, dropped: 10 })
  })

  it('compares texts where one of the two has no groups', async () => {
    const a = await madeRun('texts', 120, 2, 2, 0, 0)
    const same = { ...side(a), groups: null }
    const { scores } = await analyse({ kind: 'transfer', method: 'logistic', sides: [side(a), same], seed: 0 })
    expect(scores[1]).toMatchObject({ rows: 120, byFold: 120, dropped: 0 })
    // Every row by the probe that did not train on it: the run's own held-out accuracy.
    expect(scores[1]?.metrics.accuracy).toBeCloseTo(a.accuracy, 10)
  })
})
