import type { ClassValues, ColumnValues, NumericValues } from '../../preload/contract'
import { toHex, type Rgb, type Scale } from './color'
import type { DataTheme } from './theme'

/** Point shapes in the order categories take them once the eight colours are used up. */
export const shapeNames = ['circle', 'square', 'triangle', 'diamond', 'cross', 'ring'] as const
export type ShapeName = (typeof shapeNames)[number]

export interface LegendEntry {
  /** The category as text; what the view store's `hidden` names. */
  readonly text: string
  /** `#rrggbb`. */
  readonly color: string
  /** Index into `shapeNames`. */
  readonly shape: number
  readonly count: number
}

export type Legend =
  | { readonly kind: 'none' }
  | { readonly kind: 'categories'; readonly title: string; readonly entries: readonly LegendEntry[] }
  | { readonly kind: 'scale'; readonly title: string; readonly min: number; readonly max: number; readonly middle: number | null; readonly color: (share: number) => string; readonly missing: number }

/** How a cloud is painted: one entry per point. */
export interface PointCoding {
  /** [points, 3] */
  readonly colors: Uint8Array
  /** Index into `shapeNames`. */
  readonly shapes: Uint8Array
  /** Index into the legend's entries; -1 where the legend is no list. */
  readonly categories: Int16Array
  readonly legend: Legend
}

/** Text that stands for a missing value and for categories beyond what can be told apart. */
export const missingText = '(missing)'
export const otherText = '(other)'

/** More are not told apart by colour and shape: the rest become one grey entry. */
const MOST_CATEGORIES = 8 * shapeNames.length

/** All points alike. */
export function plainCoding(points: number, theme: DataTheme): PointCoding {
  const colors = new Uint8Array(points * 3)
  for (let i = 0; i < points; i++) colors.set(theme.trueColor, i * 3)
  return { colors, shapes: new Uint8Array(points), categories: new Int16Array(points).fill(-1), legend: { kind: 'none' } }
}

/** Categories in a fixed order, -1 missing. Two categories are a false one and a true one: orange and blue. */
export function categoricalCoding(title: string, names: readonly string[], codes: Int32Array | Int16Array, theme: DataTheme): PointCoding {
  const counts = new Int32Array(names.length + 1)
  for (const code of codes) { const at = code < 0 ? names.length : code; counts[at] = (counts[at] ?? 0) + 1 }
  // Kept as they come, unless there are too many: then the most frequent.
  let shown = names.map((_, index) => index).filter((index) => (counts[index] as number) > 0)
  const crowded = shown.length > MOST_CATEGORIES
  if (crowded) shown = shown.sort((a, b) => (counts[b] as number) - (counts[a] as number)).slice(0, MOST_CATEGORIES - 1)

  const entries: LegendEntry[] = shown.map((index, place) => {
    const slot = names.length === 2 ? (index === truthyIndex(names) ? 0 : 1) : place
    return {
      text: names[index] as string, count: counts[index] as number,
      color: toHex(theme.categories[slot % 8] as Rgb), shape: Math.floor(slot / 8)
    }
  })
  const entryOf = new Int16Array(names.length + 1).fill(-1)
  shown.forEach((index, place) => { entryOf[index] = place })
  const grey = toHex(theme.missing)
  const left = names.reduce((sum, _, index) => sum + (entryOf[index] === -1 ? counts[index] as number : 0), 0)
  if (left > 0) {
    names.forEach((_, index) => { if (entryOf[index] === -1) entryOf[index] = entries.length })
    entries.push({ text: otherText, count: left, color: grey, shape: 0 })
  }
  if ((counts[names.length] as number) > 0) {
    entryOf[names.length] = entries.length
    entries.push({ text: missingText, count: counts[names.length] as number, color: grey, shape: 5 })
  }
  return paintEntries(title, entries, codes.length, (i) => entryOf[(codes[i] as number) < 0 ? names.length : codes[i] as number] as number)
}

/** Numbers on a scale from `min` to `max`; not a number is missing. */
export function scaleCoding(title: string, values: Float32Array, range: { readonly min: number; readonly max: number; readonly middle?: number }, scale: Scale, theme: DataTheme): PointCoding {
  const colors = new Uint8Array(values.length * 3)
  const span = range.max - range.min || 1
  let missing = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    const known = !Number.isNaN(value)
    if (!known) missing++
    colors.set(known ? scale((value - range.min) / span) : theme.missing, i * 3)
  }
  return {
    colors, shapes: new Uint8Array(values.length), categories: new Int16Array(values.length).fill(-1),
    legend: { kind: 'scale', title, min: range.min, max: range.max, middle: range.middle ?? null, color: (share) => toHex(scale(share)), missing }
  }
}

