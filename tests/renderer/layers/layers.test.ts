import { describe, expect, it } from 'vitest'
import type { ClassifiedSite, MeasureName } from '../../../preload/contract'
import { probePlanSchema } from '../../../preload/recipe'
import { nearestSite, siteName, siteTick, withSiteNames } from '../../../renderer/layers/site-axis'
import { stripSeries, stripTable, stripTitle, type StripContent } from '../../../renderer/layers/strip-series'
import { writtenTicks } from '../../../renderer/plots/written-ticks'
import { measureOf, measuresOf, methodOf, methodsOf } from '../../../renderer/state/methods'

describe('the site axis', () => {
  it('names sites as people count them', () => {
    expect(['hook_embed', 'blocks.0.hook_resid_post', 'blocks.11.hook_mlp_out', 'blocks.2.attn.hook_z', 'ln_final.hook_normalized'].map(siteTick))
      .toEqual(['embed', '0', '11 mlp out', '2 z', 'final'])
    expect(['hook_embed', 'blocks.7.hook_resid_post', 'ln_final.hook_normalized'].map(siteName)).toEqual(['embedding', 'layer 7', 'final norm'])
  })

  it('are named in the sentences of the engine as everywhere in the window', () => {
    const sites = ['embed', 'hook_embed', 'blocks.1.hook_resid_post', 'blocks.1.hook_resid_post_extra']
    expect(withSiteNames('An R² of .64 at blocks.1.hook_resid_post: no embedding.', sites)).toBe('An R² of .64 at layer 1: no embedding.')
    expect(withSiteNames('blocks.1.hook_resid_post was chosen, hook_embed was not.', sites)).toBe('Layer 1 was chosen, embedding was not.')
    expect(withSiteNames('At blocks.1.hook_resid_post_extra.', sites)).toBe('At layer 1 resid post extra.')
  })

  it('writes all of seven ticks and a readable part of sixty, the selected one always', () => {
    const few = ['embed', '0', '1', '2', '3', '4', 'final']
    expect(writtenTicks(few, 90, 3).every(Boolean)).toBe(true)
    const many = ['embed', ...Array.from({ length: 58 }, (_, i) => String(i)), 'final']
    const written = writtenTicks(many, 11, 30)
    expect(written[30]).toBe(true)
    expect(written[0] && written[59]).toBe(true)
    const at = written.flatMap((on, index) => on ? [index * 11] : [])
    expect(at.length).toBeGreaterThan(8)
    for (let i = 1; i < at.length; i++) expect((at[i] ?? NaN) - (at[i - 1] ?? NaN)).toBeGreaterThanOrEqual(20)
  })

  it('finds the site under the pointer, and the ends beyond them', () => {
    expect(nearestSite(149, 50, 100, 7)).toBe(1)
    expect(nearestSite(-20, 50, 100, 7)).toBe(0)
    expect(nearestSite(9999, 50, 100, 7)).toBe(6)
  })
})

const site = (name: string, accuracy: number, method = 'logistic'): ClassifiedSite => ({
  kind: 'classes', site: name, method, validationScore: accuracy, strength: 1, seconds: 1,
  measures: [
    {
      name: 'accuracy', value: accuracy, interval: { lo: accuracy - 0.02, hi: accuracy + 0.03 },
      baselines: [{ name: 'textOnly', value: 0.61 }, { name: 'shuffled', value: 0.49 }, { name: 'majority', value: 0.52 }]
    },
    { name: 'auroc', value: null, interval: null, baselines: [{ name: 'chance', value: 0.5 }] }
  ],
  metrics: { accuracy, balancedAccuracy: accuracy, auroc: null, logLoss: 0.3, interval: { lo: accuracy - 0.02, hi: accuracy + 0.03 }, aurocInterval: null },
  controls: { shuffled: 0.49, textOnly: 0.61, majority: 0.52 }, aurocControls: { shuffled: 0.5, textOnly: 0.6 }
})
const content = (results: StripContent['results'], change: Partial<StripContent> = {}): StripContent =>
  ({ sites: ['a', 'b', 'c'], results, sweep: null, methods: ['logistic'], method: 'logistic', measure: 'accuracy', majority: 0.52, ...change })
