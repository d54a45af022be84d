import * as ort from 'onnxruntime-node'
import type { BatchObjective } from '../batched-lbfgs'
import { rowsInCells } from '../class-sums'
import { pairsBySide } from '../contrast-pairs'
import { GraphBuilder } from '../onnx-graph'
import type { SiteContext } from '../probe-method'

/** Weight decay of the authors' code. */
const decay = 0.01
/** Curvature of the loss by a weight at p = ½ on features of unit variance, about. */
const curvature = 0.25
/** A feature whose deviation on a side is below this share of that over all rows carries nothing there. */
const deadShare = 1e-5

/** Mean and 1 / deviation of one side's features on the training pairs; 0 where there is nothing to scale. */
interface Side { readonly mean: Float64Array; readonly inverse: Float64Array }

/** The searches of a site, evaluated together: the pairs' rows lie side by side in two matrices for all of them. */
export class CcsProblems {
  private readonly sides = new Map<readonly number[], { readonly minus: Side; readonly plus: Side }>()

  private constructor(
    private readonly context: SiteContext,
    /** Rows as `pairsBySide` lists them. */
    private readonly rows: Int32Array,
    private readonly session: ort.InferenceSession,
    private readonly minus: ort.Tensor,
    private readonly plus: ort.Tensor
  ) {}

  static async open(context: SiteContext): Promise<CcsProblems> {
    const { data: { columns, features, rows }, contrast } = context
    const paired = pairsBySide(contrast, Int32Array.from({ length: rows }, (_, row) => row))
    const side = (offset: 0 | 1): ort.Tensor => {
      const values = new Float32Array(paired.length / 2 * columns)
      for (let i = 0; i < paired.length / 2; i++) {
        const row = paired[2 * i + offset] as number
        values.set(features.subarray(row * columns, (row + 1) * columns), i * columns)
      }
      return new ort.Tensor('float32', values, [paired.length / 2, columns])
    }
    return new CcsProblems(context, paired, await evaluation().session(), side(0), side(1))
  }

  get pairs(): number { return this.rows.length / 2 }

  async release(): Promise<void> {
    await this.session.release()
  }

  /** `copies` problems on each of `trainings`, one after another; a point is the weights, then the intercept. */
  objective(trainings: readonly (readonly number[])[], copies: number): BatchObjective {
    const { columns } = this.context.data
    const { pairs } = this
    const shares = trainings.map(cells => this.shares(cells))
    const sides = trainings.map(cells => this.sidesOf(cells))
    return {
      dimension: columns + 1,
      evaluate: async (problems, points) => {
        const own = problems.map(problem => sides[Math.floor(problem / copies)] as { readonly minus: Side; readonly plus: Side })
        const share = new Float32Array(problems.length * pairs)
        problems.forEach((problem, i) => share.set(shares[Math.floor(problem / copies)] as Float32Array, i * pairs))
        const weights = { minus: new Float32Array(problems.length * columns), plus: new Float32Array(problems.length * columns) }
        const intercepts = { minus: new Float32Array(problems.length), plus: new Float32Array(problems.length) }
        points.forEach((point, i) => {
          for (const name of ['minus', 'plus'] as const) {
            intercepts[name][i] = unstandardise(point, own[i]?.[name] as Side, weights[name].subarray(i * columns, (i + 1) * columns))
          }
        })
        const tall = (values: Float32Array): ort.Tensor => new ort.Tensor('float32', values, [problems.length, values.length / problems.length])
        const result = await this.session.run({
          minus: this.minus, plus: this.plus, share: tall(share),
          weightsMinus: tall(weights.minus), weightsPlus: tall(weights.plus), interceptsMinus: tall(intercepts.minus), interceptsPlus: tall(intercepts.plus)
        })
        const values = (name: string): Float32Array => result[name]?.data as Float32Array
        const losses = Float64Array.from(values('loss'))
        const by = { minus: values('gradientMinus'), plus: values('gradientPlus') }
        const sums = { minus: values('sumMinus'), plus: values('sumPlus') }
        const gradients = points.map((point, i) => {
          const gradient = new Float64Array(columns + 1)
          let squares = 0
          for (const name of ['minus', 'plus'] as const) {
            const { mean, inverse } = own[i]?.[name] as Side
            const sum = sums[name][i] as number
            gradient[columns] = (gradient[columns] as number) + sum
            for (let column = 0; column < columns; column++) {
              gradient[column] = (gradient[column] as number) + ((by[name][i * columns + column] as number) - sum * (mean[column] as number)) * (inverse[column] as number)
            }
          }
          for (let column = 0; column < columns; column++) {
            const weight = point[column] as number
            gradient[column] = (gradient[column] as number) + decay * weight
            squares += weight * weight
          }
          losses[i] = (losses[i] as number) + decay * squares / 2
          return gradient
        })
        return { losses, gradients }
      },
      unsized: false,
      precondition: (_, vectors) => {
        for (const vector of vectors) for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / (curvature + decay)
        return Promise.resolve()
      }
    }
  }

