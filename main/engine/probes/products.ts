import * as ort from 'onnxruntime-node'
import { ClassProducts } from './class-products'
import { GraphBuilder } from './onnx-graph'

/** Loss and derivatives of a batch of problems at given weights, before the penalty. */
export interface BatchValues {
  /** [problems] */
  readonly loss: Float64Array
  /** [problems × outputs, columns], by the weights on the stored features */
  readonly gradient: Float32Array | Float64Array
  /** [problems × outputs], by the intercepts */
  readonly interceptGradient: Float64Array
  /** [problems], Σ p(1 − p) over training rows: second derivative by the intercept; null for softmax problems */
  readonly curvature: Float64Array | null
}

/** Evaluations of the same features after which they are packed. */
const usesBeforePacking = 8

/**
 * The matrix products of a sweep, run by ONNX Runtime in float32 with logarithms and sums of losses in float64:
 * at weak regularisation a row's loss falls under float32's epsilon and would vanish in 1 + e^u.
 * `outputs` is 1 for two classes (one logit) and the number of classes otherwise. Features are [rows, columns].
 */
export class Products {
  /** The features that were evaluated last, how often in a row, and the session that has them packed once that pays. */
  private last: { readonly features: ort.Tensor; uses: number; packed: ort.InferenceSession | null } | null = null

  private constructor(
    readonly outputs: number,
    private readonly threads: number,
    private readonly evaluation: ort.InferenceSession,
    private readonly curvature: ort.InferenceSession,
    private readonly product: ort.InferenceSession,
    private readonly logits: ort.InferenceSession,
    /** What only softmax problems need; null for one output. */
    readonly classwise: ClassProducts | null
  ) {}

  /** @param threads of a product; 0 for one a core */
  static async create(outputs: number, threads = 0): Promise<Products> {
    return new Products(
      outputs,
      threads,
      await evaluationOf(outputs, null).session(threads),
      await inverseCurvature(outputs).session(threads),
      await rowsTimesSquare().session(threads),
      await scores().session(threads),
      outputs === 1 ? null : await ClassProducts.create(outputs, threads)
    )
  }

  /**
   * Loss and gradient. `weights` [problems × outputs, columns], `intercepts` [problems × outputs].
   * The same tensor of features must hold the same values again.
   * `targets`: for one output [problems, rows] −1 on training rows of class 1, +1 on those of class 0, 0 elsewhere;
   * otherwise [problems × outputs, rows] 1 at the class of a training row, 0 elsewhere.
   */
  async evaluate(features: ort.Tensor, weights: Float32Array, intercepts: Float32Array, targets: Float32Array): Promise<BatchValues> {
    const [rows = 0, columns = 0] = features.dims
    const height = intercepts.length
    const packed = await this.packed(features)
    const result = await (packed ?? this.evaluation).run({
      ...packed ? {} : { features },
      weights: new ort.Tensor('float32', weights, [height, columns]),
      intercepts: new ort.Tensor('float32', intercepts, [height, 1]),
      targets: new ort.Tensor('float32', targets, this.outputs === 1 ? [height, rows] : [height / this.outputs, this.outputs, rows])
    })
    return {
      loss: doubles(result['loss']),
      gradient: floats(result['gradient']),
      interceptGradient: doubles(result['interceptGradient']),
      curvature: this.outputs === 1 ? doubles(result['curvature']) : null
    }
  }

  /**
   * (Xᵀ diag(d) X + ridge · I)⁻¹ [columns, columns], d the mean over problems (and classes) of p(1 − p) on training rows:
   * the inverse Hessian of a typical problem of the batch. `training` [problems, rows] is 1 on training rows;
   * `scale` multiplies d.
   */
  async inverseHessian(features: ort.Tensor, weights: Float32Array, intercepts: Float32Array, training: Float32Array, scale: number, ridge: number): Promise<Float32Array> {
    const [rows = 0, columns = 0] = features.dims
    const result = await this.curvature.run({
      features,
      weights: new ort.Tensor('float32', weights, [intercepts.length, columns]),
      intercepts: new ort.Tensor('float32', intercepts, [intercepts.length, 1]),
      training: new ort.Tensor('float32', training, [intercepts.length / this.outputs, 1, rows]),
      scale: new ort.Tensor('float32', Float32Array.of(scale), []),
      ridge: new ort.Tensor('float32', Float32Array.of(ridge), [])
    })
    return floats(result['inverse'])
  }

