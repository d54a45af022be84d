import * as ort from 'onnxruntime-node'
import type { BatchValues, Products } from './products'

/**
 * A site's stored features in blocks of rows: one block where they lie in memory, many where they are read from disk as
 * they are needed. Block b holds the rows `starts[b]` … `starts[b + 1] − 1`.
 */
export interface FeatureBlocks {
  readonly rows: number
  readonly columns: number
  /** [blocks + 1], from 0 to `rows` */
  readonly starts: readonly number[]
  /** Rows of one block, [rows of it, columns]; they stand until the next call. */
  read(block: number): Promise<ort.Tensor>
}

/** Features in memory up to this many values are one block: what is made of them stays in the last cache level. */
const wholeValues = 2 ** 21
/** Values of a block of more. */
const blockValues = 2 ** 20

/** Features in memory, cut so that what is made of a block stays in the cache; the tensors share their memory. */
export function residentBlocks(features: Float32Array, rows: number, columns: number): FeatureBlocks {
  const height = rows * columns <= wholeValues ? rows : Math.max(1, Math.floor(blockValues / columns))
  const starts = [...Array.from({ length: Math.ceil(rows / height) }, (_, block) => block * height), rows]
  const tensors = starts.slice(1).map((to, block) => {
    const from = starts[block] as number
    return new ort.Tensor('float32', features.subarray(from * columns, to * columns), [to - from, columns])
  })
  return { rows, columns, starts, read: block => Promise.resolve(tensors[block] as ort.Tensor) }
}

/** `Products.evaluate` over all blocks; `targetsOf` gives the targets of the rows of one. */
export async function evaluateBlocks(
  products: Products, blocks: FeatureBlocks, weights: Float32Array, intercepts: Float32Array, targetsOf: (block: number) => Float32Array
): Promise<BatchValues> {
  const last = blocks.starts.length - 2
  const first = await products.evaluate(await blocks.read(0), weights, intercepts, targetsOf(0))
  if (last === 0) return first
  const gradient = Float64Array.from(first.gradient)
  for (let block = 1; block <= last; block++) {
    const part = await products.evaluate(await blocks.read(block), weights, intercepts, targetsOf(block))
    addTo(first.loss, part.loss)
    addTo(gradient, part.gradient)
    addTo(first.interceptGradient, part.interceptGradient)
    if (first.curvature && part.curvature) addTo(first.curvature, part.curvature)
  }
  return { ...first, gradient }
}

/** Logits [height, rows] of `weights` [height, columns] with `intercepts` [height]. */
export async function scoreBlocks(products: Products, blocks: FeatureBlocks, weights: Float32Array, intercepts: Float32Array): Promise<Float32Array> {
  const { rows, starts } = blocks
  if (starts.length === 2) return products.score(await blocks.read(0), weights, intercepts)
  const logits = new Float32Array(intercepts.length * rows)
  for (let block = 0; block < starts.length - 1; block++) {
    const [from, to] = [starts[block] as number, starts[block + 1] as number]
    const part = await products.score(await blocks.read(block), weights, intercepts)
    for (let row = 0; row < intercepts.length; row++) logits.set(part.subarray(row * (to - from), (row + 1) * (to - from)), row * rows + from)
  }
  return logits
}

function addTo(sum: Float64Array, part: Float64Array | Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (part[i] as number)
}
