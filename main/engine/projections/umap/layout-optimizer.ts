import type { CurveParameters } from './curve-parameters'
import { attraction, FORCE_FIRST, FORCE_FRACTION, FORCE_LAST, FORCE_MASK, FORCE_SHIFT, repulsion } from './force-table'
import type { FuzzyGraph } from './fuzzy-graph'

/** A layout under optimisation. */
export interface Layout {
  readonly epochs: number
  /** Epochs done. */
  readonly epoch: number
  /** x, y interleaved, [rows, 2]; changes in place with each step. */
  readonly xy: Float32Array
  /** One epoch. */
  step(): void
}

export interface LayoutOptions {
  readonly epochs: number
  readonly curve: CurveParameters
  readonly seed: number
  /** Initial positions, [rows, 2]; copied. */
  readonly initial: Float32Array
  readonly learningRate?: number
}

const NEGATIVE_SAMPLES = 5
const CLIP = 4

/**
 * umap-learn's epochs where none are asked for: 500 up to 10,000 rows, 200 above.
 */
export function defaultEpochs(rows: number): number {
  return rows <= 10_000 ? 500 : 200
}

/**
 * Stochastic gradient descent on UMAP's cross entropy, two dimensions, as umap-learn's
 * `optimize_layout_euclidean`: an edge is sampled every max(w) / w epochs, each sample moves both its ends together
 * and its head away from five random rows, the learning rate falls linearly to zero. Edges too weak to be sampled
 * once are dropped.
 *
 * Why not umap-js's own loop: it walks arrays of arrays and calls `Math.pow` twice a pair. Over the same graph
 * (10,000 rows) it took 3.6 to 6.8 times as long an epoch, taking turns on a busy machine, and its graph 35 to 51 times
 * as long to build (`tests/bench/umap.bench.ts`); umap-js stays selectable as `engine: 'umap-js'` and is what the tests compare with.
 */
export function optimizeLayout(graph: FuzzyGraph, options: LayoutOptions): Layout {
  const { epochs, initial } = options
  const edges = prune(graph, epochs)
  const { rows, offsets, columns } = edges
  const attract = attraction(options.curve)
  const repel = repulsion(options.curve)
  const xy = Float32Array.from(initial)
  const count = columns.length
  const period = new Float64Array(count)
  const nextSample = new Float64Array(count)
  const nextNegative = new Float64Array(count)
  let strongest = 0
  for (const weight of edges.weights) strongest = Math.max(strongest, weight)
  for (let edge = 0; edge < count; edge++) {
    period[edge] = strongest / (edges.weights[edge] as number)
    nextSample[edge] = period[edge] as number
    nextNegative[edge] = (period[edge] as number) / NEGATIVE_SAMPLES
  }
  const bitsAsFloat = new Float32Array(1)
  const bits = new Int32Array(bitsAsFloat.buffer)
  const learningRate = options.learningRate ?? 1
  let state = (Math.imul(options.seed | 0, 0x9e3779b1) ^ 0x5bd1e995) | 0 || 1
  let epoch = 0

  const step = (): void => {
    const { values: attractValues, slopes: attractSlopes } = attract
    const { values: repelValues, slopes: repelSlopes } = repel
    // Local copies: code run unbundled reads imports through an object, twice slower in this loop.
    const shift = FORCE_SHIFT
    const mask = FORCE_MASK
    const fraction = FORCE_FRACTION
    const first = FORCE_FIRST
    const last = FORCE_LAST
    const alpha = learningRate * (1 - epoch / epochs)
    const scale = rows / 4_294_967_296
    let random = state
    for (let row = 0; row < rows; row++) {
      const end = offsets[row + 1] as number
      let x = xy[2 * row] as number
      let y = xy[2 * row + 1] as number
      for (let edge = offsets[row] as number; edge < end; edge++) {
        if ((nextSample[edge] as number) > epoch) continue
        const other = 2 * (columns[edge] as number)
        let dx = x - (xy[other] as number)
        let dy = y - (xy[other + 1] as number)
        let squared = dx * dx + dy * dy
        if (squared > 0) {
          bitsAsFloat[0] = squared
          const pattern = bits[0] as number
          let index = (pattern >>> shift) - first
          if (index < 0) index = 0
          else if (index > last) index = last
          const force = (attractValues[index] as number) + (attractSlopes[index] as number) * ((pattern & mask) * fraction)
          dx *= force
          dy *= force
          if (dx > CLIP) dx = CLIP
          else if (dx < -CLIP) dx = -CLIP
          if (dy > CLIP) dy = CLIP
          else if (dy < -CLIP) dy = -CLIP
          dx *= alpha
          dy *= alpha
          x += dx
          y += dy
          xy[other] = (xy[other] as number) - dx
          xy[other + 1] = (xy[other + 1] as number) - dy
        }
        const every = period[edge] as number
        nextSample[edge] = (nextSample[edge] as number) + every
        const everyNegative = every / NEGATIVE_SAMPLES
        const negatives = ((epoch - (nextNegative[edge] as number)) / everyNegative) | 0
        for (let sample = 0; sample < negatives; sample++) {
          // xorshift32 (Marsaglia): full period, a few instructions.
          random ^= random << 13
          random ^= random >>> 17
          random ^= random << 5
          const far = ((random >>> 0) * scale) | 0
          if (far === row) continue
          dx = x - (xy[2 * far] as number)
          dy = y - (xy[2 * far + 1] as number)
          squared = dx * dx + dy * dy
          if (!(squared > 0)) continue
          bitsAsFloat[0] = squared
          const pattern = bits[0] as number
          let index = (pattern >>> shift) - first
          if (index < 0) index = 0
          else if (index > last) index = last
          const force = (repelValues[index] as number) + (repelSlopes[index] as number) * ((pattern & mask) * fraction)
          dx *= force
          dy *= force
          if (dx > CLIP) dx = CLIP
          else if (dx < -CLIP) dx = -CLIP
          if (dy > CLIP) dy = CLIP
          else if (dy < -CLIP) dy = -CLIP
          x += dx * alpha
          y += dy * alpha
        }
        nextNegative[edge] = (nextNegative[edge] as number) + negatives * everyNegative
      }
      xy[2 * row] = x
      xy[2 * row + 1] = y
    }
    state = random
    epoch++
  }

  return { epochs, xy, step, get epoch() { return epoch } }
}

function prune(graph: FuzzyGraph, epochs: number): FuzzyGraph {
  let strongest = 0
  for (const weight of graph.weights) strongest = Math.max(strongest, weight)
  // umap-learn sets the threshold by its default epochs where very few are asked for.
  const threshold = strongest / (epochs > 10 ? epochs : defaultEpochs(graph.rows))
  const offsets = new Int32Array(graph.rows + 1)
  const columns = new Int32Array(graph.columns.length)
  const weights = new Float32Array(graph.weights.length)
  let size = 0
  for (let row = 0; row < graph.rows; row++) {
    for (let edge = graph.offsets[row] as number; edge < (graph.offsets[row + 1] as number); edge++) {
      const weight = graph.weights[edge] as number
      if (weight < threshold) continue
      columns[size] = graph.columns[edge] as number
      weights[size++] = weight
    }
    offsets[row + 1] = size
  }
  return { rows: graph.rows, offsets, columns: columns.slice(0, size), weights: weights.slice(0, size) }
}
