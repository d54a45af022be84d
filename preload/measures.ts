/**
 * What every measure, baseline and method is called and how its numbers are written: one table for the page,
 * the figures, the command line and reports, so that a number reads the same everywhere.
 */
import type { BaselineName, BestOfMany, CellName, MeasureName, SiteResult } from './contract'

export interface MeasureInfo {
  /** On a switch or an axis. */
  readonly label: string
  /** Where the label is too long for a switch. */
  readonly short?: string
  /** Inside a sentence. */
  readonly phrase: string
  /** `share`: 0.873 is 87.3 %; `coefficient`: .873; `kilometres`; `ratio`: 3.2 ×. */
  readonly unit: 'share' | 'coefficient' | 'kilometres' | 'ratio'
  readonly better: 'higher' | 'lower'
  /** Values that are possible; an infinite end has none. */
  readonly range: readonly [number, number]
}

export const measures: Readonly<Record<MeasureName, MeasureInfo>> = {
  accuracy: { label: 'Accuracy', phrase: 'accuracy', unit: 'share', better: 'higher', range: [0, 1] },
  auroc: { label: 'AUROC', phrase: 'AUROC', unit: 'coefficient', better: 'higher', range: [0, 1] },
  balancedAccuracy: { label: 'Balanced accuracy', short: 'Balanced', phrase: 'balanced accuracy', unit: 'share', better: 'higher', range: [0, 1] },
  selectivity: { label: 'Selectivity', phrase: 'selectivity', unit: 'share', better: 'higher', range: [-1, 1] },
  compression: { label: 'Compression', phrase: 'compression', unit: 'ratio', better: 'higher', range: [0, Infinity] },
  r2: { label: 'R²', phrase: 'R²', unit: 'coefficient', better: 'higher', range: [-Infinity, 1] },
  spearman: { label: 'Spearman ρ', phrase: 'Spearman correlation', unit: 'coefficient', better: 'higher', range: [-1, 1] },
  greatCircleKm: { label: 'Great-circle error', phrase: 'great-circle error', unit: 'kilometres', better: 'lower', range: [0, 20_038] },
  proximityError: { label: 'Proximity error', phrase: 'proximity error', unit: 'share', better: 'lower', range: [0, 1] },
  uuas: { label: 'UUAS', phrase: 'UUAS', unit: 'share', better: 'higher', range: [0, 1] },
  distanceSpearman: { label: 'DSpr', phrase: 'distance Spearman', unit: 'coefficient', better: 'higher', range: [-1, 1] },
  rootAccuracy: { label: 'Root %', phrase: 'root accuracy', unit: 'share', better: 'higher', range: [0, 1] },
  depthSpearman: { label: 'NSpr', phrase: 'depth Spearman', unit: 'coefficient', better: 'higher', range: [-1, 1] }
}

export const baselineNames: Readonly<Record<BaselineName, string>> = {
  shuffled: 'shuffled labels', textOnly: 'text only', majority: 'majority class', chance: 'chance', mean: 'training mean',
  controlTask: 'control task', linearTree: 'linear tree'
}

const treeMeasures: readonly MeasureName[] = ['uuas', 'distanceSpearman', 'rootAccuracy', 'depthSpearman']

/** A baseline of a measure in words: what is shuffled for trees is vectors, not labels. */
export function baselineName(name: BaselineName, measure: MeasureName): string {
  return name === 'shuffled' && treeMeasures.includes(measure) ? 'shuffled vectors' : baselineNames[name]
}

const methodNames: Readonly<Record<string, string>> = {
  logistic: 'logistic', 'mass-mean': 'mass mean', 'mass-mean-covariance': 'mass mean (covariance)', lda: 'linear discriminant',
  'nearest-centroid': 'nearest centroid', 'paired-mean-difference': 'paired mean difference', 'paired-first-component': 'first paired component', ccs: 'CCS', ttpd: 'TTPD', mlp: 'MLP',
  ridge: 'ridge', structural: 'structural'
}

