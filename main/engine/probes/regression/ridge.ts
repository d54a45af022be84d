import { tridiagonalise, type DoubleProducts } from '../../matrices'
import { rowsInCells } from '../class-sums'
import type { LinearProbe } from '../probe-method'
import { standardise, type SiteData } from '../site-data'

/** Rows multiplied at once: bounds what is held in float64. */
const blockRows = 4096

/** Strengths to choose from, ascending: `count` values of α from 1e-1 to 1e6, evenly spaced in their logarithm. */
export function ridgeStrengths(count: number): readonly number[] {
  return count === 1 ? [100] : Array.from({ length: count }, (_, i) => 10 ** (-1 + 7 * i / (count - 1)))
}

/** Inner products of one site's features with themselves and with the targets, cell by cell: those of any training set are sums of these. */
export interface CellProducts {
  /** Per cell [columns, columns]; empty where every training set has fewer rows than features and the Gram matrix is used. */
  readonly scatter: readonly Float64Array[]
  readonly products: DoubleProducts
}

/** Sums xxᵀ over each cell's rows, in float64, where it will be used. */
export async function cellProducts(data: SiteData, cellOfRow: Int32Array, trainings: readonly (readonly number[])[], products: DoubleProducts, checkpoint: () => void): Promise<CellProducts> {
  const { columns } = data
  if (trainings.every(cells => rowCount(data, cells) < columns)) return { scatter: [], products }
  const scatter: Float64Array[] = []
  for (let cell = 0; cell < data.cellRows.length; cell++) {
    const members = rowsInCells(cellOfRow, [cell])
    const sum = new Float64Array(columns * columns)
    for (let from = 0; from < members.length; from += blockRows) {
      checkpoint()
      const chunk = members.subarray(from, from + blockRows)
      const block = widened(data, chunk)
      const part = await products.columnsByColumns(block, columns, block, columns, chunk.length)
      for (let i = 0; i < part.length; i++) sum[i] = (sum[i] as number) + (part[i] as number)
    }
    scatter.push(sum)
  }
  return { scatter, products }
}

/** One training set, decomposed once: gives the ridge solution of any targets at any strength. */
export interface RidgeTraining {
  /**
   * The probe that minimises |ỹ − X̃w|² + α|w|² for every target, with X̃ the features standardised and ỹ the target z-scored on the
   * training rows (scikit-learn's `Ridge` behind a `StandardScaler`); its outputs are in the targets' units. `values` is [targets, rows].
   */
  solve(values: Float64Array, targets: number, alpha: number): Promise<LinearProbe>
}

/**
 * Decomposes the covariance of the features, or, with fewer rows than features, the Gram matrix of the rows: whichever is smaller.
 * One Householder reduction to tridiagonal form serves every strength and target.
 */
export async function ridgeTraining(data: SiteData, cellOfRow: Int32Array, cells: readonly number[], { scatter, products }: CellProducts): Promise<RidgeTraining> {
  const { columns } = data
  const { mean, inverseDeviation, rows } = standardise(data, cells)
  const members = rowsInCells(cellOfRow, cells)
  const probeOf = (weights: Float64Array, centre: Float64Array, spread: Float64Array): LinearProbe => {
    const intercepts = Float64Array.from(centre)
    const raw = new Float32Array(weights.length)
    for (let target = 0; target < centre.length; target++) {
      for (let column = 0, at = target * columns; column < columns; column++, at++) {
        const weight = (weights[at] as number) * (spread[target] as number) * (inverseDeviation[column] as number)
        raw[at] = weight
        // The intercept belongs to the weights as they are kept.
        intercepts[target] = (intercepts[target] as number) - (raw[at] as number) * (mean[column] as number)
      }
    }
    return { weights: raw, intercepts }
  }
  // z-scored targets of the training rows, [targets, rows], by their values.
  const known = new Map<Float64Array, { readonly z: Float64Array; readonly centre: Float64Array; readonly spread: Float64Array; readonly right: Promise<Float64Array> }>()
  const standardised = rows < columns ? standardisedRows(data, members, mean, inverseDeviation) : null
  const order = standardised === null ? columns : rows
  const matrix = standardised === null ? covariance(scatter, cells, columns, rows, mean, inverseDeviation) : await products.rowsByRows(standardised, rows, standardised, rows, columns)
  const reduced = tridiagonalise(matrix, order)
  /** Right sides: X̃ᵀỹ [targets, columns], or ỹ itself [targets, rows] for the Gram matrix. */
  const prepare = (values: Float64Array, targets: number): { readonly z: Float64Array; readonly centre: Float64Array; readonly spread: Float64Array; readonly right: Promise<Float64Array> } => {
    const found = known.get(values)
    if (found !== undefined) return found
    const { z, centre, spread } = zScores(values, targets, members)
    const right = standardised === null ? crossProducts(data, members, z, targets, mean, inverseDeviation, products) : Promise.resolve(z)
    const prepared = { z, centre, spread, right }
    known.set(values, prepared)
    return prepared
  }
  return {
    async solve(values, targets, alpha) {
      const { centre, spread, right } = prepare(values, targets)
      const sides = await right
      const solved = new Float64Array(targets * order)
      for (let target = 0; target < targets; target++) solved.set(reduced.solveShifted(alpha, sides.subarray(target * order, (target + 1) * order)), target * order)
      const weights = standardised === null ? solved : await products.multiply(solved, targets, rows, standardised, columns)
      return probeOf(weights, centre, spread)
    }
  }
}

