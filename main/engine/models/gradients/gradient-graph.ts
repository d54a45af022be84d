import { LayerscopeError } from '../../errors'
import { floatTensor, int64Tensor, intAttribute, intsAttribute, onnx, toNumber, type GraphMessage, type NodeMessage } from '../onnx/proto'
import { DERIVATIVES } from './derivatives'

/** Input and output of a gradient graph. */
export const COTANGENT = 'cotangent'
export const GRADIENT = 'gradient'

/** Outputs of these are sizes and positions, not functions of what the values are. */
const NOT_DIFFERENTIABLE = new Set(['Shape', 'Size'])

/**
 * Turns a graph with the outputs `of` and `wrt` into one that takes a `cotangent` shaped as `of` and gives `gradient`: the derivative
 * of sum(cotangent ∘ of) with respect to `wrt`, by reverse-mode differentiation into plain operators.
 * @throws LayerscopeError `gradient-independent` where `of` does not depend on `wrt`
 */
export function gradientOf(forward: Uint8Array, of: string, wrt: string): Uint8Array {
  const model = onnx.ModelProto.decode(forward)
  const graph = model.graph as GraphMessage
  new GradientGraph(graph).differentiate(of, wrt)
  return onnx.ModelProto.encode(model).finish()
}

/** A graph that grows its own backward pass. */
export class GradientGraph {
  private readonly producers = new Map<string, NodeMessage>()
  private readonly constants = new Map<string, string>()
  private made = 0

  constructor(private readonly graph: GraphMessage) {
    for (const node of graph.node as NodeMessage[]) for (const name of node.output) this.producers.set(name, node)
  }

  differentiate(of: string, wrt: string): void {
    const site = this.siteValue(wrt)
    const forward = [...this.graph.node as NodeMessage[]]
    const active = new Set([site])
    for (const node of forward) {
      if (!NOT_DIFFERENTIABLE.has(node.opType) && node.input.some(name => active.has(name))) for (const name of node.output) active.add(name)
    }
    if (!active.has(of)) {
      throw new LayerscopeError({ code: 'gradient-independent', message: `${of} does not depend on ${wrt}: the gradient is zero everywhere.`, field: 'wrt', hint: 'Choose a site below the output.' })
    }
    const shape = this.graph.output.find(({ name }) => name === of)
    const adjoints = new Map<string, string[]>([[of, [COTANGENT]]])
    for (const node of forward.reverse()) {
      if (node.output.includes(site) || !node.output.some(name => adjoints.has(name)) || !node.input.some(name => active.has(name))) continue
      const derivative = DERIVATIVES[node.opType]
      if (derivative === undefined) throw new Error(`No derivative of ${node.opType}.`)
      const parts = derivative(this, node, node.output.map(name => this.total(adjoints, name)), name => active.has(name))
      node.input.forEach((name, at) => {
        const part = parts[at] ?? null
        if (part !== null && active.has(name)) adjoints.set(name, [...adjoints.get(name) ?? [], part])
      })
    }
    const gradient = this.total(adjoints, site)
    if (gradient === null) throw new Error(`No gradient reached ${wrt}.`)
    this.graph.node.push(onnx.NodeProto.create({ opType: 'Reshape', name: GRADIENT, input: [gradient, this.op('Shape', [wrt])], output: [GRADIENT] }))
    this.graph.input.push({ name: COTANGENT, type: shape?.type ?? null })
    const wanted = this.graph.output.find(({ name }) => name === wrt)
    this.graph.output = [{ name: GRADIENT, type: wanted?.type ?? null }]
    this.prune()
  }

  // ── What derivatives are written with ───────────────────────────────────────────────────────────

  op(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, number | readonly number[]>> = {}): string {
    return this.append(opType, inputs, attributes, 1)[0] ?? ''
  }

  /** The operator of `node` over other inputs. */
  like({ opType, domain, attribute, output }: NodeMessage, inputs: readonly string[]): string {
    const name = `gradient/${String(this.made++)}/${opType}`
    this.graph.node.push(onnx.NodeProto.create({ opType, domain, attribute, name, input: [...inputs], output: output.map((_, at) => at === 0 ? name : `${name}:${String(at)}`) }))
    return name
  }

