import type { ReadableModel } from '../readable-model'
import { architectureOf, familyOf } from './families'
import { ModelConfig } from './config'
import type { GraphBuilder, Value } from './graph/graph-builder'
import { generatedModel } from './index'
import type { WeightSource } from './weights'

/** Every width of the model, so that its matrices are all of one shape. */
const SIZE = 8

const weights: WeightSource = {
  has: (name) => name.endsWith('.weight') && !name.startsWith('lm_head'),
  shape: (name) => (name.includes('norm') ? [SIZE] : [SIZE, SIZE]),
  tensor: (graph, name) => zeros(graph, name),
  lookup: (graph, name, indices, label) => graph.op('Gather', [zeros(graph, name), indices], label),
  linear: (graph, rows, name, _bias, _transposed, label) => graph.op('Gemm', [rows, zeros(graph, name)], label, { transB: 1 }),
  footprint: () => ({ mappedBytes: 0, decodedBytes: 0, prepackedBytes: 0 })
}

function zeros(graph: GraphBuilder, name: string): Value {
  const shape = weights.shape(name)
  return graph.floats(name, new Float32Array(shape.reduce((product, dim) => product * dim, 1)), shape)
}

/** A Llama of as many blocks as models have, eight wide and all zeros, in no file: what a thread tries its code on before a model comes. */
export function rehearsalModel(): ReadableModel {
  const config = new ModelConfig({
    model_type: 'llama', hidden_size: SIZE, intermediate_size: SIZE, vocab_size: SIZE, num_hidden_layers: 16, num_attention_heads: 2, max_position_embeddings: SIZE
  }, '')
  const family = familyOf('llama', '')
  return generatedModel({ architecture: architectureOf(family, config), names: family.names, weights, folder: '', files: [], precision: 'float32' })
}
