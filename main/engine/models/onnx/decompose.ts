/**
 * Takes fused operators apart into the plain operators they stand for, so that graph reading meets one vocabulary.
 * ONNX Runtime fuses again at load whatever no asked output needs.
 * Definitions: onnxruntime/docs/ContribOperators.md.
 */
import { decomposeAttention } from './decompose-attention'
import { decomposeEmbedding } from './decompose-embedding'
import { floatAttribute, intAttribute } from './proto'
import { integerOf, makeNode, textOf, type GraphNode, type WorkingGraph } from './working-graph'
import { Additions } from './additions'

const MICROSOFT = 'com.microsoft'

/** The same computation with SkipLayerNormalization, Attention, EmbedLayerNormalization, BiasGelu and FusedGemm taken apart. */
export function decompose(graph: WorkingGraph): WorkingGraph {
  const additions = new Additions(graph)
  const nodes: GraphNode[] = []
  for (const node of graph.nodes) nodes.push(...parts(node, additions))
  return { ...graph, nodes, initializers: additions.initializers }
}

function parts(node: GraphNode, additions: Additions): readonly GraphNode[] {
  if (node.domain !== MICROSOFT) return [node]
  switch (node.opType) {
    case 'SkipLayerNormalization': return skipNormalization(node, additions, 'LayerNormalization')
    case 'SkipSimplifiedLayerNormalization': return skipNormalization(node, additions, 'SimplifiedLayerNormalization')
    case 'BiasGelu': return biasThen(node, additions, 'Gelu')
    case 'FastGelu': return (node.inputs[1] ?? '') === '' ? [node] : biasThen(node, additions, 'FastGelu')
    case 'FusedGemm': return fusedGemm(node, additions)
    case 'EmbedLayerNormalization': return decomposeEmbedding(node, additions)
    case 'Attention': case 'MultiHeadAttention': return decomposeAttention(node, additions) ?? [node]
    default: return [node]
  }
}

/** Inputs input, skip, gamma, [beta], [bias]; outputs normalised, mean, inverse deviation, sum. */
function skipNormalization(node: GraphNode, additions: Additions, opType: 'LayerNormalization' | 'SimplifiedLayerNormalization'): readonly GraphNode[] {
  const [input = '', skip = '', gamma = ''] = node.inputs
  const centred = opType === 'LayerNormalization'
  const beta = centred ? node.inputs[3] ?? '' : ''
  const bias = node.inputs[centred ? 4 : 3] ?? ''
  const out: GraphNode[] = []
  let branch = input
  if (bias !== '') {
    branch = additions.value(node, 'biased')
    out.push(makeNode('Add', [input, bias], [branch]))
  }
  const named = node.outputs[3] ?? ''
  const sum = named === '' ? additions.value(node, 'sum') : named
  out.push(makeNode('Add', [branch, skip], [sum]))
  const epsilon = node.attributes.get('epsilon')?.f ?? 1e-12
  const outputs = [node.outputs[0] ?? '', ...(node.outputs[1] ?? '') !== '' ? [node.outputs[1] ?? '', node.outputs[2] ?? ''] : []]
  out.push(makeNode(opType, [sum, gamma, ...(beta === '' ? [] : [beta])], outputs, {
    attributes: [intAttribute('axis', -1), floatAttribute('epsilon', epsilon), intAttribute('stash_type', 1)]
  }))
  return out
}

function biasThen(node: GraphNode, additions: Additions, opType: 'Gelu' | 'FastGelu'): readonly GraphNode[] {
  const sum = additions.value(node, 'biased')
  return [
    makeNode('Add', [node.inputs[0] ?? '', node.inputs[1] ?? ''], [sum]),
    makeNode(opType, [sum], node.outputs, { domain: MICROSOFT })
  ]
}

function fusedGemm(node: GraphNode, additions: Additions): readonly GraphNode[] {
  const activation = textOf(node, 'activation')
  // Activations with parameters stay fused.
  if (activation === null || !['Relu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign'].includes(activation)) return [node]
  const product = additions.value(node, 'product')
  const attributes = ['alpha', 'beta'].flatMap(name => {
    const attribute = node.attributes.get(name)
    return attribute ? [attribute] : []
  })
  return [
    makeNode('Gemm', node.inputs, [product], {
      attributes: [...attributes, intAttribute('transA', integerOf(node, 'transA', 0)), intAttribute('transB', integerOf(node, 'transB', 0))]
    }),
    makeNode(activation, [product], node.outputs)
  ]
}
