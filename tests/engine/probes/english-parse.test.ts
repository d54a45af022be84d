import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { BaselineName, MeasureName, SiteResult } from '../../../preload/contract'
import { extractionSchema, probePlanSchema } from '../../../preload/recipe'
import { extract, openStore } from '../../../main/engine/activations'
import { openDataset } from '../../../main/engine/datasets'
import { openModel } from '../../../main/engine/models'
import { probeStore } from '../../../main/engine/run'
import { missing, sharedFile } from './shared-files'

const folder = mkdtempSync(join(tmpdir(), 'layerscope-parse-'))
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

const treebank = 'data/syntax/en_ewt-ud-dev.conllu'

describe.skipIf(missing(treebank))('parse trees in a bundled model', () => {
  it('are nearer in a middle layer than neighbourhood, permuted vectors or the embedding have them, on half of the English Web Treebank\'s dev set', async () => {
    const dataset = await openDataset(sharedFile(treebank))
    const model = await openModel(fileURLToPath(new URL('../../../resources/models/minilm', import.meta.url)), { provider: 'cpu' })
    try {
      await extract({
        model, dataset, text: { kind: 'column', column: 'text' }, folder,
        plan: extractionSchema.parse({ positions: { kind: 'word' }, sites: ['hook_embed', 'blocks.3.block_out'], limit: 12_500 }), onStage: () => undefined, onProgress: () => undefined
      })
    } finally {
      await model.close()
      await dataset.close()
    }
    const store = await openStore(folder)
    try {
      const roles = { label: null, moreTargets: [], group: null, test: null, pair: null, polarity: null, topic: null }
      const { summary } = await probeStore(store, roles, probePlanSchema.parse({ task: 'tree', methods: ['structural'] }), { onSite: () => undefined })
      const [embedding, middle] = summary.sites
      expect(summary.chosen?.site).toBe('blocks.3.block_out')
      const value = (result: SiteResult | undefined, name: MeasureName, baseline?: BaselineName): number => {
        const measure = result?.measures.find((own) => own.name === name)
        return (baseline === undefined ? measure?.value : measure?.baselines.find((own) => own.name === baseline)?.value) ?? NaN
      }
      for (const name of ['uuas', 'distanceSpearman', 'rootAccuracy', 'depthSpearman'] as const) {
        expect(value(middle, name)).toBeGreaterThan(value(embedding, name) + 0.03)
        expect(value(middle, name)).toBeGreaterThan(value(middle, name, 'linearTree') + 0.08)
        expect(value(middle, name)).toBeGreaterThan(value(middle, name, 'shuffled') + 0.3)
      }
      // What vectors in a wrong order say of the order is nothing.
      expect(Math.abs(value(middle, 'depthSpearman', 'shuffled'))).toBeLessThan(0.1)
      expect(value(middle, 'uuas')).toBeLessThan(0.7)
    } finally {
      await store.close()
    }
  })
})
