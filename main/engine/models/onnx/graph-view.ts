import { integerValues, type GraphNode, type WorkingGraph } from './working-graph'

/** Operators that only change how the same numbers are laid out or typed, in memory order. */
const PASSING = new Set(['Cast', 'Identity', 'Dropout', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'CastLike'])
/** Operators of which only the first input carries data; the rest say how. */
const FIRST_CARRIES = new Set(['Reshape', 'Expand', 'Slice', 'Unsqueeze', 'Squeeze', 'Split', 'Tile', 'Pad', 'Flatten', 'CastLike', 'Dropout', 'TopK', 'CumSum'])
const CARRIES_NOTHING = new Set(['Shape', 'Size', 'ConstantOfShape'])
/** Products with a weight. */
const PRODUCTS = new Set([
  'MatMul', 'FusedMatMul', 'Gemm', 'FusedGemm', 'MatMulNBits', 'MatMulBnb4', 'MatMulFpQ4', 'MatMulInteger',
  'DynamicQuantizeMatMul', 'MatMulIntegerToFloat', 'QLinearMatMul', 'Conv', 'Einsum', 'MatMulInteger16', 'GemmFloat8', 'QGemm'
])

/** A product of an activation with a constant weight. */
export interface Linear {
  readonly index: number
  /** The activation, before any quantisation of it. */
  readonly input: string
  /** The product in float, before the bias. */
  readonly output: string
}

/** Questions about a graph: who makes a value, who reads it, what descends from what. */
export class GraphView {
  readonly graph: WorkingGraph
  readonly nodes: readonly GraphNode[]
  readonly outputs: ReadonlySet<string>
  private readonly producers = new Map<string, number>()
  private readonly readers = new Map<string, number[]>()
  private readonly constants = new Set<string>()
  private readonly carried: (readonly string[])[]
  private readonly linears = new Map<number, Linear | null>()

  constructor(graph: WorkingGraph) {
    this.graph = graph
    this.nodes = sorted(graph.nodes)
    this.outputs = new Set(graph.outputs)
    this.nodes.forEach((node, index) => { for (const output of node.outputs) if (output !== '') this.producers.set(output, index) })
    this.nodes.forEach((node, index) => {
      for (const input of new Set(node.inputs)) if (input !== '') (this.readers.get(input) ?? this.newReaders(input)).push(index)
    })
    for (const name of graph.initializers.keys()) this.constants.add(name)
    for (const node of this.nodes) {
      if ([...node.inputs, ...node.captured].every(input => input === '' || this.constants.has(input))) for (const output of node.outputs) this.constants.add(output)
    }
    this.carried = this.nodes.map(node => carriedInputs(node))
  }

  private newReaders(value: string): number[] {
    const list: number[] = []
    this.readers.set(value, list)
    return list
  }

  producer(value: string): number {
    return this.producers.get(value) ?? -1
  }

  producerNode(value: string): GraphNode | null {
    return this.nodes[this.producer(value)] ?? null
  }

  node(index: number): GraphNode {
    const node = this.nodes[index]
    if (node === undefined) throw new RangeError(`no node ${String(index)}`)
    return node
  }

  /** Nodes that read the value's data (not only its shape). */
  dataReaders(value: string): readonly number[] {
    return (this.readers.get(value) ?? []).filter(index => this.dataInputs(index).includes(value))
  }

  dataInputs(index: number): readonly string[] {
    return this.carried[index] ?? []
  }

  isConstant(value: string): boolean {
    return this.constants.has(value)
  }

  isInput(value: string): boolean {
    return !this.producers.has(value) && !this.constants.has(value)
  }

  /** The value behind casts, copies, reshapes and quantise–dequantise pairs: equal for equal streams of numbers. */
  root(value: string): string {
    let current = value
    for (;;) {
      const node = this.producerNode(current)
      if (node === null || this.constants.has(current)) return current
      const input = node.inputs[0] ?? ''
      if (PASSING.has(node.opType) && node.outputs[0] === current) current = input
      else if (node.opType === 'DequantizeLinear' && this.producerNode(input)?.opType === 'QuantizeLinear') current = this.producerNode(input)?.inputs[0] ?? input
      else return current
    }
  }

  /** The value and every copy, cast or reshape of it. */
  aliases(value: string): readonly string[] {
    const root = this.root(value)
    const found = [root]
    for (let at = 0; at < found.length; at++) {
      for (const index of this.dataReaders(found[at] ?? '')) {
        const node = this.node(index)
        if (PASSING.has(node.opType) && node.outputs[0] !== undefined) found.push(node.outputs[0])
        else if (node.opType === 'QuantizeLinear') {
          for (const back of this.dataReaders(node.outputs[0] ?? '')) if (this.node(back).opType === 'DequantizeLinear') found.push(this.node(back).outputs[0] ?? '')
        }
      }
    }
    return found
  }

  /** Nodes on the ways from `from` to `to`; empty when `to` does not descend from `from`. */
  between(from: string, to: string): ReadonlySet<number> {
    const start = this.root(from)
    const first = this.producer(start)
    const backward = new Set<number>()
    const pending = [this.producer(to)]
    while (pending.length > 0) {
      const index = pending.pop() ?? -1
      if (index <= first || backward.has(index)) continue
      backward.add(index)
      for (const input of this.dataInputs(index)) if (input !== start) pending.push(this.producer(input))
    }
    const reached = new Set([start])
    const on = new Set<number>()
    for (const index of [...backward].sort((a, b) => a - b)) {
      if (!this.dataInputs(index).some(input => reached.has(input))) continue
      on.add(index)
      for (const output of this.node(index).outputs) reached.add(output)
    }
    return on
  }