/** A method in words. */
export function methodName(method: string): string {
  return methodNames[method] ?? method.replaceAll('-', ' ')
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
/** A minus sign for the hyphen; none before what is written as zero. */
const minus = (text: string): string => text.replace('-', /[1-9]/.test(text) ? '−' : '')
const noZero = (text: string): string => text.replace(/^(-?)0\./, '$1.')

/**
 * A value with the digits it is worth: `87.3 %`, `.873`, `1,234 km`, `3.2 ×`; one digit fewer where half of its
 * interval is wider than ten points. A dash for none.
 */
export function writeMeasure(name: MeasureName, value: number | null, half: number | null = null): string {
  if (value === null || Number.isNaN(value)) return '–'
  const wide = half !== null && half >= 0.1
  switch (measures[name].unit) {
    case 'share': return `${minus((value * 100).toFixed(wide ? 0 : 1))} %`
    case 'coefficient': return minus(noZero(value.toFixed(wide ? 2 : 3)))
    case 'kilometres': return `${grouped.format(value)} km`
    case 'ratio': return `${value.toFixed(value < 10 ? 2 : 1)} ×`
  }
}

/** Half an interval: `± 1.2` in points of a share, `± .012`, `± 85 km`, `± 0.10 ×`. */
export function writeHalf(name: MeasureName, half: number): string {
  switch (measures[name].unit) {
    case 'share': return `± ${(half * 100).toFixed(half >= 0.1 ? 0 : 1)}`
    case 'coefficient': return `± ${noZero(half.toFixed(half >= 0.1 ? 2 : 3))}`
    case 'kilometres': return `± ${grouped.format(half)} km`
    case 'ratio': return `± ${half.toFixed(2)} ×`
  }
}

/** A difference of two values with its sign: `+1.2` in points of a share, `−.012`, `+85 km`, `+0.10 ×`. */
export function writeDifference(name: MeasureName, value: number): string {
  const size = writeSize(name, Math.abs(value))
  return /[1-9]/.test(size) ? `${value < 0 ? '−' : '+'}${size}` : size
}

/** How far a value stands from another, inside a sentence: `1.2 points`, `.012`, `85 km`, `0.10 ×`. */
export function writeDistance(name: MeasureName, value: number): string {
  const size = writeSize(name, Math.abs(value))
  return measures[name].unit === 'share' ? `${size} ${size === '1.0' ? 'point' : 'points'}` : size
}

function writeSize(name: MeasureName, size: number): string {
  switch (measures[name].unit) {
    case 'share': return (size * 100).toFixed(1)
    case 'coefficient': return noZero(size.toFixed(3))
    case 'kilometres': return `${grouped.format(size)} km`
    case 'ratio': return `${size.toFixed(2)} ×`
  }
}

/** What the best of as many cells gains by being picked. */
export function writeBestOfMany({ measure, cells, expected, upper }: BestOfMany): string {
  return `Were all ${cells} equally good, the best of them would stand ${writeDistance(measure, expected)} above its worth on average, and more than ${writeDistance(measure, upper)} once in twenty (bootstrap).`
}

/**
 * The cells with the best test score of a run, where validation did not choose one of them: quoted by that score they flatter.
 * None where it did, and where there is nothing to pick from.
 */
export function flatteringCells(results: readonly SiteResult[], chosen: CellName | null, measure: MeasureName): readonly SiteResult[] {
  const sign = measures[measure].better === 'higher' ? 1 : -1
  const score = (result: SiteResult): number => sign * (result.measures.find(({ name }) => name === measure)?.value ?? -Infinity * sign)
  const best = results.reduce((most, result) => Math.max(most, score(result)), -Infinity)
  const cells = results.filter(result => best > -Infinity && score(result) === best)
  return results.length < 2 || cells.some(({ site, method }) => site === chosen?.site && method === chosen.method) ? [] : cells
}

/** A p value: `.032`, `< .001`. */
export function writeP(p: number): string {
  return p < 0.001 ? '< .001' : p > 0.9995 ? '1' : noZero(p.toFixed(3))
}

/** A value on an axis or in a narrow cell: `87`, `.87`, `1,234`, `3.2`; the unit stands in the title. */
export function writeTick(name: MeasureName, value: number): string {
  switch (measures[name].unit) {
    case 'share': return minus(String(Math.round(value * 1000) / 10))
    case 'coefficient': return value === 0 || value === 1 || value === -1 ? minus(String(value)) : minus(noZero(value.toFixed(2)))
    case 'kilometres': return grouped.format(value)
    case 'ratio': return String(Math.round(value * 100) / 100)
  }
}

/** The unit behind an axis: ` %`, ` km`, ` ×` or nothing. */
export function unitOf(name: MeasureName): string {
  return { share: ' %', coefficient: '', kilometres: ' km', ratio: ' ×' }[measures[name].unit]
}

/**
 * The axis for `values` of a measure: one that results do not move as they arrive. Shares begin a step under the lowest and
 * end at 1 (at the highest for what is better low); others take round ends. R² far below 0 is cut off at −1: how bad
 * a useless fit is says nothing.
 */
export function measureRange(name: MeasureName, values: readonly number[]): readonly [number, number] {
  const { unit, better, range: [least, most] } = measures[name]
  const lowest = Math.min(...values)
  const highest = Math.max(...values)
  if (values.length === 0) return unit === 'share' || unit === 'coefficient' ? [Math.max(0, least), 1] : [0, 1]
  const step = unit === 'share' || unit === 'coefficient' ? 0.1 : 10 ** Math.floor(Math.log10(Math.max(highest, 1e-9))) / 2
  const down = (value: number): number => Math.floor(value / step + 1e-9) * step
  const up = (value: number): number => Math.ceil(value / step - 1e-9) * step
  if (unit === 'ratio') return [Math.min(1, down(lowest)), up(highest * 1.02)]
  if (better === 'lower') return [0, Math.max(step, Math.min(most, up(highest * 1.02)))]
  return [round(Math.max(least, -1, down(lowest - 0.02))), name === 'selectivity' ? round(Math.max(0.2, Math.min(1, up(highest + 0.02)))) : 1]
}

/** Round values within [low, high], at most `most` of them. */
export function rangeTicks([low, high]: readonly [number, number], most: number): readonly number[] {
  const span = high - low
  if (!(span > 0)) return [low]
  const magnitude = 10 ** Math.floor(Math.log10(span))
  const step = [0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5].map((part) => part * magnitude)
    .find((candidate) => Math.floor(high / candidate + 1e-9) - Math.ceil(low / candidate - 1e-9) + 1 <= most) ?? span
  const ticks: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) ticks.push(round(i * step))
  return ticks
}

function round(value: number): number {
  return Number(value.toPrecision(12))
}
