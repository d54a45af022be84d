import { rangeTicks } from '../../../preload/measures'
import { categoryColors, rampColor, themes, type FigureTheme, type NumericScale, type ThemeColors } from './figure-colors'
import { coordinate, escapeText, estimatedWidth, shortened, svgDocument, textElement } from './figure-text'
import { written } from '../quantity'

/** What a point's colour says. Codes index `categories`; -1, and values that are not finite, are missing. */
export type FigureColors =
  | { readonly kind: 'categorical'; readonly name?: string; readonly categories: readonly string[]; readonly codes: Int32Array }
  | { readonly kind: 'numeric'; readonly name?: string; readonly values: Float32Array; readonly scale?: NumericScale }

export interface ProjectionFigure {
  /** x, y interleaved, [rows, 2]. */
  readonly xy: Float32Array
  /** Null draws every point in one colour. */
  readonly colors: FigureColors | null
  readonly title: string
  /** A line under the title: method, trustworthiness, rows. */
  readonly subtitle?: string
  /** Names of the axes where they mean something (PCA with its share of variance); UMAP's do not. */
  readonly axes?: readonly [string, string]
  readonly theme: FigureTheme
  /** Pixels; 760 × 600 where left out. */
  readonly width?: number
  readonly height?: number
}

/** Points that share colour and shape. */
interface Ink { readonly color: string; readonly shape: 'circle' | 'square' | 'triangle'; readonly opacity: number }

const SHAPES = ['circle', 'square', 'triangle'] as const
const MOST_LEGEND_ENTRIES = 14
const RAMP_STEPS = 48
/** Rows are drawn in this many interleaved passes, so that no category lies on top of all others. */
const PASSES = 24

/** A projected cloud as SVG: equal units on both axes, direct legend or colour bar, missing values grey. */
export function projectionFigure(figure: ProjectionFigure): string {
  const { width = 760, height = 600, xy, colors } = figure
  const theme = themes[figure.theme]
  const legend = colors === null ? { width: 0, elements: () => [] } : colors.kind === 'categorical' ? categoryLegend(colors, figure.theme) : colorBar(colors, theme)
  const plot = { left: figure.axes === undefined ? 24 : 44, top: figure.subtitle === undefined ? 52 : 70, right: width - 24 - legend.width, bottom: height - (figure.axes === undefined ? 24 : 44) }
  const place = placement(xy, plot)
  const points = xy.length / 2
  const radius = points > 20_000 ? 1 : points > 5000 ? 1.5 : points > 1000 ? 2.2 : 3.2
  return svgDocument(width, height, theme.background, figure.title, [
    textElement(24, 30, shortened(figure.title, Math.floor((width - 48) / 9)), { fill: theme.text, size: 16, weight: 600 }),
    ...figure.subtitle === undefined ? [] : [textElement(24, 50, shortened(figure.subtitle, Math.floor((width - 48) / 6.5)), { fill: theme.quietText })],
    `<rect x="${plot.left}" y="${plot.top}" width="${coordinate(plot.right - plot.left)}" height="${plot.bottom - plot.top}" fill="none" stroke="${theme.hairline}" rx="4"/>`,
    ...cloud(xy, inks(figure, theme), place, radius),
    ...figure.axes === undefined ? [] : [
      textElement((plot.left + plot.right) / 2, plot.bottom + 22, shortened(figure.axes[0], 60), { fill: theme.quietText, anchor: 'middle' }),
      textElement(plot.left - 14, (plot.top + plot.bottom) / 2, shortened(figure.axes[1], 60), { fill: theme.quietText, anchor: 'middle', rotate: -90 })
    ],
    ...legend.elements(plot.right + 18, plot.top + 12)
  ])
}

type Place = (x: number, y: number) => readonly [number, number]

