import type { NodeMessage } from '../onnx/proto'
import type { GradientGraph } from './gradient-graph'

/**
 * One operator's vector–Jacobian product: from the adjoint of each output (null where nothing depends on it) to the adjoint of each
 * input. Only inputs that are `active` (depend on the site) need one; they have the shape of the output they are combined into,
 * since the graphs Layerscope writes broadcast constants alone.
 */
export type Derivative = (graph: GradientGraph, node: NodeMessage, adjoints: readonly (string | null)[], active: (input: string) => boolean) => readonly (string | null)[]

const SQRT_HALF = Math.SQRT1_2
/** Density of the normal distribution at 0. */
const NORMAL_PEAK = 1 / Math.sqrt(2 * Math.PI)
const TANH_SCALE = Math.sqrt(2 / Math.PI)
const TANH_CUBIC = 0.044715

/** The adjoint of a single output; the walk calls no derivative without one. */
const only = (adjoints: readonly (string | null)[]): string => adjoints[0] ?? ''
const input = (node: NodeMessage, at: number): string => node.input[at] ?? ''
const output = (node: NodeMessage, at = 0): string => node.output[at] ?? ''

/** Derivatives by operator, for every operator of a generated graph that a residual stream passes. */
export const DERIVATIVES: Readonly<Record<string, Derivative>> = {
  Identity: (_graph, _node, adjoints) => [only(adjoints)],
  Add: (_graph, _node, adjoints) => [only(adjoints), only(adjoints)],
  Sub: (graph, node, adjoints, active) => [only(adjoints), active(input(node, 1)) ? graph.op('Neg', [only(adjoints)]) : null],
  Mul: (graph, node, adjoints, active) => [0, 1].map(at => active(input(node, at)) ? graph.op('Mul', [only(adjoints), input(node, 1 - at)]) : null),
  Div: (graph, node, adjoints, active) => {
    const byDivisor = graph.op('Div', [only(adjoints), input(node, 1)])
    // d(a/b)/db = −(a/b)/b
    return [byDivisor, active(input(node, 1)) ? graph.op('Neg', [graph.op('Mul', [byDivisor, output(node)])]) : null]
  },
  /** 1 − tanh² */
  Tanh: (graph, node, adjoints) => [graph.op('Mul', [only(adjoints), graph.op('Sub', [graph.float(1), graph.op('Mul', [output(node), output(node)])])])],
  /** The sign of what came out: 1 where the input passed, 0 where it did not. */
  Relu: (graph, node, adjoints) => [graph.op('Mul', [only(adjoints), graph.op('Sign', [output(node)])])],
  Gelu: (graph, node, adjoints) => {
    const slope = node.attribute.some(({ name, s }) => name === 'approximate' && new TextDecoder().decode(s ?? new Uint8Array(0)) === 'tanh')
      ? tanhGeluSlope(graph, input(node, 0)) : geluSlope(graph, input(node, 0))
    return [graph.op('Mul', [only(adjoints), slope])]
  },
  /** x·σ(αx): σ + αx·σ·(1 − σ) */
  QuickGelu: (graph, node, adjoints) => {
    const alpha = graph.float(node.attribute.find(({ name }) => name === 'alpha')?.f ?? 1.702)
    const sigmoid = graph.op('Sigmoid', [graph.op('Mul', [input(node, 0), alpha])])
    const bend = graph.op('Mul', [graph.op('Mul', [output(node), alpha]), graph.op('Sub', [graph.float(1), sigmoid])])
    return [graph.op('Mul', [only(adjoints), graph.op('Add', [sigmoid, bend])])]
  },
  /** Over the last axis: y ∘ (g − Σ g∘y) */
  Softmax: (graph, node, adjoints) => {
    const sum = graph.op('ReduceSum', [graph.op('Mul', [only(adjoints), output(node)]), graph.int64s([-1])], { keepdims: 1 })
    return [graph.op('Mul', [output(node), graph.op('Sub', [only(adjoints), sum])])]
  },
  LayerNormalization: (graph, node, adjoints) => {
    const centred = graph.op('Sub', [input(node, 0), graph.lastMean(input(node, 0))])
    const deviation = rootMeanSquare(graph, centred, node)
    const normal = graph.op('Div', [centred, deviation])
    const scaled = graph.op('Mul', [only(adjoints), input(node, 1)])
    const along = graph.op('Mul', [normal, graph.lastMean(graph.op('Mul', [scaled, normal]))])
    return [graph.op('Div', [graph.op('Sub', [graph.op('Sub', [scaled, graph.lastMean(scaled)]), along]), deviation])]
  },
  /** RMS norm: (gw − n·mean(gw∘n)) / rms with n = x / rms */
  SimplifiedLayerNormalization: (graph, node, adjoints) => {
    const size = rootMeanSquare(graph, input(node, 0), node)
    const normal = graph.op('Div', [input(node, 0), size])
    const scaled = graph.op('Mul', [only(adjoints), input(node, 1)])
    const along = graph.op('Mul', [normal, graph.lastMean(graph.op('Mul', [scaled, normal]))])
    return [graph.op('Div', [graph.op('Sub', [scaled, along]), size])]
  },
  /** A turn by an angle, back: the same by its negative. */
  RotaryEmbedding: (graph, node, adjoints) => [graph.like(node, [only(adjoints), input(node, 1), input(node, 2), graph.op('Neg', [input(node, 3)])])],
  /** A·B (+ C) with weights B: g·Bᵀ. */
  Gemm: (graph, node, adjoints) => [graph.op('Gemm', [only(adjoints), input(node, 1)], { transB: graph.intOf(node, 'transB') === 1 ? 0 : 1 })],
  MatMul: (graph, node, adjoints, active) => [
    active(input(node, 0)) ? graph.op('MatMul', [only(adjoints), graph.swapLast(input(node, 1))]) : null,
    active(input(node, 1)) ? graph.op('MatMul', [graph.swapLast(input(node, 0)), only(adjoints)]) : null
  ],
  Transpose: (graph, node, adjoints) => {
    const order = graph.intsOf(node, 'perm')
    return [graph.op('Transpose', [only(adjoints)], { perm: order.map((_, axis) => order.indexOf(axis)) })]
  },
  Reshape: (graph, node, adjoints) => [graph.likeShape(only(adjoints), input(node, 0))],
  Split: (graph, node, adjoints) => {
    const parts = node.output.map((name, at) => adjoints[at] ?? graph.op('Mul', [name, graph.float(0)]))
    return [graph.op('Concat', parts, { axis: graph.intOf(node, 'axis') })]
  },
  Concat: (graph, node, adjoints) => {
    const axis = graph.intOf(node, 'axis')
    const sizes = graph.op('Concat', node.input.map(name => graph.op('Shape', [name], { start: axis, end: axis + 1 })), { axis: 0 })
    return graph.split(only(adjoints), sizes, axis, node.input.length)
  },
  /** Rows put into another order, as the halves of rotary heads are: the same back. */
  Gather: (graph, node, adjoints) => {
    const order = graph.constantInts(input(node, 1))
    const back = new Array<number>(order.length)
    order.forEach((from, to) => { back[from] = to })
    return [graph.op('Gather', [only(adjoints), graph.int64s(back)], { axis: graph.intOf(node, 'axis') })]
  }
}

