import onnxProto from 'onnx-proto'
import * as ort from 'onnxruntime-node'

const { onnx } = onnxProto

/** GFLOP/s of one large float32 product, [rows, inner] × [inner, columns], in ONNX Runtime with its own choice of threads. */
export async function gemmPeak(rows: number, inner: number, columns: number): Promise<number> {
  const type = (...dims: number[]): object => ({ tensorType: { elemType: 1, shape: { dim: dims.map(dimValue => ({ dimValue })) } } })
  const model = onnx.ModelProto.create({
    irVersion: 8, opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'product', node: [{ opType: 'MatMul', input: ['a', 'b'], output: ['c'] }], input: [{ name: 'a', type: type(rows, inner) }], output: [{ name: 'c', type: type(rows, columns) }],
      initializer: [{ name: 'b', dataType: 1, dims: [inner, columns], rawData: new Uint8Array(new Float32Array(inner * columns).fill(0.01).buffer) }]
    }
  })
  const session = await ort.InferenceSession.create(onnx.ModelProto.encode(model).finish())
  const a = new ort.Tensor('float32', new Float32Array(rows * inner).fill(0.5), [rows, inner])
  let best = Infinity
  for (let i = 0; i < 30; i++) {
    const started = performance.now()
    await session.run({ a })
    best = Math.min(best, performance.now() - started)
  }
  await session.release()
  return 2 * rows * inner * columns / best / 1e6
}
