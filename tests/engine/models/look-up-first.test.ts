import { InferenceSession, Tensor } from 'onnxruntime-node'
import { expect, it } from 'vitest'
import { Additions } from '../../../main/engine/models/onnx/additions'
import { lookUpFirst } from '../../../main/engine/models/onnx/look-up-first'
import { DataType, floatTensor, intAttribute, onnx, type TensorMessage } from '../../../main/engine/models/onnx/proto'
import { makeNode, nodeMessage, type GraphNode, type WorkingGraph } from '../../../main/engine/models/onnx/working-graph'

const [rows, width] = [50, 6]
const values = Int8Array.from({ length: rows * width }, (_, i) => (i * 37) % 251 - 125)
const table = onnx.TensorProto.create({ name: 'table', dims: [rows, width], dataType: DataType.int8, rawData: new Uint8Array(values.buffer) })
const scales = Array.from({ length: rows }, (_, row) => 0.01 + row / 700)
const perRow = floatTensor('perRow', scales, [rows, 1])
const ofAxis = floatTensor('ofAxis', scales, [rows])
const one = floatTensor('one', [0.037], [])
const oneRow = floatTensor('oneRow', [0, 1, 2, 3, 4, 5], [width])
const ids = BigInt64Array.of(3n, 49n, 0n, 17n, 3n, -1n)

const cast = makeNode('Cast', ['table'], ['cast'], { attributes: [intAttribute('to', DataType.float)] })
const gather = (from: string, axis = 0): GraphNode => makeNode('Gather', [from, 'ids'], ['found'], { attributes: [intAttribute('axis', axis)] })

function additionsOf(initializers: readonly TensorMessage[]): Additions {
  const additions = new Additions({ initializers: new Map(), opsets: new Map([['', 17]]) } as unknown as WorkingGraph)
  initializers.forEach(tensor => additions.keep(tensor))
  return additions
}

async function run(nodes: readonly GraphNode[], initializers: readonly TensorMessage[]): Promise<readonly number[]> {
  const model = onnx.ModelProto.create({
    irVersion: 8, opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'lookup', node: nodes.map(nodeMessage), initializer: [...initializers],
      input: [onnx.ValueInfoProto.create({ name: 'ids', type: { tensorType: { elemType: DataType.int64, shape: { dim: [{ dimValue: 2 }, { dimValue: 3 }] } } } })],
      output: [onnx.ValueInfoProto.create({ name: 'found', type: { tensorType: { elemType: DataType.float } } })]
    }
  })
  const session = await InferenceSession.create(onnx.ModelProto.encode(model).finish(), { logSeverityLevel: 4 })
  const { found } = await session.run({ ids: new Tensor('int64', ids, [2, 3]) })
  await session.release()
  expect(found?.dims).toEqual([2, 3, width])
  return [...found?.data as Float32Array]
}

it.each([
  ['a cast and a scale for every row', [table, perRow], [cast, makeNode('Mul', ['cast', 'perRow'], ['wide']), gather('wide')]],
  ['one scale', [table, one], [makeNode('DequantizeLinear', ['table', 'one'], ['wide']), gather('wide')]],
  ['a row that is added to all', [table, oneRow], [cast, makeNode('Add', ['cast', 'oneRow'], ['wide']), gather('wide')]],
  ['the scale first', [table, perRow], [cast, makeNode('Mul', ['perRow', 'cast'], ['wide']), gather('wide')]]
] as const)('takes rows before it widens them: %s', async (_, initializers, nodes) => {
  const additions = additionsOf(initializers)
  const moved = lookUpFirst(nodes, additions)
  // What is left of the old path feeds nothing.
  const last = moved.at(-1)
  expect(last?.opType).not.toBe('Gather')
  expect(moved.filter(node => node.opType === 'Gather').every(node => initializers.some(({ name }) => name === node.inputs[0]))).toBe(true)
  expect(await run(moved.filter(node => !['cast', 'wide'].includes(node.outputs[0] ?? '')), initializers)).toEqual(await run(nodes, initializers))
})

it.each([
  ['a lookup along the other axis', [table, one], [makeNode('DequantizeLinear', ['table', 'one'], ['wide']), gather('wide', 1)]],
  ['a scale along an axis of the table', [table, ofAxis], [makeNode('DequantizeLinear', ['table', 'ofAxis'], ['wide'], { attributes: [intAttribute('axis', 0)] }), gather('wide')]],
  ['a table that is turned', [table], [cast, makeNode('Transpose', ['cast'], ['wide']), gather('wide')]],
  ['a table as it is stored', [table], [gather('table')]]
] as const)('leaves alone %s', (_, initializers, nodes) => {
  expect(lookUpFirst(nodes, additionsOf(initializers))).toEqual(nodes)
})
