import * as ort from 'onnxruntime-node'
import { GraphBuilder } from './onnx-graph'

/**
 * The products that the preconditioner of several classes needs: one square a class. `size` counts the features and, last,
 * a feature of ones for the intercept.
 */
export class ClassProducts {
  private constructor(
    private readonly outputs: number,
    private readonly spread: ort.InferenceSession,
    private readonly inverse: ort.InferenceSession,
    private readonly product: ort.InferenceSession
  ) {}

  /** @param threads of a product; 0 for one a core */
  static async create(outputs: number, threads: number): Promise<ClassProducts> {
    return new ClassProducts(outputs, await spreads(outputs).session(threads), await weightedInverse().session(threads), await rowsTimesSquares().session(threads))
  }

  /** p(1 − p) of every class at the training rows, the mean over problems: [outputs, rows]. `weights` [problems × outputs, size], `training` [problems, rows]. */
  async spreads(features: ort.Tensor, weights: Float32Array, training: Float32Array): Promise<Float32Array> {
    const [rows = 0, size = 0] = features.dims
    const height = weights.length / size
    const result = await this.spread.run({
      features,
      weights: new ort.Tensor('float32', weights, [height, size]),
      training: new ort.Tensor('float32', training, [height / this.outputs, 1, rows])
    })
    return floats(result['spread'])
  }

  /** (Xᵀ diag(d) X + ridge · I)⁻¹ [size, size] of `features` [rows, size] with d = `spread` [rows]. */
  async inverseOf(features: ort.Tensor, spread: Float32Array, ridge: number): Promise<Float32Array> {
    const result = await this.inverse.run({
      features,
      spread: new ort.Tensor('float32', spread, [spread.length, 1]),
      ridge: new ort.Tensor('float32', Float32Array.of(ridge), [])
    })
    return floats(result['inverse'])
  }

  /** `vectors` [outputs, count, size], each times the square of its output, [outputs, size, size]. */
  async multiply(vectors: Float32Array, squares: Float32Array, size: number): Promise<Float32Array> {
    const result = await this.product.run({
      vectors: new ort.Tensor('float32', vectors, [this.outputs, vectors.length / size / this.outputs, size]),
      squares: new ort.Tensor('float32', squares, [this.outputs, size, size])
    })
    return floats(result['product'])
  }

  async release(): Promise<void> {
    for (const session of [this.spread, this.inverse, this.product]) await session.release()
  }
}

function spreads(outputs: number): GraphBuilder {
  const graph = new GraphBuilder()
  const flat = graph.op('Gemm', [graph.input('weights'), graph.input('features')], { transB: 1 })
  const rows = graph.op('Gather', [graph.op('Shape', [flat]), graph.integers([1])], { axis: 0 })
  const split = graph.op('Reshape', [flat, graph.op('Concat', [graph.integers([-1, outputs]), rows], { axis: 0 })])
  const probability = graph.op('Softmax', [split], { axis: 1 })
  const spread = graph.op('Sub', [probability, graph.op('Mul', [probability, probability])])
  const trained = graph.op('Mul', [spread, graph.input('training')])
  graph.output(graph.op('ReduceMean', [trained], { axes: [0], keepdims: 0 }), 'spread')
  return graph
}

function weightedInverse(): GraphBuilder {
  const graph = new GraphBuilder()
  const weighted = graph.op('Mul', [graph.input('features'), graph.input('spread')])
  const hessian = graph.op('Gemm', [weighted, 'features'], { transA: 1 })
  // Features have unit mean square: the trace is about Σd × size. Float32 elimination loses pivots below this share of it.
  const size = graph.cast(graph.op('Gather', [graph.op('Shape', ['features']), graph.integers([1])], { axis: 0 }), 'float32')
  const trace = graph.op('Mul', [graph.op('ReduceSum', ['spread'], { keepdims: 0 }), size])
  const least = graph.op('Mul', [trace, graph.scalar(1e-6, 'float32')])
  const ridge = graph.op('Mul', [graph.op('EyeLike', [hessian]), graph.op('Max', [graph.input('ridge'), least])])
  graph.output(graph.op('Inverse', [graph.op('Add', [hessian, ridge])], {}, 'com.microsoft'), 'inverse')
  return graph
}

function rowsTimesSquares(): GraphBuilder {
  const graph = new GraphBuilder()
  graph.output(graph.op('MatMul', [graph.input('vectors'), graph.input('squares')]), 'product')
  return graph
}

function floats(tensor: ort.Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error('a product gave no float32 values')
  return tensor.data
}
