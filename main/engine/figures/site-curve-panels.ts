import type { CodeLength, Erasure } from '../../../preload/contract'
import { placeLabels } from '../../../preload/label-places'
import { rangeTicks, writeMeasure, writeTick } from '../../../preload/measures'
import { codeCurve, erasureCurve, type CurveEnd, type CurveKind } from '../../../preload/site-curves'
import { themes, type FigureTheme, type ThemeColors } from './figure-colors'
import { coordinate, segment, textElement } from './figure-text'

/** Width and height of a panel's plot; names stand at its right. */
const [WIDTH, HEIGHT] = [268, 200]

/** Where a panel's plot begins, and how it is drawn. */
interface Panel {
  readonly left: number
  readonly top: number
  readonly theme: FigureTheme
}

type Scale = (value: number) => number

/** Bits a label by the rows the probe had seen, beside the uniform code and the controls. */
export function codeLengthPanel(codeLength: CodeLength, { left, top, theme }: Panel): readonly string[] {
  const colors = themes[theme]
  const { lines, most, uniform, seen: [first, last], ticks, ends } = codeCurve(codeLength)
  const x: Scale = (seen) => left + WIDTH * (last > first ? Math.log(seen / first) / Math.log(last / first) : 0.5)
  const y: Scale = (bits) => top + HEIGHT * (1 - Math.min(bits, most) / most)
  return [
    ...heading('Code length of the labels', `${codeLength.labels.bits.toLocaleString('en-US', { maximumFractionDigits: 0 })} bits, compression ${writeMeasure('compression', codeLength.labels.compression)}; shuffled labels ${writeMeasure('compression', codeLength.shuffled.compression)}`, { left, top, theme }),
    ...grid(rangeTicks([0, most], 5), y, (tick) => String(Number(tick.toPrecision(3))), { left, top, theme }),
    ...ticks.map((tick) => textElement(x(tick), top + HEIGHT + 18, tick.toLocaleString('en-US'), { fill: colors.quietText, anchor: 'middle' })),
    path([[left, y(uniform)], [left + WIDTH, y(uniform)]], 'reference', colors),
    ...[...lines].reverse().flatMap(({ kind, points }) => [
      path(points.map(({ seen, bits }) => [x(seen), y(bits)]), kind, colors), ...points.map(({ seen, bits }) => point(x(seen), y(bits), kind, colors))
    ]),
    ...names(ends, y, { left, top, theme }), ...axes('rows seen', 'bits a label', { left, top, theme })
  ]
}

/** Accuracy of a fresh probe by directions taken out: INLP step by step with its interval, LEACE, the control and the majority class. */
export function erasurePanel(erasure: Erasure, { left, top, theme }: Panel): readonly string[] {
  const colors = themes[theme]
  const { steps, leace, control, majority, most, range: [low, high], ends } = erasureCurve(erasure)
  const x: Scale = (directions) => left + WIDTH * directions / most
  const y: Scale = (accuracy) => top + HEIGHT * (1 - (accuracy - low) / (high - low))
  const band = [...steps.map(({ directions, interval }) => [x(directions), y(interval.hi)] as const), ...[...steps].reverse().map(({ directions, interval }) => [x(directions), y(interval.lo)] as const)]
  const under = y(leace.accuracy) + 20 < top + HEIGHT
  return [
    ...heading('Erasure of the label', `${writeMeasure('accuracy', erasure.before.accuracy)} before, ${writeMeasure('accuracy', leace.accuracy)} after LEACE; shuffled ${writeMeasure('accuracy', erasure.shuffled.leace.accuracy)}`, { left, top, theme }),
    ...grid(rangeTicks([low, high], 5), y, (tick) => `${writeTick('accuracy', tick)} %`, { left, top, theme }),
    ...rangeTicks([0, most], 6).filter(Number.isInteger).map((tick) => textElement(x(tick), top + HEIGHT + 18, String(tick), { fill: colors.quietText, anchor: 'middle' })),
    path([[left, y(majority)], [left + WIDTH, y(majority)]], 'reference', colors),
    `<path d="${lineOf(band)}Z" fill="${colors.probe}" fill-opacity="0.14"/>`,
    path(steps.map(({ directions, accuracy }) => [x(directions), y(accuracy)]), 'result', colors), ...steps.map(({ directions, accuracy }) => point(x(directions), y(accuracy), 'result', colors)),
    `<circle cx="${coordinate(x(control.directions))}" cy="${coordinate(y(control.accuracy))}" r="3.5" fill="${colors.background}" stroke="${colors.shuffled}" stroke-width="1.5"/>`,
    `<path d="M${coordinate(x(leace.directions))} ${coordinate(y(leace.accuracy) - 6)}l6 6l-6 6l-6 -6z" fill="${colors.probe}" stroke="${colors.background}"/>`,
    textElement(x(leace.directions), y(leace.accuracy) + (under ? 20 : -12), 'LEACE', { fill: colors.text, anchor: 'middle', weight: 600 }),
    ...names(ends, y, { left, top, theme }), ...axes('directions taken out', 'accuracy', { left, top, theme })
  ]
}

function heading(title: string, statement: string, { left, top, theme }: Panel): readonly string[] {
  return [textElement(left, top - 36, title, { fill: themes[theme].text, weight: 600 }), textElement(left, top - 19, statement, { fill: themes[theme].quietText })]
}

function grid(ticks: readonly number[], y: Scale, write: (tick: number) => string, { left, theme }: Panel): readonly string[] {
  const { hairline, quietText } = themes[theme]
  return ticks.flatMap((tick) => [segment(left, y(tick), left + WIDTH, y(tick), hairline), textElement(left - 8, y(tick) + 4, write(tick), { fill: quietText, anchor: 'end' })])
}

function axes(across: string, up: string, { left, top, theme }: Panel): readonly string[] {
  const { quietText: fill } = themes[theme]
  return [textElement(left + WIDTH / 2, top + HEIGHT + 40, across, { fill, anchor: 'middle' }), textElement(left - 48, top + HEIGHT / 2, up, { fill, anchor: 'middle', rotate: -90 })]
}

function names(ends: readonly CurveEnd[], y: Scale, { left, top, theme }: Panel): readonly string[] {
  const colors = themes[theme]
  const places = placeLabels(ends.map(({ value }) => y(value)), 15, top, top + HEIGHT)
  return ends.map(({ name, kind }, i) => textElement(left + WIDTH + 8, (places[i] ?? top) + 4, name, kind === 'result' ? { fill: colors.text, weight: 600 } : { fill: colors.quietText }))
}

function lineOf(places: readonly (readonly [x: number, y: number])[]): string {
  return places.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${coordinate(x)} ${coordinate(y)}`).join('')
}

function path(places: readonly (readonly [x: number, y: number])[], kind: CurveKind, colors: ThemeColors): string {
  const style = kind === 'result' ? `stroke="${colors.probe}" stroke-width="1.75"` : `stroke="${colors.shuffled}"${kind === 'reference' ? ' stroke-dasharray="4 3"' : ''}`
  return `<path d="${lineOf(places)}" fill="none" ${style}/>`
}

function point(x: number, y: number, kind: CurveKind, colors: ThemeColors): string {
  return `<circle cx="${coordinate(x)}" cy="${coordinate(y)}" r="${kind === 'result' ? 3.5 : 2.5}" fill="${kind === 'result' ? colors.probe : colors.shuffled}" stroke="${colors.background}"/>`
}
