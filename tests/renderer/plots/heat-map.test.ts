import { describe, expect, it } from 'vitest'
import type { DataTheme } from '../../../renderer/palette'
import { viridis } from '../../../renderer/palette/color'
import { cellAt, heatMapLayout, heatMapTable, shareOf, shortened, stepCell, type HeatMapData } from '../../../renderer/plots/heat-map'
import { heatMapSvg, inkOn } from '../../../renderer/plots/heat-map-figure'

const data: HeatMapData = {
  title: 'Transfer of <b>truth</b>', valueName: 'accuracy', range: [0, 1], values: [0.95, 0.7312345, null, 1],
  rows: { title: 'trained on', labels: ['cities', 'neg & not'] }, columns: { title: 'tested on', labels: ['cities', 'neg_cities'], names: ['cities.csv', 'neg_cities.csv'] },
  write: value => value.toFixed(2)
}

describe('heat map', () => {
  it('finds the cell under a point, and none beside the cells', () => {
    const layout = heatMapLayout(data, { width: 600, height: 400 }, false)
    const centre = (row: number, column: number): readonly [number, number] => [layout.left + (column + 0.5) * layout.cellWidth, layout.top + (row + 0.5) * layout.cellHeight]
    for (const [row, column] of [[0, 0], [0, 1], [1, 0], [1, 1]] as const) expect(cellAt(layout, data, ...centre(row, column))).toEqual({ row, column })
    expect(cellAt(layout, data, layout.left - 1, layout.top + 1)).toBeNull()
    expect(cellAt(layout, data, ...centre(1, 2))).toBeNull()
  })

  it('leaves the numbers of the colour scale their room, whatever their unit', () => {
    for (const write of [(value: number) => value.toFixed(2), (value: number) => `${(value * 100).toFixed(1)} %`, (value: number) => `${(value * 20_038).toFixed(0)} kilometres`]) {
      const layout = heatMapLayout({ ...data, write }, { width: 600, height: 400 }, false)
      // Digits of 11 px are at most 6.8 px wide; they begin 27 px right of the cells.
      expect(layout.width - layout.left - 2 * layout.cellWidth).toBeGreaterThanOrEqual(27 + 6.8 * write(1).length)
    }
  })

  it('keeps cells visible where the room is too small, and square where asked', () => {
    const many = { ...data, rows: { title: 'a', labels: Array.from({ length: 200 }, (_, i) => String(i)) }, values: [] }
    expect(heatMapLayout(many, { width: 300, height: 200 }, false)).toMatchObject({ cellHeight: 6 })
    expect(heatMapLayout(many, { width: 300, height: 200 }, false).height).toBeGreaterThan(1200)
    const { cellWidth, cellHeight } = heatMapLayout(data, { width: 900, height: 300 }, true)
    expect(cellWidth).toBe(cellHeight)
  })

  it('moves with the keys and stops at the edges', () => {
    expect(stepCell(data, { row: 0, column: 0 }, 'ArrowRight')).toEqual({ row: 0, column: 1 })
    expect(stepCell(data, { row: 1, column: 1 }, 'ArrowDown')).toEqual({ row: 1, column: 1 })
    expect(stepCell(data, { row: 1, column: 1 }, 'Home')).toEqual({ row: 1, column: 0 })
    expect(stepCell(data, { row: 0, column: 0 }, 'x')).toBeNull()
  })

  it('exports every digit and leaves missing cells empty', () => {
    expect(heatMapTable(data)).toEqual([['trained on \\ tested on', 'cities.csv', 'neg_cities.csv'], ['cities', '0.95', '0.7312345'], ['neg & not', '', '1']])
  })

  it('clamps values to the ends of its scale', () => {
    expect([-1, 0, 0.25, 2].map(value => shareOf(data, value))).toEqual([0, 0, 0.25, 1])
    expect(shareOf({ ...data, range: [0.5, 0.5] }, 0.5)).toBe(0.5)
  })

  it('keeps both ends of a long name', () => {
    expect(shortened('checkpoint-000100', 17)).toBe('checkpoint-000100')
    expect(shortened('checkpoint-000100', 11)).toBe('check…00100')
  })

  it('writes names into its figure as text, never as markup', () => {
    const theme = { surface: '#ffffff', text: '#000000', textSecondary: '#111111', textTertiary: '#222222', missing: [1, 2, 3], sequential: viridis } as unknown as DataTheme
    const { svg } = heatMapSvg(data, theme, false)
    expect(svg).toContain('Transfer of &lt;b&gt;truth&lt;/b&gt;')
    expect(svg).toContain('neg &amp; not')
    expect(svg).toContain('>0.73<')
  })

  it('writes on every colour of the scale with a contrast of 4.5 or more', () => {
    const luminance = (rgb: readonly number[]): number => {
      const [r = 0, g = 0, b = 0] = rgb.map(part => part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4)
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    for (let i = 0; i <= 100; i++) {
      const color = viridis(i / 100)
      const ink = inkOn(color) === '#ffffff' ? 1 : 0
      const [light, dark] = [Math.max(ink, luminance(color)), Math.min(ink, luminance(color))]
      expect((light + 0.05) / (dark + 0.05)).toBeGreaterThanOrEqual(4.5)
    }
  })
})
