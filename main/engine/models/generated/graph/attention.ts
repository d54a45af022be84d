/** Self-attention of every block, from its input to what it adds to the stream: all heads, grouped queries, masks and the cache. */
import type { Architecture } from '../architecture'
import type { GraphBuilder, Value } from './graph-builder'
import { CACHED, INPUTS, PLACES } from './graph-inputs'
import type { GraphSites } from './graph-sites'
import { contradiction, type Modules, type Projection } from './modules'
import { RotaryEmbedding } from './rotary-embedding'
import { softcapped } from './softcap'

/** How a graph computes attention. */
export interface AttentionForm {
  /** Attention is computed in places, so that the graph runs packs as well as padded batches. */
  readonly placed?: boolean
  /** Keys and values of what came before go in and out of every block. */
  readonly cache?: boolean
}

/** Writes the attention of every block of one graph; masks once for each window. */
export class Attention {
  private readonly graph: GraphBuilder
  private readonly architecture: Architecture
  private readonly rotary: RotaryEmbedding
  /** Rows and length of what attention is computed over. */
  private readonly placeShape: Value
  /** Name of the dim of what queries see: the tokens of a run, and with a cache what came before them too. */
  private readonly keyDim: string
  private readonly biases = new Map<number | null, Value>()

  /** @param positions int64 [batch, position] */
  constructor(private readonly modules: Modules, private readonly sites: GraphSites, positions: Value, private readonly form: AttentionForm) {
    const { graph, architecture } = modules
    this.graph = graph
    this.architecture = architecture
    this.rotary = new RotaryEmbedding(graph, sites, positions, architecture.headDim)
    this.placeShape = form.placed ? graph.op('Shape', [graph.input(INPUTS.places, 'int64', PLACES)], 'place_shape') : sites.batchShape
    this.keyDim = form.cache ? 'key' : PLACES[1]
  }

  /** Block `i`: input [n, hidden], output [n, hidden]. */
  write(input: Value, i: number): Value {
    const { modules, sites, architecture } = this
    const { block: names } = modules.names
    const { heads, kvHeads, headDim } = architecture
    const label = (name: string): string => `blocks.${i}.attn.${name}`
    const [queryRows, keyRows, valueRows] = this.projections(input, i)

    let query = sites.site(label('hook_q'), queryRows, heads, headDim)
    let key = sites.site(label('hook_k'), keyRows, kvHeads, headDim)
    const value = sites.site(label('hook_v'), valueRows, kvHeads, headDim)
    if (architecture.attention.queryKeyNorm) {
      query = this.headNorm(query, heads, names.queryNorm, i, label('q_norm'))
      key = this.headNorm(key, kvHeads, names.keyNorm, i, label('k_norm'))
    }
    if (architecture.positions.kind === 'rotary') {
      const rotary = architecture.positions.blocks[i]
      if (!rotary) throw new Error(`No rotary for block ${i}.`)
      query = sites.site(label('hook_rot_q'), this.rotary.rotate(query, heads, rotary, label('rot_q')), heads, headDim)
      key = sites.site(label('hook_rot_k'), this.rotary.rotate(key, kvHeads, rotary, label('rot_k')), kvHeads, headDim)
    }
    const z = this.mixed(query, key, value, i)
    return modules.linear(sites.site(label('hook_z'), z, heads, headDim), modules.at(names.attentionOut, i), heads * headDim, architecture.hidden, label('out'))
  }

  /** Norm of each head of `rows` [n, heads × headDim]. */
  private headNorm(rows: Value, heads: number, name: string | undefined, i: number, label: string): Value {
    const { headDim } = this.architecture
    const byHead = this.sites.reshape(rows, [-1, heads, headDim], `${label}/heads`, ['tokens', heads, headDim])
    return this.sites.flat(this.modules.norm(byHead, this.modules.at(name ?? '', i), label), heads * headDim, `${label}/rows`)
  }

