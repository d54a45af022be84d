import type { BatchObjective } from '../batched-lbfgs'
import { evaluateBlocks } from '../feature-blocks'
import type { FitJob, LinearProbe, SiteContext } from '../probe-method'
import { standardise, type Standardisation } from '../site-data'
import { ClassPreconditioner } from './class-preconditioner'
import type { Preconditioner } from './preconditioner'

/** Intercept of a class that no training row has: its probability is e⁻²⁰, and no gradient pushes it further. */
const absentLogit = -20

/**
 * The logistic problems of a batch of jobs. A point holds the weights on standardised features [outputs, columns],
 * then the intercepts [outputs].
 */
export class LogisticProblems {
  private readonly outputs: number
  private readonly columns: number
  private readonly standardisations: readonly Standardisation[]
  private readonly training: readonly Uint8Array[]
  private targetsOf: readonly number[] = []
  private targets: readonly Float32Array[] = []

  constructor(private readonly context: SiteContext, private readonly jobs: readonly FitJob[]) {
    this.outputs = context.products.outputs
    this.columns = context.data.columns
    this.standardisations = jobs.map(job => standardise(context.data, job.cells))
    this.training = jobs.map(job => {
      const chosen = new Uint8Array(context.data.cellRows.length)
      for (const cell of job.cells) chosen[cell] = 1
      return chosen
    })
  }

  /** Where job `i` begins: `from`, or zero weights with the intercepts of its class frequencies. */
  start(i: number, from: LinearProbe | null): Float64Array {
    const { outputs, columns } = this
    const point = new Float64Array(outputs * (columns + 1))
    const { mean, inverseDeviation } = this.standardisations[i] as Standardisation
    if (from) {
      for (let output = 0, at = 0; output < outputs; output++) {
        let shift = 0
        for (let column = 0; column < columns; column++, at++) {
          const weight = from.weights[at] as number
          const inverse = inverseDeviation[column] as number
          if (inverse > 0) point[at] = weight / inverse
          shift += weight * (mean[column] as number)
        }
        point[outputs * columns + output] = (from.intercepts[output] as number) + shift
      }
      return point
    }
    const counts = this.classCounts(i)
    const total = counts.reduce((sum, count) => sum + count, 0)
    if (outputs === 1) {
      const odds = Math.log((counts[1] as number) / (counts[0] as number))
      point[columns] = Math.max(absentLogit, Math.min(-absentLogit, odds))
    } else counts.forEach((count, c) => { point[outputs * columns + c] = count > 0 ? Math.log(count / total) : absentLogit })
    return point
  }

  /** The probe of job `i` at `point`, in the coordinates of the stored features. */
  probe(i: number, point: Float64Array): LinearProbe {
    const weights = new Float32Array(this.outputs * this.columns)
    const intercepts = new Float64Array(this.outputs)
    this.unstandardise(i, point, weights, intercepts, 0)
    return { weights, intercepts }
  }

