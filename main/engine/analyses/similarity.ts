import type { DoubleProducts } from '../matrices'

/** Rows of one site, to be asked for in any order: `[to − from, width]`, not centred. */
export interface RowSource {
  readonly width: number
  read(from: number, to: number): Promise<Float32Array>
}

/** Values of float64 held at once by the inner products of rows, 8 bytes each. */
const heldValues = 2 ** 25
/** Values of features read at once. */
const blockValues = 2 ** 22
/** Two digits above what float32 rounds away in a square. */
const roundingShare = 1e-12

/**
 * Linear centred kernel alignment (Kornblith et al. 2019, 1905.00414) between all sites, [sites, sites]:
 * |YᵀX|²_F / (|XᵀX|_F |YᵀY|_F) with centred columns, 1 for representations that are the same up to rotation and one scale.
 * NaN for a site whose rows are all alike.
 *
 * The same number is ⟨XXᵀ, YYᵀ⟩ / (|XXᵀ| |YYᵀ|), and the smaller side is used: inner products of rows, made once a site,
 * or, where rows are many, products of features, made once a pair. Both go through blocks of rows, so that memory is bounded.
 */
export async function linearCka(
  products: DoubleProducts, sites: readonly RowSource[], rows: number, { checkpoint, onProgress }: { checkpoint(): void; onProgress(done: number, total: number): void }
): Promise<Float64Array> {
  const means: Float64Array[] = []
  const squares: number[] = []
  for (const site of sites) {
    const { mean, square } = await columnMeans(site, rows)
    means.push(mean)
    squares.push(square)
    checkpoint()
  }
  const width = sites.reduce((sum, site) => sum + site.width, 0) / Math.max(1, sites.length)
  // Once a site n²d against once a pair nd²: rows are the smaller side up to half the sites' widths together.
  const inner = rows <= width * (sites.length + 1) / 2
    ? await byRows(products, sites, means, rows, checkpoint, onProgress)
    : await byColumns(products, sites, means, rows, checkpoint, onProgress)
  const count = sites.length
  // What is left of float32 values after centring where all rows are the same is their rounding, not a representation.
  const alike = sites.map((_, i) => Math.sqrt(inner[i * (count + 1)] as number) <= roundingShare * (squares[i] as number))
  return Float64Array.from(inner, (value, at) => {
    const [i, j] = [Math.floor(at / count), at % count]
    if (alike[i] || alike[j]) return NaN
    const norm = Math.sqrt((inner[i * count + i] as number) * (inner[j * count + j] as number))
    return i === j ? 1 : Math.min(1, value / norm)
  })
}

/** Means of the columns, and the sum of squares of all values before they are centred. */
async function columnMeans(site: RowSource, rows: number): Promise<{ readonly mean: Float64Array; readonly square: number }> {
  const sums = new Float64Array(site.width)
  let square = 0
  const step = Math.max(1, Math.floor(blockValues / site.width))
  for (let from = 0; from < rows; from += step) {
    const block = await site.read(from, Math.min(rows, from + step))
    for (let at = 0; at < block.length;) {
      for (let column = 0; column < site.width; column++, at++) {
        const value = block[at] as number
        sums[column] = (sums[column] as number) + value
        square += value * value
      }
    }
  }
  return { mean: sums.map(sum => sum / rows), square }
}

async function centred(site: RowSource, mean: Float64Array, from: number, to: number): Promise<Float64Array> {
  const block = Float64Array.from(await site.read(from, to))
  for (let at = 0; at < block.length;) for (let column = 0; column < site.width; column++, at++) block[at] = (block[at] as number) - (mean[column] as number)
  return block
}

/** ⟨K, L⟩ of all pairs of kernels K = XXᵀ, a band of rows of every kernel at a time. */
async function byRows(
  products: DoubleProducts, sites: readonly RowSource[], means: readonly Float64Array[], rows: number, checkpoint: () => void, onProgress: (done: number, total: number) => void
): Promise<Float64Array> {
  const count = sites.length
  const inner = new Float64Array(count * count)
  const band = Math.max(1, Math.min(rows, Math.floor(heldValues / (count * rows))))
  const bands = Math.ceil(rows / band)
  for (let b = 0; b < bands; b++) {
    const [top, bottom] = [b * band, Math.min(rows, (b + 1) * band)]
    const kernels = new Float64Array(count * (bottom - top) * rows)
    for (const [i, site] of sites.entries()) {
      checkpoint()
      const mean = means[i] as Float64Array
      const own = await centred(site, mean, top, bottom)
      const step = Math.max(1, Math.floor(blockValues / site.width))
      for (let from = 0; from < rows; from += step) {
        const to = Math.min(rows, from + step)
        const part = await products.rowsByRows(own, bottom - top, await centred(site, mean, from, to), to - from, site.width)
        for (let row = 0; row < bottom - top; row++) kernels.set(part.subarray(row * (to - from), (row + 1) * (to - from)), (i * (bottom - top) + row) * rows + from)
      }
      onProgress(b * count + i + 1, bands * count)
    }
    const part = await products.rowsByRows(kernels, count, kernels, count, (bottom - top) * rows)
    for (let at = 0; at < inner.length; at++) inner[at] = (inner[at] as number) + (part[at] as number)
  }
  return inner
}

/** |YᵀX|²_F of all pairs, pair by pair. */
async function byColumns(
  products: DoubleProducts, sites: readonly RowSource[], means: readonly Float64Array[], rows: number, checkpoint: () => void, onProgress: (done: number, total: number) => void
): Promise<Float64Array> {
  const count = sites.length
  const inner = new Float64Array(count * count)
  let done = 0
  for (const [i, x] of sites.entries()) {
    for (let j = 0; j <= i; j++) {
      const y = sites[j] as RowSource
      const cross = new Float64Array(x.width * y.width)
      const step = Math.max(1, Math.floor(blockValues / Math.max(x.width, y.width)))
      for (let from = 0; from < rows; from += step) {
        checkpoint()
        const to = Math.min(rows, from + step)
        const own = await centred(x, means[i] as Float64Array, from, to)
        const part = await products.columnsByColumns(own, x.width, i === j ? own : await centred(y, means[j] as Float64Array, from, to), y.width, to - from)
        for (let at = 0; at < cross.length; at++) cross[at] = (cross[at] as number) + (part[at] as number)
      }
      const square = cross.reduce((sum, value) => sum + value * value, 0)
      inner[i * count + j] = square
      inner[j * count + i] = square
      onProgress(++done, count * (count + 1) / 2)
    }
  }
  return inner
}
