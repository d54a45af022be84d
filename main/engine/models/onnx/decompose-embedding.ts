import { intAttribute, intsAttribute, floatAttribute, DataType } from './proto'
import { makeNode, type GraphNode } from './working-graph'
import type { Additions } from './additions'

/**
 * com.microsoft.EmbedLayerNormalization: inputs ids, segments, word, position and segment tables, gamma, beta, mask, position ids;
 * outputs normalised, number of real tokens per row, sum before the norm.
 */
export function decomposeEmbedding(node: GraphNode, additions: Additions): readonly GraphNode[] {
  const [ids = '', segments = '', words = '', positions = '', segmentTable = '', gamma = '', beta = '', mask = '', positionIds = ''] = node.inputs
  const out: GraphNode[] = []
  const word = additions.value(node, 'word')
  out.push(makeNode('Gather', [words, ids], [word], { attributes: [intAttribute('axis', 0)] }))

  const position = additions.value(node, 'position')
  if (positionIds === '') {
    const shape = additions.value(node, 'shape')
    const length = additions.value(node, 'length')
    out.push(makeNode('Shape', [ids], [shape]))
    out.push(makeNode('Gather', [shape, additions.integers([1])], [length], { attributes: [intAttribute('axis', 0)] }))
    out.push(makeNode('Slice', [positions, additions.integers([0]), length, additions.integers([0])], [position]))
  } else {
    out.push(makeNode('Gather', [positions, positionIds], [position], { attributes: [intAttribute('axis', 0)] }))
  }
  let sum = additions.value(node, 'placed')
  out.push(makeNode('Add', [word, position], [sum]))
  if (segments !== '' && segmentTable !== '') {
    const segment = additions.value(node, 'segment')
    const total = additions.value(node, 'sum')
    out.push(makeNode('Gather', [segmentTable, segments], [segment], { attributes: [intAttribute('axis', 0)] }))
    out.push(makeNode('Add', [sum, segment], [total]))
    sum = total
  }
  const named = node.outputs[2] ?? ''
  if (named !== '') out.push(makeNode('Identity', [sum], [named]))
  out.push(makeNode('LayerNormalization', [sum, gamma, beta], [node.outputs[0] ?? ''], {
    attributes: [intAttribute('axis', -1), floatAttribute('epsilon', node.attributes.get('epsilon')?.f ?? 1e-12), intAttribute('stash_type', 1)]
  }))

  const lengths = node.outputs[1] ?? ''
  if (lengths !== '') {
    const counted = mask === '' ? additions.value(node, 'zeros') : mask
    const zero = additions.value(node, 'zero')
    if (mask === '') {
      // Without a mask ONNX Runtime gives zeros.
      out.push(makeNode('Sub', [ids, ids], [counted]))
    }
    out.push(makeNode('Cast', [counted], [zero], { attributes: [intAttribute('to', DataType.int32)] }))
    out.push(additions.opset() >= 13
      ? makeNode('ReduceSum', [zero, additions.integers([1])], [lengths], { attributes: [intAttribute('keepdims', 0)] })
      : makeNode('ReduceSum', [zero], [lengths], { attributes: [intAttribute('keepdims', 0), intsAttribute('axes', [1])] }))
  }
  return out
}
