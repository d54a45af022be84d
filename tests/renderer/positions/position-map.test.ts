import { describe, expect, it } from 'vitest'
import type { PositionSweep, SiteResult, SweepSummary } from '../../../preload/contract'
import type { Positions } from '../../../preload/recipe'
import { cellAt, heatMapLayout, heatMapTable } from '../../../renderer/plots/heat-map'
import { chosenCell, positionMap, quoted } from '../../../renderer/positions/position-map'

const sites = ['hook_embed', 'blocks.0.hook_resid_post']

function result(site: string, value: number, shuffled: number, validationScore: number): SiteResult {
  return {
    kind: 'numeric', site, method: 'ridge', targets: [], validationScore, strength: 1, seconds: 0,
    measures: [{ name: 'r2', value, interval: { lo: value - 0.1, hi: value + 0.1 }, baselines: [{ name: 'shuffled', value: shuffled }, { name: 'textOnly', value: 0.3 }, { name: 'mean', value: 0 }] }]
  }
}

function at(positions: Positions, values: readonly [number, number] | null, readAt: PositionSweep['readAt'] = null, chosen = true): PositionSweep {
  const found = values?.map((value, i) => result(sites[i] ?? '', value, 0.1 * (i + 1), value)) ?? []
  const sweep: SweepSummary = {
    task: 'numeric', classes: [], targets: ['latitude'], coordinates: null, folds: 5, sites: found, warnings: [], seconds: 1,
    chosen: chosen ? { site: sites[1] ?? '', method: 'ridge', measure: 'r2', testScore: 0.5, interval: { lo: 0.4, hi: 0.6 } } : null
  }
  return { positions, rows: 10, leftOut: { count: 0, first: null }, readAt, sweep: values === null ? null : sweep, error: values === null ? { code: 'nothing-to-extract', message: 'None.' } : null }
}

const sweeps = [
  at({ kind: 'first' }, [0, 0.1], { token: '[CLS]', share: 1 }), at({ kind: 'from-end', offset: 2 }, null),
  at({ kind: 'from-end', offset: 1 }, [0.2, 0.6], { token: ' India', share: 0.1 }), at({ kind: 'last' }, [0.3, 0.5], { token: '.', share: 0.5 })
]

describe('the map of positions', () => {
  const map = positionMap(sweeps, sites, 'ridge', 'r2', 'a model')

  it('has a line a position and a column a layer, and gaps where nothing could be probed', () => {
    expect(map.values).toEqual([0, 0.1, null, null, 0.2, 0.6, 0.3, 0.5])
    expect(map.columns.labels).toEqual(['embed', '0'])
    // A token that stands there in half of the rows names its line.
    expect(map.rows.labels).toEqual(['first  “[CLS]”', 'last − 2', 'last − 1', 'last  “.”'])
    expect(map.rows.names).toEqual(['first token', '2nd token before the last', 'token before the last', 'last token'])
  })

  it('has shuffled labels and the constant answer beside every line, in the table too', () => {
    expect(map.beside?.labels).toEqual(['shuffled', 'mean'])
    expect(map.beside?.values.map((value) => value === null ? null : Math.round(value * 100) / 100)).toEqual([0.15, 0, null, null, 0.15, 0, 0.15, 0])
    const table = heatMapTable(map)
    expect(table[0]).toEqual(['position \\ layer', 'embedding', 'layer 0', 'shuffled labels, mean over layers', 'training mean'])
    expect(table[2]).toEqual(['2nd token before the last', '', '', '', ''])
    expect(table.every((line) => line.length === 5)).toBe(true)
  })

  it('cannot be clicked beside its cells', () => {
    const layout = heatMapLayout(map, { width: 700, height: 400 }, false)
    expect(cellAt(layout, map, layout.right - 1, layout.top + 1)).toEqual({ row: 0, column: 1 })
    for (const x of [layout.right + 1, layout.besideLeft + 1, layout.end - 1]) expect(cellAt(layout, map, x, layout.top + 1)).toBeNull()
    expect(layout.end).toBeLessThan(layout.width)
  })

  it('marks what validation rows prefer over all positions, where there were any', () => {
    expect(chosenCell(sweeps)?.sweep.positions).toEqual({ kind: 'from-end', offset: 1 })
    expect(chosenCell(sweeps)?.result.site).toBe(sites[1])
    expect(chosenCell(sweeps.map((own) => at(own.positions, own.sweep === null ? null : [0.2, 0.3], null, false)))).toBeNull()
  })

  it('shows tokens as people read them', () => {
    expect([' city', '.', ' ', '\n', '▁a'].map(quoted)).toEqual(['“city”', '“.”', '“␣”', '“↵”', '“▁a”'])
  })
})
