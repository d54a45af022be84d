import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { ClassifiedSite } from '../../../preload/contract'
import { extractionSchema, probePlanSchema } from '../../../preload/recipe'
import { extract, openStore } from '../../../main/engine/activations'
import { openDataset } from '../../../main/engine/datasets'
import { openModel } from '../../../main/engine/models'
import { probeStore } from '../../../main/engine/run'

const resource = (path: string): string => fileURLToPath(new URL(`../../../resources/${path}`, import.meta.url))
const sites = ['hook_embed', 'blocks.2.hook_resid_post', 'blocks.4.hook_resid_post']
const folder = mkdtempSync(join(tmpdir(), 'layerscope-atlas-contrast-'))
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

/** The bundled statements with the pair each belongs to: what is said of a city, affirmed and negated. No field is quoted. */
function pairedStatements(): string {
  const [header = '', ...lines] = readFileSync(resource('samples/atlas-truth/city-statements.csv'), 'utf8').trim().split(/\r?\n/)
  const path = join(folder, 'pairs.csv')
  const named = lines.map(line => {
    const [, , city = '', country = ''] = line.split(',')
    return `${line},${city} in ${country}`
  })
  writeFileSync(path, [`${header},pair`, ...named].join('\n'))
  return path
}

describe('contrast pairs in a model whose world is known', () => {
  it('show truth on never-judged cities, labels or none, once the model has put truth and negation together', async () => {
    const dataset = await openDataset(pairedStatements())
    const model = await openModel(resource('models/atlas-lm'), { provider: 'cpu' })
    const out = join(folder, 'activations')
    try {
      await extract({
        model, dataset, text: { kind: 'template', template: '<|end|>{statement}' }, plan: extractionSchema.parse({ sites }), folder: out,
        onStage: () => undefined, onProgress: () => undefined
      })
    } finally {
      await model.close()
      await dataset.close()
    }
    const store = await openStore(out)
    try {
      const roles = { label: 'label', moreTargets: [], group: 'city', test: 'never_judged', pair: 'pair', polarity: 'polarity', topic: null }
      const methods = ['ccs', 'paired-first-component', 'paired-mean-difference', 'ttpd']
      const results: ClassifiedSite[] = []
      await probeStore(store, roles, probePlanSchema.parse({ methods }), { onSite: result => { if (result.kind === 'classes') results.push(result) } })
      for (const method of methods) {
        const [embedding, early, late] = sites.map(site => results.find(result => result.site === site && result.method === method)?.metrics.accuracy ?? NaN)
        // Every statement ends in the same full stop.
        expect(embedding).toBe(0.5)
        // Truth is there for affirmative statements, but no one direction holds it for both polarities.
        expect(early).toBeLessThan(0.65)
        expect(late).toBeGreaterThan(0.88)
      }
      // 442 never-judged pairs, right or wrong as wholes: four standard deviations are .1.
      for (const { controls } of results) expect(Math.abs(controls.shuffled - 0.5)).toBeLessThan(0.1)
    } finally {
      await store.close()
    }
  }, 120_000)
})
