/**
 * The k nearest rows of each of a set of rows, kept while distances stream by in any order:
 * one bounded max-heap a row, all heaps in two flat arrays.
 */
export class NeighborLists {
  /** Largest distance that a row still keeps; a candidate not below it can be skipped without a call. [rows] */
  readonly limits: Float32Array
  /** [rows, k], heap order. */
  readonly distances: Float32Array
  /** [rows, k], -1 where fewer than k candidates came. */
  readonly indices: Int32Array
  readonly k: number

  constructor(rows: number, k: number) {
    this.k = k
    this.limits = new Float32Array(rows).fill(Infinity)
    this.distances = new Float32Array(rows * k).fill(Infinity)
    this.indices = new Int32Array(rows * k).fill(-1)
  }

  /** Replaces the farthest entry of `row`; the caller has checked `distance < limits[row]`. */
  push(row: number, index: number, distance: number): void {
    const { k, distances, indices } = this
    const start = row * k
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= k) break
      let childDistance = distances[start + child] as number
      if (child + 1 < k) {
        const right = distances[start + child + 1] as number
        if (right > childDistance) {
          child++
          childDistance = right
        }
      }
      if (childDistance <= distance) break
      distances[start + at] = childDistance
      indices[start + at] = indices[start + child] as number
      at = child
    }
    distances[start + at] = distance
    indices[start + at] = index
    this.limits[row] = distances[start] as number
  }
}
