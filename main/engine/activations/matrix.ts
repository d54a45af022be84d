/** Rows × features in row-major order: `data[row * columns + column]`. */
export interface Matrix {
  readonly data: Float32Array
  readonly rows: number
  readonly columns: number
}
