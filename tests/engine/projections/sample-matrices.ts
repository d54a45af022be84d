import type { Matrix } from '../../../main/engine/activations/matrix'
import { normalPair, seededRandom } from '../../../main/engine/projections/random'

/** `rows` of `clusters` well separated Gaussian clusters (row % clusters names the cluster), seeded. */
export function clusteredMatrix(rows: number, columns: number, clusters: number, seed = 1): Matrix {
  const random = seededRandom(seed)
  const normal = (): number => normalPair(random)[0]
  const centres = Float64Array.from({ length: clusters * columns }, () => 3 * normal())
  const data = new Float32Array(rows * columns)
  for (let at = 0; at < data.length; at++) {
    const cluster = Math.floor(at / columns) % clusters
    data[at] = (centres[cluster * columns + at % columns] ?? 0) + normal()
  }
  return { data, rows, columns }
}

/** Every row is `vector`. */
export function repeatedRow(rows: number, vector: readonly number[]): Matrix {
  return { data: Float32Array.from({ length: rows * vector.length }, (_, i) => vector[i % vector.length] ?? 0), rows, columns: vector.length }
}

/** The k nearest rows of each, by sorting all distances in float64: the definition, for comparison. */
export function sortedNeighbors(matrix: Matrix, k: number): Float64Array {
  const { data, rows, columns } = matrix
  const result = new Float64Array(rows * k)
  for (let row = 0; row < rows; row++) {
    const distances = Array.from({ length: rows }, (_, other) => {
      let sum = 0
      for (let c = 0; c < columns; c++) sum += ((data[row * columns + c] ?? 0) - (data[other * columns + c] ?? 0)) ** 2
      return Math.sqrt(sum)
    }).sort((a, b) => a - b)
    result.set(distances.slice(0, k), row * k)
  }
  return result
}

/** Mean distance between two layouts' points over the reference's root mean square radius. */
export function displacement(xy: Float32Array, reference: Float32Array): number {
  let moved = 0
  let radius = 0
  for (let i = 0; i < xy.length; i += 2) {
    moved += Math.hypot((xy[i] ?? 0) - (reference[i] ?? 0), (xy[i + 1] ?? 0) - (reference[i + 1] ?? 0))
    radius += (reference[i] ?? 0) ** 2 + (reference[i + 1] ?? 0) ** 2
  }
  return moved / (xy.length / 2) / Math.sqrt(radius / (xy.length / 2))
}
