import { describe, expect, it } from 'vitest'
import type { SiteResult } from '../../../preload/contract'
import { overviewMap } from '../../../renderer/overview/overview-data'

const result = (site: string, method: string, value: number): SiteResult => ({
  kind: 'numeric', site, method, targets: [], validationScore: 0, strength: 1, seconds: 0,
  measures: [{ name: 'r2', value, interval: null, baselines: [] }, { name: 'greatCircleKm', value: 1000 * (1 - value), interval: null, baselines: [] }]
})
const sites = ['hook_embed', 'blocks.0.hook_resid_post', 'ln_final.hook_normalized']
const results = [result('hook_embed', 'ridge', 0.2), result('blocks.0.hook_resid_post', 'ridge', 0.85), result('blocks.0.hook_resid_post', 'other', 0.6)]

describe('the overview of a sweep', () => {
  it('has a row a method and a column a site in depth order, and gaps where nothing was probed', () => {
    const map = overviewMap(sites, ['ridge', 'other'], results, 'r2', 'a model')
    expect(map.values).toEqual([0.2, 0.85, null, null, 0.6, null])
    expect([map.rows.labels, map.columns.labels]).toEqual([['ridge', 'other'], ['embed', '0', 'final']])
    // Its colours end at the best there is.
    expect(map.range[1]).toBe(0.85)
  })

  it('says where less is better, in the measure\'s unit', () => {
    const map = overviewMap(sites, ['ridge'], results, 'greatCircleKm', 'a model')
    expect(map.title).toMatch(/lower is better$/)
    expect(map.write(map.values[1]!)).toBe('150 km')
    expect(map.range[0]).toBe(0)
  })
})
