import type { Matrix } from '../activations/matrix'
import { LayerscopeError } from '../errors'
import { normalPair, seededRandom } from './random'

/** Spread at which rows that differ by float32 rounding alone count as one vector, relative to their mean square. */
const ROUNDING = 1e-12
/** Standard deviation of the points that stand for equal rows. */
const DOT = 0.05

/**
 * Refuses activations that are not numbers.
 * @throws LayerscopeError `activations-not-finite` naming site and row
 */
export function requireFinite(matrix: Matrix, site: string): void {
  const { data, columns } = matrix
  for (let at = 0; at < data.length; at++) {
    if (Number.isFinite(data[at])) continue
    const row = Math.floor(at / columns)
    throw new LayerscopeError({
      code: 'activations-not-finite',
      message: `The activations of ${site} hold a value that is not a number (row ${row + 1}, feature ${at % columns}).`,
      row: row + 1,
      field: site,
      hint: 'Extract again in float32: float16 and quantised models can overflow. If it stays, the model itself gives this value.'
    })
  }
}

/** Whether all rows are one vector up to rounding, as the embedding of a last token that every text shares. */
export function allRowsEqual(matrix: Matrix): boolean {
  const { data, rows, columns } = matrix
  let difference = 0
  let size = 0
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const value = data[at] as number
      const off = value - (data[column] as number)
      difference += off * off
      size += value * value
    }
    // Most matrices show their variety in the second row.
    if (difference > ROUNDING * size) return false
  }
  return true
}

/** What is drawn for rows that are all equal: a dot at the origin, small, the same for the same seed. [rows, 2] */
export function dotLayout(rows: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  const xy = new Float32Array(rows * 2)
  for (let row = 0; row < rows; row++) {
    const [x, y] = normalPair(random)
    xy[2 * row] = DOT * x
    xy[2 * row + 1] = DOT * y
  }
  return xy
}

/** Whether a stored layout is the dot, which says nothing about where the points of other layers belong. */
export function isDotLayout(xy: Float32Array, seed: number): boolean {
  return dotLayout(xy.length / 2, seed).every((value, i) => value === xy[i])
}
