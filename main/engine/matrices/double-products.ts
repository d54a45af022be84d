import onnxProto from 'onnx-proto'
import { InferenceSession, Tensor } from 'onnxruntime-node'

/**
 * Dense float64 matrix products on ONNX Runtime's multithreaded kernels, for what float32 would blur:
 * covariances, normal equations, Hessians. Matrices are row-major.
 */
export interface DoubleProducts {
  /** a[m, k] · b[k, n] → [m, n] */
  multiply(a: Float64Array, m: number, k: number, b: Float64Array, n: number): Promise<Float64Array>
  /** a[m, k] · b[n, k]ᵀ → [m, n]: inner products of rows. */
  rowsByRows(a: Float64Array, m: number, b: Float64Array, n: number, k: number): Promise<Float64Array>
  /** a[k, m]ᵀ · b[k, n] → [m, n]: inner products of columns. */
  columnsByColumns(a: Float64Array, m: number, b: Float64Array, n: number, k: number): Promise<Float64Array>
  release(): Promise<void>
}

const DOUBLE_TENSOR = 11
const INT_ATTRIBUTE = 2

/** Opens the products; they live until `release`. */
export async function openDoubleProducts(): Promise<DoubleProducts> {
  const sessions = await Promise.all([[], ['transB'], ['transA']].map(transposed =>
    InferenceSession.create(gemm(transposed), { enableMemPattern: false, logSeverityLevel: 3 })))
  const [plain, rows, columns] = sessions as [InferenceSession, InferenceSession, InferenceSession]
  const run = async (session: InferenceSession, a: Float64Array, b: Float64Array, aShape: number[], bShape: number[]): Promise<Float64Array> => {
    const { c } = await session.run({ a: new Tensor('float64', a, aShape), b: new Tensor('float64', b, bShape) })
    if (!(c?.data instanceof Float64Array)) throw new Error('a product gave no float64 values')
    return c.data
  }
  return {
    multiply: (a, m, k, b, n) => run(plain, a, b, [m, k], [k, n]),
    rowsByRows: (a, m, b, n, k) => run(rows, a, b, [m, k], [n, k]),
    columnsByColumns: (a, m, b, n, k) => run(columns, a, b, [k, m], [k, n]),
    async release() { for (const session of sessions) await session.release() }
  }
}

function gemm(transposed: readonly string[]): Uint8Array {
  const value = (name: string, shape: readonly string[]): object => ({
    name, type: { tensorType: { elemType: DOUBLE_TENSOR, shape: { dim: shape.map(dimParam => ({ dimParam })) } } }
  })
  const flipped = (name: string, shape: readonly string[]): readonly string[] => transposed.includes(name) ? [...shape].reverse() : shape
  const model = onnxProto.onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'double-product',
      node: [{ opType: 'Gemm', input: ['a', 'b'], output: ['c'], attribute: transposed.map(name => ({ name, type: INT_ATTRIBUTE, i: 1 })) }],
      input: [value('a', flipped('transA', ['m', 'k'])), value('b', flipped('transB', ['k', 'n']))],
      output: [value('c', ['m', 'n'])]
    }
  })
  return onnxProto.onnx.ModelProto.encode(model).finish()
}