  /** Query, key and value rows: [n, heads × headDim], [n, kvHeads × headDim] twice. */
  private projections(input: Value, i: number): readonly [Value, Value, Value] {
    const { graph, architecture: { hidden, heads, kvHeads, headDim }, modules, sites } = this
    const { block: names } = modules.names
    const label = (name: string): string => `blocks.${i}.attn.${name}`
    if (!names.packed) {
      const part = (name: string | undefined, count: number, as: string): Projection => ({ name: modules.at(name ?? '', i), outputs: count * headDim, label: label(as) })
      const [query = '', key = '', value = ''] = modules.linears(input, hidden, [part(names.query, heads, 'q'), part(names.key, kvHeads, 'k'), part(names.value, kvHeads, 'v')])
      return [query, key, value]
    }
    const packed = modules.linear(input, modules.at(names.packed.name, i), hidden, (heads + 2 * kvHeads) * headDim, label('qkv'))
    if (names.packed.layout === 'rows') {
      const sizes = graph.int64s([heads * headDim, kvHeads * headDim, kvHeads * headDim])
      graph.op('Split', [packed, sizes], label('q'), { axis: 1 }, { outputs: 3 })
      return [label('q'), `${label('q')}:1`, `${label('q')}:2`]
    }
    const byHead = sites.reshape(packed, [-1, heads, 3 * headDim], label('qkv_heads'), ['tokens', heads, 3 * headDim])
    graph.op('Split', [byHead, graph.int64s([headDim, headDim, headDim])], label('q_heads3'), { axis: 2 }, { outputs: 3 })
    const rows = (value: Value, as: string): Value => sites.reshape(value, [-1, heads * headDim], label(as), ['tokens', heads * headDim])
    return [rows(label('q_heads3'), 'q'), rows(`${label('q_heads3')}:1`, 'k'), rows(`${label('q_heads3')}:2`, 'v')]
  }

  /** Attention as the sites show it, step by step: rows [n, …] → [n, heads × headDim]. */
  private mixed(queryRows: Value, keyRows: Value, valueRows: Value, i: number): Value {
    const { graph, architecture } = this
    const { heads, kvHeads, headDim } = architecture
    const group = heads / kvHeads
    const label = (name: string): string => `blocks.${i}.attn.${name}`
    const key = this.placed(keyRows, label('k4'), kvHeads, headDim)
    const value = this.placed(valueRows, label('v4'), kvHeads, headDim)
    // Queries of the heads that share a key stand under each other, so that a group is one product.
    const grouped = this.placed(queryRows, label('q5'), kvHeads, group, headDim)
    const queries = this.sites.reshape(graph.op('Transpose', [grouped], label('q_heads'), { perm: [0, 2, 3, 1, 4] }), [0, kvHeads, -1, headDim], label('q_group'), [PLACES[0], kvHeads, 'grouped', headDim])
    // Right before the product, where ONNX Runtime makes one operator of both.
    const scaled = graph.op('Mul', [queries, graph.float(this.scoreScale(i))], label('q_scaled'))
    let keys = graph.op('Transpose', [key], label('k_heads'), { perm: [0, 2, 1, 3] })
    let values = graph.op('Transpose', [value], label('v_heads'), { perm: [0, 2, 1, 3] })
    if (this.form.cache) {
      keys = this.afterCached(keys, INPUTS.pastKey(i), CACHED.key(i))
      values = this.afterCached(values, INPUTS.pastValue(i), CACHED.value(i))
    }
    const keysTransposed = graph.op('Transpose', [keys], label('k_transposed'), { perm: [0, 1, 3, 2] })
    const products = graph.op('MatMul', [scaled, keysTransposed], label('products'))
    const mixed = graph.op('MatMul', [this.pattern(products, values, i), values], label('mixed'))
    const mixedShape = graph.op('Concat', [this.dimension(0), graph.int64s([heads]), this.dimension(1), graph.int64s([headDim])], label('z_shape'), { axis: 0 })
    const byHeads = graph.op('Reshape', [mixed, mixedShape], label('z_heads'), {}, { shape: [PLACES[0], heads, PLACES[1], headDim] })
    const rows = this.sites.flat(graph.op('Transpose', [byHeads], label('z4'), { perm: [0, 2, 1, 3] }), heads * headDim, label('z_rows'))
    return this.form.placed ? graph.op('Gather', [rows, graph.once(INPUTS.placeOf, (name) => graph.input(name, 'int64', ['tokens']))], label('z_tokens'), { axis: 0 }) : rows
  }

