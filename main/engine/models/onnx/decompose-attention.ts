import { DataType, intAttribute, intsAttribute } from './proto'
import { floatOf, integerOf, integersOf, makeNode, type GraphNode } from './working-graph'
import type { Additions } from './additions'

/**
 * com.microsoft.Attention (packed projection) and com.microsoft.MultiHeadAttention (separate query, key, value) as plain operators.
 * Null for the variants that are read around instead: packed 5-dimensional inputs, rotation inside, shared cache buffers.
 */
export function decomposeAttention(node: GraphNode, additions: Additions): readonly GraphNode[] | null {
  return new AttentionParts(node, additions).build()
}

class AttentionParts {
  private readonly out: GraphNode[] = []
  private readonly heads: number

  constructor(private readonly node: GraphNode, private readonly additions: Additions) {
    this.heads = integerOf(node, 'num_heads', 0)
  }

  build(): readonly GraphNode[] | null {
    const { node } = this
    if (this.heads === 0 || integerOf(node, 'do_rotary', 0) !== 0 || integerOf(node, 'past_present_share_buffer', 0) !== 0) return null
    if (this.input(6) !== '' && node.opType === 'Attention') return null
    if (node.opType === 'Attention') {
      const projected = this.packedProjection()
      if (projected === null) return null
      return this.core(projected, this.input(3), this.input(5), this.input(4) === '' ? null : { packed: this.input(4) })
    }
    const [query, key, value] = [this.input(0), this.input(1), this.input(2)]
    if (query === '' || key === '' || value === '' || (node.outputs[3] ?? '') !== '') return null
    const biased = this.biased([query, key, value])
    const past = this.input(6) === '' ? null : { key: this.input(6), value: this.input(7) }
    return this.core(biased, this.input(4), this.input(5), past)
  }

  private input(slot: number): string {
    return this.node.inputs[slot] ?? ''
  }

  private add(opType: string, inputs: readonly string[], what: string, attributes: Parameters<typeof makeNode>[3] = {}): string {
    const value = this.additions.value(this.node, what)
    this.out.push(makeNode(opType, inputs, [value], attributes))
    return value
  }

  /** x·W + b, split into query, key and value. */
  private packedProjection(): readonly string[] | null {
    const weight = this.additions.initializers.get(this.input(1))
    const width = weight?.dims[1]
    const sizes = integersOf(this.node, 'qkv_hidden_sizes') ?? (width === undefined ? null : [width / 3, width / 3, width / 3])
    if (sizes === null) return null
    let product = this.add('MatMul', [this.input(0), this.input(1)], 'qkv')
    if (this.input(2) !== '') product = this.add('Add', [product, this.input(2)], 'qkv-biased')
    return this.split(product, sizes, -1)
  }

  private split(value: string, sizes: readonly number[], axis: number): readonly string[] {
    const outputs = ['query', 'key', 'value'].map(what => this.additions.value(this.node, what))
    this.out.push(this.additions.opset() >= 13
      ? makeNode('Split', [value, this.additions.integers(sizes)], outputs, { attributes: [intAttribute('axis', axis)] })
      : makeNode('Split', [value], outputs, { attributes: [intAttribute('axis', axis), intsAttribute('split', sizes)] }))
    return outputs
  }

  /** MultiHeadAttention's optional bias of query, key and value, packed [3·hidden]. */
  private biased(values: readonly string[]): readonly string[] {
    const bias = this.input(3)
    const width = this.additions.initializers.get(bias)?.dims[0]
    if (bias === '' || width === undefined) return values
    const third = width / 3
    return values.map((value, index) => {
      const part = this.add('Slice', [bias, this.additions.integers([index * third]), this.additions.integers([(index + 1) * third]), this.additions.integers([0])], 'bias')
      return this.add('Add', [value, part], 'biased')
    })
  }