  /** The problems of the jobs `here` at one strength, ready to minimise from `points`. */
  async at(strength: number, here: readonly number[], points: readonly Float64Array[], preconditioner: Preconditioner, lastIterations: number): Promise<BatchObjective> {
    const { columns, outputs, context } = this
    const stacked = this.stack(here, points)
    const trains = here.map(job => this.training[job] as Uint8Array)
    const { classwise } = context.products
    const byClass = classwise ? ClassPreconditioner.of(context, classwise) : null
    const inverses = byClass ? await byClass.at(strength, stacked.weights, stacked.intercepts, trains) : null
    const inverse = byClass ? null : await preconditioner.at(strength, stacked.weights, Float32Array.from(stacked.intercepts), trains, lastIterations)
    const curvature = new Float64Array(here.length)
    return {
      dimension: outputs * (columns + 1),
      // A block a class is up to twice too flat: the softmax's curvature across classes is not in it.
      unsized: byClass !== null,
      evaluate: async (problems, at) => {
        const jobs = problems.map(problem => here[problem] as number)
        const { weights, intercepts } = this.stack(jobs, at)
        const targets = this.targetsFor(jobs)
        const values = await evaluateBlocks(context.products, context.data.blocks, weights, Float32Array.from(intercepts), block => targets[block] as Float32Array)
        const losses = values.loss
        const gradients = at.map((point, i) => {
          if (values.curvature) curvature[problems[i] as number] = values.curvature[i] as number
          const { mean, inverseDeviation } = this.standardisations[jobs[i] as number] as Standardisation
          const gradient = new Float64Array(point.length)
          let squares = 0
          for (let output = 0, k = 0; output < outputs; output++) {
            const intercept = values.interceptGradient[i * outputs + output] as number
            const row = (i * outputs + output) * columns
            for (let column = 0; column < columns; column++, k++) {
              const weight = point[k] as number
              squares += weight * weight
              gradient[k] = ((values.gradient[row + column] as number) - intercept * (mean[column] as number)) * (inverseDeviation[column] as number) + weight / strength
            }
            gradient[outputs * columns + output] = intercept
          }
          losses[i] = (losses[i] as number) + squares / (2 * strength)
          return gradient
        })
        return { losses, gradients }
      },
      precondition: async (problems, vectors) => {
        if (byClass && inverses) {
          await byClass.apply(inverses, vectors)
          return
        }
        let products: Float32Array | null = null
        if (inverse) {
          const stackedVectors = new Float32Array(vectors.length * columns)
          vectors.forEach((vector, i) => stackedVectors.set(vector.subarray(0, columns), i * columns))
          products = await context.products.multiply(stackedVectors, inverse, columns)
        }
        vectors.forEach((vector, i) => {
          // Standardised features have unit mean square: the diagonal of the Hessian is about Σ p(1 − p) + 1/C.
          const diagonal = Math.max(1e-6, curvature[problems[i] as number] as number)
          vector[columns] = (vector[columns] as number) / diagonal
          for (let k = 0; k < columns; k++) vector[k] = products ? products[i * columns + k] as number : (vector[k] as number) / (diagonal + 1 / strength)
        })
      }
    }
  }

  private stack(jobs: readonly number[], points: readonly Float64Array[]): { readonly weights: Float32Array; readonly intercepts: Float64Array } {
    const weights = new Float32Array(jobs.length * this.outputs * this.columns)
    const intercepts = new Float64Array(jobs.length * this.outputs)
    jobs.forEach((job, i) => this.unstandardise(job, points[i] as Float64Array, weights, intercepts, i * this.outputs))
    return { weights, intercepts }
  }

  /** Writes w/σ and b − Σ wμ/σ of one point at row `at` of the stacked arrays. */
  private unstandardise(job: number, point: Float64Array, weights: Float32Array, intercepts: Float64Array, at: number): void {
    const { outputs, columns } = this
    const { mean, inverseDeviation } = this.standardisations[job] as Standardisation
    for (let output = 0, k = 0; output < outputs; output++) {
      const row = (at + output) * columns
      let shift = 0
      for (let column = 0; column < columns; column++, k++) {
        const weight = (point[k] as number) * (inverseDeviation[column] as number)
        weights[row + column] = weight
        shift += weight * (mean[column] as number)
      }
      intercepts[at + output] = (point[outputs * columns + output] as number) - shift
    }
  }

  /** Targets of the given jobs in each block of rows, as `Products.evaluate` takes them; kept while the same jobs are asked for. */
  private targetsFor(jobs: readonly number[]): readonly Float32Array[] {
    if (jobs.length === this.targetsOf.length && jobs.every((job, i) => job === this.targetsOf[i])) return this.targets
    const { starts } = this.context.data.blocks
    this.targetsOf = jobs
    this.targets = starts.slice(1).map((to, block) => this.targetsBetween(jobs, starts[block] as number, to))
    return this.targets
  }

  private targetsBetween(jobs: readonly number[], from: number, to: number): Float32Array {
    const { outputs, context: { cellOfRow } } = this
    const rows = to - from
    const targets = new Float32Array(jobs.length * outputs * rows)
    jobs.forEach((job, i) => {
      const { codes } = this.jobs[job] as FitJob
      const training = this.training[job] as Uint8Array
      for (let row = 0; row < rows; row++) {
        if (!training[cellOfRow[from + row] as number]) continue
        const code = codes[from + row] as number
        if (code < 0) continue
        if (outputs === 1) targets[i * rows + row] = code === 1 ? -1 : 1
        else targets[(i * outputs + code) * rows + row] = 1
      }
    })
    return targets
  }

  private classCounts(i: number): Float64Array {
    const counts = new Float64Array(this.context.classes)
    const { codes } = this.jobs[i] as FitJob
    const training = this.training[i] as Uint8Array
    this.context.cellOfRow.forEach((cell, row) => {
      const code = codes[row] as number
      if (training[cell] && code >= 0) counts[code] = (counts[code] as number) + 1
    })
    return counts
  }
}
