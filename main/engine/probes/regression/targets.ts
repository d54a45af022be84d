import type { Coordinates } from '../../../../preload/contract'
import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'

/** Columns of numbers to predict, over the rows that have a value in each of them. */
export interface CodedTargets {
  readonly names: readonly string[]
  /** Activation rows that take part, ascending. */
  readonly rows: Int32Array
  /** [targets, rows] */
  readonly values: Float64Array
  /** Activation rows left out for want of a value: with an empty cell. */
  readonly missing: number
  /** Columns with cells of something else than a number, whose rows are left out too: how many, and the first, `row` of the dataset from 1. */
  readonly notNumbers: readonly { readonly name: string; readonly count: number; readonly row: number; readonly cell: string }[]
  /** Which of them are latitude and longitude; null unless both are there. */
  readonly coordinates: Coordinates | null
}

/**
 * Reads columns of text as numbers. Rows without a number in one of them take no part. `datasetRows` holds the dataset's row of each
 * activation row, from 0, where it is another.
 * @throws LayerscopeError `target-not-numeric` where no more than half of a column's cells are numbers, `target-missing`, `target-constant`
 */
export function codeTargets(names: readonly string[], columns: readonly (readonly (string | null)[])[], datasetRows?: ArrayLike<number>): CodedTargets {
  const numbers = columns.map(cells => Float64Array.from(cells, numberOf))
  const notNumbers = columns.flatMap((cells, target) => otherCells(names[target] ?? '', cells, numbers[target] as Float64Array, datasetRows))
  const all = columns[0]?.length ?? 0
  const rows = Int32Array.from({ length: all }, (_, row) => row).filter(row => numbers.every(values => !Number.isNaN(values[row])))
  if (rows.length === 0) {
    throw new LayerscopeError({ code: 'target-missing', message: `No row has a value of ${names.map(name => quoted(name)).join(' and ')}.`, field: 'label', hint: 'Choose another label column.' })
  }
  const values = new Float64Array(names.length * rows.length)
  numbers.forEach((own, target) => { rows.forEach((row, i) => { values[target * rows.length + i] = own[row] as number }) })
  names.forEach((name, target) => {
    const own = values.subarray(target * rows.length, (target + 1) * rows.length)
    if (own.some(value => value !== own[0])) return
    throw new LayerscopeError({
      code: 'target-constant', field: 'label', message: `Every row has the same ${quoted(name)} (${own[0] ?? ''}): there is nothing to predict.`, hint: 'Choose another label column.'
    })
  })
  const empty = Array.from({ length: all }, (_, row) => columns.some(cells => isEmpty(cells[row] ?? null))).filter(Boolean).length
  return { names, rows, values, missing: empty, notNumbers, coordinates: coordinatesOf(names, values, rows.length) }
}

function isEmpty(cell: string | null): boolean {
  return cell === null || cell.trim() === '' || cell.trim().toLowerCase() === 'nan'
}

/** NaN where there is no number. */
function numberOf(cell: string | null): number {
  const value = isEmpty(cell) ? NaN : Number(cell)
  return Number.isFinite(value) ? value : NaN
}

/** Cells of a column that hold something else than a number. */
function otherCells(name: string, cells: readonly (string | null)[], numbers: Float64Array, datasetRows?: ArrayLike<number>): CodedTargets['notNumbers'] {
  const others = [...cells.keys()].filter(row => Number.isNaN(numbers[row]) && !isEmpty(cells[row] ?? null))
  const [first] = others
  if (first === undefined) return []
  const [row, cell] = [(datasetRows?.[first] ?? first) + 1, cells[first] ?? '']
  const count = numbers.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0)
  if (count > others.length) return [{ name, count: others.length, row, cell }]
  throw new LayerscopeError({
    code: 'target-not-numeric', field: 'label', row,
    message: `${quoted(cell, 40)} in the column ${quoted(name)} is not a number${count === 0 ? '' : `; ${count} of ${count + others.length} cells are`}.`, hint: 'Predict this column as classes (--task classes), or choose a column of numbers.'
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
