import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { extractionSchema, probePlanSchema } from '../../../preload/recipe'
import { extract, openStore } from '../../../main/engine/activations'
import { openDataset } from '../../../main/engine/datasets'
import { openModel } from '../../../main/engine/models'
import { probeStore } from '../../../main/engine/run'
import { sharedFile } from './shared-files'

const model = sharedFile('models/atlas-lm')
const absent = !existsSync(join(model, 'map.csv'))
if (absent) console.log('skipped: ../shared/models/atlas-lm is not beside this checkout')

const folder = mkdtempSync(join(tmpdir(), 'layerscope-atlas-'))
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

/** Mean R² of latitude and longitude by site, on cities that were never judged, at α = 100. */
async function mapR2(path: string, name: string): Promise<readonly number[]> {
  const dataset = await openDataset(join(model, 'map.csv'))
  const opened = await openModel(path, { provider: 'cpu' })
  try {
    const out = join(folder, name)
    await extract({
      model: opened, dataset, text: { kind: 'template', template: '<|end|>{city}' }, plan: extractionSchema.parse({}), folder: out,
      onStage: () => undefined, onProgress: () => undefined
    })
    const store = await openStore(out)
    try {
      const roles = { label: 'latitude', moreTargets: ['longitude'], group: null, test: 'is_test', pair: null, polarity: null, topic: null }
      const { summary } = await probeStore(store, roles, probePlanSchema.parse({ task: 'numeric', methods: ['ridge'], strengths: 1 }), { onSite: () => undefined })
      expect(summary.coordinates).toEqual({ latitude: 0, longitude: 1 })
      return summary.sites.map(({ measures }) => measures[0]?.value ?? NaN)
    } finally {
      await store.close()
    }
  } finally {
    await opened.close()
    await dataset.close()
  }
}

describe.skipIf(absent)('coordinates in a model whose world is known', () => {
  it('are decodable, better in the middle than at the embedding, and more so over the checkpoints', async () => {
    const final = await mapR2(model, 'final')
    // The model's README, by scikit-learn at α = 30; its last hidden state is the one after the final norm. Another α moves them a little.
    const published = [0.41, 0.69, 0.76, 0.80, 0.84, 0.56, 0.68]
    const own = [...final.slice(0, 6), final[7] ?? NaN]
    published.forEach((r2, site) => { expect(Math.abs((own[site] ?? NaN) - r2)).toBeLessThan(0.08) })
    expect(final[4]).toBeGreaterThan((final[0] ?? 0) + 0.3)
    const best: number[] = []
    for (const step of ['step00000', 'step00165', 'step01515']) best.push(Math.max(...await mapR2(join(model, 'checkpoints', step), step)))
    best.push(Math.max(...final))
    for (let i = 1; i < best.length; i++) expect(best[i]).toBeGreaterThan(best[i - 1] ?? 0)
    expect(best[3]).toBeGreaterThan((best[1] ?? 0) + 0.5)
  }, 120_000)
})
