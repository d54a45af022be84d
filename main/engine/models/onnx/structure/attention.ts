import { integerOf } from '../working-graph'
import type { GraphView } from '../graph-view'
import { projectionOf, type Projection } from './projection'

const AFTER_SOFTMAX = new Set(['Cast', 'CastLike', 'Identity', 'Dropout', 'Where', 'QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear', 'Slice'])
const FUSED = new Set(['GroupQueryAttention', 'MultiHeadAttention', 'Attention', 'SparseAttention', 'PackedMultiHeadAttention', 'DecoderMaskedMultiHeadAttention', 'PagedAttention'])

/** How probabilities come out: as a value of the graph, or as one more output of a fused operator. */
export type Pattern =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'output'; readonly index: number; readonly slot: number; readonly attribute: string; readonly setting: number }

export interface Attention {
  readonly pattern: Pattern | null
  readonly query: Projection | null
  readonly key: Projection | null
  readonly value: Projection | null
  /** Weighted values of all heads, [batch, position, heads·width] in memory. */
  readonly mixed: string | null
}

interface Core { readonly index: number; readonly kind: 'plain' | 'fused'; readonly product: number }

/** The softmax whose output multiplies values, or a fused attention operator, among `within`; -1 without one. */
function findCore(view: GraphView, within: ReadonlySet<number>): Core | null {
  for (const index of [...within].sort((a, b) => a - b)) {
    const node = view.node(index)
    if (FUSED.has(node.opType)) return { index, kind: 'fused', product: index }
    if (node.opType !== 'Softmax') continue
    const product = productAfter(view, node.outputs[0] ?? '', within)
    if (product !== null) return { index, kind: 'plain', product }
  }
  return null
}

/** True where a softmax (or a fused operator) mixes positions on the way from `from` to `to`. */
export function attends(view: GraphView, from: string, to: string): boolean {
  return findCore(view, view.between(from, to)) !== null
}

function productAfter(view: GraphView, softmax: string, within: ReadonlySet<number>): number | null {
  const pending = [softmax]
  for (let at = 0; at < pending.length && at < 16; at++) {
    for (const reader of view.dataReaders(pending[at] ?? '')) {
      if (!within.has(reader)) continue
      const node = view.node(reader)
      const isProduct = ['MatMul', 'FusedMatMul', 'Einsum', 'MatMulInteger', 'MatMulIntegerToFloat'].includes(node.opType)
      if (isProduct && view.linear(reader) === null) return reader
      if (AFTER_SOFTMAX.has(node.opType)) pending.push(...node.outputs.filter(output => output !== ''))
    }
  }
  return null
}

/** Reads one attention branch, from the stream it reads to what it adds. */
export function readAttention(view: GraphView, stream: string, branch: string): Attention | null {
  const within = view.between(stream, branch)
  const core = findCore(view, within)
  if (core === null) return null
  const [output] = view.lastLinears(branch, within)
  const outputs = view.lastLinears(branch, within)
  // The output projection's input is the heads side by side, whatever layout led there.
  const mixed = outputs.length === 1 && output !== undefined && output.index > core.index ? output.input : null
  if (core.kind === 'fused') return fused(view, stream, core.index, mixed)

  const product = view.node(core.product)
  const softmaxSide = new Set(reachable(view, view.node(core.index).outputs[0] ?? ''))
  const valueSide = view.dataInputs(core.product).find(input => !softmaxSide.has(input)) ?? ''
  const scores = scoreOperands(view, stream, core.index)
  const project = (target: string): Projection | null => target === '' ? null : projectionOf(view, stream, target)
  return {
    pattern: { kind: 'value', value: softmaxSide.has(product.inputs[0] ?? '') && floatPattern(view, product.inputs[0] ?? '') ? product.inputs[0] ?? '' : view.node(core.index).outputs[0] ?? '' },
    query: project(scores?.[0] ?? ''),
    key: project(scores?.[1] ?? ''),
    value: project(valueSide),
    mixed
  }
}

/** True unless the probabilities were quantised on the way. */
function floatPattern(view: GraphView, value: string): boolean {
  const node = view.producerNode(value)
  return node !== null && ['Softmax', 'Where', 'Cast', 'Identity', 'Dropout'].includes(node.opType)
}

function reachable(view: GraphView, softmax: string): readonly string[] {
  const found = [softmax]
  for (let at = 0; at < found.length && at < 16; at++) {
    for (const reader of view.dataReaders(found[at] ?? '')) {
      const node = view.node(reader)
      if (AFTER_SOFTMAX.has(node.opType)) found.push(...node.outputs.filter(output => output !== ''))
    }
  }
  return found
}

/** Query and key operands of the product that the softmax normalises. */
function scoreOperands(view: GraphView, stream: string, softmax: number): readonly [string, string] | null {
  const within = view.between(stream, view.node(softmax).inputs[0] ?? '')
  const seen = new Set<number>()
  const pending = [view.producer(view.node(softmax).inputs[0] ?? '')]
  while (pending.length > 0) {
    const index = pending.pop() ?? -1
    if (!within.has(index) || seen.has(index)) continue
    seen.add(index)
    const node = view.node(index)
    const [a = '', b = ''] = node.inputs
    if (['MatMul', 'FusedMatMul', 'Einsum', 'MatMulInteger', 'MatMulIntegerToFloat'].includes(node.opType) && view.linear(index) === null) return [a, b]
    for (const input of view.dataInputs(index)) pending.push(view.producer(input))
  }
  return null
}

function fused(view: GraphView, stream: string, index: number, mixed: string | null): Attention {
  const node = view.node(index)
  const heads = integerOf(node, 'num_heads', integerOf(node, 'q_num_heads', 0))
  const [query = '', key = '', value = ''] = node.inputs
  const project = (target: string): Projection | null => target === '' || view.isConstant(target) ? null : projectionOf(view, stream, target)
  let projections = { query: project(query), key: project(key), value: project(value) }
  if (node.opType === 'GroupQueryAttention' && key === '') {
    // Query, key and value packed side by side: heads of each tell where they end.
    const packed = project(query)
    const kvHeads = integerOf(node, 'kv_num_heads', heads)
    const part = (from: number, to: number): Projection | null => packed === null ? null : { ...packed, slice: [from / (heads + 2 * kvHeads), to / (heads + 2 * kvHeads)] }
    projections = { query: part(0, heads), key: part(heads, heads + kvHeads), value: part(heads + kvHeads, heads + 2 * kvHeads) }
  }
  const pattern: Pattern | null = node.opType === 'GroupQueryAttention' ? { kind: 'output', index, slot: 3, attribute: 'qk_output', setting: 2 }
    : node.opType === 'Attention' && node.domain === '' ? { kind: 'output', index, slot: 3, attribute: 'qk_matmul_output_mode', setting: 3 } : null
  return { pattern, ...projections, mixed: mixed ?? node.outputs[0] ?? null }
}