  split(value: string, sizes: string, axis: number, parts: number): readonly string[] {
    return this.append('Split', [value, sizes], { axis }, parts)
  }

  float(value: number): string {
    return this.constant(`float:${value}`, name => floatTensor(name, [value], []))
  }

  int64s(values: readonly number[]): string {
    return this.constant(`int64:${values.join()}`, name => int64Tensor(name, values))
  }

  lastMean(value: string): string {
    return this.op('ReduceMean', [value, this.int64s([-1])], { keepdims: 1 })
  }

  /** `value` in the shape that `model` has when it runs. */
  likeShape(value: string, model: string): string {
    return this.op('Reshape', [value, this.op('Shape', [model])])
  }

  /** The last two of four axes exchanged. */
  swapLast(value: string): string {
    return this.op('Transpose', [value], { perm: [0, 1, 3, 2] })
  }

  intOf(node: NodeMessage, name: string): number {
    return toNumber(node.attribute.find(attribute => attribute.name === name)?.i)
  }

  intsOf(node: NodeMessage, name: string): readonly number[] {
    return (node.attribute.find(attribute => attribute.name === name)?.ints ?? []).map(toNumber)
  }

  /** An int64 initializer's content. */
  constantInts(name: string): readonly number[] {
    const raw = this.graph.initializer.find(initializer => initializer.name === name)?.rawData ?? new Uint8Array(0)
    // A copy of its own: the decoder gives views into the file, at any offset.
    return Array.from(new BigInt64Array(new Uint8Array(raw).buffer), Number)
  }

  // ── The graph itself ────────────────────────────────────────────────────────────────────────────

  /** The value that the stream goes on from: a site is shown in its own shape beside the flat rows that blocks pass on. */
  private siteValue(wrt: string): string {
    const named = this.producers.get(wrt)
    const shown = named?.opType === 'Identity' ? named.input[0] ?? wrt : wrt
    const shaping = this.producers.get(shown)
    return shaping?.opType === 'Reshape' && shown.endsWith('/shaped') ? shaping.input[0] ?? shown : shown
  }

  private total(adjoints: Map<string, string[]>, name: string): string | null {
    const parts = adjoints.get(name)
    if (parts === undefined) return null
    const [first = null] = parts
    if (parts.length === 1) return first
    const sum = this.op('Sum', parts)
    adjoints.set(name, [sum])
    return sum
  }

  private append(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, number | readonly number[]>>, outputs: number): readonly string[] {
    const name = `gradient/${String(this.made++)}/${opType}`
    const output = Array.from({ length: outputs }, (_, at) => at === 0 ? name : `${name}:${String(at)}`)
    this.graph.node.push(onnx.NodeProto.create({
      opType, name, input: [...inputs], output,
      attribute: Object.entries(attributes).map(([key, value]) => typeof value === 'number' ? intAttribute(key, value) : intsAttribute(key, value))
    }))
    return output
  }

  private constant(key: string, make: (name: string) => ReturnType<typeof floatTensor>): string {
    const known = this.constants.get(key)
    if (known !== undefined) return known
    const name = `gradient/constant_${String(this.constants.size)}`
    this.constants.set(key, name)
    this.graph.initializer.push(make(name))
    return name
  }

  /** Leaves out what the gradient does not need, such as the output itself. */
  private prune(): void {
    const needed = new Set([GRADIENT])
    const kept: NodeMessage[] = []
    for (const node of [...this.graph.node as NodeMessage[]].reverse()) {
      if (!node.output.some(name => needed.has(name))) continue
      kept.push(node)
      for (const name of node.input) needed.add(name)
    }
    this.graph.node = kept.reverse()
    this.graph.initializer = this.graph.initializer.filter(({ name }) => needed.has(name ?? ''))
    this.graph.input = this.graph.input.filter(({ name }) => needed.has(name ?? ''))
  }
}
