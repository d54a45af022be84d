import * as ort from 'onnxruntime-node'
import { GraphBuilder } from '../onnx-graph'

/** The two matrix products of a training step, in float32 on ONNX Runtime. */
export class Projections {
  private constructor(private readonly forward: ort.InferenceSession, private readonly backward: ort.InferenceSession) {}

  static async open(): Promise<Projections> {
    const forward = new GraphBuilder()
    forward.output(forward.op('Gemm', [forward.input('features'), forward.input('weights')], { transB: 1 }), 'projected')
    const backward = new GraphBuilder()
    backward.output(backward.op('Gemm', [backward.input('gradient'), backward.input('features')], { transA: 1 }), 'weights')
    return new Projections(await forward.session(), await backward.session())
  }

  /** features [words, columns] · weights [outputs, columns]ᵀ → [words, outputs] */
  async project(features: Float32Array, weights: Float32Array, columns: number): Promise<Float32Array> {
    return values((await this.forward.run({ features: matrix(features, columns), weights: matrix(weights, columns) }))['projected'])
  }

  /** gradient [words, outputs]ᵀ · features [words, columns] → [outputs, columns] */
  async weightGradient(gradient: Float32Array, outputs: number, features: Float32Array, columns: number): Promise<Float32Array> {
    return values((await this.backward.run({ gradient: matrix(gradient, outputs), features: matrix(features, columns) }))['weights'])
  }

  async release(): Promise<void> {
    await this.forward.release()
    await this.backward.release()
  }
}

function matrix(data: Float32Array, columns: number): ort.Tensor {
  return new ort.Tensor('float32', data, [data.length / columns, columns])
}

function values(tensor: ort.Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error('a projection gave no float32 values')
  return tensor.data
}