  descends(value: string, from: string): boolean {
    if (this.isConstant(value)) return false
    return this.root(value) === this.root(from) || this.between(from, value).size > 0
  }

  linear(index: number): Linear | null {
    const known = this.linears.get(index)
    if (known !== undefined) return known
    const linear = this.findLinear(index)
    this.linears.set(index, linear)
    return linear
  }

  /** Linears in `within` that reach `value` without passing another linear. */
  lastLinears(value: string, within: ReadonlySet<number>): readonly Linear[] {
    const found = new Map<number, Linear>()
    const seen = new Set<string>()
    const pending = [value]
    while (pending.length > 0) {
      const current = pending.pop() ?? ''
      const index = this.producer(current)
      if (!within.has(index) || seen.has(current)) continue
      seen.add(current)
      const node = this.node(index)
      // A scale or zero point measured from an activation is not the activation.
      if (node.opType === 'DynamicQuantizeLinear' && node.outputs[0] !== current) continue
      const linear = this.linear(index)
      if (linear !== null) found.set(index, linear)
      else pending.push(...this.dataInputs(index))
    }
    return [...found.values()].sort((a, b) => a.index - b.index)
  }

  private findLinear(index: number): Linear | null {
    const node = this.node(index)
    if (!PRODUCTS.has(node.opType)) return null
    const [activation, weight] = node.opType === 'QLinearMatMul' ? [node.inputs[0] ?? '', node.inputs[3] ?? '']
      : node.opType === 'Einsum' && this.isConstant(node.inputs[0] ?? '') ? [node.inputs[1] ?? '', node.inputs[0] ?? ''] : [node.inputs[0] ?? '', node.inputs[1] ?? '']
    if (this.isConstant(activation) || !this.isConstant(weight)) return null
    let input = activation
    const quantised = this.producerNode(activation)
    if (quantised?.opType === 'DynamicQuantizeLinear' || quantised?.opType === 'QuantizeLinear') input = quantised.inputs[0] ?? activation
    let output = node.outputs[0] ?? ''
    if (node.opType === 'MatMulInteger') {
      // int32 product → Cast → Mul by the two scales
      for (const opType of ['Cast', 'Mul']) {
        const readers = this.dataReaders(output)
        const next = readers.length === 1 ? this.node(readers[0] ?? -1) : null
        if (next?.opType !== opType) break
        output = next.outputs[0] ?? output
      }
    } else if (node.opType === 'QLinearMatMul') {
      const next = this.dataReaders(output).map(reader => this.node(reader)).find(reader => reader.opType === 'DequantizeLinear')
      output = next?.outputs[0] ?? output
    }
    return { index, input, output }
  }

  /** Values of a small integer constant; null when they are not in the graph's own bytes. */
  integers(value: string): readonly number[] | null {
    const tensor = this.graph.initializers.get(value)?.tensor ?? this.producerNode(value)?.attributes.get('value')?.t
    return tensor ? integerValues(tensor as Parameters<typeof integerValues>[0]) : null
  }

  /** Dims of a constant; null when they are computed. */
  dims(value: string): readonly number[] | null {
    const initializer = this.graph.initializers.get(value)
    if (initializer) return initializer.dims
    const node = this.producerNode(value)
    const tensor = node?.opType === 'Constant' ? node.attributes.get('value')?.t : null
    if (tensor) return (tensor.dims ?? []).map(dim => Number(String(dim)))
    if (node && ['Cast', 'Identity', 'Mul', 'DequantizeLinear', 'Add'].includes(node.opType) && this.isConstant(value)) return this.dims(node.inputs[0] ?? '')
    if (node?.opType === 'Transpose' && this.isConstant(value)) return this.dims(node.inputs[0] ?? '')?.slice().reverse() ?? null
    return null
  }
}

function carriedInputs(node: GraphNode): readonly string[] {
  if (CARRIES_NOTHING.has(node.opType)) return []
  if (FIRST_CARRIES.has(node.opType)) return node.inputs.slice(0, 1)
  return [...node.inputs, ...node.captured].filter(input => input !== '')
}

/** Topological order, the given one where it already is; files written by some tools are not sorted. */
function sorted(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const producer = new Map<string, number>()
  nodes.forEach((node, index) => { for (const output of node.outputs) if (output !== '') producer.set(output, index) })
  const order: GraphNode[] = []
  const state = new Uint8Array(nodes.length)
  for (let root = 0; root < nodes.length; root++) {
    const stack = [root]
    while (stack.length > 0) {
      const index = stack[stack.length - 1] ?? 0
      const node = nodes[index]
      if (node === undefined || state[index] === 2) {
        stack.pop()
        continue
      }
      const waiting = state[index] === 0
        ? [...node.inputs, ...node.captured].map(input => producer.get(input) ?? -1).filter(from => from >= 0 && state[from] === 0 && from !== index)
        : []
      state[index] = 1
      if (waiting.length > 0) {
        stack.push(...waiting)
        continue
      }
      state[index] = 2
      order.push(node)
      stack.pop()
    }
  }
  return order
}
