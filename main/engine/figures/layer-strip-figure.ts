import type { BaselineName, Measure, MeasureName, SiteResult, SweepSummary } from '../../../preload/contract'
import { placeLabels } from '../../../preload/label-places'
import { baselineName, measures, methodName, rangeTicks, unitOf, writeHalf, writeMeasure, writeTick } from '../../../preload/measures'
import { themes, type FigureTheme, type ThemeColors } from './figure-colors'
import { coordinate, estimatedWidth, shortened, svgDocument, textElement } from './figure-text'
import { siteLabels } from './site-labels'

export interface LayerStripOptions {
  /** The headline of the sweep where left out. */
  readonly measure?: MeasureName
  readonly theme: FigureTheme
  readonly title: string
  /** Pixels; 960 × 420 where left out. */
  readonly width?: number
  readonly height?: number
}

/** One line of the chart: a value per site, null where there is none. */
interface Series {
  readonly name: string
  readonly color: string
  readonly dash: string | null
  readonly values: readonly (number | null)[]
}

interface Frame {
  readonly x: (site: number) => number
  readonly y: (value: number) => number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  /** Values at bottom and top. */
  readonly low: number
  readonly high: number
}

/**
 * The layer strip as SVG: held-out measure of the probe by depth with its 95 % bootstrap band; what it is to be read against as thin named
 * lines; the layer that validation chose, with its test score. Several methods: the chosen one, or the first, is drawn.
 */
export function layerStripFigure(sweep: SweepSummary, options: LayerStripOptions): string {
  const { width = 960, height = 420 } = options
  const colors = themes[options.theme]
  const method = sweep.chosen?.method ?? sweep.sites[0]?.method ?? ''
  const results = sweep.sites.filter(result => result.method === method)
  const name = options.measure ?? results[0]?.measures[0]?.name
  if (name === undefined) {
    return svgDocument(width, height, colors.background, options.title, [
      textElement(24, 36, shortened(options.title, 90), { fill: colors.text, size: 16, weight: 600 }),
      textElement(width / 2, height / 2, 'No layer has been probed yet.', { fill: colors.quietText, size: 13, anchor: 'middle' })
    ])
  }
  const shown = results.map(result => result.measures.find(measure => measure.name === name) ?? null)
  const probe: Series = { name: 'Probe', color: colors.probe, dash: null, values: shown.map(measure => measure?.value ?? null) }
  const baselines = baselineSeries(name, shown, colors)
  const bands = shown.map(measure => measure?.interval ?? null)
  const values = [...[probe, ...baselines].flatMap(series => series.values), ...bands.flatMap(band => band === null ? [] : [band.lo, band.hi])].filter(value => value !== null)
  const labelWidth = Math.max(...[probe, ...baselines].map(series => estimatedWidth(series.name, 12)))
  const frame = frameOf(width, height, labelWidth, results.length, rangeOf(name, values))

  return svgDocument(width, height, colors.background, options.title, [
    textElement(frame.left, 30, shortened(options.title, Math.floor((width - 2 * frame.left) / 9)), { fill: colors.text, size: 16, weight: 600 }),
    textElement(frame.left, 50, subtitle(sweep, method, name), { fill: colors.quietText, size: 12 }),
    ...axes(frame, results, name, colors),
    band(frame, bands, colors),
    ...baselines.map(series => line(frame, series, 1.25)),
    line(frame, probe, 2.25),
    ...probe.values.map((value, i) => dot(frame, i, value, colors.probe, results.length > 40 ? 0 : 2.75)),
    ...endLabels(frame, [probe, ...baselines]),
    ...chosenMark(frame, sweep, results, probe.values, colors)
  ])
}

/** In the order they are listed. */
const baselineOrder: readonly BaselineName[] = ['textOnly', 'controlTask', 'shuffled', 'linearTree', 'majority', 'mean', 'chance']

function baselineSeries(measure: MeasureName, shown: readonly (Measure | null)[], colors: ThemeColors): readonly Series[] {
  const valueOf = (measure: Measure | null, name: BaselineName): number | null => measure?.baselines.find(baseline => baseline.name === name)?.value ?? null
  return baselineOrder.filter(name => shown.some(own => valueOf(own, name) !== null)).map(name => ({
    name: baselineName(name, measure).replace(/^./, first => first.toUpperCase()), color: name === 'textOnly' ? colors.textOnly : name === 'shuffled' ? colors.shuffled : colors.majority,
    dash: name === 'textOnly' || name === 'shuffled' ? null : '4 3', values: shown.map(own => valueOf(own, name))
  }))
}

/** Room around the values, within what the measure can be; how far below −1 a useless fit lies says nothing. */
function rangeOf(name: MeasureName, values: readonly number[]): readonly [number, number] {
  const { better, unit, range: [least, most] } = measures[name]
  const [lowest, highest] = values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)]
  const pad = Math.max(unit === 'share' || unit === 'coefficient' ? 0.02 : 0, 0.06 * (highest - lowest), 1e-9)
  return [better === 'lower' ? 0 : Math.max(least, -1, lowest - pad), Math.min(most, highest + pad)]
}

function frameOf(width: number, height: number, labelWidth: number, sites: number, [low, high]: readonly [number, number]): Frame {
  const [left, right, top, bottom] = [64, width - labelWidth - 28, 84, height - 58]
  return {
    left, right, top, bottom, low, high,
    x: site => sites === 1 ? (left + right) / 2 : left + 14 + (right - left - 28) * site / (sites - 1),
    // What lies under the axis is drawn at its end.
    y: value => bottom - (bottom - top) * Math.max(0, value - low) / Math.max(1e-9, high - low)
  }
}

