import { DataType, onnx } from './proto'

/** A model that multiplies two matrices: the smallest question to ask a provider. */
export function productGraph(): Uint8Array {
  const matrix = (name: string): { name: string; type: { tensorType: { elemType: number; shape: { dim: { dimParam: string }[] } } } } => ({
    name, type: { tensorType: { elemType: DataType.float, shape: { dim: [{ dimParam: `${name}_rows` }, { dimParam: `${name}_columns` }] } } }
  })
  return onnx.ModelProto.encode(onnx.ModelProto.create({
    irVersion: 8, opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'product', input: [matrix('left'), matrix('right')], output: [matrix('product')],
      node: [{ opType: 'MatMul', input: ['left', 'right'], output: ['product'] }]
    }
  })).finish()
}