  /** p of every row of the site, each on its own side; a row on neither is standardised half way between them. */
  probabilities(cells: readonly number[], point: Float64Array): Float64Array {
    const { data: { columns, features, rows }, contrast: { side } } = this.context
    const { minus, plus } = this.sidesOf(cells)
    const between: Side = {
      mean: minus.mean.map((value, column) => (value + (plus.mean[column] as number)) / 2),
      inverse: minus.inverse.map((value, column) => value === 0 || plus.inverse[column] === 0 ? 0 : 2 / (1 / value + 1 / (plus.inverse[column] as number)))
    }
    const [low, middle, high] = [minus, between, plus].map(own => {
      const weights = new Float32Array(columns)
      return { weights, intercept: unstandardise(point, own, weights) }
    })
    return Float64Array.from({ length: rows }, (_, row) => {
      const own = side[row] === -1 ? low : side[row] === 1 ? high : middle
      let sum = own?.intercept ?? 0
      for (let column = 0, at = row * columns; column < columns; column++, at++) sum += (features[at] as number) * (own?.weights[column] as number)
      return 1 / (1 + Math.exp(-sum))
    })
  }

  /** 1 / pairs at the pairs that training holds whole, 0 elsewhere. */
  private shares(cells: readonly number[]): Float32Array {
    const trained = this.trained(cells)
    const count = trained.reduce((sum, value) => sum + value, 0)
    return Float32Array.from(trained, value => value / Math.max(1, count))
  }

  private trained(cells: readonly number[]): Uint8Array {
    const rows = new Set(rowsInCells(this.context.cellOfRow, cells))
    return Uint8Array.from({ length: this.pairs }, (_, i) => rows.has(this.rows[2 * i] as number) && rows.has(this.rows[2 * i + 1] as number) ? 1 : 0)
  }

  private sidesOf(cells: readonly number[]): { readonly minus: Side; readonly plus: Side } {
    const known = this.sides.get(cells)
    if (known) return known
    const trained = this.trained(cells)
    const made = { minus: this.standardised(this.minus.data as Float32Array, trained), plus: this.standardised(this.plus.data as Float32Array, trained) }
    this.sides.set(cells, made)
    return made
  }

  private standardised(values: Float32Array, trained: Uint8Array): Side {
    const { columns } = this.context.data
    const mean = new Float64Array(columns)
    const inverse = new Float64Array(columns)
    const count = Math.max(1, trained.reduce((sum, value) => sum + value, 0))
    trained.forEach((own, pair) => {
      for (let column = 0, at = pair * columns; own === 1 && column < columns; column++, at++) mean[column] = (mean[column] as number) + (values[at] as number) / count
    })
    trained.forEach((own, pair) => {
      for (let column = 0, at = pair * columns; own === 1 && column < columns; column++, at++) inverse[column] = (inverse[column] as number) + ((values[at] as number) - (mean[column] as number)) ** 2 / count
    })
    // Stored features have deviation 1 over all rows.
    return { mean, inverse: inverse.map(variance => Math.sqrt(variance) < deadShare ? 0 : 1 / Math.sqrt(variance)) }
  }
}

/** Weights on stored features of a point on standardised ones, written to `into`; returns the intercept. */
function unstandardise(point: Float64Array, { mean, inverse }: Side, into: Float32Array): number {
  let intercept = point[point.length - 1] as number
  for (let column = 0; column < into.length; column++) {
    const weight = (point[column] as number) * (inverse[column] as number)
    into[column] = weight
    intercept -= weight * (mean[column] as number)
  }
  return intercept
}

/** Loss and its derivatives by the weights on either side's stored features, `share` [problems, pairs] weighing the pairs. */
function evaluation(): GraphBuilder {
  const graph = new GraphBuilder()
  const share = graph.input('share')
  const one = graph.scalar(1, 'float32')
  const probability = (side: string, weights: string, intercepts: string): string =>
    graph.op('Sigmoid', [graph.op('Add', [graph.op('Gemm', [graph.input(weights), graph.input(side)], { transB: 1 }), graph.input(intercepts)])])
  const plus = probability('plus', 'weightsPlus', 'interceptsPlus')
  const minus = probability('minus', 'weightsMinus', 'interceptsMinus')
  const gap = graph.op('Sub', [graph.op('Add', [plus, minus]), one])
  const least = graph.op('Min', [plus, minus])
  const squares = graph.op('Add', [graph.op('Mul', [gap, gap]), graph.op('Mul', [least, least])])
  graph.output(graph.sum(graph.op('Mul', [share, squares]), [1], 'drop'), 'loss')
  const plusIsLeast = graph.cast(graph.op('Less', [plus, minus]), 'float32')
  const slope = (name: string, own: string, isLeast: string, side: string): void => {
    const byProbability = graph.op('Add', [gap, graph.op('Mul', [least, isLeast])])
    const byLogit = graph.op('Mul', [graph.op('Mul', [byProbability, graph.op('Mul', [own, graph.op('Sub', [one, own])])]), graph.op('Mul', [share, graph.scalar(2, 'float32')])])
    graph.output(graph.op('MatMul', [byLogit, side]), `gradient${name}`)
    graph.output(graph.sum(byLogit, [1], 'drop'), `sum${name}`)
  }
  slope('Plus', plus, plusIsLeast, 'plus')
  slope('Minus', minus, graph.op('Sub', [one, plusIsLeast]), 'minus')
  return graph
}
