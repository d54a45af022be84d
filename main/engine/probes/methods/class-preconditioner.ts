import * as ort from 'onnxruntime-node'
import type { ClassProducts } from '../class-products'
import type { SiteContext } from '../probe-method'
import { seededRandom, type Random } from '../random'

/** Inverses serve strengths from the one they were made at up to this many times it. */
const servedRatio = 5
/** From here on the last ones stay: probabilities so near 0 and 1 show less curvature than a step away from them meets. */
const lastRenewal = 100
/** Rows behind each inverse, as many times as there are features, and at least. */
const rowsPerColumn = 10
const leastRows = 2048
/** Rows that are looked at; all of them in most data. */
const mostRows = 2 ** 16
/** Curvature that every row is given beside its own, as a share of the mean: what the sample does not show is not taken for flat. */
const evenShare = 0.01

const ofContext = new WeakMap<SiteContext, ClassPreconditioner>()

/**
 * Approximate inverse Hessians of softmax problems, shared by all problems of a site: one block a class,
 * Xᵀ diag(p(1 − p)) X + I/C with the intercept's feature of ones, projected onto weights that sum to zero over the classes,
 * where the solution lies. On that subspace the softmax's Hessian is between one and about two times the block
 * diagonal wherever rows hesitate between a few classes (compare Böhning's bound ½(I − 11ᵀ/C) ⊗ XᵀX, 1992), and rare
 * classes are scaled by their own curvature. Rows are drawn with probabilities that go with p(1 − p): few of them carry it.
 * It decides how fast the solver arrives, never where.
 */
export class ClassPreconditioner {
  private readonly made: { readonly strength: number; readonly inverses: Float32Array }[] = []
  private sample: { readonly features: ort.Tensor; readonly rowOf: Int32Array } | null = null

  private constructor(private readonly context: SiteContext, private readonly products: ClassProducts) {}

  /** The one of a site: what was made for the fits that choose a strength serves the final ones. */
  static of(context: SiteContext, products: ClassProducts): ClassPreconditioner {
    const made = ofContext.get(context) ?? new ClassPreconditioner(context, products)
    ofContext.set(context, made)
    return made
  }

  /**
   * The inverses to use at `strength`, [classes, columns + 1, columns + 1]. `weights` and `intercepts` are the batch's present
   * ones on the stored features, `trains` its training sets by cell.
   */
  async at(strength: number, weights: Float32Array, intercepts: Float64Array, trains: readonly Uint8Array[]): Promise<Float32Array> {
    const usable = this.made.filter(made => strength >= made.strength / 2).sort((a, b) => a.strength - b.strength)
    const last = usable[usable.length - 1]
    if (last && (last.strength >= lastRenewal || strength <= last.strength * servedRatio)) return last.inverses
    const { data: { columns, rows }, cellOfRow, classes, checkpoint } = this.context
    const { features, rowOf } = await this.sampled()
    const size = columns + 1
    const training = new Float32Array(trains.length * rowOf.length)
    trains.forEach((cells, i) => {
      rowOf.forEach((row, at) => { training[i * rowOf.length + at] = cells[cellOfRow[row] as number] as number })
    })
    const extended = new Float32Array(intercepts.length * size)
    intercepts.forEach((intercept, k) => {
      extended.set(weights.subarray(k * columns, (k + 1) * columns), k * size)
      extended[k * size + columns] = intercept
    })
    const spreads = await this.products.spreads(features, extended, training)
    const inverses = new Float32Array(classes * size * size)
    const random = seededRandom(0)
    const most = Math.max(leastRows, rowsPerColumn * columns)
    const values = features.data as Float32Array
    for (let c = 0; c < classes; c++) {
      checkpoint()
      const drawn = drawBySpread(spreads.subarray(c * rowOf.length, (c + 1) * rowOf.length), most, random)
      const chosen = new Float32Array(drawn.rows.length * size)
      drawn.rows.forEach((row, i) => { chosen.set(values.subarray(row * size, (row + 1) * size), i * size) })
      const scaled = drawn.spreads.map(value => value * rows / rowOf.length)
      const inverse = await this.products.inverseOf(new ort.Tensor('float32', chosen, [drawn.rows.length, size]), scaled, 1 / strength)
      // A pivot that vanished spreads through the last row. Without curvature the penalty's own stands.
      if (inverse.subarray(-size).every(Number.isFinite)) inverses.set(inverse, c * size * size)
      else for (let k = 0; k < size; k++) inverses[(c * size + k) * size + k] = 1 / (1 / strength + scaled.reduce((sum, value) => sum + value, 0))
    }
    this.made.push({ strength, inverses })
    return inverses
  }

