import type { Coordinates } from '../../../../preload/contract'
import { LayerscopeError } from '../../errors'

/** Columns of numbers to predict, over the rows that have a value in each of them. */
export interface CodedTargets {
  readonly names: readonly string[]
  /** Activation rows that take part, ascending. */
  readonly rows: Int32Array
  /** [targets, rows] */
  readonly values: Float64Array
  /** Activation rows left out for want of a value. */
  readonly missing: number
  /** Which of them are latitude and longitude; null unless both are there. */
  readonly coordinates: Coordinates | null
}

/**
 * Reads columns of text as numbers. Rows without a value in one of them take no part.
 * @throws LayerscopeError `target-not-numeric`, `target-missing`, `target-constant`
 */
export function codeTargets(names: readonly string[], columns: readonly (readonly (string | null)[])[]): CodedTargets {
  const numbers = columns.map((cells, target) => Float64Array.from(cells, (cell, row) => numberOf(cell, names[target] ?? '', row)))
  const all = columns[0]?.length ?? 0
  const rows = Int32Array.from({ length: all }, (_, row) => row).filter(row => numbers.every(values => !Number.isNaN(values[row])))
  if (rows.length === 0) {
    throw new LayerscopeError({ code: 'target-missing', message: `No row has a value of ${names.map(name => `"${name}"`).join(' and ')}.`, field: 'label', hint: 'Choose another label column.' })
  }
  const values = new Float64Array(names.length * rows.length)
  numbers.forEach((own, target) => { rows.forEach((row, i) => { values[target * rows.length + i] = own[row] as number }) })
  names.forEach((name, target) => {
    const own = values.subarray(target * rows.length, (target + 1) * rows.length)
    if (own.some(value => value !== own[0])) return
    throw new LayerscopeError({
      code: 'target-constant', field: 'label', message: `Every row has the same "${name}" (${own[0] ?? ''}): there is nothing to predict.`, hint: 'Choose another label column.'
    })
  })
  return { names, rows, values, missing: all - rows.length, coordinates: coordinatesOf(names, values, rows.length) }
}

function numberOf(cell: string | null, name: string, row: number): number {
  if (cell === null || cell.trim() === '' || cell.trim().toLowerCase() === 'nan') return NaN
  const value = Number(cell)
  if (Number.isFinite(value)) return value
  throw new LayerscopeError({
    code: 'target-not-numeric', field: 'label', row: row + 1,
    message: `"${cell.length > 40 ? `${cell.slice(0, 39)}…` : cell}" in the column "${name}" is not a number.`, hint: 'Predict this column as classes (--task classes), or choose a column of numbers.'
  })
}

const latitudeName = /^(lat|latitude)(_?deg(rees)?)?$/i
const longitudeName = /^(lon|lng|long|longitude)(_?deg(rees)?)?$/i

/** Latitude and longitude among the targets: by name, and by a range that degrees can have. */
function coordinatesOf(names: readonly string[], values: Float64Array, rows: number): Coordinates | null {
  const find = (pattern: RegExp, most: number): number => names.findIndex((name, target) =>
    pattern.test(name.trim()) && values.subarray(target * rows, (target + 1) * rows).every(value => Math.abs(value) <= most))
  const [latitude, longitude] = [find(latitudeName, 90), find(longitudeName, 180)]
  return latitude < 0 || longitude < 0 ? null : { latitude, longitude }
}
