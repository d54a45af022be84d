import { LayerscopeError } from '../errors'
import { residentBlocks, type FeatureBlocks } from './feature-blocks'
import type { Matrix } from './sweep-types'

/**
 * A feature whose standard deviation over the training rows is below this carries nothing but rounding
 * (dead features of real models sit near 1e-33): it is dropped instead of being blown up to unit variance.
 */
export const deadDeviation = 1e-12
/** The same, relative to the feature's deviation over all rows: below it float64 sums cannot tell it from zero. */
const deadShare = 1e-5

/** Mean and scale that a probe's training rows give, in the coordinates of `SiteData.features`. */
export interface Standardisation {
  readonly mean: Float64Array
  /** 1 / deviation; 0 for a feature that is constant on the training rows. */
  readonly inverseDeviation: Float64Array
  readonly rows: number
}

/**
 * One site's labelled rows. Features are stored with mean 0 and deviation 1 over all labelled rows, a mere change of
 * units that keeps float32 products accurate; what a probe sees is standardised by its own training rows,
 * and that is folded into its weights: (x − μ)/σ · w = x · (w/σ) − Σ wμ/σ.
 */
export interface SiteData {
  readonly site: string
  readonly rows: number
  readonly columns: number
  /** [rows, columns]. @throws LayerscopeError `site-not-resident` where they are read from disk in blocks. */
  readonly features: Float32Array
  /** The same in blocks: one where they are in memory. */
  readonly blocks: FeatureBlocks
  /** Raw value = feature · scale + offset; scale 0 marks a dead feature. */
  readonly offset: Float64Array
  readonly scale: Float64Array
  /** Rows in each cell, and sums and sums of squares of the features, [cells, columns]. */
  readonly cellRows: Float64Array
  readonly cellSums: Float64Array
  readonly cellSquares: Float64Array
  /** Lets go of the file and what else is held. */
  close(): Promise<void>
}

/**
 * Takes `matrix` over (its buffer is standardised in place) and sums it cell by cell.
 * `rows` lists the activation rows that have a label, ascending; `cellOfRow` has one entry for each of them.
 * @throws LayerscopeError `activations-mismatch`, `activations-not-finite`
 */
export function prepareSite(site: string, matrix: Matrix, allRows: number, rows: Int32Array, cellOfRow: Int32Array, cells: number): SiteData {
  const { columns } = matrix
  if (matrix.rows !== allRows || matrix.data.length !== allRows * columns || columns === 0) {
    throw activationsMismatch(site, matrix, allRows)
  }
  const count = rows.length
  const features = compacted(matrix, rows)
  const offset = new Float64Array(columns)
  const scale = new Float64Array(columns)
  for (let row = 0, at = 0; row < count; row++) {
    for (let column = 0; column < columns; column++, at++) offset[column] = (offset[column] as number) + (features[at] as number)
  }
  for (let column = 0; column < columns; column++) offset[column] = (offset[column] as number) / count
  for (let row = 0, at = 0; row < count; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const centred = (features[at] as number) - (offset[column] as number)
      scale[column] = (scale[column] as number) + centred * centred
    }
  }
  const inverse = new Float64Array(columns)
  for (let column = 0; column < columns; column++) {
    const deviation = Math.sqrt((scale[column] as number) / count)
    // A single NaN or infinity reaches the sum of its column.
    if (!Number.isFinite(deviation)) throw activationsNotFinite(site, column, rows[rows.findIndex((_, row) => !Number.isFinite(features[row * columns + column] ?? 0))] ?? -1)
    scale[column] = deviation < deadDeviation ? 0 : deviation
    inverse[column] = deviation < deadDeviation ? 0 : 1 / deviation
  }
  const cellRows = new Float64Array(cells)
  const cellSums = new Float64Array(cells * columns)
  const cellSquares = new Float64Array(cells * columns)
  for (let row = 0, at = 0; row < count; row++) {
    const cell = cellOfRow[row] as number
    cellRows[cell] = (cellRows[cell] as number) + 1
    for (let column = 0, sum = cell * columns; column < columns; column++, at++, sum++) {
      const value = Math.fround(((features[at] as number) - (offset[column] as number)) * (inverse[column] as number))
      features[at] = value
      cellSums[sum] = (cellSums[sum] as number) + value
      cellSquares[sum] = (cellSquares[sum] as number) + value * value
    }
  }
  return {
    site, rows: count, columns, features, blocks: residentBlocks(features, count, columns), offset, scale, cellRows, cellSums, cellSquares,
    close: () => Promise.resolve()
  }
}

/** Whether all rows of a site have the same features, to the rounding of their mean in float64. */
export function isConstant({ offset, scale }: Pick<SiteData, 'offset' | 'scale'>): boolean {
  return scale.every((deviation, column) => deviation <= 1e-10 * Math.abs(offset[column] as number))
}

/** Statistics of the union of `cells`, as scikit-learn's StandardScaler (deviation over n, constant features to zero). */
export function standardise(data: SiteData, cells: readonly number[]): Standardisation {
  const { columns } = data
  const mean = new Float64Array(columns)
  const inverseDeviation = new Float64Array(columns)
  let rows = 0
  for (const cell of cells) {
    rows += data.cellRows[cell] ?? 0
    for (let column = 0, at = cell * columns; column < columns; column++, at++) {
      mean[column] = (mean[column] as number) + (data.cellSums[at] as number)
      inverseDeviation[column] = (inverseDeviation[column] as number) + (data.cellSquares[at] as number)
    }
  }
  for (let column = 0; column < columns; column++) {
    const average = (mean[column] as number) / rows
    const variance = Math.max(0, (inverseDeviation[column] as number) / rows - average * average)
    const deviation = Math.sqrt(variance)
    mean[column] = average
    inverseDeviation[column] = deviation < deadShare || deviation * (data.scale[column] as number) < deadDeviation ? 0 : 1 / deviation
  }
  return { mean, inverseDeviation, rows }
}

/** Labelled rows moved to the front of the same buffer; rows are ascending, so nothing is overwritten before it moves. */
function compacted(matrix: Matrix, rows: Int32Array): Float32Array {
  const { data, columns } = matrix
  if (rows.length === matrix.rows) return data
  rows.forEach((from, to) => { if (from !== to) data.copyWithin(to * columns, from * columns, (from + 1) * columns) })
  return data.subarray(0, rows.length * columns)
}

export function activationsMismatch(site: string, { rows, columns }: { readonly rows: number; readonly columns: number }, expected: number): LayerscopeError {
  return new LayerscopeError({
    code: 'activations-mismatch',
    message: `The activations of ${site} hold ${rows} × ${columns} values where ${expected} rows were expected.`,
    hint: 'Extract the activations again.'
  })
}

/** `row` is the activation row at fault; -1 where none can be named. */
export function activationsNotFinite(site: string, column: number, row: number): LayerscopeError {
  return new LayerscopeError({
    code: 'activations-not-finite',
    message: `The activations of ${site} hold a value that is not a number (${row < 0 ? '' : `activation row ${row + 1}, `}feature ${column + 1}).`,
    ...(row >= 0 ? { row: row + 1 } : {}),
    hint: 'A float16 overflow is the usual cause: extract in float32, or leave this site out.'
  })
}
