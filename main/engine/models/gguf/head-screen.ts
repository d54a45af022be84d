import type { GraphBuilder, Value } from '../generated/graph/graph-builder'
import type { HeadScreen } from '../generated'

/** A head [rows, width] in blocks of `group` eight-bit numbers, each block with its scale. */
export interface EightBitHead {
  readonly rows: number
  readonly width: number
  readonly group: number
  /** With the zero point 128 added: [rows, width]. */
  readonly numbers: () => Uint8Array
  /** [rows, width / group] */
  readonly scales: () => Float32Array
  /** Its product with `hidden` [1, width], activations rounded to eight bits as `MatMulNBits` does. */
  rounded(graph: GraphBuilder, hidden: Value, label: string): Value
  /** Keeps what is made as an initializer [rows, width / group]. */
  norms(graph: GraphBuilder, make: () => Float32Array): Value
}

/**
 * How far a rounded product can be off, as a share of the greatest it can be: `MatMulNBits` rounds each block of activations to whole steps
 * of its greatest / 127, so by half a step at most. A hundredth more covers float32's sums of some hundred blocks.
 */
const ROUNDING = 1.01 / 254

/** With s_b the greatest activation of block b and w the row of a token, |rounded logit − logit| ≤ ROUNDING · Σ_b s_b · ‖w_b‖₁. */
export function headScreen(head: EightBitHead): HeadScreen {
  const { width, group } = head
  return {
    bounds: (graph, hidden, label) => {
      const rounded = head.rounded(graph, hidden, `${label}/rounded`)
      const norms = head.norms(graph, () => blockNorms(head))
      const blocks = graph.op('Reshape', [graph.op('Abs', [hidden], `${label}/sizes`), graph.int64s([-1, width / group, group])], `${label}/blocks`, {}, { shape: ['batch', width / group, group] })
      const greatest = graph.op('ReduceMax', [blocks, graph.int64s([2])], `${label}/greatest`, { keepdims: 0 })
      const reach = graph.op('Gemm', [greatest, norms], `${label}/reach`, { transB: 1, alpha: { float: ROUNDING } })
      const lower = graph.op('Sub', [rounded, reach], `${label}/lower`)
      return { upper: graph.op('Add', [rounded, reach], `${label}/upper`), least: graph.op('ReduceMax', [lower, graph.int64s([1])], `${label}/least`, { keepdims: 0 }) }
    },
    logitOf: (token, hidden) => logitOf(head, token, hidden)
  }
}

/** ‖w_b‖₁ of every block: [rows, width / group]. */
function blockNorms({ numbers, scales, group }: EightBitHead): Float32Array {
  const [packed, factors] = [numbers(), scales()]
  const norms = new Float32Array(factors.length)
  for (let block = 0, at = 0; block < norms.length; block++) {
    let sum = 0
    for (const end = at + group; at < end; at++) sum += Math.abs((packed[at] ?? 0) - 128)
    norms[block] = sum * Math.abs(factors[block] ?? 0)
  }
  return norms
}

function logitOf({ numbers, scales, width, group }: EightBitHead, token: number, hidden: Float32Array): number {
  const [packed, factors] = [numbers(), scales()]
  let logit = 0
  for (let from = 0, at = token * width; from < width; from += group) {
    let sum = 0
    const scale = factors[at / group] ?? 0
    for (let i = from; i < from + group; i++, at++) sum += ((packed[at] ?? 0) - 128) * (hidden[i] ?? 0)
    logit += scale * sum
  }
  return logit
}