  private core(
    projections: readonly string[], mask: string, attentionBias: string,
    past: { readonly packed: string } | { readonly key: string; readonly value: string } | null
  ): readonly GraphNode[] | null {
    const [query = '', key = '', value = ''] = projections
    const dataType = this.dataType()
    const q = this.heads4(query)
    let k = this.heads4(key)
    let v = this.heads4(value)
    if (past !== null) {
      const keys = 'key' in past ? past.key : this.pastPart(past.packed, 0)
      const values = 'value' in past ? past.value : this.pastPart(past.packed, 1)
      k = this.add('Concat', [keys, k], 'keys', { attributes: [intAttribute('axis', 2)] })
      v = this.add('Concat', [values, v], 'values', { attributes: [intAttribute('axis', 2)] })
    }
    this.present(k, v, past !== null && 'packed' in past)

    const transposed = this.add('Transpose', [k], 'keys-transposed', { attributes: [intsAttribute('perm', [0, 1, 3, 2])] })
    let scores = this.add('MatMul', [q, transposed], 'products')
    scores = this.scaled(scores, q, dataType)
    const filter = floatOf(this.node, 'mask_filter_value', -10000)
    if (mask !== '') {
      const additive = this.additiveMask(mask, k, filter, dataType)
      if (additive === null) return null
      scores = this.add('Add', [scores, additive], 'masked')
    }
    if (attentionBias !== '') scores = this.add('Add', [scores, attentionBias], 'with-bias')
    if (integerOf(this.node, 'unidirectional', 0) !== 0) scores = this.causal(scores, q, k, dataType)
    const pattern = this.add('Softmax', [scores], 'pattern', { attributes: [intAttribute('axis', -1)] })
    const context = this.add('MatMul', [pattern, v], 'context')
    const ordered = this.add('Transpose', [context], 'ordered', { attributes: [intsAttribute('perm', [0, 2, 1, 3])] })
    this.out.push(makeNode('Reshape', [ordered, this.additions.integers([0, 0, -1])], [this.node.outputs[0] ?? '']))
    return this.out
  }

  /** [batch, position, heads·width] → [batch, heads, position, width] */
  private heads4(value: string): string {
    const shaped = this.add('Reshape', [value, this.additions.integers([0, 0, this.heads, -1])], 'heads')
    return this.add('Transpose', [shaped], 'by-head', { attributes: [intsAttribute('perm', [0, 2, 1, 3])] })
  }

  private pastPart(packed: string, index: number): string {
    return this.add('Gather', [packed, this.additions.integers([index], true)], 'past', { attributes: [intAttribute('axis', 0)] })
  }

  /** Cache outputs, where the fused node had them. */
  private present(k: string, v: string, packed: boolean): void {
    const [, first = '', second = ''] = this.node.outputs
    if (this.node.opType === 'Attention') {
      if (first === '') return
      const axes = this.additions.integers([0])
      const keys = this.add('Unsqueeze', [k, axes], 'present-key')
      const values = this.add('Unsqueeze', [v, axes], 'present-value')
      if (this.additions.opset() >= 13 || packed) this.out.push(makeNode('Concat', [keys, values], [first], { attributes: [intAttribute('axis', 0)] }))
      return
    }
    if (first !== '') this.out.push(makeNode('Identity', [k], [first]))
    if (second !== '') this.out.push(makeNode('Identity', [v], [second]))
  }

  private scaled(scores: string, query: string, dataType: number): string {
    const scale = floatOf(this.node, 'scale', 0)
    if (scale !== 0) {
      const factor = this.additions.scalar(scale, this.node, dataType)
      this.out.push(...factor.nodes)
      return this.add('Mul', [scores, factor.name], 'scaled')
    }
    const shape = this.add('Shape', [query], 'query-shape')
    const width = this.add('Gather', [shape, this.additions.integers([3], true)], 'head-width', { attributes: [intAttribute('axis', 0)] })
    const real = this.add('Cast', [width], 'head-width-real', { attributes: [intAttribute('to', dataType)] })
    const root = this.add('Sqrt', [real], 'root')
    return this.add('Div', [scores, root], 'scaled')
  }