function rootMeanSquare(graph: GradientGraph, value: string, node: NodeMessage): string {
  const epsilon = graph.float(node.attribute.find(({ name }) => name === 'epsilon')?.f ?? 1e-5)
  return graph.op('Sqrt', [graph.op('Add', [graph.lastMean(graph.op('Mul', [value, value])), epsilon])])
}

/** Φ(x) + x·φ(x) */
function geluSlope(graph: GradientGraph, x: string): string {
  const below = graph.op('Mul', [graph.op('Add', [graph.op('Erf', [graph.op('Mul', [x, graph.float(SQRT_HALF)])]), graph.float(1)]), graph.float(0.5)])
  const density = graph.op('Mul', [graph.op('Exp', [graph.op('Mul', [graph.op('Mul', [x, x]), graph.float(-0.5)])]), graph.float(NORMAL_PEAK)])
  return graph.op('Add', [below, graph.op('Mul', [x, density])])
}

/** With t = tanh(c·(x + k·x³)): (1 + t)/2 + x/2·(1 − t²)·c·(1 + 3k·x²) */
function tanhGeluSlope(graph: GradientGraph, x: string): string {
  const square = graph.op('Mul', [x, x])
  const inside = graph.op('Mul', [graph.op('Mul', [x, graph.float(TANH_SCALE)]), graph.op('Add', [graph.op('Mul', [square, graph.float(TANH_CUBIC)]), graph.float(1)])])
  const bent = graph.op('Tanh', [inside])
  const half = graph.op('Mul', [graph.op('Add', [bent, graph.float(1)]), graph.float(0.5)])
  const steep = graph.op('Sub', [graph.float(1), graph.op('Mul', [bent, bent])])
  const inner = graph.op('Add', [graph.op('Mul', [square, graph.float(3 * TANH_CUBIC * TANH_SCALE)]), graph.float(TANH_SCALE)])
  return graph.op('Add', [half, graph.op('Mul', [graph.op('Mul', [graph.op('Mul', [x, graph.float(0.5)]), steep]), inner])])
}