  /** Multiplies each vector, weights [classes, columns] then intercepts, in place. */
  async apply(inverses: Float32Array, vectors: readonly Float64Array[]): Promise<void> {
    const { data: { columns }, classes } = this.context
    const size = columns + 1
    const stacked = new Float32Array(vectors.length * classes * size)
    vectors.forEach((vector, i) => {
      for (let c = 0; c < classes; c++) {
        const at = (c * vectors.length + i) * size
        stacked.set(vector.subarray(c * columns, (c + 1) * columns), at)
        stacked[at + columns] = vector[classes * columns + c] as number
      }
    })
    const product = await this.products.multiply(stacked, inverses, size)
    const mean = new Float64Array(size)
    vectors.forEach((vector, i) => {
      mean.fill(0)
      const start = (c: number): number => (c * vectors.length + i) * size
      for (let c = 0; c < classes; c++) for (let k = 0, at = start(c); k < size; k++, at++) mean[k] = (mean[k] as number) + (product[at] as number) / classes
      for (let c = 0; c < classes; c++) {
        const at = start(c)
        for (let k = 0; k < columns; k++) vector[c * columns + k] = (product[at + k] as number) - (mean[k] as number)
        vector[classes * columns + c] = (product[at + columns] as number) - (mean[columns] as number)
      }
    })
  }

  /** All rows, or an even sample of them, with a feature of ones; with the row that each stands for. */
  private async sampled(): Promise<{ readonly features: ort.Tensor; readonly rowOf: Int32Array }> {
    if (this.sample) return this.sample
    const { data: { rows, columns, blocks } } = this.context
    const wanted = Math.min(rows, mostRows, Math.max(leastRows, Math.floor(2 ** 25 / columns)))
    const rowOf = Int32Array.from({ length: wanted }, (_, row) => Math.floor(row * rows / wanted))
    const kept = new Float32Array(wanted * (columns + 1)).fill(1)
    for (let block = 0, row = 0; block < blocks.starts.length - 1; block++) {
      const values = (await blocks.read(block)).data as Float32Array
      for (; row < wanted && (rowOf[row] as number) < (blocks.starts[block + 1] as number); row++) {
        const from = ((rowOf[row] as number) - (blocks.starts[block] as number)) * columns
        kept.set(values.subarray(from, from + columns), row * (columns + 1))
      }
    }
    this.sample = { features: new ort.Tensor('float32', kept, [wanted, columns + 1]), rowOf }
    return this.sample
  }
}

/** About `most` rows, each drawn with probability min(1, k·d) and weighing d / probability, so that Σ d x xᵀ is met on average. */
function drawBySpread(spread: Float32Array, most: number, random: Random): { readonly rows: Int32Array; readonly spreads: Float32Array } {
  const even = evenShare * spread.reduce((sum, value) => sum + value, 0) / spread.length
  let factor = 0
  // Rows that are certain to be drawn leave their share to the others: a few rounds settle it.
  for (let round = 0, certain = 0, rest = 1; round < 4 && certain < most && rest > 0; round++) {
    certain = 0
    rest = 0
    for (const value of spread) {
      if (factor * (value + even) >= 1) certain++
      else rest += value + even
    }
    if (certain < most && rest > 0) factor = (most - certain) / rest
  }
  const rows: number[] = []
  const weights: number[] = []
  spread.forEach((value, row) => {
    const chance = Math.min(1, factor * (value + even))
    if (chance <= 0 || (chance < 1 && random() >= chance)) return
    rows.push(row)
    weights.push((value + even) / chance)
  })
  return { rows: Int32Array.from(rows), spreads: Float32Array.from(weights) }
}
