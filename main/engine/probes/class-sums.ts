import type { SiteData } from './site-data'

/** Rows and feature sums of every class in every cell; the classes of any training set are sums of these. */
export interface ClassSums {
  /** [cells, classes] */
  readonly rows: Float64Array
  /** [cells, classes, columns], in the coordinates of `SiteData.features` */
  readonly sums: Float64Array
  readonly classes: number
}

/** What the training rows of `cells` hold of each class. */
export interface ClassMeans {
  /** [classes] */
  readonly rows: Float64Array
  /** [classes, columns]; zero for a class without rows */
  readonly means: Float64Array
}

/** Sums `data` by cell and class in one pass. */
export function classSums(data: SiteData, cellOfRow: Int32Array, codes: Int32Array, classes: number): ClassSums {
  const { columns, features } = data
  const cells = data.cellRows.length
  const rows = new Float64Array(cells * classes)
  const sums = new Float64Array(cells * classes * columns)
  for (let row = 0, at = 0; row < data.rows; row++) {
    const cell = (cellOfRow[row] as number) * classes + (codes[row] as number)
    rows[cell] = (rows[cell] as number) + 1
    for (let column = 0, sum = cell * columns; column < columns; column++, at++, sum++) sums[sum] = (sums[sum] as number) + (features[at] as number)
  }
  return { rows, sums, classes }
}

/** Means of each class over the union of `cells`. */
export function classMeans({ rows, sums, classes }: ClassSums, cells: readonly number[], columns: number): ClassMeans {
  const counts = new Float64Array(classes)
  const means = new Float64Array(classes * columns)
  for (const cell of cells) {
    for (let c = 0; c < classes; c++) {
      counts[c] = (counts[c] as number) + (rows[cell * classes + c] ?? 0)
      const from = (cell * classes + c) * columns
      for (let column = 0; column < columns; column++) means[c * columns + column] = (means[c * columns + column] as number) + (sums[from + column] ?? 0)
    }
  }
  for (let c = 0; c < classes; c++) {
    const count = Math.max(1, counts[c] as number)
    for (let column = 0; column < columns; column++) means[c * columns + column] = (means[c * columns + column] as number) / count
  }
  return { rows: counts, means }
}

/** The rows that lie in `cells`, ascending. */
export function rowsInCells(cellOfRow: Int32Array, cells: readonly number[]): Int32Array {
  const chosen = new Set(cells)
  return Int32Array.from(cellOfRow.keys()).filter(row => chosen.has(cellOfRow[row] as number))
}
