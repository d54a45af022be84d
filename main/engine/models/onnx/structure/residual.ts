import type { GraphView } from '../graph-view'
import { normOf } from './norm'
import { quoted } from '../../../quoted'

/** One addition to the residual stream. */
export interface ResidualStep {
  /** The stream that the branch reads. */
  readonly before: string
  /** The sum. */
  readonly sum: string
  /** What was added, as the operand of the addition. */
  readonly branches: readonly string[]
  /** The stream that goes on: the sum, or in a post-norm model its norm. */
  readonly after: string
  readonly postNorm: boolean
  /** True where attention and MLP read the same stream and are added together. */
  readonly parallel: boolean
}

export interface ResidualStream {
  /** Token embedding at the width of the blocks, before positions are added and before any norm. */
  readonly embedded: string
  /** True where a norm follows the embedding: then the blocks' input is what the field calls embedding. */
  readonly normed: boolean
  /** True where a matrix leads from an embedding of another width into the blocks. */
  readonly projected: boolean
  /** Position embedding operand, where one is added to the token embedding. */
  readonly positions: string | null
  /** Input of the first block. */
  readonly start: string
  readonly steps: readonly ResidualStep[]
}

/**
 * Follows the residual stream: from the token embedding, every addition whose other operand descends from the stream.
 * Returns the missing pattern as a sentence where there is none.
 */
export function followResidual(view: GraphView, tokenInput: string, attends: (from: string, to: string) => boolean): ResidualStream | string {
  const embedding = tokenEmbedding(view, tokenInput)
  if (embedding === null) return `No table is looked up with ${quoted(tokenInput)}, so the token embedding was not found.`
  let current = embedding
  let embedded: string | null = null
  let positions: string | null = null
  let [normed, projected] = [false, false]
  for (let hop = 0; hop < 24 && additions(view, current).length === 0; hop++) {
    const next = advance(view, current)
    if (next === null) return 'After the token embedding no addition follows whose other operand descends from it, so the residual stream was not found.'
    if (next.kind !== 'scale' && next.kind !== 'linear' && embedded === null) embedded = current
    if (next.kind === 'norm') normed = true
    if (next.kind === 'linear') projected = true
    if (next.kind === 'add' && positions === null && next.operand !== null) positions = next.operand
    current = next.value
  }
  const start = current
  const steps: ResidualStep[] = []
  for (;;) {
    const step = nextStep(view, current, attends)
    if (step === null) break
    steps.push(step)
    current = step.after
  }
  if (steps.length === 0) return 'No addition follows the embedding whose other operand descends from it, so the residual stream was not found.'
  return { embedded: embedded ?? start, normed, projected, positions, start, steps }
}

function tokenEmbedding(view: GraphView, tokenInput: string): string | null {
  for (const node of view.nodes) {
    const lookup = node.opType === 'Gather' || node.opType === 'GatherBlockQuantized' || node.opType === 'GatherND'
    const [table = '', ids = ''] = node.inputs
    if (lookup && view.isConstant(table) && view.root(ids) === tokenInput) return node.outputs[0] ?? null
  }
  return null
}

interface Addition { readonly index: number; readonly sum: string; readonly others: readonly string[] }

/** Additions of the stream and something that descends from it. */
function additions(view: GraphView, stream: string): readonly Addition[] {
  const root = view.root(stream)
  const found: Addition[] = []
  for (const alias of view.aliases(stream)) {
    for (const index of view.dataReaders(alias)) {
      const node = view.node(index)
      if (node.opType !== 'Add' && node.opType !== 'Sum') continue
      const operands = view.dataInputs(index)
      const others = operands.filter(input => view.root(input) !== root)
      if (others.length === 0 || others.length === operands.length) continue
      if (others.every(other => view.descends(other, stream))) found.push({ index, sum: node.outputs[0] ?? '', others })
    }
  }
  return found.sort((a, b) => a.index - b.index)
}

type Advance = { readonly kind: 'scale' | 'norm' | 'linear'; readonly value: string } | { readonly kind: 'add'; readonly value: string; readonly operand: string | null }

/** One operator on from the embedding towards the first block. */
function advance(view: GraphView, value: string): Advance | null {
  const readers = view.aliases(value).flatMap(alias => view.dataReaders(alias)).filter(index => !['Cast', 'Reshape', 'Identity', 'CastLike'].includes(view.node(index).opType))
  for (const index of readers) {
    const node = view.node(index)
    const output = node.outputs[0] ?? ''
    const others = view.dataInputs(index).filter(input => view.root(input) !== view.root(value))
    if (others.some(other => view.descends(other, value))) continue
    if (node.opType === 'Add' || node.opType === 'Sum') return { kind: 'add', value: output, operand: others.length === 1 ? others[0] ?? null : null }
    if (['Mul', 'Div', 'Where', 'DequantizeLinear', 'Dropout', 'Clip'].includes(node.opType) && view.root(node.inputs[0] ?? '') !== view.root(node.inputs[1] ?? '')) return { kind: 'scale', value: output }
  }
  const norm = normOf(view, value)
  if (norm !== null) return { kind: 'norm', value: norm.output }
  for (const index of readers) {
    const linear = view.linear(index)
    if (linear !== null) return { kind: 'linear', value: linear.output }
  }
  return null
}

function nextStep(view: GraphView, stream: string, attends: (from: string, to: string) => boolean): ResidualStep | null {
  const [first] = additions(view, stream)
  if (first === undefined) return null
  let { sum } = first
  let branches: readonly string[] = first.others.flatMap(other => summands(view, other, stream, attends))
  let parallel = branches.length > 1
  // Cohere and GPT-J written as (stream + attention) + mlp: the second addend does not read the first sum.
  const [second] = additionsFrom(view, sum)
  if (second !== undefined && !second.others.some(other => view.descends(other, sum)) && second.others.every(other => view.descends(other, stream))) {
    branches = [...branches, ...second.others]
    sum = second.sum
    parallel = true
  }
  if (additions(view, sum).length > 0) return { before: stream, sum, branches, after: sum, postNorm: false, parallel }
  const norm = normOf(view, sum)
  const continues = norm !== null && additions(view, norm.output).length > 0
  return { before: stream, sum, branches, after: continues && norm !== null ? norm.output : sum, postNorm: continues, parallel }
}

/** Additions that read the value, whatever the other operand descends from. */
function additionsFrom(view: GraphView, value: string): readonly Addition[] {
  const root = view.root(value)
  return view.aliases(value).flatMap(alias => view.dataReaders(alias)).flatMap(index => {
    const node = view.node(index)
    if (node.opType !== 'Add') return []
    const others = view.dataInputs(index).filter(input => view.root(input) !== root)
    if (others.length !== 1 || others.some(other => view.isConstant(other) || !view.producerNode(other))) return []
    return [{ index, sum: node.outputs[0] ?? '', others }]
  })
}

/** Splits attention + mlp into its two addends; anything else stays whole. */
function summands(view: GraphView, branch: string, stream: string, attends: (from: string, to: string) => boolean): readonly string[] {
  const node = view.producerNode(view.root(branch))
  if (node?.opType !== 'Add') return [branch]
  const parts = node.inputs
  if (parts.length !== 2 || parts.some(part => view.isConstant(part) || !view.descends(part, stream))) return [branch]
  const attending = parts.filter(part => attends(stream, part))
  return attending.length === 1 ? parts : [branch]
}