/** One column of the dataset, for the points of `rows`. `order` puts known categories in the order of the probe's classes. */
export function columnCoding(title: string, column: ColumnValues, rows: Int32Array, theme: DataTheme, order: readonly string[] = []): PointCoding {
  if (column.kind === 'numeric') {
    const values = Float32Array.from(rows, (row) => column.values[row] ?? NaN)
    return scaleCoding(title, values, column, theme.sequential, theme)
  }
  const rank = new Map(order.map((name, index) => [name, index]))
  const known = order.filter((name) => column.categories.includes(name))
  const names = [...known, ...column.categories.filter((name) => !rank.has(name))]
  const place = new Map(names.map((name, index) => [name, index]))
  const codes = Int32Array.from(rows, (row) => {
    const name = column.categories[column.codes[row] ?? -1]
    return name === undefined ? -1 : place.get(name) ?? -1
  })
  return categoricalCoding(title, names, codes, theme)
}

/** What the probe said, for the points of `rows`. */
export function probeCoding(kind: 'label' | 'prediction' | 'score' | 'correct', values: ClassValues, classes: readonly string[], rows: Int32Array, theme: DataTheme): PointCoding {
  const entry = rowIndex(values.rows)
  const at = Int32Array.from(rows, (row) => entry.get(row) ?? -1)
  const read = (array: Int32Array, i: number): number => (at[i] as number) < 0 ? -1 : array[at[i] as number] as number
  if (kind === 'score') {
    // Rows in no test fold have no held-out score.
    const scores = Float32Array.from(rows, (_, i) => read(values.predicted, i) < 0 ? NaN : values.score[at[i] as number] as number)
    return classes.length === 2
      ? scaleCoding(`probability of ${classes[1] ?? ''}`, scores, { min: 0, max: 1, middle: 0.5 }, theme.truth, theme)
      : scaleCoding('probability of the true class', scores, { min: 0, max: 1 }, theme.sequential, theme)
  }
  if (kind === 'correct') {
    const codes = Int32Array.from(rows, (_, i) => {
      const predicted = read(values.predicted, i)
      const actual = read(values.actual, i)
      return predicted < 0 || actual < 0 ? -1 : predicted === actual ? 1 : 0
    })
    return categoricalCoding('held-out prediction', ['wrong', 'correct'], codes, theme)
  }
  const source = kind === 'label' ? values.actual : values.predicted
  return categoricalCoding(kind === 'label' ? 'label' : 'prediction', classes, Int32Array.from(rows, (_, i) => read(source, i)), theme)
}

/** What a regression said of its first target, for the points of `rows`: predictions on the scale of the actual values, errors around zero. */
export function numericCoding(kind: 'label' | 'prediction' | 'score' | 'correct', values: NumericValues, rows: Int32Array, theme: DataTheme): PointCoding {
  const [target] = values.targets
  if (!target) return plainCoding(rows.length, theme)
  const entry = rowIndex(values.rows)
  const read = (array: Float32Array, row: number): number => array[entry.get(row) ?? -1] ?? NaN
  const known = target.actual.filter((value) => !Number.isNaN(value))
  if (kind === 'label' || kind === 'prediction') {
    const range = { min: Math.min(...quantiles(known)), max: Math.max(...quantiles(known)) }
    return scaleCoding(kind === 'label' ? target.name : `${target.name} predicted`, Float32Array.from(rows, (row) => read(kind === 'label' ? target.actual : target.predicted, row)), range, theme.sequential, theme)
  }
  const errors = Float32Array.from(rows, (row) => read(target.predicted, row) - read(target.actual, row))
  const [low, high] = quantiles(errors.filter((error) => !Number.isNaN(error)))
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1
  return scaleCoding(`${target.name}, predicted − actual`, errors, { min: -most, max: most, middle: 0 }, theme.truth, theme)
}

/** The 2nd and 98th percentile: a few far values must not take all the colours. */
function quantiles(values: Float32Array): readonly [number, number] {
  const sorted = values.slice().sort()
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0
  return [at(0.02), at(0.98)]
}

/** From dataset row to its index in `rows`. */
export function rowIndex(rows: Int32Array): ReadonlyMap<number, number> {
  const index = new Map<number, number>()
  rows.forEach((row, at) => index.set(row, at))
  return index
}

const truthy = /^(1|true|t|yes|y|correct|positive|pos|right)$/i

/** Which of two categories is the true one: by its name, else the second, as the probe counts classes. */
export function truthyIndex(names: readonly string[]): number {
  const named = names.findIndex((name) => truthy.test(name))
  return named < 0 ? 1 : named
}

function paintEntries(title: string, entries: readonly LegendEntry[], points: number, entryAt: (point: number) => number): PointCoding {
  const colors = new Uint8Array(points * 3)
  const shapes = new Uint8Array(points)
  const categories = new Int16Array(points)
  const rgb = entries.map(({ color }) => [1, 3, 5].map((from) => parseInt(color.slice(from, from + 2), 16)))
  for (let i = 0; i < points; i++) {
    const entry = entryAt(i)
    categories[i] = entry
    colors.set(rgb[entry] ?? [0, 0, 0], i * 3)
    shapes[i] = entries[entry]?.shape ?? 0
  }
  return { colors, shapes, categories, legend: { kind: 'categories', title, entries } }
}