function subtitle(sweep: SweepSummary, method: string, name: MeasureName): string {
  const { phrase, better } = measures[name]
  return `Held-out ${phrase} of the ${shortened(methodName(method), 32)} probe, ${sweep.folds} folds; band: 95 % bootstrap interval${better === 'lower' ? '; lower is better' : ''}`
}

function axes(frame: Frame, results: readonly SiteResult[], name: MeasureName, colors: ThemeColors): readonly string[] {
  const ticks = rangeTicks([frame.low, frame.high], 7)
  const labels = siteLabels(results.map(result => result.site))
  const widest = Math.max(...labels.map(label => estimatedWidth(label, 12))) + 8
  const every = Math.max(1, Math.ceil(widest * labels.length / (frame.right - frame.left)))
  const last = labels.length - 1
  return [
    ...ticks.flatMap(tick => [
      `<line x1="${frame.left}" x2="${coordinate(frame.right)}" y1="${coordinate(frame.y(tick))}" y2="${coordinate(frame.y(tick))}" stroke="${colors.hairline}"/>`,
      textElement(frame.left - 8, frame.y(tick) + 4, `${writeTick(name, tick)}${unitOf(name)}`, { fill: colors.quietText, anchor: 'end' })
    ]),
    ...labels.flatMap((label, i) => i === last || (i % every === 0 && last - i >= every)
      ? [textElement(frame.x(i), frame.bottom + 20, shortened(label, 18), { fill: colors.quietText, anchor: 'middle' })]
      : []),
    textElement((frame.left + frame.right) / 2, frame.bottom + 44, 'Layer (depth →)', { fill: colors.quietText, anchor: 'middle' })
  ]
}

function band(frame: Frame, intervals: readonly Measure['interval'][], colors: ThemeColors): string {
  const known = intervals.flatMap((interval, i) => interval === null ? [] : [{ x: frame.x(i), hi: frame.y(interval.hi), lo: frame.y(interval.lo) }])
  if (known.length === 1) return known.map(({ x, hi, lo }) => `<line x1="${coordinate(x)}" x2="${coordinate(x)}" y1="${coordinate(hi)}" y2="${coordinate(lo)}" stroke="${colors.probe}" stroke-opacity="0.35" stroke-width="6"/>`).join('')
  const points = [...known.map(({ x, hi }) => [x, hi]), ...known.reverse().map(({ x, lo }) => [x, lo])]
  return `<polygon points="${points.map(([x, y]) => `${coordinate(x ?? 0)},${coordinate(y ?? 0)}`).join(' ')}" fill="${colors.probe}" fill-opacity="0.16"/>`
}

function line(frame: Frame, series: Series, strokeWidth: number): string {
  let path = ''
  series.values.forEach((value, i) => {
    if (value === null) return
    const follows = i > 0 && series.values[i - 1] !== null
    path += `${follows ? 'L' : 'M'}${coordinate(frame.x(i))} ${coordinate(frame.y(value))}`
  })
  const dash = series.dash === null ? '' : ` stroke-dasharray="${series.dash}"`
  return path === '' ? '' : `<path d="${path}" fill="none" stroke="${series.color}" stroke-width="${strokeWidth}" stroke-linejoin="round"${dash}/>`
}

function dot(frame: Frame, site: number, value: number | null, color: string, radius: number): string {
  return value === null || radius === 0 ? '' : `<circle cx="${coordinate(frame.x(site))}" cy="${coordinate(frame.y(value))}" r="${radius}" fill="${color}"/>`
}

function endLabels(frame: Frame, series: readonly Series[]): readonly string[] {
  const ends = series.flatMap(one => {
    const value = one.values.findLast(candidate => candidate !== null)
    return value === undefined || value === null ? [] : [{ ...one, y: frame.y(value) }]
  })
  const places = placeLabels(ends.map(end => end.y), 16, frame.top, frame.bottom)
  return ends.map((end, i) => textElement(frame.right + 8, (places[i] ?? 0) + 4, end.name, { fill: end.color, weight: i === 0 ? 600 : 400 }))
}

function chosenMark(frame: Frame, { chosen }: SweepSummary, results: readonly SiteResult[], values: readonly (number | null)[], colors: ThemeColors): readonly string[] {
  const at = results.findIndex(result => result.site === chosen?.site)
  const value = values[at] ?? null
  if (chosen === null || value === null) return []
  const { measure, testScore, interval: { lo, hi } } = chosen
  const label = siteLabels(results.map(one => one.site))[at] ?? chosen.site
  const name = /^\d/.test(label) ? `layer ${label}` : label
  const text = `Chosen by validation: ${name}, test ${measures[measure].phrase} ${writeMeasure(measure, testScore)} ${writeHalf(measure, (hi - lo) / 2)}`
  const x = frame.x(at)
  const half = estimatedWidth(text, 12) / 2
  const middle = Math.min(frame.right - half, Math.max(frame.left + half, x))
  return [
    `<line x1="${coordinate(x)}" x2="${coordinate(x)}" y1="${frame.top - 8}" y2="${frame.bottom}" stroke="${colors.text}" stroke-width="1" stroke-opacity="0.55"/>`,
    `<circle cx="${coordinate(x)}" cy="${coordinate(frame.y(value))}" r="5.5" fill="${colors.background}" stroke="${colors.probe}" stroke-width="2.5"/>`,
    textElement(middle, frame.top - 14, text, { fill: colors.text, anchor: 'middle', weight: 600 })
  ]
}