function placement(xy: Float32Array, plot: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }): Place {
  let [lowX, highX, lowY, highY] = [Infinity, -Infinity, Infinity, -Infinity]
  for (let i = 0; i < xy.length; i += 2) {
    const [x, y] = [xy[i] as number, xy[i + 1] as number]
    lowX = Math.min(lowX, x)
    highX = Math.max(highX, x)
    lowY = Math.min(lowY, y)
    highY = Math.max(highY, y)
  }
  const margin = 16
  const scale = Math.min((plot.right - plot.left - 2 * margin) / Math.max(highX - lowX, 1e-9), (plot.bottom - plot.top - 2 * margin) / Math.max(highY - lowY, 1e-9))
  const [middleX, middleY] = [(plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2]
  return (x, y) => [middleX + scale * (x - (lowX + highX) / 2), middleY - scale * (y - (lowY + highY) / 2)]
}

/** The inks of a figure and which one each row takes. */
function inks(figure: ProjectionFigure, theme: ThemeColors): { readonly all: readonly Ink[]; readonly of: (row: number) => number } {
  const { colors } = figure
  const missing: Ink = { color: theme.missing, shape: 'circle', opacity: 0.5 }
  if (colors === null) return { all: [{ color: theme.probe, shape: 'circle', opacity: 0.75 }], of: () => 0 }
  if (colors.kind === 'categorical') {
    const count = colors.categories.length
    const all = categoryColors(colors.categories, figure.theme).map((color, i): Ink => ({ color, shape: shapeOf(i), opacity: 0.75 }))
    return {
      all: [...all, missing],
      of: row => {
        const code = colors.codes[row] ?? -1
        return code >= 0 && code < count ? code : count
      }
    }
  }
  const { low, high } = numericRange(colors)
  const all = Array.from({ length: RAMP_STEPS }, (_, i): Ink => ({ color: rampColor(colors.scale ?? 'sequential', i / (RAMP_STEPS - 1)), shape: 'circle', opacity: 0.8 }))
  return {
    all: [...all, missing],
    of: row => {
      const value = colors.values[row] ?? NaN
      if (!Number.isFinite(value)) return RAMP_STEPS
      return high > low ? Math.round((value - low) / (high - low) * (RAMP_STEPS - 1)) : 0
    }
  }
}

function shapeOf(category: number): Ink['shape'] {
  return SHAPES[Math.floor(category / 8) % SHAPES.length] ?? 'circle'
}

/** One path per ink and pass keeps 50,000 points a small file. */
function cloud(xy: Float32Array, { all, of }: ReturnType<typeof inks>, place: Place, radius: number): readonly string[] {
  const elements: string[] = []
  for (let pass = 0; pass < PASSES; pass++) {
    const paths = all.map((): string[] => [])
    for (let row = pass; 2 * row < xy.length; row += PASSES) {
      const ink = of(row)
      const [x, y] = place(xy[2 * row] as number, xy[2 * row + 1] as number)
      paths[ink]?.push(mark(x, y, radius, all[ink]?.shape ?? 'circle'))
    }
    paths.forEach((marks, i) => {
      const ink = all[i]
      if (ink === undefined || marks.length === 0) return
      elements.push(`<path d="${marks.join('')}" fill="${ink.color}" fill-opacity="${ink.opacity}"/>`)
    })
  }
  return elements
}

function mark(x: number, y: number, radius: number, shape: Ink['shape']): string {
  const r = radius
  if (shape === 'square') return `M${coordinate(x - r)} ${coordinate(y - r)}h${2 * r}v${2 * r}h${-2 * r}z`
  if (shape === 'triangle') return `M${coordinate(x)} ${coordinate(y - 1.2 * r)}l${1.2 * r} ${2.1 * r}h${-2.4 * r}z`
  return `M${coordinate(x - r)} ${coordinate(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`
}

interface Legend {
  readonly width: number
  readonly elements: (left: number, top: number) => readonly string[]
}

function categoryLegend(colors: Extract<FigureColors, { kind: 'categorical' }>, theme: FigureTheme): Legend {
  const counts = new Int32Array(colors.categories.length)
  let missing = 0
  for (const code of colors.codes) {
    if (code >= 0 && code < counts.length) counts[code] = (counts[code] ?? 0) + 1
    else missing++
  }
  const { text, quietText, missing: missingColor } = themes[theme]
  const palette = categoryColors(colors.categories, theme)
  const ranked = colors.categories.map((_, i) => i).filter(i => (counts[i] ?? 0) > 0).sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b)
  const listed = ranked.slice(0, MOST_LEGEND_ENTRIES).map(i => ({
    name: shortened(colors.categories[i] ?? '', 20) || '(empty)', count: counts[i] ?? 0, color: palette[i] ?? '', shape: shapeOf(i)
  }))
  if (missing > 0) listed.push({ name: 'no value', count: missing, color: missingColor, shape: 'circle' })
  const rest = ranked.length - Math.min(ranked.length, MOST_LEGEND_ENTRIES)
  const heading = colors.name === undefined ? null : shortened(colors.name, 24)
  const lines = [...listed.map(entry => `${entry.name}  ${written(entry.count)}`), ...heading === null ? [] : [heading]]
  return {
    width: Math.max(70, ...lines.map(line => estimatedWidth(line, 12))) + 40,
    elements(left, top) {
      const first = heading === null ? top : top + 22
      return [
        ...heading === null ? [] : [textElement(left, top, heading, { fill: text, weight: 600 })],
        ...listed.flatMap((entry, i) => [
          `<path d="${mark(left + 5, first + 20 * i - 4, 4.5, entry.shape)}" fill="${entry.color}"/>`,
          `<text x="${coordinate(left + 16)}" y="${first + 20 * i}" font-size="12" fill="${text}"><tspan>${escapeText(entry.name)}</tspan><tspan dx="6" fill="${quietText}">${written(entry.count)}</tspan></text>`
        ]),
        ...rest === 0 ? [] : [textElement(left + 16, first + 20 * listed.length, `and ${written(rest)} more`, { fill: quietText })]
      ]
    }
  }
}

