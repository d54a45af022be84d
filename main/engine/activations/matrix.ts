/** Rows × features in row-major order: `data[row * columns + column]`. */
export interface Matrix {
  readonly data: Float32Array
  readonly rows: number
  readonly columns: number
}

/** A matrix that lies in a file, row-major from byte `begin` on. */
export interface StoredMatrix {
  readonly path: string
  readonly begin: number
  readonly dtype: 'F32' | 'F16'
  readonly rows: number
  readonly columns: number
}