  /** Key mask as addends: rank 2 holds 1 for a real key, rank 1 the number of real keys per row. */
  private additiveMask(mask: string, keys: string, filter: number, dataType: number): string | null {
    const rank = this.maskRank(mask)
    if (rank === null) return null
    let real: string
    if (rank === 1) {
      const shape = this.add('Shape', [keys], 'key-shape')
      const length = this.add('Gather', [shape, this.additions.integers([2], true)], 'key-length', { attributes: [intAttribute('axis', 0)] })
      const positions = this.add('Range', [this.additions.integers([0], true), length, this.additions.integers([1], true)], 'key-positions')
      const counts = this.add('Cast', [mask], 'key-counts', { attributes: [intAttribute('to', DataType.int64)] })
      const column = this.add('Reshape', [counts, this.additions.integers([-1, 1])], 'key-counts-column')
      real = this.add('Less', [positions, column], 'real-keys')
    } else {
      real = this.add('Cast', [mask], 'real-keys', { attributes: [intAttribute('to', DataType.bool)] })
    }
    const zero = this.additions.scalar(0, this.node, dataType)
    const blocked = this.additions.scalar(filter, this.node, dataType)
    this.out.push(...zero.nodes, ...blocked.nodes)
    const addends = this.add('Where', [real, zero.name, blocked.name], 'mask-addends')
    const shape = rank === 3 ? null : this.additions.integers([0, 1, 1, -1])
    if (shape !== null) return this.add('Reshape', [addends, shape], 'mask-by-head')
    return this.additions.opset() >= 13
      ? this.add('Unsqueeze', [addends, this.additions.integers([1])], 'mask-by-head')
      : this.add('Unsqueeze', [addends], 'mask-by-head', { attributes: [intsAttribute('axes', [1])] })
  }

  private maskRank(mask: string): 1 | 2 | 3 | null {
    const { graph } = this.additions
    const info = [...graph.inputs, ...graph.file.valueInfo].find(value => value.name === mask)?.type?.tensorType?.shape?.dim
    if (info && (info.length === 1 || info.length === 2 || info.length === 3)) return info.length
    const producer = graph.nodes.find(node => node.outputs.includes(mask))
    if (producer === undefined) return null
    if (producer.opType === 'EmbedLayerNormalization') return 1
    if (producer.opType === 'ReduceSum') return integerOf(producer, 'keepdims', 1) === 0 ? 1 : 2
    if (['Cast', 'Identity', 'Equal', 'Not', 'Greater'].includes(producer.opType)) return this.maskRank(producer.inputs[0] ?? '')
    return null
  }

  private causal(scores: string, query: string, keys: string, dataType: number): string {
    const lengthOf = (value: string, what: string): string => {
      const shape = this.add('Shape', [value], `${what}-shape`)
      return this.add('Gather', [shape, this.additions.integers([2], true)], `${what}-length`, { attributes: [intAttribute('axis', 0)] })
    }
    const [zero, one] = [this.additions.integers([0], true), this.additions.integers([1], true)]
    const queryLength = lengthOf(query, 'query')
    const keyLength = lengthOf(keys, 'key')
    const offset = this.add('Sub', [keyLength, queryLength], 'past-length')
    const rows = this.add('Range', [zero, queryLength, one], 'query-positions')
    const placed = this.add('Add', [rows, offset], 'query-places')
    const column = this.add('Reshape', [placed, this.additions.integers([-1, 1])], 'query-column')
    const columns = this.add('Range', [zero, keyLength, one], 'key-positions')
    const later = this.add('Less', [column, columns], 'later-keys')
    const blocked = this.additions.scalar(dataType === DataType.float16 ? -65504 : -3.4028234663852886e38, this.node, dataType)
    this.out.push(...blocked.nodes)
    return this.add('Where', [later, blocked.name, scores], 'causal')
  }

  /** Half precision where the projection's weights are. */
  private dataType(): number {
    for (const slot of [1, 2, 3]) {
      const dataType = this.additions.initializers.get(this.input(slot))?.dataType
      if (dataType === DataType.float16 || dataType === DataType.bfloat16) return dataType
    }
    const info = this.additions.graph.file.valueInfo.find(value => value.name === this.node.outputs[0])?.type?.tensorType?.elemType
    return info === DataType.float16 || info === DataType.bfloat16 ? info : DataType.float
  }
}
