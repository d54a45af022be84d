import { describe, expect, it } from 'vitest'
import { columnRolesSchema, extractionSchema, probePlanSchema } from '../../../preload/recipe'
import { placeLabels } from '../../../renderer/layers/label-places'
import { nearestSite, siteName, siteTick } from '../../../renderer/layers/site-axis'
import { stripSeries, stripTable, valueTicks, writeHalf, writeValue } from '../../../renderer/layers/strip-series'
import { writtenTicks } from '../../../renderer/plots/written-ticks'
import type { ShownRun } from '../../../renderer/state/workbench-state'

describe('placeLabels', () => {
  it('leaves labels that do not touch where they are', () => {
    expect(placeLabels([10, 80, 40], 14, 0, 100)).toEqual([10, 80, 40])
  })

  it('moves labels that touch apart by the least squares', () => {
    // Two at 50 and 52, 14 apart: their mean stays at 51.
    expect(placeLabels([52, 50], 14, 0, 100)).toEqual([58, 44])
  })

  it('stays inside', () => {
    expect(placeLabels([98, 99, 100], 14, 0, 100)).toEqual([72, 86, 100])
    expect(placeLabels([-5, 0], 10, 0, 100)).toEqual([0, 10])
  })

  it('keeps every gap and the order for any wishes', () => {
    for (let seed = 1; seed < 200; seed++) {
      const wishes = Array.from({ length: 6 }, (_, i) => (seed * 7919 * (i + 3) ** 3) % 151)
      const places = placeLabels(wishes, 14, 0, 151)
      const sorted = wishes.map((_, i) => i).sort((a, b) => (wishes[a] ?? NaN) - (wishes[b] ?? NaN) || a - b).map((i) => (places[i] ?? NaN))
      for (let i = 1; i < sorted.length; i++) expect((sorted[i] ?? NaN) - (sorted[i - 1] ?? NaN)).toBeGreaterThanOrEqual(14 - 1e-9)
      expect(Math.min(...places)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...places)).toBeLessThanOrEqual(151 + 1e-9)
    }
  })

  it('spreads evenly what does not fit', () => {
    expect(placeLabels([1, 1, 1], 60, 0, 100)).toEqual([0, 50, 100])
  })
})

describe('the site axis', () => {
  it('names sites as people count them', () => {
    expect(['hook_embed', 'blocks.0.hook_resid_post', 'blocks.11.hook_mlp_out', 'blocks.2.attn.hook_z', 'ln_final.hook_normalized'].map(siteTick))
      .toEqual(['embed', '0', '11 mlp out', '2 z', 'final'])
    expect(['hook_embed', 'blocks.7.hook_resid_post', 'ln_final.hook_normalized'].map(siteName)).toEqual(['embedding', 'layer 7', 'final norm'])
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

const site = (name: string, accuracy: number): ShownRun['results'][number] => ({
  kind: 'classes', site: name, method: 'logistic', measures: [], validationScore: accuracy, strength: 1, seconds: 1,
  metrics: { accuracy, balancedAccuracy: accuracy, auroc: null, logLoss: 0.3, interval: { lo: accuracy - 0.02, hi: accuracy + 0.03 }, aurocInterval: null },
  controls: { shuffled: 0.49, textOnly: 0.61, majority: 0.52 }, aurocControls: { shuffled: 0.5, textOnly: 0.6 }
})
const run: ShownRun = {
  summary: {
    runId: 'r', startedAt: '', status: 'running', error: null, model: { name: 'm', hash: '' },
    dataset: { name: 'd', hash: '', roles: columnRolesSchema.parse({ text: { kind: 'column', column: 't' }, label: 'l', group: null }) },
    extractionPlan: extractionSchema.parse({}), probePlan: probePlanSchema.parse({}), extraction: null, sweep: null, rowCount: 0
  },
  extraction: null, results: [site('b', 0.8)], sweep: null, sites: ['a', 'b', 'c'], progress: null
}

describe('stripSeries', () => {
  it('keeps the place of sites that have no result yet', () => {
    const series = stripSeries(run, 'accuracy', 0.52)
    expect(series.lines.map(({ id }) => id)).toEqual(['probe', 'textOnly', 'shuffled', 'majority'])
    expect(series.lines[0]?.values).toEqual([null, 0.8, null])
    expect(series.lines[3]?.values).toEqual([0.52, 0.52, 0.52])
    expect(series.lo[1]).toBeCloseTo(0.78)
  })

  it('does not move the axis when results arrive above the baselines', () => {
    const before = stripSeries({ ...run, results: [] }, 'accuracy', 0.52).range
    expect(stripSeries({ ...run, results: [site('b', 0.8), site('c', 0.93)] }, 'accuracy', 0.52).range[1]).toBe(before[1])
    expect(before).toEqual([0.5, 1])
    // The shuffled control dips under a half: one step down, no more.
    expect(stripSeries(run, 'accuracy', 0.52).range[0]).toBe(0.4)
  })

  it('states the chosen layer with half its interval', () => {
    const sweep = { task: 'binary' as const, classes: ['0', '1'], targets: [], coordinates: null, folds: 5, sites: run.results, chosen: { site: 'b', method: 'logistic', measure: 'accuracy' as const, testScore: 0.929, interval: { lo: 0.917, hi: 0.941 } }, warnings: [], seconds: 1 }
    const { chosen } = stripSeries({ ...run, sweep }, 'accuracy', null)
    expect(chosen).toMatchObject({ index: 1, test: 0.929 })
    expect(writeHalf(chosen?.half ?? 0, 'accuracy')).toBe('± 1.2')
  })

  it('writes a table twin with every site', () => {
    expect(stripTable(stripSeries(run, 'accuracy', null), 'accuracy')).toEqual([
      ['site', 'logistic probe accuracy', 'interval low', 'interval high', 'text only', 'shuffled labels', 'majority class'],
      ['a', '', '', '', '', '', '0.5200'], ['b', '0.8000', '0.7800', '0.8300', '0.6100', '0.4900', '0.5200'], ['c', '', '', '', '', '', '0.5200']
    ])
  })
})

describe('numbers on the strip', () => {
  it('gives no more digits than the interval justifies', () => {
    expect(writeValue(0.8731, 'accuracy')).toBe('87.3 %')
    expect(writeValue(0.8731, 'accuracy', 0.12)).toBe('87 %')
    expect(writeValue(0.8731, 'auroc')).toBe('.873')
    expect(writeValue(1, 'auroc')).toBe('1.000')
    expect(writeValue(null, 'auroc')).toBe('–')
  })

  it('puts ticks on round values', () => {
    expect(valueTicks([0.4, 1], 5)).toEqual([0.4, 0.6, 0.8, 1])
    expect(valueTicks([0.4, 1], 7)).toEqual([0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
  })
})
