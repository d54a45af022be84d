import { minimise } from '../batched-lbfgs'
import { scoreBlocks } from '../feature-blocks'
import type { LinearProbe, SiteContext } from '../probe-method'
import { standardise } from '../site-data'
import { LogisticProblems } from './logistic-problems'
import { Preconditioner } from './preconditioner'

/** As for the final fits of the sweep. */
const tolerance = 1e-9
const iterations = 1000
/** Values per logit matrix, and of all histories. */
const logitsAtOnce = 2 ** 20
const historyAtOnce = 2 ** 23

/** A training set with labels and a strength. */
export interface OrthogonalJob {
  /** Cells whose rows it may see. */
  readonly cells: readonly number[]
  /** Class of each labelled row. */
  readonly codes: Int32Array
  /** scikit-learn's C */
  readonly strength: number
}

export interface OrthogonalFit {
  /** On features standardised by the training rows, [outputs, columns]. */
  readonly weights: Float64Array
  readonly probe: LinearProbe
}

/**
 * Logistic probes whose weights are orthogonal to given directions. That is the probe of features which these directions were projected
 * out of: wᵀ(I − BᵀB)x depends on the part of w that is orthogonal to B alone, and the penalty takes the rest to 0. The features are
 * not touched, so that one site's products and preconditioner serve every set of directions, and all training sets are solved together.
 */
export class OrthogonalLogistic {
  private readonly problems: LogisticProblems

  constructor(private readonly context: SiteContext, private readonly jobs: readonly OrthogonalJob[]) {
    this.problems = new LogisticProblems(context, jobs.map(({ cells, codes, strength }) => ({ cells, codes, strengths: [strength], start: null })))
  }

  /** One fit a job. `directions` holds an orthonormal basis for each, [count, columns], on features standardised by its training rows. */
  async fit(directions: readonly Float64Array[]): Promise<readonly OrthogonalFit[]> {
    const { problems, jobs, context: { products: { outputs }, data: { columns, blocks: { starts } } } } = this
    const points = jobs.map((_, job) => problems.start(job, null))
    const together = Math.max(1, Math.min(Math.floor(logitsAtOnce / ((starts[1] ?? 1) * outputs)), Math.floor(historyAtOnce / (16 * outputs * (columns + 1)))))
    for (const strength of new Set(jobs.map(job => job.strength))) {
      const all = [...jobs.keys()].filter(job => jobs[job]?.strength === strength)
      for (let from = 0; from < all.length; from += together) await this.solve(strength, all.slice(from, from + together), points, directions)
    }
    return points.map((point, job) => ({ weights: point.slice(0, outputs * columns), probe: problems.probe(job, point) }))
  }

  /** Share of the variance of a job's training rows that lies along orthonormal `directions` [count, columns]; every feature counts the same. */
  async share(job: number, directions: Float64Array): Promise<number> {
    const { problems, jobs, context: { data, products: { outputs }, cellOfRow, products } } = this
    const { columns, rows } = data
    const cells = new Set(jobs[job]?.cells)
    const { inverseDeviation, rows: trained } = standardise(data, [...cells])
    const live = inverseDeviation.reduce((count, inverse) => count + (inverse > 0 ? 1 : 0), 0)
    let squares = 0
    for (let from = 0; from < directions.length; from += outputs * columns) {
      // Directions stand in for a probe's weights: their logits are the rows' coordinates along them.
      const point = new Float64Array(outputs * (columns + 1))
      point.set(directions.subarray(from, from + outputs * columns))
      const { weights, intercepts } = problems.probe(job, point)
      const along = await scoreBlocks(products, data.blocks, weights, Float32Array.from(intercepts))
      for (let row = 0; row < rows; row++) {
        if (!cells.has(cellOfRow[row] as number)) continue
        for (let output = 0; output < outputs; output++) squares += (along[output * rows + row] as number) ** 2
      }
    }
    return live > 0 ? squares / trained / live : 0
  }

  private async solve(strength: number, here: readonly number[], points: Float64Array[], directions: readonly Float64Array[]): Promise<void> {
    const { problems, context } = this
    const { outputs } = context.products
    const batch = here.map(job => points[job] as Float64Array)
    const objective = await problems.at(strength, here, batch, Preconditioner.of(context), 0)
    const orthogonal = (problem: number, vector: Float64Array): void => { takeOut(vector, directions[here[problem] as number] as Float64Array, outputs, context.data.columns) }
    await minimise({
      dimension: objective.dimension,
      unsized: objective.unsized,
      evaluate: async (asked, at) => {
        const values = await objective.evaluate(asked, at)
        values.gradients.forEach((gradient, i) => { orthogonal(asked[i] as number, gradient) })
        return values
      },
      precondition: async (asked, vectors) => {
        await objective.precondition(asked, vectors)
        vectors.forEach((vector, i) => { orthogonal(asked[i] as number, vector) })
      }
    }, batch, { tolerance, iterations, checkpoint: context.checkpoint })
    batch.forEach((point, problem) => {
      // Steps are remembered in float32: what that left along the directions goes.
      orthogonal(problem, point)
      points[here[problem] as number] = point
    })
  }
}

/** Takes the parts along an orthonormal basis [count, columns] out of the weights of a point, in place; its intercepts stay. */
function takeOut(point: Float64Array, basis: Float64Array, outputs: number, columns: number): void {
  for (let output = 0; output < outputs; output++) {
    const weights = point.subarray(output * columns, (output + 1) * columns)
    for (let from = 0; from < basis.length; from += columns) {
      let along = 0
      for (let k = 0; k < columns; k++) along += (weights[k] as number) * (basis[from + k] as number)
      for (let k = 0; k < columns; k++) weights[k] = (weights[k] as number) - along * (basis[from + k] as number)
    }
  }
}
