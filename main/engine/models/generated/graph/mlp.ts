/** The MLP of a block, gated or not, and its activation. */
import type { Activation } from '../architecture'
import type { GraphBuilder, Value } from './graph-builder'
import type { GraphSites } from './graph-sites'
import type { Modules } from './modules'

/** Block `i`: input [n, hidden], output [n, hidden]. */
export function writeMlp(modules: Modules, sites: GraphSites, input: Value, i: number): Value {
  const { graph, architecture, names: { block: names } } = modules
  const { hidden, mlp } = architecture
  const label = (name: string): string => `blocks.${i}.mlp.${name}`
  let post: Value
  if (!architecture.gated) {
    const pre = sites.site(label('hook_pre'), modules.linear(input, modules.at(names.up, i), hidden, mlp, label('up')), mlp)
    post = activate(graph, architecture.activation, pre, label('act'))
  } else {
    let gate: Value
    let up: Value
    if (names.packedGate) {
      gate = graph.op('Split', [modules.linear(input, modules.at(names.up, i), hidden, 2 * mlp, label('gate_up')), graph.int64s([mlp, mlp])], label('gate'), { axis: 1 }, { outputs: 2 })
      up = `${gate}:1`
    } else {
      [gate = '', up = ''] = modules.linears(input, hidden, [{ name: modules.at(names.gate ?? '', i), outputs: mlp, label: label('gate') }, { name: modules.at(names.up, i), outputs: mlp, label: label('up') }])
    }
    gate = sites.site(label('hook_pre'), gate, mlp)
    up = sites.site(label('hook_pre_linear'), up, mlp)
    post = graph.op('Mul', [activate(graph, architecture.activation, gate, label('act')), up], label('gated'))
  }
  return modules.linear(sites.site(label('hook_post'), post, mlp), modules.at(names.down, i), mlp, hidden, label('down'))
}

function activate(graph: GraphBuilder, activation: Activation, value: Value, label: string): Value {
  switch (activation) {
    case 'gelu': return graph.op('Gelu', [value], label, { approximate: 'none' })
    case 'gelu-tanh': return graph.op('Gelu', [value], label, { approximate: 'tanh' })
    case 'relu': return graph.op('Relu', [value], label)
    case 'relu-squared': {
      const passed = graph.op('Relu', [value], `${label}/passed`)
      return graph.op('Mul', [passed, passed], label)
    }
    case 'tanh': return graph.op('Tanh', [value], label)
    case 'quick-gelu': return graph.op('QuickGelu', [value], label, { alpha: { float: 1.702 } }, { domain: 'com.microsoft' })
    case 'silu': return graph.op('QuickGelu', [value], label, { alpha: { float: 1 } }, { domain: 'com.microsoft' })
  }
}
