import type { GraphView } from '../graph-view'

const NORMS = new Set(['LayerNormalization', 'SimplifiedLayerNormalization', 'RMSNormalization', 'GroupNorm', 'InstanceNormalization'])
/** What a norm written out in plain operators consists of. */
const NORM_PARTS = new Set([
  'ReduceMean', 'ReduceSum', 'ReduceL2', 'ReduceSumSquare', 'Sub', 'Pow', 'Mul', 'Add', 'Sqrt', 'Div', 'Reciprocal', 'Cast', 'CastLike', 'Identity',
  'Rsqrt', 'Reshape', 'Max', 'Min', 'Clip', 'Neg', 'Exp', 'Squeeze', 'Unsqueeze', 'Expand', 'Abs', 'LpNormalization', ...NORMS
])

export interface Norm {
  /** After scale and shift. */
  readonly output: string
  /** Before scale and shift: TransformerLens's `hook_normalized`; null where the graph never has it. */
  readonly normalized: { readonly kind: 'value'; readonly value: string } | { readonly kind: 'fused'; readonly index: number } | null
}

/**
 * The norm that reads `value`: one node, or the region of elementwise and reducing nodes that is closed over `value`
 * (every operand inside the region or constant), has a reduction, and is left through one value.
 */
export function normOf(view: GraphView, value: string): Norm | null {
  const start = view.aliases(value)
  const inside = new Set(start)
  const nodes = new Set<number>()
  const pending = new Set<number>(start.flatMap(alias => view.dataReaders(alias)))
  let reduces = false
  // Indices rise along every way, so taking the smallest first visits operands before their readers.
  while (pending.size > 0) {
    const index = Math.min(...pending)
    pending.delete(index)
    const node = view.node(index)
    if (nodes.has(index) || !NORM_PARTS.has(node.opType)) continue
    if (!view.dataInputs(index).every(input => inside.has(input) || view.isConstant(input))) continue
    nodes.add(index)
    if (NORMS.has(node.opType) || node.opType.startsWith('Reduce') || node.opType === 'LpNormalization') reduces = true
    const output = node.outputs[0] ?? ''
    inside.add(output)
    for (const reader of view.dataReaders(output)) pending.add(reader)
  }
  if (!reduces) return null
  const aliases = new Set(start)
  const exits = new Map<string, string>()
  for (const candidate of inside) {
    if (aliases.has(candidate)) continue
    const leaves = view.outputs.has(candidate) || view.dataReaders(candidate).some(reader => !nodes.has(reader))
    // The first of several casts and reshapes of one value stands for all.
    if (leaves && !exits.has(view.root(candidate))) exits.set(view.root(candidate), candidate)
  }
  // Another norm of the same value (a parallel block has two) is a region of its own: take the first exit.
  const output = [...exits.values()].sort((a, b) => view.producer(a) - view.producer(b))[0]
  return output === undefined ? null : { output, normalized: beforeScale(view, output, aliases) }
}

function beforeScale(view: GraphView, output: string, start: ReadonlySet<string>): Norm['normalized'] {
  let current = output
  for (const opType of ['Add', 'Mul']) {
    const node = view.producerNode(view.root(current))
    if (node === null) return null
    if (NORMS.has(node.opType)) return { kind: 'fused', index: view.producer(view.root(current)) }
    if (node.opType !== opType) continue
    const varying = node.inputs.filter(input => !view.isConstant(input))
    const [operand] = varying
    if (varying.length !== 1 || operand === undefined || start.has(operand)) return null
    current = operand
  }
  return current === output ? null : { kind: 'value', value: current }
}
