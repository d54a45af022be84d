import type { Initializer, OnnxFile } from './model-file'
import { DataType, onnx, toNumber, type AttributeMessage, type GraphMessage, type NodeMessage, type TensorMessage, type ValueInfoMessage } from './proto'

/** A node in plain form. Inputs that are left out are empty strings, as in ONNX. */
export interface GraphNode {
  readonly name: string
  readonly opType: string
  /** '' for the ONNX operators themselves. */
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, AttributeMessage>
  /** Outer values that the node's subgraphs read. */
  readonly captured: readonly string[]
}

/** A model's graph on its way to being read: branches lifted, fused operators taken apart. */
export interface WorkingGraph {
  readonly file: OnnxFile
  readonly nodes: readonly GraphNode[]
  readonly initializers: ReadonlyMap<string, Initializer>
  readonly inputs: readonly ValueInfoMessage[]
  readonly outputs: readonly string[]
  readonly opsets: ReadonlyMap<string, number>
}

export function workingGraph(file: OnnxFile): WorkingGraph {
  const initializers = new Map(file.initializers.map(initializer => [initializer.name, initializer]))
  return {
    file,
    nodes: file.nodes.map(graphNode),
    initializers,
    // Old exporters list initializers among the inputs.
    inputs: file.inputs.filter(input => !initializers.has(input.name)),
    outputs: file.outputs.map(output => output.name),
    opsets: new Map(file.opsets.map(opset => [plainDomain(opset.domain), opset.version]))
  }
}

function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain
}

export function graphNode(node: NodeMessage): GraphNode {
  return {
    name: node.name, opType: node.opType, domain: plainDomain(node.domain),
    inputs: node.input, outputs: node.output,
    attributes: new Map(node.attribute.map(attribute => [attribute.name ?? '', onnx.AttributeProto.create(attribute)])),
    captured: capturedValues(node)
  }
}

/** A new node without subgraphs. */
export function makeNode(
  opType: string, inputs: readonly string[], outputs: readonly string[],
  options: { readonly domain?: string; readonly attributes?: readonly AttributeMessage[] } = {}
): GraphNode {
  return {
    name: `layerscope/${outputs[0] ?? opType}`, opType, domain: options.domain ?? '', inputs, outputs,
    attributes: new Map((options.attributes ?? []).map(attribute => [attribute.name, attribute])), captured: []
  }
}

export function nodeMessage(node: GraphNode): NodeMessage {
  return onnx.NodeProto.create({
    name: node.name, opType: node.opType, domain: node.domain,
    input: [...node.inputs], output: [...node.outputs], attribute: [...node.attributes.values()]
  })
}

/** The graph inside an attribute (`then_branch`, `body`); null when the attribute is absent. */
export function subgraph(node: GraphNode, attribute: string): GraphMessage | null {
  const graph = node.attributes.get(attribute)?.g
  return graph ? onnx.GraphProto.create(graph) : null
}

function capturedValues(node: NodeMessage): string[] {
  const captured = new Set<string>()
  for (const attribute of node.attribute) {
    for (const graph of [...(attribute.g ? [attribute.g] : []), ...(attribute.graphs ?? [])]) {
      const own = new Set<string>()
      for (const input of graph.input ?? []) own.add(input.name ?? '')
      for (const initializer of graph.initializer ?? []) own.add(initializer.name ?? '')
      for (const inner of graph.node ?? []) for (const output of inner.output ?? []) own.add(output)
      for (const inner of graph.node ?? []) {
        for (const input of [...(inner.input ?? []), ...capturedValues(onnx.NodeProto.create(inner))]) if (input !== '' && !own.has(input)) captured.add(input)
      }
      for (const output of graph.output ?? []) if (!own.has(output.name ?? '')) captured.add(output.name ?? '')
    }
  }
  return [...captured]
}

export function integerOf(node: GraphNode, attribute: string, otherwise: number): number {
  const found = node.attributes.get(attribute)
  return found ? toNumber(found.i) : otherwise
}

export function floatOf(node: GraphNode, attribute: string, otherwise: number): number {
  return node.attributes.get(attribute)?.f ?? otherwise
}

export function integersOf(node: GraphNode, attribute: string): readonly number[] | null {
  return node.attributes.get(attribute)?.ints?.map(toNumber) ?? null
}

export function textOf(node: GraphNode, attribute: string): string | null {
  const bytes = node.attributes.get(attribute)?.s
  return bytes ? new TextDecoder().decode(bytes) : null
}

/** Values of a small integer tensor; null for another type. */
export function integerValues(tensor: TensorMessage): readonly number[] | null {
  // A copy of its own buffer: a decoded tensor may be a view into a larger one.
  const bytes = new Uint8Array(tensor.rawData ?? [])
  if (tensor.dataType === DataType.int64) {
    if (bytes.length > 0) return [...new BigInt64Array(bytes.buffer)].map(Number)
    return (tensor.int64Data ?? []).map(toNumber)
  }
  if (tensor.dataType === DataType.int32) {
    if (bytes.length > 0) return [...new Int32Array(bytes.buffer)]
    return tensor.int32Data ?? []
  }
  return null
}
