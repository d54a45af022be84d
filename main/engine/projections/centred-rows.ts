import type { Matrix } from '../activations/matrix'

/** Mean of each feature, summed in float64. [columns] */
export function columnMeans(matrix: Matrix): Float64Array {
  const { data, rows, columns } = matrix
  const means = new Float64Array(columns)
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) means[column] = (means[column] as number) + (data[at] as number)
  }
  for (let column = 0; column < columns; column++) means[column] = (means[column] as number) / Math.max(1, rows)
  return means
}

/**
 * Copies `count` rows from `first` on, less the means, to the start of `target`, and their squared norms to
 * `norms[first …]` where wanted.
 */
export function copyCentredRows(matrix: Matrix, means: Float64Array, first: number, count: number, target: Float32Array, norms: Float32Array | null): void {
  const { data, columns } = matrix
  let to = 0
  let from = first * columns
  for (let row = 0; row < count; row++) {
    let norm = 0
    for (let column = 0; column < columns; column++) {
      const value = Math.fround((data[from++] as number) - (means[column] as number))
      target[to++] = value
      norm += value * value
    }
    if (norms !== null) norms[first + row] = norm
  }
}

/** ‖xᵢ − xⱼ‖² in float64. */
export function squaredDistance(data: Float32Array, i: number, j: number, columns: number): number {
  let sum = 0
  let a = i * columns
  let b = j * columns
  for (const end = a + columns; a < end; a++, b++) {
    const difference = (data[a] as number) - (data[b] as number)
    sum += difference * difference
  }
  return sum
}
