import type { BaselineName, Measure, MeasureName, PositionSweep } from '../../../preload/contract'
import { measureRange, measures, methodName, writeMeasure, writeTick } from '../../../preload/measures'
import { positionTick } from '../../../preload/positions'
import { rampColor, themes, type FigureTheme } from './figure-colors'
import { coordinate, estimatedWidth, shortened, svgDocument, textElement } from './figure-text'
import { siteLabels } from './site-labels'

const CELL_HEIGHT = 30
/** Columns beside the cells, as wide as their names, and how far they stand from them. */
const BESIDE = 58
const GAP = 12
const baselines: readonly BaselineName[] = ['shuffled', 'majority', 'mean', 'chance']

/**
 * Positions of a text by layers as SVG, a colour and a number a cell: the held-out measure of one method. Shuffled labels (mean over the
 * layers) and what always giving one answer scores stand beside every line in the same colours.
 */
export function positionFigure(sweeps: readonly PositionSweep[], sites: readonly string[], method: string, measure: MeasureName, { theme, title }: { readonly theme: FigureTheme; readonly title: string }): string {
  const colors = themes[theme]
  const found = sweeps.map(({ sweep }) => sites.map(site => sweep?.sites.find(result => result.site === site && result.method === method)?.measures.find(({ name }) => name === measure) ?? null))
  const there = new Set(found.flat().flatMap(one => one?.baselines.map(({ name }) => name) ?? []))
  const beside = baselines.filter(name => there.has(name)).slice(0, 2)
  const meanOf = (line: readonly (Measure | null)[], name: BaselineName): number | null => {
    const values = line.flatMap(one => one?.baselines.filter(baseline => baseline.name === name).map(({ value }) => value) ?? [])
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const lines = found.map(line => [...line.map(one => one?.value ?? null), ...beside.map(name => meanOf(line, name))])
  const known = lines.flat().filter(value => value !== null)
  const [low, most] = measureRange(measure, known)
  const { better, unit, phrase } = measures[measure]
  const high = known.length > 0 && better === 'higher' && unit !== 'ratio' ? Math.min(most, Math.max(...known)) : most
  const labels = siteLabels(sites)
  const names = sweeps.map(({ positions }) => shortened(positionTick(positions), 28))
  const left = 48 + Math.max(...names.map(name => estimatedWidth(name, 12)))
  const cell = Math.max(22, Math.min(72, Math.max(760 / sites.length, Math.max(...labels.map(label => estimatedWidth(label, 12))) + 6)))
  const top = 84
  const right = left + cell * sites.length
  const bottom = top + CELL_HEIGHT * sweeps.length
  const end = right + GAP + BESIDE * beside.length
  const parts = [
    textElement(24, 36, shortened(title, Math.max(40, Math.floor((end + 40) / 9))), { fill: colors.text, size: 16, weight: 600 }),
    textElement(24, 58, `Held-out ${phrase}, ${methodName(method)}${better === 'lower' ? ', lower is better' : ''}; colours from ${writeMeasure(measure, low)} to ${writeMeasure(measure, high)}`, { fill: colors.quietText })
  ]
  for (const [row, line] of lines.entries()) {
    const y = top + row * CELL_HEIGHT
    parts.push(textElement(left - 8, y + CELL_HEIGHT / 2 + 4, names[row] ?? '', { fill: colors.quietText, anchor: 'end' }))
    for (const [column, value] of line.entries()) {
      const [x, width] = column < sites.length ? [left + column * cell, cell] : [right + GAP + (column - sites.length) * BESIDE, BESIDE]
      const color = value === null ? colors.hairline : rampColor('sequential', high > low ? (value - low) / (high - low) : 0.5)
      parts.push(`<rect x="${coordinate(x)}" y="${coordinate(y)}" width="${coordinate(width - 1)}" height="${CELL_HEIGHT - 1}" fill="${color}"/>`)
      const written = value === null ? '' : unit === 'share' ? (value * 100).toFixed(1) : writeTick(measure, value)
      if (written !== '' && estimatedWidth(written, 11) + 2 <= width) parts.push(textElement(x + width / 2, y + CELL_HEIGHT / 2 + 4, written, { fill: inkOn(color), size: 11, anchor: 'middle' }))
    }
  }
  const every = Math.ceil((Math.max(...labels.map(label => estimatedWidth(label, 12))) + 4) / cell)
  labels.forEach((label, column) => { if (column % every === 0) parts.push(textElement(left + (column + 0.5) * cell, bottom + 18, label, { fill: colors.quietText, anchor: 'middle' })) })
  beside.forEach((name, column) => { parts.push(textElement(right + GAP + (column + 0.5) * BESIDE, bottom + 18, name, { fill: colors.quietText, anchor: 'middle' })) })
  parts.push(
    textElement((left + right) / 2, bottom + 38, 'Layer', { fill: colors.quietText, anchor: 'middle' }),
    textElement(20, (top + bottom) / 2, 'Position', { fill: colors.quietText, anchor: 'middle', rotate: -90 })
  )
  return svgDocument(Math.ceil(Math.max(end + 24, 480)), bottom + 52, colors.background, title, parts)
}

/** White or black, whichever stands out more on a colour (WCAG 2). */
function inkOn(hex: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(start => {
    const part = Number.parseInt(hex.slice(start, start + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000'
}