  /** `vectors` [count, columns] times a square matrix. */
  async multiply(vectors: Float32Array, square: Float32Array, columns: number): Promise<Float32Array> {
    const result = await this.product.run({
      vectors: new ort.Tensor('float32', vectors, [vectors.length / columns, columns]),
      square: new ort.Tensor('float32', square, [columns, columns])
    })
    return floats(result['product'])
  }

  /** Logits [height, rows] of `weights` [height, columns] with `intercepts` [height]. */
  async score(features: ort.Tensor, weights: Float32Array, intercepts: Float32Array): Promise<Float32Array> {
    const result = await this.logits.run({
      features,
      weights: new ort.Tensor('float32', weights, [intercepts.length, features.dims[1] ?? 0]),
      intercepts: new ort.Tensor('float32', intercepts, [intercepts.length, 1])
    })
    return floats(result['logits'])
  }

  /**
   * The evaluation with these features as constants, or null. Packing a matrix for a product with few rows takes as long as
   * the product: where the same features return often, as those of a site in one block do, it is done once.
   */
  private async packed(features: ort.Tensor): Promise<ort.InferenceSession | null> {
    if (this.last?.features !== features) {
      await this.last?.packed?.release()
      this.last = { features, uses: 0, packed: null }
    }
    if (++this.last.uses === usesBeforePacking) this.last.packed = await evaluationOf(this.outputs, features).session(this.threads)
    return this.last.packed
  }

  async release(): Promise<void> {
    await this.last?.packed?.release()
    for (const session of [this.evaluation, this.curvature, this.product, this.logits]) await session.release()
    await this.classwise?.release()
  }
}

/** Features are an input of the graph, or `constant`. */
function evaluationOf(outputs: number, constant: ort.Tensor | null): GraphBuilder {
  const graph = new GraphBuilder()
  if (constant) graph.matrix('features', constant.data as Float32Array, constant.dims)
  else graph.input('features')
  return outputs === 1 ? binaryEvaluation(graph) : softmaxEvaluation(graph)
}

/** Of `features`, which the graph has. */
function logitsOf(graph: GraphBuilder): string {
  const product = graph.op('Gemm', [graph.input('weights'), 'features'], { transB: 1 })
  return graph.op('Add', [product, graph.input('intercepts')])
}

function binaryEvaluation(graph: GraphBuilder): GraphBuilder {
  const logits = logitsOf(graph)
  const targets = graph.input('targets')
  const one = graph.scalar(1, 'float32')
  // u = −ỹ z; e^u beyond 80 would overflow long after the loss stopped mattering.
  const margin = graph.op('Min', [graph.op('Mul', [logits, targets]), graph.scalar(80, 'float32')])
  const odds = graph.op('Mul', [graph.op('Exp', [margin]), graph.op('Abs', [targets])])
  graph.output(graph.sum(graph.op('Log', [graph.op('Add', [graph.cast(odds, 'float64'), graph.scalar(1, 'float64')])]), [1], 'drop'), 'loss', 'float64')
  const wrong = graph.op('Div', [odds, graph.op('Add', [odds, one])])
  graph.output(graph.cast(graph.sum(graph.op('Mul', [wrong, graph.op('Sub', [one, wrong])]), [1], 'drop'), 'float64'), 'curvature', 'float64')
  const residual = graph.op('Mul', [wrong, targets])
  graph.output(graph.sum(graph.cast(residual, 'float64'), [1], 'drop'), 'interceptGradient', 'float64')
  graph.output(graph.op('MatMul', [residual, 'features']), 'gradient')
  return graph
}

