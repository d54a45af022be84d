import * as ort from 'onnxruntime-node'
import type { SiteContext } from '../probe-method'

/** Above about this conditioning plain L-BFGS needs more iterations than an inverse costs. */
const tolerableConditioning = 50
/** An inverse serves strengths from the one it was made at up to this many times it. */
const servedRatio = 70
/** From this many features on an inverse costs as much as dozens of iterations: it serves for as long as the solver gets on with it. */
const wideColumns = 2048
/** Iterations at the last strength up to which it does. */
const fewIterations = 12
/** Rows beyond this many times the features add little to an approximate Hessian. */
const rowsPerColumn = { narrow: 4, wide: 2 } as const
const leastRows = 2048

const ofContext = new WeakMap<SiteContext, Preconditioner>()

/**
 * Inverse Hessians that all problems of a site share. The problems of a sweep differ by a fold or two, so the
 * Hessian of their mean conditions each of them; it is renewed a few times along the path of strengths.
 * It decides how fast the solver arrives, never where.
 */
export class Preconditioner {
  private readonly made: { readonly strength: number; readonly inverse: Float32Array }[] = []
  private sample: ort.Tensor | null = null

  private constructor(private readonly context: SiteContext) {}

  /** The one of a site: what was made for the fits that choose a strength serves the final ones. */
  static of(context: SiteContext): Preconditioner {
    const made = ofContext.get(context) ?? new Preconditioner(context)
    ofContext.set(context, made)
    return made
  }

  /**
   * The inverse to use at `strength`, [columns, columns]; null where none is needed.
   * `weights` and `intercepts` are the batch's present ones on the stored features, `trains` its training sets by cell,
   * `lastIterations` what the solver took at the strength before.
   */
  async at(strength: number, weights: Float32Array, intercepts: Float32Array, trains: readonly Uint8Array[], lastIterations: number): Promise<Float32Array | null> {
    const { data, products, cellOfRow } = this.context
    // Trace of Xᵀ diag(¼) X is rows × columns / 4; the largest eigenvalue of real activations takes about a fifth of it.
    if (0.05 * data.rows * data.columns * strength < tolerableConditioning) return null
    const keeps = data.columns >= wideColumns && lastIterations <= fewIterations
    const usable = this.made.filter(made => strength >= made.strength / 2 && (keeps || strength <= made.strength * servedRatio)).sort((a, b) => a.strength - b.strength)
    const last = usable[usable.length - 1]
    if (last) return last.inverse
    const { features, rowOf } = await this.sampled()
    const rows = features.dims[0] as number
    const training = new Float32Array(trains.length * rows)
    trains.forEach((cells, i) => {
      for (let row = 0; row < rows; row++) training[i * rows + row] = cells[cellOfRow[rowOf(row)] as number] as number
    })
    const inverse = await products.inverseHessian(features, weights, intercepts, training, data.rows / rows, 1 / strength)
    // A pivot that vanished spreads through the last row.
    if (!inverse.subarray(-data.columns).every(Number.isFinite)) return null
    this.made.push({ strength, inverse })
    return inverse
  }

  /** All rows, or an even sample of them with the row that each stands for. */
  private async sampled(): Promise<{ readonly features: ort.Tensor; readonly rowOf: (row: number) => number }> {
    const { data, data: { blocks } } = this.context
    const wanted = Math.min(data.rows, Math.max(leastRows, rowsPerColumn[data.columns >= wideColumns ? 'wide' : 'narrow'] * data.columns))
    if (data.rows <= wanted * 1.5 && blocks.starts.length === 2) return { features: await blocks.read(0), rowOf: row => row }
    const rowOf = (row: number): number => Math.floor(row * data.rows / wanted)
    if (!this.sample) {
      const kept = new Float32Array(wanted * data.columns)
      for (let block = 0, row = 0; block < blocks.starts.length - 1; block++) {
        const values = (await blocks.read(block)).data as Float32Array
        for (; row < wanted && rowOf(row) < (blocks.starts[block + 1] as number); row++) {
          const from = (rowOf(row) - (blocks.starts[block] as number)) * data.columns
          kept.set(values.subarray(from, from + data.columns), row * data.columns)
        }
      }
      this.sample = new ort.Tensor('float32', kept, [wanted, data.columns])
    }
    return { features: this.sample, rowOf }
  }
}
