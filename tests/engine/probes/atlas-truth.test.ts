import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { extractionSchema, probePlanSchema } from '../../../preload/recipe'
import { extract, openStore } from '../../../main/engine/activations'
import { openDataset } from '../../../main/engine/datasets'
import { openModel } from '../../../main/engine/models'
import { probeStore } from '../../../main/engine/run'
import { sharedFile } from './shared-files'

const model = sharedFile('models/atlas-lm')
const absent = !existsSync(join(model, 'checkpoints'))
if (absent) console.log('skipped: ../shared/models/atlas-lm/checkpoints is not beside this checkout')

/** The statements of the shared model's truth.csv, with a column that marks the cities it never saw judged. */
const statements = fileURLToPath(new URL('../../../resources/samples/atlas-truth/city-statements.csv', import.meta.url))
const sites = ['hook_embed', 'blocks.4.hook_resid_post', 'ln_final.hook_out']

const folder = mkdtempSync(join(tmpdir(), 'layerscope-atlas-truth-'))
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

/** What the probe of each site says of every statement at its full stop, trained on judged cities: 1 where it is right. */
async function rightRows(path: string, name: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const dataset = await openDataset(statements)
  const opened = await openModel(path, { provider: 'cpu' })
  try {
    const out = join(folder, name)
    await extract({
      model: opened, dataset, text: { kind: 'template', template: '<|end|>{statement}' }, plan: extractionSchema.parse({ sites }), folder: out,
      onStage: () => undefined, onProgress: () => undefined
    })
    const store = await openStore(out)
    try {
      const roles = { label: 'label', moreTargets: [], group: 'city', test: 'never_judged', pair: null, polarity: null, topic: null }
      const predicted = new Map<string, Int32Array>()
      const { actual } = await probeStore(store, roles, probePlanSchema.parse({ methods: ['logistic'] }), {
        onSite: (result, heldOut) => { if (heldOut.kind === 'classes') predicted.set(result.site, heldOut.predicted) }
      })
      if (actual.kind !== 'classes') throw new Error('truth was not probed as classes')
      return new Map([...predicted].map(([site, classes]) => [site, Uint8Array.from(classes, (own, row) => own === actual.codes[row] ? 1 : 0)]))
    } finally {
      await store.close()
    }
  } finally {
    await opened.close()
    await dataset.close()
  }
}

interface Statement { readonly isTrue: boolean; readonly affirms: boolean; readonly country: string; readonly neverJudged: boolean }

/** No field of this file is quoted. */
function readStatements(): readonly Statement[] {
  return readFileSync(statements, 'utf8').trim().split(/\r?\n/).slice(1).map(line => {
    const [, label, , country = '', , polarity, neverJudged] = line.split(',')
    return { isTrue: label === '1', affirms: polarity === '1', country, neverJudged: neverJudged === '1' }
  })
}

/**
 * Rows of never-judged cities by whether words alone would have them right: a country counts as named truly where it is
 * so more often among the judged cities, and "not" turns the verdict. Countries that say nothing are in neither list.
 */
function byWords(rows: readonly Statement[]): { readonly right: readonly number[]; readonly wrong: readonly number[] } {
  const surplus = new Map<string, number>()
  for (const { country, isTrue, affirms, neverJudged } of rows) if (!neverJudged) surplus.set(country, (surplus.get(country) ?? 0) + (isTrue === affirms ? 1 : -1))
  const gain = rows.map(({ country, isTrue, affirms }) => (surplus.get(country) ?? 0) * (isTrue === affirms ? 1 : -1))
  const which = (holds: (value: number) => boolean): number[] => [...rows.keys()].filter(row => rows[row]?.neverJudged && holds(gain[row] ?? 0))
  return { right: which(value => value > 0), wrong: which(value => value < 0) }
}

describe.skipIf(absent)('truth in a model whose world is known', () => {
  it('is decodable at the full stop on never-judged cities, in late blocks, once training has put it there', async () => {
    const rows = readStatements()
    const tested = [...rows.keys()].filter(row => rows[row]?.neverJudged)
    const words = byWords(rows)
    expect(tested).toHaveLength(884)
    expect(words.right.length + words.wrong.length).toBeGreaterThan(800)
    const steps = new Map<string, ReadonlyMap<string, Uint8Array>>()
    for (const step of ['step00000', 'step00056', 'step01515']) steps.set(step, await rightRows(join(model, 'checkpoints', step), step))
    steps.set('final', await rightRows(model, 'final'))
    const accuracy = (step: string, site: string, of: readonly number[] = tested): number => of.reduce((sum, row) => sum + (steps.get(step)?.get(site)?.[row] ?? NaN), 0) / of.length

    // Every statement ends in the same full stop, so the embedding there is one vector: exactly chance.
    for (const step of steps.keys()) expect(accuracy(step, 'hook_embed')).toBe(0.5)
    for (const site of sites.slice(1)) {
      // Random weights: chance, give or take four standard errors over 884 statements.
      expect(Math.abs(accuracy('step00000', site) - 0.5)).toBeLessThan(0.07)
      expect(accuracy('final', site)).toBeGreaterThan(0.85)
      const grown = [...steps.keys()].map(step => accuracy(step, site))
      for (let i = 1; i < grown.length; i++) expect(grown[i]).toBeGreaterThan((grown[i - 1] ?? 1) + 0.05)
      // Early gains are words (and "not"): the probe fails where they mislead. Only knowledge of the city is right there too.
      expect(accuracy('step00056', site, words.right)).toBeGreaterThan(0.6)
      expect(accuracy('step00056', site, words.wrong)).toBeLessThan(0.45)
      expect(accuracy('final', site, words.wrong)).toBeGreaterThan(0.65)
    }
    // The rule of words itself, what a probe has to beat to show more than them.
    const rule = (words.right.length + (tested.length - words.right.length - words.wrong.length) / 2) / tested.length
    expect(rule).toBeCloseTo(0.775, 3)
    for (const site of sites.slice(1)) expect(accuracy('final', site)).toBeGreaterThan(rule + 0.08)
  }, 120_000)
})
