import type { Initializer } from './model-file'
import { onnx } from './proto'
import { graphNode, makeNode, subgraph, type GraphNode, type WorkingGraph } from './working-graph'

/**
 * Replaces an `If` that chooses between running with and without a cache (`decoder_model_merged`)
 * by its branch without one, so that the graph reads like a plain export.
 * Other `If`s stay as they are.
 */
export function liftNoPastBranch(graph: WorkingGraph): WorkingGraph {
  const past = new Set(graph.inputs.map(input => input.name).filter(isPastInput))
  const flags = new Set(graph.inputs.filter(input => input.type?.tensorType?.elemType === 9).map(input => input.name))
  const nodes: GraphNode[] = []
  const initializers = new Map(graph.initializers)
  let lifted = false
  for (const node of graph.nodes) {
    const branch = node.opType === 'If' && node.domain === '' && flags.has(node.inputs[0] ?? '') ? noPastBranch(node, past) : null
    if (branch === null) {
      nodes.push(node)
      continue
    }
    lifted = true
    for (const tensor of branch.initializer) {
      const held = onnx.TensorProto.create(tensor)
      const initializer: Initializer = { name: held.name, dims: held.dims.map(dim => Number(String(dim))), dataType: held.dataType, tensor: held, stored: null }
      initializers.set(held.name, initializer)
    }
    for (const inner of branch.node) nodes.push(graphNode(onnx.NodeProto.create(inner)))
    branch.output.forEach((output, slot) => {
      const outer = node.outputs[slot]
      if (outer !== undefined && outer !== '' && outer !== output.name) nodes.push(makeNode('Identity', [output.name ?? ''], [outer]))
    })
  }
  return lifted ? { ...graph, nodes, initializers } : graph
}

/** Cache inputs by the names that Optimum, transformers.js and onnxruntime-genai give them. */
export function isPastInput(name: string): boolean {
  return /^past(_key_values?|_sequence)?[._\d]|^past_|\bpast_key_values?\b|cache_(k|v|key|value)|^layer_\d+_(key|value)$/.test(name) &&
    !/length|len$/.test(name)
}

function noPastBranch(node: GraphNode, past: ReadonlySet<string>): ReturnType<typeof subgraph> {
  const branches = ['then_branch', 'else_branch'].map(name => subgraph(node, name)).filter(branch => branch !== null)
  const counted = branches.map(branch => ({ branch, reads: branch.node.filter(inner => (inner.input ?? []).some(input => past.has(input))).length }))
  counted.sort((a, b) => a.reads - b.reads)
  return counted[0]?.branch ?? null
}