const sweep = {
  task: 'binary' as const, classes: ['0', '1'], targets: [], coordinates: null, folds: 5, sites: [site('b', 0.8)], warnings: [], seconds: 1,
  chosen: { site: 'b', method: 'logistic', measure: 'accuracy' as const, testScore: 0.929, interval: { lo: 0.917, hi: 0.941 } }
}

describe('stripSeries', () => {
  it('keeps the place of sites that have no result yet', () => {
    const series = stripSeries(content([site('b', 0.8)]))
    expect(series.lines.map(({ id }) => id)).toEqual(['method:logistic', 'baseline:textOnly', 'baseline:shuffled', 'baseline:majority'])
    expect(series.lines[0]?.values).toEqual([null, 0.8, null])
    expect(series.lines[3]?.values).toEqual([0.52, 0.52, 0.52])
    expect(series.lo[1]).toBeCloseTo(0.78)
  })

  it('does not move the axis when results arrive above the baselines', () => {
    const before = stripSeries(content([])).range
    expect(stripSeries(content([site('b', 0.8), site('c', 0.93)])).range[1]).toBe(before[1])
    expect(before).toEqual([0.5, 1])
    // The shuffled control dips under a half: one step down, no more.
    expect(stripSeries(content([site('b', 0.8)])).range[0]).toBe(0.4)
  })

  it('states the chosen layer with half its interval', () => {
    expect(stripSeries(content([site('b', 0.8)], { sweep })).chosen).toMatchObject({ index: 1, method: 'logistic', measure: 'accuracy', test: 0.929 })
    expect(stripSeries(content([site('b', 0.8)], { sweep })).chosen?.half).toBeCloseTo(0.012)
  })

  it('puts the method on show first, the others in their own colours, and its controls beside it', () => {
    const results = [site('a', 0.7), site('a', 0.6, 'lda'), site('b', 0.8), site('b', 0.9, 'mass-mean')]
    const { lines, lo } = stripSeries(content(results, { methods: ['logistic', 'lda', 'mass-mean'], method: 'lda' }))
    expect(lines.map(({ name, kind, slot }) => [name, kind, slot]).slice(0, 3)).toEqual([['linear discriminant', 'result', 1], ['logistic', 'other', 0], ['mass mean', 'other', 2]])
    expect(lines[2]?.values).toEqual([null, 0.9, null])
    expect(lo).toEqual([0.58, null, null])
  })

  it('shows the measure that was asked for, with what it is read against', () => {
    const auroc = stripSeries(content([site('b', 0.8)], { measure: 'auroc' }))
    expect(auroc.lines.map(({ id, values }) => [id, values])).toEqual([['method:logistic', [null, null, null]], ['baseline:chance', [0.5, 0.5, 0.5]]])
    expect(stripTitle('greatCircleKm')).toBe('Probe great-circle error by layer · lower is better')
  })

  it('writes a table twin with every site', () => {
    expect(stripTable(stripSeries(content([site('b', 0.8)])))).toEqual([
      ['site', 'logistic probe accuracy', 'interval low', 'interval high', 'text only', 'shuffled labels', 'majority class'],
      ['a', '', '', '', '0.6100', '', '0.5200'], ['b', '0.8000', '0.7800', '0.8300', '0.6100', '0.4900', '0.5200'], ['c', '', '', '', '0.6100', '', '0.5200']
    ])
  })
})

describe('the method and the measure on show', () => {
  const summary = { probePlan: probePlanSchema.parse({ methods: ['lda', 'logistic'] }) }
  const results = [site('a', 0.7), site('a', 0.6, 'lda'), site('b', 0.8)]

  it('are those picked where the run has them, else what validation chose, else the first', () => {
    expect(methodsOf({ results, summary, sweep: null })).toEqual(['lda', 'logistic'])
    expect(methodOf({ results, summary, sweep }, 'lda')).toBe('lda')
    expect(methodOf({ results, summary, sweep }, 'ridge')).toBe('logistic')
    expect(methodOf({ results, summary, sweep: null }, null)).toBe('lda')
    expect(methodOf({ results: [], summary, sweep: null }, 'ridge')).toBe('lda')
    expect(measuresOf(results, null)).toEqual(['accuracy', 'auroc'])
    expect(measureOf(results, null, 'auroc')).toBe('auroc')
    expect(measureOf(results, null, 'r2' satisfies MeasureName)).toBe('accuracy')
    expect(measuresOf([], 'numeric')).toEqual(['r2'])
  })
})
