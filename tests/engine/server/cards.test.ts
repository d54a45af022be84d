import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isBelow } from '../../../main/engine/workplace'
import type { MeasureName, RunSummary } from '../../../preload/contract'
import { Client } from './client'

const zoo = fileURLToPath(new URL('../../../../shared/models/zoo/', import.meta.url))
const modelPath = join(zoo, 'bert/onnx/model.onnx')
const present = existsSync(modelPath)
if (!present) console.log('skipped: cards over the server need ../shared/models/zoo')

const SITE = 'blocks.2.block_out'

let root = ''
let client: Client
let sessionId = ''
const runs = new Map<string, RunSummary>()

beforeAll(async () => {
  if (!present) return
  root = await mkdtemp(join(tmpdir(), 'server-cards-'))
  client = Client.connect({ temporaryRoot: join(root, 'temporary'), isGranted: path => isBelow(zoo, path) || isBelow(root, path) })
  ;({ sessionId } = await client.get('session.create', {}))
  const { modelId } = await client.get('model.open', { path: modelPath })
  // Words follow the labels but for every fifth row.
  const rows = Array.from({ length: 150 }, (_, i) => {
    const kind = (i % 5 === 4 ? i + 1 : i) % 3
    return [`place${i >> 1} is ${['warm and wide', 'cold and small', 'wet'][i % 3] ?? ''} ${i % 7}`, `place${i >> 1}`, kind === 0 ? 'yes' : 'no', ['a', 'b', 'c'][kind], String(kind * 10 + (i % 7)), String(i % 3)].join(',')
  })
  const path = join(root, 'places.csv')
  await writeFile(path, ['text,place,two,three,amount,other', ...rows].join('\n'))
  const { datasetId } = await client.get('dataset.open', { path })
  const start = async (name: string, label: string, methods: readonly string[], moreTargets: readonly string[] = []): Promise<void> => {
    runs.set(name, await client.get('run.start', {
      sessionId, modelId, datasetId, roles: { text: { kind: 'column', column: 'text' }, label, group: 'place', moreTargets: [...moreTargets] },
      extraction: { positions: { kind: 'mean' } }, probe: { methods: [...methods], strengths: 4, task: name === 'numbers' ? 'numeric' : 'classes' }
    }))
  }
  await start('two', 'two', ['logistic', 'mass-mean'])
  await start('three', 'three', ['logistic', 'nearest-centroid'])
  await start('numbers', 'amount', ['ridge'], ['other'])
})
afterAll(async () => {
  if (!present) return
  await client.server.close()
  await rm(root, { recursive: true })
})

const keyOf = (name: string): { readonly sessionId: string; readonly runId: string } => ({ sessionId, runId: runs.get(name)?.runId ?? '' })
const measured = (name: string, site: string, method: string, measure: MeasureName): number =>
  runs.get(name)?.sweep?.sites.find(result => result.site === site && result.method === method)?.measures.find(one => one.name === measure)?.value ?? NaN
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)
const code = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(() => null, (reason: unknown) => reason)
  return (error as { report?: { code: string } } | null)?.report?.code ?? 'none'
}