  /** What each query takes of each key, from their products [rows, kvHeads, group × length, keys]; in the same shape. */
  private pattern(products: Value, values: Value, i: number): Value {
    const { graph, architecture: { heads, kvHeads, attention } } = this
    const label = (name: string): string => `blocks.${i}.attn.${name}`
    const mask = this.bias(attention.windows[i] ?? null)
    // No site is read of a cached graph: scores stay with their group, and the mask is repeated for it.
    if (this.form.cache) return graph.op('Softmax', [graph.op('Add', [softcapped(graph, products, attention.softcap, label('scores')), this.groupedBias(mask)], label('masked'))], label('pattern'), { axis: -1 })
    const square = [PLACES[0], heads, PLACES[1], this.keyDim]
    const byHead = graph.op('Concat', [this.dimension(0), graph.int64s([heads]), this.dimension(1), graph.int64s([-1])], label('scores_shape'), { axis: 0 })
    const scores = softcapped(graph, graph.op('Reshape', [products, byHead], label('scores'), {}, { shape: square }), attention.softcap, label('scores'))
    const masked = graph.op('Add', [scores, mask], label('masked'))
    this.sites.outputs(label('hook_attn_scores'), masked, square)
    const pattern = graph.op('Softmax', [masked], label('pattern'), { axis: -1 })
    this.sites.outputs(label('hook_pattern'), pattern, square)
    const patternShape = graph.op('Concat', [this.dimension(0), graph.int64s([kvHeads, -1]), graph.op('Shape', [values], label('keys_count'), { start: 2, end: 3 })], label('pattern_shape'), { axis: 0 })
    return graph.op('Reshape', [pattern, patternShape], label('pattern_group'), {}, { shape: [PLACES[0], kvHeads, 'grouped', this.keyDim] })
  }

  /** Keys or values of a block with those of the cache before them; what comes out is the cache of the next step. */
  private afterCached(own: Value, past: string, present: string): Value {
    const { graph, architecture: { kvHeads, headDim } } = this
    const before = graph.input(past, 'float32', [PLACES[0], kvHeads, 'past', headDim])
    const shape = [PLACES[0], kvHeads, this.keyDim, headDim]
    // Called as the output is: under another name it would be copied into it.
    const all = graph.op('Concat', [before, own], present, { axis: 2 })
    graph.output(present, all, shape)
    return all
  }

  private scoreScale(i: number): number {
    const { scale, dividedByDepth = false } = this.architecture.attention
    return dividedByDepth ? scale / (i + 1) : scale
  }

  private bias(window: number | null): Value {
    const known = this.biases.get(window)
    if (known) return known
    const { graph, modules, architecture: { relativeBias, heads } } = this
    let bias = graph.input(INPUTS.bias(window), 'float32', [PLACES[0], 1, PLACES[1], this.keyDim])
    if (relativeBias) {
      const buckets = graph.input(INPUTS.buckets, 'int64', [PLACES[0], PLACES[1], this.keyDim])
      const table = `${modules.prefix}${modules.names.relativeBias}.weight`
      const [rows, columns] = modules.weights.shape(table)
      if (rows !== relativeBias.buckets || columns !== heads) throw contradiction(table, `has the shape [${rows}, ${columns}]`, `[${relativeBias.buckets}, ${heads}]`)
      const looked = modules.weights.lookup(graph, table, buckets, 'relative_bias/looked_up')
      bias = graph.op('Add', [bias, graph.op('Transpose', [looked], 'relative_bias', { perm: [0, 3, 1, 2] })], 'relative_bias/masked')
    }
    this.biases.set(window, bias)
    return bias
  }

  /** The mask [rows, 1, length, keys] for each head of a group under the other: [rows, 1, group × length, keys]. */
  private groupedBias(bias: Value): Value {
    const { graph, architecture: { heads, kvHeads } } = this
    return heads === kvHeads ? bias : graph.once(`${bias}/grouped`, (name) => graph.op('Tile', [bias, graph.int64s([1, 1, heads / kvHeads, 1])], name))
  }

  /** Rows [n, …dims] where attention needs them: [rows, length, …dims]. */
  private placed(rows: Value, label: string, ...dims: number[]): Value {
    const { graph } = this
    const moved = this.form.placed ? graph.op('Gather', [rows, INPUTS.places], `${label}/placed`, { axis: 0 }) : rows
    const shape = graph.once(`placed/${dims.join('x')}`, (name) => graph.op('Concat', [this.placeShape, graph.int64s(dims)], name, { axis: 0 }))
    return this.sites.reshaped(moved, shape, label, [...PLACES, ...dims])
  }

  private dimension(axis: 0 | 1): Value {
    return this.graph.once(`dimension_${axis}`, (name) => this.graph.op('Gather', [this.placeShape, this.graph.int64s([axis])], name))
  }
}
