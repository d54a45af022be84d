import type { Calibration, CellCard } from '../../../preload/contract'
import { baselineName, measures, methodName, rangeTicks, writeHalf, writeMeasure } from '../../../preload/measures'
import { palettes, themes, type FigureTheme } from './figure-colors'
import { coordinate, estimatedWidth, percent, segment, shortened, svgDocument, textElement } from './figure-text'
import { codeLengthPanel, erasurePanel } from './site-curve-panels'

/** Held-out predictions of one column of numbers, in activation row order; NaN where there is none. */
export interface PredictedNumbers { readonly name: string; readonly predicted: Float32Array; readonly actual: Float32Array }

/** More classes than this leave no room for counts in their cells. */
const mostWritten = 12
const [WIDTH, TOP, SIDE] = [960, 116, 284]
/** Heights of the title, of the first panels with the title, and of the second panels. */
const [HEADER, FIRST, SECOND] = [76, 480, 340]

/**
 * The figures of a card as one SVG: for classes the confusion matrix and the reliability curve with its counts, for numbers predicted against
 * actual values (the first two columns); under them the code length and the erasure of the site where those were computed;
 * over all the headline with its interval and baselines. Null for a card without figures.
 */
export function cardFigure(card: CellCard, numbers: readonly PredictedNumbers[] | null, theme: FigureTheme): string | null {
  const colors = themes[theme]
  const panels = card.detail?.kind === 'classes'
    ? [...confusionPanel(card.classes, card.detail.confusion, theme), ...card.detail.calibration === null ? [] : calibrationPanel(card.detail.calibration, card.classes[1] ?? 'class 1', theme)]
    : (numbers ?? []).slice(0, 2).flatMap((own, i) => scatterPanel(own, 80 + 450 * i, theme))
  const { codeLength, erasure } = card
  const first = panels.length > 0 ? FIRST : HEADER
  const place = (column: number): { left: number; top: number; theme: FigureTheme } => ({ left: 140 + 440 * column, top: first + 56, theme })
  const curves = [...codeLength === null ? [] : [codeLengthPanel(codeLength, place(0))], ...erasure === null ? [] : [erasurePanel(erasure, place(codeLength === null ? 0 : 1))]]
  if (panels.length + curves.length === 0) return null
  const name = methodName(card.method)
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)} probe at ${card.site}`
  return svgDocument(WIDTH, first + (curves.length > 0 ? SECOND : 0), colors.background, title, [
    textElement(40, 36, shortened(`${title} · ${card.origin.model.name} on ${card.origin.dataset.name}`, 96), { fill: colors.text, size: 16, weight: 600 }),
    textElement(40, 58, headlineOf(card), { fill: colors.quietText, size: 12 }),
    ...panels, ...curves.flat()
  ])
}

function headlineOf({ result: { measures: [headline] }, rows }: CellCard): string {
  if (headline === undefined) return ''
  const { name, value, interval, baselines } = headline
  const against = baselines.map(baseline => `${baselineName(baseline.name, name)} ${writeMeasure(name, baseline.value)}`).join(', ')
  return `Held-out ${measures[name].phrase} ${writeMeasure(name, value)}${interval === null ? '' : ` ${writeHalf(name, (interval.hi - interval.lo) / 2)}`} on ${rows.toLocaleString('en-US')} rows${against === '' ? '' : ` · ${against}`}`
}

/** Right cells in the colour of true, errors in that of false, by their share of the true class. */
function confusionPanel(classes: readonly string[], confusion: Int32Array, theme: FigureTheme): readonly string[] {
  const colors = themes[theme]
  const [right, wrong] = palettes[theme] as readonly [string, string]
  const size = classes.length
  const [left, cell] = [140, SIDE / size]
  const total = (actual: number): number => classes.reduce((sum, _, predicted) => sum + (confusion[actual * size + predicted] as number), 0)
  const parts = [textElement(left, TOP - 26, 'Rows by actual and predicted class', { fill: colors.text, weight: 600 })]
  classes.forEach((name, actual) => {
    classes.forEach((_, predicted) => {
      const count = confusion[actual * size + predicted] as number
      const share = total(actual) > 0 ? count / total(actual) : 0
      const [x, y] = [left + predicted * cell, TOP + actual * cell]
      parts.push(`<rect x="${coordinate(x + 1)}" y="${coordinate(y + 1)}" width="${coordinate(cell - 2)}" height="${coordinate(cell - 2)}" fill="${actual === predicted ? right : wrong}" fill-opacity="${(0.06 + 0.5 * share).toFixed(3)}"/>`)
      if (size <= mostWritten) parts.push(textElement(x + cell / 2, y + cell / 2 + 4, count.toLocaleString('en-US'), { fill: colors.text, anchor: 'middle', weight: actual === predicted ? 600 : 400 }))
    })
    if (cell >= 11) parts.push(textElement(left - 8, TOP + (actual + 0.5) * cell + 4, shortened(name, 16), { fill: colors.quietText, anchor: 'end' }))
    if (size <= 4) parts.push(textElement(left + (actual + 0.5) * cell, TOP + SIDE + 18, shortened(name, Math.floor(cell / 7)), { fill: colors.quietText, anchor: 'middle' }))
  })
  parts.push(textElement(left - 24 - (cell >= 11 ? Math.max(...classes.map(name => estimatedWidth(shortened(name, 16), 12))) : 0), TOP + SIDE / 2, 'actual', { fill: colors.quietText, anchor: 'middle', rotate: -90 }))
  parts.push(textElement(left + SIDE / 2, TOP + SIDE + (size <= 4 ? 40 : 20), size <= 4 ? 'predicted' : 'predicted, in the same order', { fill: colors.quietText, anchor: 'middle' }))
  return parts
}

/** A dot a bin, its area by its rows; the counts in bars under the curve. */
function calibrationPanel({ bins, ece, brier, of }: Calibration, className: string, theme: FigureTheme): readonly string[] {
  const colors = themes[theme]
  const [left, side, bars] = [580, SIDE - 50, 36]
  const most = Math.max(1, ...bins.map(({ rows }) => rows))
  const [x, y] = [(value: number): number => left + side * value, (value: number): number => TOP + side * (1 - value)]
  const floor = TOP + side + 12 + bars
  const filled = bins.flatMap(({ predicted, observed, rows }) => predicted === null || observed === null ? [] : [{ predicted, observed, rows }])
  return [
    textElement(left, TOP - 26, 'Probability said and share that came true', { fill: colors.text, weight: 600 }),
    textElement(left, TOP - 9, `Expected calibration error ${percent(ece)} · Brier score ${brier.toFixed(3)}`, { fill: colors.quietText }),
    ...[0, 0.5, 1].flatMap(tick => [
      segment(x(tick), y(0), x(tick), y(1), colors.hairline), segment(x(0), y(tick), x(1), y(tick), colors.hairline),
      textElement(left - 8, y(tick) + 4, String(tick), { fill: colors.quietText, anchor: 'end' }), textElement(x(tick), floor + 16, String(tick), { fill: colors.quietText, anchor: 'middle' })
    ]),
    `<path d="M${coordinate(x(0))} ${coordinate(y(0))}L${coordinate(x(1))} ${coordinate(y(1))}" stroke="${colors.majority}" stroke-dasharray="4 3" fill="none"/>`,
    `<path d="${filled.map(({ predicted, observed }, i) => `${i === 0 ? 'M' : 'L'}${coordinate(x(predicted))} ${coordinate(y(observed))}`).join('')}" stroke="${colors.probe}" stroke-width="1.5" fill="none"/>`,
    ...filled.map(({ predicted, observed, rows }) => `<circle cx="${coordinate(x(predicted))}" cy="${coordinate(y(observed))}" r="${coordinate(2.5 + 4.5 * Math.sqrt(rows / most))}" fill="${colors.probe}" stroke="${colors.background}"/>`),
    ...bins.map(({ lo, rows }) => `<rect x="${coordinate(x(lo) + 1)}" y="${coordinate(floor - bars * rows / most)}" width="${coordinate(side / bins.length - 2)}" height="${coordinate(bars * rows / most)}" fill="${colors.quietText}" fill-opacity="0.4"/>`),
    textElement(left + side / 2, floor + 36, of === 'class' ? `probability of ${shortened(className, 24)}` : 'probability of the predicted class', { fill: colors.quietText, anchor: 'middle' }),
    textElement(left - 38, TOP + side / 2, of === 'class' ? 'share that is' : 'share that is right', { fill: colors.quietText, anchor: 'middle', rotate: -90 }),
    textElement(left + side + 12, floor - bars + 8, `${most.toLocaleString('en-US')} rows`, { fill: colors.quietText })
  ]
}

function scatterPanel({ name, predicted, actual }: PredictedNumbers, left: number, theme: FigureTheme): readonly string[] {
  const colors = themes[theme]
  const known = Array.from(actual.keys()).filter(row => !Number.isNaN(actual[row]) && !Number.isNaN(predicted[row]))
  if (known.length === 0) return []
  let [low, high] = [Infinity, -Infinity]
  for (const row of known) for (const value of [actual[row] as number, predicted[row] as number]) [low, high] = [Math.min(low, value), Math.max(high, value)]
  const margin = 0.03 * (high - low || 1)
  ;[low, high] = [low - margin, high + margin]
  const at = (value: number): number => SIDE * (value - low) / (high - low)
  const [x, y] = [(value: number): number => left + at(value), (value: number): number => TOP + SIDE - at(value)]
  const axis = rangeTicks([low, high], 6).flatMap(tick => [
    segment(x(tick), TOP, x(tick), TOP + SIDE, colors.hairline), segment(left, y(tick), left + SIDE, y(tick), colors.hairline),
    textElement(left - 8, y(tick) + 4, signed(tick), { fill: colors.quietText, anchor: 'end' }), textElement(x(tick), TOP + SIDE + 18, signed(tick), { fill: colors.quietText, anchor: 'middle' })
  ])
  return [
    textElement(left, TOP - 26, shortened(`Predicted against actual ${name}`, 44), { fill: colors.text, weight: 600 }),
    ...axis, `<path d="M${coordinate(x(low))} ${coordinate(y(low))}L${coordinate(x(high))} ${coordinate(y(high))}" stroke="${colors.majority}" stroke-dasharray="4 3" fill="none"/>`,
    // One path keeps many rows a small file.
    `<path d="${known.map(row => `M${coordinate(x(actual[row] as number))} ${coordinate(y(predicted[row] as number))}h0`).join('')}" fill="none" stroke="${colors.probe}" stroke-opacity="0.55" stroke-width="3.5" stroke-linecap="round"/>`,
    textElement(left + SIDE / 2, TOP + SIDE + 40, 'actual', { fill: colors.quietText, anchor: 'middle' }), textElement(left - 46, TOP + SIDE / 2, 'predicted', { fill: colors.quietText, anchor: 'middle', rotate: -90 })
  ]
}

/** A tick with a minus that is as wide as a digit. */
function signed(tick: number): string {
  return tick.toLocaleString('en-US').replace('-', '−')
}
