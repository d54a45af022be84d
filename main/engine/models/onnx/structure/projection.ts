import { integersOf, integerOf } from '../working-graph'
import type { GraphView, Linear } from '../graph-view'

/** A query, key, value or MLP input as the projection makes it, before rotation, norm, scale or activation. */
export interface Projection {
  readonly value: string
  /** Permutation that brings the axes to [batch, position, …]; null when they already are in that memory order. */
  readonly permutation: readonly number[] | null
  /** Share of the last axis [from, to) where several are packed side by side. */
  readonly slice: readonly [number, number] | null
}

type Axis = 'batch' | 'position' | `part${number}`

/** The projection from `stream` that leads to `target`; null where none or several do. */
export function projectionOf(view: GraphView, stream: string, target: string): Projection | null {
  const within = view.between(stream, target)
  const linears = view.lastLinears(target, within)
  const [linear] = linears
  if (linear === undefined || linears.length !== 1) return null
  return followProjection(view, linear, target)
}

/** From a linear's product on towards `target`, through bias, layout and splitting, as far as the value is still the projection itself. */
export function followProjection(view: GraphView, linear: Linear, target: string): Projection | null {
  const towards = view.between(linear.output, target)
  let value = linear.output
  let axes: readonly Axis[] | null = view.node(linear.index).opType.endsWith('Gemm') ? ['batch', 'part0'] : ['batch', 'position', 'part0']
  let ordered = true
  let best: Projection = { value, permutation: null, slice: null }
  for (let hop = 0; hop < 32 && view.root(value) !== target; hop++) {
    const readers = view.dataReaders(value).filter(reader => towards.has(reader))
    const [reader] = readers
    if (reader === undefined || readers.length !== 1) break
    const node = view.node(reader)
    const output = node.outputs.find(candidate => candidate === target || view.dataReaders(candidate).some(next => towards.has(next))) ?? node.outputs[0] ?? ''
    let selects = false
    switch (node.opType) {
      case 'Add': {
        if (!view.dataInputs(reader).some(input => input !== value && view.isConstant(input))) return best
        selects = true
        break
      }
      case 'Cast': case 'Identity': case 'Dropout': break
      case 'Reshape': {
        if (!ordered) return best
        axes = reshaped(view, node.inputs[1] ?? '')
        break
      }
      case 'Squeeze': case 'Unsqueeze': {
        if (!ordered) return best
        axes = null
        break
      }
      case 'Transpose': {
        const order = integersOf(node, 'perm')
        if (axes === null || order === null || order.length !== axes.length) return best
        const previous: readonly Axis[] = axes
        axes = order.map(axis => previous[axis] ?? 'batch')
        ordered = isOrdered(axes)
        break
      }
      case 'Split': case 'Slice': selects = true; break
      case 'Gather': {
        if (!view.isConstant(node.inputs[1] ?? '')) return best
        const axis = integerOf(node, 'axis', 0)
        const scalar = (view.dims(node.inputs[1] ?? '') ?? [1]).length === 0
        if (axes !== null && scalar) {
          const at: number = axis < 0 ? axis + axes.length : axis
          axes = axes.filter((_, index) => index !== at)
          ordered = isOrdered(axes)
        }
        selects = true
        break
      }
      default: return best
    }
    value = output
    if (selects) {
      if (!ordered && axes === null) return best
      best = { value, permutation: ordered || axes === null ? null : toBatchPosition(axes), slice: null }
    }
  }
  return best
}

function reshaped(view: GraphView, shape: string): readonly Axis[] | null {
  const rank = shapeLength(view, shape)
  if (rank === null || rank < 2) return null
  if (rank === 2) return ['batch', 'part0']
  return ['batch', 'position', ...Array.from({ length: rank - 2 }, (_, index): Axis => `part${index}`)]
}

/** Number of entries of a shape vector, so the rank that a Reshape gives. */
function shapeLength(view: GraphView, shape: string): number | null {
  const dims = view.dims(shape)
  if (dims !== null && view.isConstant(shape)) return dims[0] ?? 1
  const node = view.producerNode(shape)
  if (node?.opType === 'Concat') {
    let total = 0
    for (const input of node.inputs) {
      const length = view.isConstant(input) ? view.dims(input)?.[0] ?? 1 : pieceLength(view, input)
      total += length
    }
    return total
  }
  return null
}

function pieceLength(view: GraphView, piece: string): number {
  const node = view.producerNode(piece)
  if (node?.opType === 'Gather') return view.dims(node.inputs[1] ?? '')?.[0] ?? 1
  if (node?.opType === 'Concat') return shapeLength(view, piece) ?? 1
  return 1
}

function isOrdered(axes: readonly Axis[]): boolean {
  const wanted = [...axes].sort((a, b) => rankOf(a) - rankOf(b))
  return axes.every((axis, index) => axis === wanted[index])
}

function toBatchPosition(axes: readonly Axis[]): readonly number[] {
  return axes.map((axis, index) => ({ axis, index })).sort((a, b) => rankOf(a.axis) - rankOf(b.axis)).map(entry => entry.index)
}

function rankOf(axis: Axis): number {
  return axis === 'batch' ? -2 : axis === 'position' ? -1 : Number(axis.slice(4))
}