function softmaxEvaluation(graph: GraphBuilder): GraphBuilder {
  const flat = logitsOf(graph)
  const targets = graph.input('targets')
  const shape = graph.op('Shape', [targets])
  const logits = graph.op('Reshape', [flat, shape])
  const largest = graph.op('ReduceMax', [logits], { axes: [1], keepdims: 1 })
  const exponentials = graph.op('Exp', [graph.op('Sub', [logits, largest])])
  const ownExponentials = graph.op('Mul', [exponentials, targets])
  // Summed apart from the row's own class, beside which they may lie below float32's epsilon and are all of the loss.
  const otherExponentials = graph.op('Sub', [exponentials, ownExponentials])
  const own = graph.sum(ownExponentials, [1], 'keep')
  const others = graph.sum(otherExponentials, [1], 'keep')
  const training = graph.sum(targets, [1], 'keep')
  const logTotal = graph.op('Log', [graph.op('Add', [graph.cast(own, 'float64'), graph.cast(others, 'float64')])])
  const behind = graph.op('Sub', [largest, graph.sum(graph.op('Mul', [logits, targets]), [1], 'keep')])
  const losses = graph.op('Mul', [graph.op('Add', [logTotal, graph.cast(behind, 'float64')]), graph.cast(training, 'float64')])
  graph.output(graph.sum(losses, [1, 2], 'drop'), 'loss', 'float64')
  // p at the other classes; p − 1 = −(sum of the others) at the own one.
  const share = graph.op('Div', [training, graph.op('Add', [own, others])])
  const residual = graph.op('Mul', [graph.op('Sub', [otherExponentials, graph.op('Mul', [targets, others])]), share])
  graph.output(graph.cast(graph.sum(residual, [2], 'drop'), 'float64'), 'interceptGradient', 'float64')
  graph.output(graph.op('MatMul', [graph.op('Reshape', [residual, graph.op('Shape', [flat])]), 'features']), 'gradient')
  return graph
}

function inverseCurvature(outputs: number): GraphBuilder {
  const graph = new GraphBuilder()
  graph.input('features')
  const flat = logitsOf(graph)
  const rows = graph.op('Gather', [graph.op('Shape', [flat]), graph.integers([1])], { axis: 0 })
  const split = graph.op('Reshape', [flat, graph.op('Concat', [graph.integers([-1, outputs]), rows], { axis: 0 })])
  const probability = outputs === 1 ? graph.op('Sigmoid', [split]) : graph.op('Softmax', [split], { axis: 1 })
  const spread = graph.op('Sub', [probability, graph.op('Mul', [probability, probability])])
  const trained = graph.op('Mul', [spread, graph.input('training')])
  const mean = graph.op('Mul', [graph.op('ReduceMean', [trained], { axes: [0, 1], keepdims: 0 }), graph.input('scale')])
  const weighted = graph.op('Mul', ['features', graph.op('Unsqueeze', [mean, graph.integers([1])])])
  const hessian = graph.op('Gemm', [weighted, 'features'], { transA: 1 })
  // Standardised features: the trace is about Σd × columns. Float32 elimination loses pivots below this share of it.
  const columns = graph.cast(graph.op('Gather', [graph.op('Shape', ['features']), graph.integers([1])], { axis: 0 }), 'float32')
  const trace = graph.op('Mul', [graph.op('ReduceSum', [mean], { keepdims: 0 }), columns])
  const least = graph.op('Mul', [trace, graph.scalar(1e-7, 'float32')])
  const ridge = graph.op('Mul', [graph.op('EyeLike', [hessian]), graph.op('Max', [graph.input('ridge'), least])])
  graph.output(graph.op('Inverse', [graph.op('Add', [hessian, ridge])], {}, 'com.microsoft'), 'inverse')
  return graph
}

function rowsTimesSquare(): GraphBuilder {
  const graph = new GraphBuilder()
  graph.output(graph.op('MatMul', [graph.input('vectors'), graph.input('square')]), 'product')
  return graph
}

function scores(): GraphBuilder {
  const graph = new GraphBuilder()
  graph.input('features')
  graph.output(logitsOf(graph), 'logits')
  return graph
}

function floats(tensor: ort.Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error('a product gave no float32 values')
  return tensor.data
}

function doubles(tensor: ort.Tensor | undefined): Float64Array {
  if (!(tensor?.data instanceof Float64Array)) throw new Error('a product gave no float64 values')
  return tensor.data
}