/** Predictions [outputs, rows] of probes at chosen rows, in float64. */
export async function predictions(data: SiteData, members: Int32Array, probes: readonly LinearProbe[], products: DoubleProducts): Promise<Float64Array> {
  const { columns } = data
  const outputs = probes.reduce((sum, probe) => sum + probe.intercepts.length, 0)
  const weights = new Float64Array(outputs * columns)
  const intercepts = new Float64Array(outputs)
  let at = 0
  for (const probe of probes) {
    weights.set(probe.weights, at * columns)
    intercepts.set(probe.intercepts, at)
    at += probe.intercepts.length
  }
  const result = new Float64Array(outputs * members.length)
  for (let from = 0; from < members.length; from += blockRows) {
    const chunk = members.subarray(from, from + blockRows)
    const part = await products.rowsByRows(weights, outputs, widened(data, chunk), chunk.length, columns)
    for (let output = 0; output < outputs; output++) {
      for (let i = 0; i < chunk.length; i++) result[output * members.length + from + i] = (part[output * chunk.length + i] as number) + (intercepts[output] as number)
    }
  }
  return result
}

function rowCount({ cellRows }: SiteData, cells: readonly number[]): number {
  return cells.reduce((sum, cell) => sum + (cellRows[cell] ?? 0), 0)
}

/** Stored features of some rows, [rows, columns], in float64. */
function widened({ features, columns }: SiteData, rows: Int32Array): Float64Array {
  const block = new Float64Array(rows.length * columns)
  rows.forEach((row, i) => { block.set(features.subarray(row * columns, (row + 1) * columns), i * columns) })
  return block
}

function standardisedRows(data: SiteData, rows: Int32Array, mean: Float64Array, inverseDeviation: Float64Array): Float64Array {
  const block = widened(data, rows)
  for (let at = 0; at < block.length; at++) {
    const column = at % data.columns
    block[at] = ((block[at] as number) - (mean[column] as number)) * (inverseDeviation[column] as number)
  }
  return block
}

/** X̃ᵀX̃ of the union of `cells`, from the sums of products of its cells. */
function covariance(scatter: readonly Float64Array[], cells: readonly number[], columns: number, rows: number, mean: Float64Array, inverseDeviation: Float64Array): Float64Array {
  const matrix = new Float64Array(columns * columns)
  for (const cell of cells) {
    const part = scatter[cell] as Float64Array
    for (let i = 0; i < matrix.length; i++) matrix[i] = (matrix[i] as number) + (part[i] as number)
  }
  for (let i = 0, at = 0; i < columns; i++) {
    const shift = rows * (mean[i] as number)
    for (let j = 0; j < columns; j++, at++) matrix[at] = ((matrix[at] as number) - shift * (mean[j] as number)) * (inverseDeviation[i] as number) * (inverseDeviation[j] as number)
  }
  return matrix
}

async function crossProducts(
  data: SiteData, members: Int32Array, z: Float64Array, targets: number, mean: Float64Array, inverseDeviation: Float64Array, products: DoubleProducts
): Promise<Float64Array> {
  const sums = new Float64Array(targets * data.columns)
  for (let from = 0; from < members.length; from += blockRows) {
    const chunk = members.subarray(from, from + blockRows)
    const own = new Float64Array(targets * chunk.length)
    for (let target = 0; target < targets; target++) own.set(z.subarray(target * members.length + from, target * members.length + from + chunk.length), target * chunk.length)
    const part = await products.multiply(own, targets, chunk.length, standardisedRows(data, chunk, mean, inverseDeviation), data.columns)
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (part[i] as number)
  }
  return sums
}

/** Targets of the training rows with mean 0 and deviation 1 over them; a target that is constant there stays 0. */
function zScores(values: Float64Array, targets: number, members: Int32Array): { readonly z: Float64Array; readonly centre: Float64Array; readonly spread: Float64Array } {
  const all = values.length / targets
  const z = new Float64Array(targets * members.length)
  const centre = new Float64Array(targets)
  const spread = new Float64Array(targets)
  for (let target = 0; target < targets; target++) {
    let sum = 0
    for (const row of members) sum += values[target * all + row] as number
    const mean = sum / members.length
    let squares = 0
    for (const row of members) squares += ((values[target * all + row] as number) - mean) ** 2
    const deviation = Math.sqrt(squares / members.length)
    centre[target] = mean
    spread[target] = deviation
    if (deviation > 0) members.forEach((row, i) => { z[target * members.length + i] = ((values[target * all + row] as number) - mean) / deviation })
  }
  return { z, centre, spread }
}
