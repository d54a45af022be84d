import onnxProto from 'onnx-proto'
import { InferenceSession, Tensor } from 'onnxruntime-node'

/**
 * Dense float32 matrix products on ONNX Runtime's multithreaded kernels.
 * One Gemm graph per orientation serves every shape; outputs are written into the caller's array.
 */
export interface MatrixProducts {
  /** out[m, n] = a[m, k] · b[n, k]ᵀ: inner products of rows. */
  rowsByRows(a: Float32Array, m: number, b: Float32Array, n: number, k: number, out: Float32Array): Promise<void>
  /** out[m, n] = a[k, m]ᵀ · b[k, n]: inner products of columns. */
  columnsByColumns(a: Float32Array, m: number, b: Float32Array, n: number, k: number, out: Float32Array): Promise<void>
  close(): Promise<void>
}

const FLOAT_TENSOR = 1
const INT_ATTRIBUTE = 2

/** Opens the two products; they live until `close`. */
export async function openMatrixProducts(): Promise<MatrixProducts> {
  const [rows, columns] = await Promise.all([
    InferenceSession.create(gemm(['m', 'k'], ['n', 'k'], 'transB'), { executionProviders: ['cpu'], executionMode: 'sequential' }),
    InferenceSession.create(gemm(['k', 'm'], ['k', 'n'], 'transA'), { executionProviders: ['cpu'], executionMode: 'sequential' })
  ])
  return {
    async rowsByRows(a, m, b, n, k, out) {
      await rows.run({ a: tensor(a, m, k), b: tensor(b, n, k) }, { c: tensor(out, m, n) })
    },
    async columnsByColumns(a, m, b, n, k, out) {
      await columns.run({ a: tensor(a, k, m), b: tensor(b, k, n) }, { c: tensor(out, m, n) })
    },
    async close() {
      await Promise.all([rows.release(), columns.release()])
    }
  }
}

function tensor(data: Float32Array, rows: number, columns: number): Tensor {
  const size = rows * columns
  return new Tensor('float32', data.length === size ? data : data.subarray(0, size), [rows, columns])
}

function gemm(aShape: readonly string[], bShape: readonly string[], transposed: 'transA' | 'transB'): Uint8Array {
  const value = (name: string, shape: readonly string[]): object => ({
    name, type: { tensorType: { elemType: FLOAT_TENSOR, shape: { dim: shape.map(dimParam => ({ dimParam })) } } }
  })
  const model = onnxProto.onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'matrix-product',
      node: [{ opType: 'Gemm', input: ['a', 'b'], output: ['c'], attribute: [{ name: transposed, type: INT_ATTRIBUTE, i: 1 }] }],
      input: [value('a', aShape), value('b', bShape)],
      output: [value('c', ['m', 'n'])]
    }
  })
  return onnxProto.onnx.ModelProto.encode(model).finish()
}