function colorBar(colors: Extract<FigureColors, { kind: 'numeric' }>, theme: ThemeColors): Legend {
  const { low, high } = numericRange(colors)
  const barHeight = 200
  const ticks = rangeTicks([low, high], 5)
  return {
    width: Math.max(96, estimatedWidth(shortened(colors.name ?? '', 24), 12) + 30),
    elements(left, top) {
      const first = colors.name === undefined ? top : top + 16
      const step = barHeight / RAMP_STEPS
      const y = (value: number): number => high > low ? first + barHeight * (1 - (value - low) / (high - low)) : first + barHeight / 2
      return [
        ...colors.name === undefined ? [] : [textElement(left, top, shortened(colors.name, 24), { fill: theme.text, weight: 600 })],
        // Half a pixel of overlap hides the seams.
        ...Array.from({ length: RAMP_STEPS }, (_, i) => `<rect x="${coordinate(left)}" y="${coordinate(first + i * step)}" width="12" height="${coordinate(step + (i < RAMP_STEPS - 1 ? 0.5 : 0))}" fill="${rampColor(colors.scale ?? 'sequential', 1 - i / (RAMP_STEPS - 1))}"/>`),
        ...ticks.map(tick => textElement(left + 20, y(tick) + 4, tick.toLocaleString('en', { maximumSignificantDigits: 4 }).replace('-', '−'), { fill: theme.quietText }))
      ]
    }
  }
}

/** Lowest and highest finite value; around zero for a diverging scale. */
function numericRange(colors: Extract<FigureColors, { kind: 'numeric' }>): { readonly low: number; readonly high: number } {
  let low = Infinity
  let high = -Infinity
  for (const value of colors.values) {
    if (!Number.isFinite(value)) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (low > high) return { low: 0, high: 0 }
  if (colors.scale !== 'diverging') return { low, high }
  const reach = Math.max(Math.abs(low), Math.abs(high))
  return { low: -reach, high: reach }
}
