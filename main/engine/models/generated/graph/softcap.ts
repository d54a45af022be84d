import type { GraphBuilder, Value } from './graph-builder'

/** cap · tanh(value / cap) where there is a cap. */
export function softcapped(graph: GraphBuilder, value: Value, softcap: number | null, label: string): Value {
  if (softcap === null) return value
  const cap = graph.float(softcap)
  return graph.op('Mul', [graph.op('Tanh', [graph.op('Div', [value, cap], `${label}/cap`)], `${label}/tanh`), cap], `${label}/capped`)
}