describe.skipIf(!present)('the card of a cell', () => {
  it.each([['two', 'mass-mean', 2], ['three', 'logistic', 3]] as const)('of %s classes: what it counts gives the stated scores', async (name, method, classes) => {
    const card = await client.get('probe.card', { ...keyOf(name), site: SITE, method })
    expect(card).toMatchObject({ site: SITE, method, rows: 150, cells: runs.get(name)?.sweep?.sites.length, groups: { column: 'place', count: 75, least: 2, median: 2, most: 2 } })
    if (card.detail?.kind !== 'classes') throw new Error('no classes')
    const { confusion, calibration } = card.detail
    expect(sum(confusion)).toBe(150)
    expect(sum(Array.from({ length: classes }, (_, c) => confusion[c * classes + c] as number)) / 150).toBeCloseTo(measured(name, SITE, method, 'accuracy'), 12)
    expect(calibration?.of).toBe(classes === 2 ? 'class' : 'prediction')
    expect(sum(calibration?.bins.map(({ rows }) => rows) ?? [])).toBe(150)
    // The share of rows that came true, whatever the bins: rows of class 1, or rows that are right.
    const came = sum(calibration?.bins.map(({ rows, observed }) => rows * (observed ?? 0)) ?? [])
    expect(came).toBeCloseTo(classes === 2 ? sum(confusion.subarray(2)) : 150 * measured(name, SITE, method, 'accuracy'), 9)
    expect(card.folds.map(({ test }) => test.groups)).toEqual([15, 15, 15, 15, 15])
    for (const { training, test, strength } of card.folds) {
      expect(training.rows + test.rows).toBe(150)
      expect(strength === null).toBe(method === 'mass-mean')
    }
    expect(card.origin).toMatchObject({ model: runs.get(name)?.model, dataset: { hash: runs.get(name)?.dataset.hash }, plan: { seed: 0, folds: 5 } })
  })

  it('of numbers has an error and a slope a target', async () => {
    const { detail, rows } = await client.get('probe.card', { ...keyOf('numbers'), site: SITE, method: 'ridge' })
    if (detail?.kind !== 'numeric') throw new Error('no numbers')
    const values = await client.get('run.values', { ...keyOf('numbers'), site: SITE, method: 'ridge' })
    if (values.kind !== 'numeric') throw new Error('no numbers')
    detail.targets.forEach(({ name, rmse, slope, intercept }, target) => {
      const { predicted, actual } = values.targets[target]!
      expect(name).toBe(['amount', 'other'][target])
      expect(rmse ** 2).toBeCloseTo(sum(predicted.map((value, row) => (value - (actual[row] as number)) ** 2)) / rows, 4)
      // The residuals of least squares sum to zero.
      expect(sum(predicted.map((value, row) => (actual[row] as number) - (slope ?? 0) * value - (intercept ?? 0)))).toBeCloseTo(0, 2)
    })
  })

  it('warns of a cell where the text does as well although the sweep chose another', async () => {
    const card = await client.get('probe.card', { ...keyOf('two'), site: 'hook_embed', method: 'mass-mean' })
    expect(card.chosen?.here).toBe(false)
    expect(card.cautions[0]).toMatch(/^N-grams of the text alone reach/)
  })

  it('refuses cells and runs that are not there', async () => {
    expect(await code(client.get('probe.card', { ...keyOf('two'), site: SITE, method: 'ridge' }))).toBe('result-unknown')
    expect(await code(client.get('probe.card', { sessionId, runId: 'run-9', site: SITE, method: 'logistic' }))).not.toBe('none')
  })
})

describe.skipIf(!present)('two cells', () => {
  it('differ by the difference of their stated scores, AUROC by DeLong too', async () => {
    const found = await client.get('probe.compare', { ...keyOf('two'), site: SITE, method: 'logistic', other: { site: 'hook_embed', method: 'mass-mean' } })
    expect(found).toMatchObject({ rows: 150, drawn: { kind: 'groups', count: 75 }, first: { site: SITE, method: 'logistic' }, second: { site: 'hook_embed' } })
    expect(found.differences.map(({ measure, test }) => `${measure} ${test}`)).toEqual(['accuracy bootstrap', 'auroc bootstrap', 'auroc delong', 'balancedAccuracy bootstrap'])
    for (const { measure, first, second, difference, interval, p } of found.differences) {
      // Kept scores are float32.
      expect(first).toBeCloseTo(measured('two', SITE, 'logistic', measure), 4)
      expect(second).toBeCloseTo(measured('two', 'hook_embed', 'mass-mean', measure), 4)
      expect(difference).toBe(first - second)
      expect(interval.lo <= difference && difference <= interval.hi && p > 0 && p <= 1).toBe(true)
    }
    expect(await code(client.get('probe.compare', { ...keyOf('two'), site: SITE, method: 'logistic', other: { site: SITE, method: 'logistic' } }))).toBe('cells-alike')
  })

  it('of three classes leave the area out, of numbers compare R²', async () => {
    const three = await client.get('probe.compare', { ...keyOf('three'), site: SITE, method: 'logistic', other: { site: SITE, method: 'nearest-centroid' } })
    expect(three.differences.map(({ measure }) => measure)).toEqual(['accuracy', 'balancedAccuracy'])
    const numbers = await client.get('probe.compare', { ...keyOf('numbers'), site: SITE, method: 'ridge', other: { site: 'hook_embed', method: 'ridge' } })
    expect(numbers.differences[0]?.first).toBeCloseTo(measured('numbers', SITE, 'ridge', 'r2'), 4)
  })

  it('or the best of all: the highest test score and what picking it adds', async () => {
    const best = await client.get('probe.bestOfMany', { ...keyOf('two'), measure: 'accuracy' })
    const all = runs.get('two')?.sweep?.sites ?? []
    expect(best?.cells).toBe(all.length)
    expect(best?.best.value).toBeCloseTo(Math.max(...all.map(({ site, method }) => measured('two', site, method, 'accuracy'))), 12)
    expect((best?.expected ?? 0) > 0 && (best?.upper ?? 0) > (best?.expected ?? 0)).toBe(true)
    expect(await client.get('probe.bestOfMany', { ...keyOf('two'), measure: 'r2' })).toBeNull()
  })
})
