import type { GraphView } from '../graph-view'
import { followProjection, projectionOf, type Projection } from './projection'

const ACTIVATIONS = new Set([
  'Sigmoid', 'Tanh', 'Erf', 'Relu', 'Gelu', 'FastGelu', 'QuickGelu', 'Softplus', 'HardSwish', 'HardSigmoid', 'Elu', 'LeakyRelu', 'Selu', 'Mish', 'Swish', 'Silu', 'Softsign'
])

export interface Mlp {
  /** Before the activation: of a gated MLP, the gate. */
  readonly pre: Projection | null
  /** Before the last projection: of a gated MLP, activated gate times the other half. */
  readonly post: string | null
}

/** Reads one MLP branch, from the stream it reads to what it adds. */
export function readMlp(view: GraphView, stream: string, branch: string): Mlp {
  const within = view.between(stream, branch)
  const last = view.lastLinears(branch, within)
  const [down] = last
  if (down === undefined || last.length !== 1) return { pre: null, post: null }
  const post = down.input
  const inner = view.between(stream, post)
  const before = view.lastLinears(post, inner)
  if (before.length === 0) return { pre: null, post: null }
  const gates = new Map<number, Projection>()
  for (const linear of before) {
    const ways = view.between(linear.output, post)
    for (const index of ways) {
      if (!ACTIVATIONS.has(view.node(index).opType)) continue
      const projection = followProjection(view, linear, view.node(index).inputs[0] ?? '')
      if (projection !== null && view.lastLinears(view.node(index).inputs[0] ?? '', inner).length === 1) gates.set(linear.index, projection)
      break
    }
  }
  const [gate] = gates.values()
  if (gates.size === 1 && gate !== undefined) return { pre: gate, post }
  return { pre: before.length === 1 ? projectionOf(view, stream, post) : null, post }
}
