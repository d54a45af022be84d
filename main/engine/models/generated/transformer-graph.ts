import { LayerscopeError } from '../../errors'
import { BOUNDS } from '../screened-head'
import type { Architecture, Rotary, TensorNames } from './architecture'
import { GraphBuilder, type Shape, type Value } from './graph-builder'
import { headOf, prefixOf } from './matrices'
import { dependsOnLength, rotaryFrequencies } from './rotary'
import { resolveAlias } from './sites'
import type { Arithmetic, HeadScreen, WeightSource } from './weights'

/**
 * Inputs of a generated graph. Positions and masks come from outside, so that the same graph runs padded batches,
 * packed prefix trees and cached generation: b rows, q tokens, k = past + q tokens that can be seen.
 */
export const INPUTS = {
  /** int64 [b, q] */
  tokens: 'input_ids',
  /** int64 [b, q]: rows of the learned table, or rotary positions. */
  positions: 'position_ids',
  /**
   * int64 [rows, length] and [b · q]: the token that stands in each place where attention is computed, and the place where each
   * token's result is read. Rows of a pack attend to themselves alone: laid out one under the other, they never meet the others.
   */
  places: 'attention_places',
  placeOf: 'attention_place_of',
  /** float32 [b, 1, q, k], with places [rows, 1, length, length]: 0 where a query sees a key, `MASKED` where not. */
  bias: (window: number | null): string => (window === null ? 'attention_bias' : `attention_bias_${window}`),
  /** int64 [b, q, k]: bucket of each relative position. */
  buckets: 'relative_buckets',
  /** float32 [b, kvHeads, past, headDim]: keys and values of what came before. */
  pastKey: (block: number): string => `past_key.${block}`,
  pastValue: (block: number): string => `past_value.${block}`,
  /** float32 [width / 2]: rotary frequencies that depend on the length. */
  frequencies: 'rotary_frequencies',
  /** Added to a residual site; float32, broadcast to [b, q, hidden]. */
  add: (site: string): string => `add/${site}`,
  /** Where `patch_mask` (bool as float32, [b, q, 1]) is 1, the site takes `patch_value` [b, q, hidden]. */
  patchMask: (site: string): string => `patch_mask/${site}`,
  patchValue: (site: string): string => `patch_value/${site}`
} as const

/** Outputs of a cached graph: the keys and values of all tokens so far. */
export const CACHED = {
  key: (block: number): string => `present_key.${block}`,
  value: (block: number): string => `present_value.${block}`
} as const

/** Names of the dims that attention is computed over. */
const PLACES = ['rows', 'length'] as const

/** Finite, so that a row that sees nothing stays a number. */
export const MASKED = -1e30

export interface GraphRequest {
  readonly sites: readonly string[]
  /** Residual sites that take an additive and a patch input. */
  readonly interventions?: readonly string[]
  /** Attention is computed in places, so that the graph runs packs as well as padded batches. */
  readonly placed?: boolean
  /** Keys and values of what came before go in and out of every block, and the logits are those of each row's last token alone. */
  readonly cache?: boolean
  readonly arithmetic?: Arithmetic
  /** Of a cached graph: bounds of the logits go out instead of the logits. */
  readonly screen?: HeadScreen
}

/**
 * Writes the ONNX graph of one transformer for just the sites asked for: what no output needs is left out,
 * so that reading block 6 of 30 computes seven blocks.
 */
export function writeTransformerGraph(architecture: Architecture, names: TensorNames, weights: WeightSource, request: GraphRequest): Uint8Array {
  return new TransformerGraph(architecture, names, weights, request).write()
}

/** A matrix to multiply by: its tensor without the ending, the width of what comes out, and what that is called. */
interface Projection {
  readonly name: string
  readonly outputs: number
  readonly label: string
}

class TransformerGraph {
  private readonly graph = new GraphBuilder()
  private readonly prefix: string
  private readonly wanted: ReadonlyMap<string, readonly string[]>
  private readonly interventions: ReadonlySet<string>
  private readonly batchShape: Value
  /** Rows and length of what attention is computed over. */
  private readonly placeShape: Value
  private readonly positions: Value
  private readonly cosSin = new Map<string, { readonly cos: Value; readonly sin: Value }>()
  /** Name of the dim of what queries see: the tokens of a run, and with a cache what came before them too. */
  private readonly keyDim: string
  private readonly biases = new Map<number | null, Value>()
  /** Of each reshaped value the one that it was made of. */
  private readonly reshapedFrom = new Map<Value, Value>()

  constructor(private readonly architecture: Architecture, private readonly names: TensorNames, private readonly weights: WeightSource, private readonly request: GraphRequest) {
    const prefix = prefixOf(names, (name) => weights.has(name))
    if (prefix === undefined) {
      throw new LayerscopeError({
        code: 'weights-missing', message: `The model's files hold no token embedding (${names.prefixes[0]}${names.embedding}.weight).`,
        hint: `config.json says ${architecture.family}: check that it belongs to these weights.`
      })
    }
    this.prefix = prefix
    this.keyDim = request.cache ? 'key' : PLACES[1]
    const wanted = new Map<string, string[]>()
    for (const site of request.sites) {
      const target = resolveAlias(architecture, site)
      wanted.set(target, [...(wanted.get(target) ?? []), site])
    }
    this.wanted = wanted
    this.interventions = new Set(request.interventions?.map((site) => resolveAlias(architecture, site)))
    const tokens = this.graph.input(INPUTS.tokens, 'int64', ['batch', 'position'])
    this.positions = this.graph.input(INPUTS.positions, 'int64', ['batch', 'position'])
    this.batchShape = this.graph.op('Shape', [tokens], 'batch_shape')
    this.placeShape = request.placed ? this.graph.op('Shape', [this.graph.input(INPUTS.places, 'int64', PLACES)], 'place_shape') : this.batchShape
  }

  write(): Uint8Array {
    let residual = this.embed()
    for (let i = 0; i < this.architecture.layers; i++) residual = this.block(residual, i)
    let final = residual
    if (this.architecture.finalNorm) final = this.site('ln_final.hook_out', this.norm(residual, this.names.finalNorm ?? '', 'ln_final'), this.architecture.hidden)
    const { embedding: { width }, hidden, layers } = this.architecture
    if (width !== undefined) final = this.site(`hf.hidden_states.${layers}`, this.linear(final, `${this.prefix}${this.names.projectionOut}`, hidden, width, 'projected'), width)
    if (this.architecture.logits && (this.wanted.has('logits') || this.request.cache)) this.logits(final)
    return this.graph.build(this.architecture.family)
  }

  // ── Parts ──────────────────────────────────────────────────────────────────────────────────────

  private embed(): Value {
    const { graph, names, architecture } = this
    const { hidden, embedding } = architecture
    const lookup = (name: string | undefined, indices: Value, label: string, width: number, least: number): Value => {
      const table = `${this.prefix}${name}.weight`
      const [rows = 0, found] = this.weights.shape(table)
      if (found !== width) throw this.contradiction(table, `is ${found} wide`, `a width of ${width}`)
      if (rows < least) throw this.contradiction(table, `has ${rows} rows`, `at least ${least}`)
      return this.flat(this.weights.lookup(graph, table, indices, label), width, `${label}/rows`)
    }
    let sum = lookup(names.embedding, INPUTS.tokens, 'embed/tokens', embedding.width ?? hidden, architecture.vocab)
    if (embedding.width !== undefined) sum = this.linear(sum, `${this.prefix}${names.projectionIn}`, embedding.width, hidden, 'embed/projected')
    if (embedding.scale !== null) sum = graph.op('Mul', [sum, graph.float(embedding.scale)], 'embed/scaled')
    if (!embedding.norm) sum = this.site('hook_embed', sum, hidden)
    if (architecture.positions.kind === 'learned') {
      let position = lookup(names.positionEmbedding, this.positions, 'embed/positions', hidden, architecture.maxPositions)
      if (!embedding.norm) position = this.site('hook_pos_embed', position, hidden)
      sum = graph.op('Add', [sum, position], 'embed/sum')
    }
    if (embedding.tokenTypes && this.weights.has(`${this.prefix}${names.tokenTypeEmbedding}.weight`)) {
      const first = this.weights.lookup(graph, `${this.prefix}${names.tokenTypeEmbedding}.weight`, graph.int64s([0]), 'embed/type')
      sum = graph.op('Add', [sum, first], 'embed/typed')
    }
    if (embedding.norm) sum = this.site('hook_embed', this.norm(sum, names.embeddingNorm ?? '', 'embed/norm'), hidden)
    return sum
  }

  private block(input: Value, i: number): Value {
    const { architecture, names: { block: names } } = this
    const { hidden, placement } = architecture
    const site = (name: string, value: Value, ...dims: number[]): Value => this.site(`blocks.${i}.${name}`, value, ...(dims.length > 0 ? dims : [hidden]))
    const norm = (value: Value, name: string | undefined, label: string): Value => this.norm(value, this.at(name ?? '', i), `blocks.${i}.${label}`)
    const add = (a: Value, b: Value, label: string): Value => this.graph.op('Add', [a, b], `blocks.${i}.${label}`)
    // What a sublayer gives is what is added to the stream: Granite's multiplier belongs to it.
    const given = (name: string, value: Value): Value => site(name, this.residualScaled(value, `blocks.${i}.${name}/scaled`))

    const pre = site('hook_resid_pre', input)
    switch (placement) {
      case 'pre': {
        const attention = given('hook_attn_out', this.attention(norm(pre, names.attentionNorm, 'ln1'), i))
        const mid = site('hook_resid_mid', add(pre, attention, 'mid'))
        const mlp = given('hook_mlp_out', this.mlp(norm(mid, names.mlpNorm, 'ln2'), i))
        return site('hook_resid_post', add(mid, mlp, 'post'))
      }
      case 'sandwich': {
        const attention = given('hook_attn_out', norm(this.attention(norm(pre, names.attentionNorm, 'ln1'), i), names.postAttentionNorm, 'ln1_post'))
        const mid = site('hook_resid_mid', add(pre, attention, 'mid'))
        const mlp = given('hook_mlp_out', norm(this.mlp(norm(mid, names.mlpNorm, 'ln2'), i), names.postMlpNorm, 'ln2_post'))
        return site('hook_resid_post', add(mid, mlp, 'post'))
      }
      case 'parallel': {
        const attention = given('hook_attn_out', this.attention(norm(pre, names.attentionNorm, 'ln1'), i))
        const mlp = given('hook_mlp_out', this.mlp(norm(pre, names.mlpNorm, 'ln2'), i))
        return site('hook_resid_post', add(add(pre, attention, 'mid'), mlp, 'post'))
      }
      case 'post': {
        const attention = given('hook_attn_out', this.attention(pre, i))
        const mid = site('attn_block_out', norm(add(pre, attention, 'mid'), names.attentionNorm, 'ln1'))
        const mlp = given('hook_mlp_out', this.mlp(mid, i))
        return site('block_out', norm(add(mid, mlp, 'post'), names.mlpNorm, 'ln2'))
      }
    }
  }

  /** Input [n, hidden]; output [n, hidden]. */
  private attention(input: Value, i: number): Value {
    const { architecture } = this
    const { heads, kvHeads, headDim } = architecture
    const label = (name: string): string => `blocks.${i}.attn.${name}`
    const [queryRows, keyRows, valueRows] = this.projections(input, i)

    let query = this.site(label('hook_q'), queryRows, heads, headDim)
    let key = this.site(label('hook_k'), keyRows, kvHeads, headDim)
    const value = this.site(label('hook_v'), valueRows, kvHeads, headDim)
    if (architecture.attention.queryKeyNorm) {
      query = this.headNorm(query, heads, this.names.block.queryNorm, i, label('q_norm'))
      key = this.headNorm(key, kvHeads, this.names.block.keyNorm, i, label('k_norm'))
    }
    if (architecture.positions.kind === 'rotary') {
      const rotary = architecture.positions.blocks[i]
      if (!rotary) throw new Error(`No rotary for block ${i}.`)
      query = this.site(label('hook_rot_q'), this.rotate(query, heads, rotary, label('rot_q')), heads, headDim)
      key = this.site(label('hook_rot_k'), this.rotate(key, kvHeads, rotary, label('rot_k')), kvHeads, headDim)
    }
    const z = this.mixed(query, key, value, i)
    return this.linear(this.site(label('hook_z'), z, heads, headDim), this.at(this.names.block.attentionOut, i), heads * headDim, architecture.hidden, label('out'))
  }

  /** Norm of each head of `rows` [n, heads × headDim]. */
  private headNorm(rows: Value, heads: number, name: string | undefined, i: number, label: string): Value {
    const { headDim } = this.architecture
    const byHead = this.reshape(rows, [-1, heads, headDim], `${label}/heads`, ['tokens', heads, headDim])
    return this.flat(this.norm(byHead, this.at(name ?? '', i), label), heads * headDim, `${label}/rows`)
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
    const queries = this.reshape(graph.op('Transpose', [grouped], label('q_heads'), { perm: [0, 2, 3, 1, 4] }), [0, kvHeads, -1, headDim], label('q_group'), [PLACES[0], kvHeads, 'grouped', headDim])
    // Right before the product, where ONNX Runtime makes one operator of both.
    const scaled = graph.op('Mul', [queries, graph.float(this.scoreScale(i))], label('q_scaled'))
    let keys = graph.op('Transpose', [key], label('k_heads'), { perm: [0, 2, 1, 3] })
    let values = graph.op('Transpose', [value], label('v_heads'), { perm: [0, 2, 1, 3] })
    if (this.request.cache) {
      keys = this.afterCached(keys, INPUTS.pastKey(i), CACHED.key(i))
      values = this.afterCached(values, INPUTS.pastValue(i), CACHED.value(i))
    }
    const keysTransposed = graph.op('Transpose', [keys], label('k_transposed'), { perm: [0, 1, 3, 2] })
    const products = graph.op('MatMul', [scaled, keysTransposed], label('products'))
    const mixed = graph.op('MatMul', [this.pattern(products, values, i), values], label('mixed'))
    const mixedShape = graph.op('Concat', [this.dimension(0), graph.int64s([heads]), this.dimension(1), graph.int64s([headDim])], label('z_shape'), { axis: 0 })
    const byHeads = graph.op('Reshape', [mixed, mixedShape], label('z_heads'), {}, { shape: [PLACES[0], heads, PLACES[1], headDim] })
    const rows = this.flat(graph.op('Transpose', [byHeads], label('z4'), { perm: [0, 2, 1, 3] }), heads * headDim, label('z_rows'))
    return this.request.placed ? graph.op('Gather', [rows, graph.once(INPUTS.placeOf, (name) => graph.input(name, 'int64', ['tokens']))], label('z_tokens'), { axis: 0 }) : rows
  }

  /** What each query takes of each key, from their products [rows, kvHeads, group × length, keys]; in the same shape. */
  private pattern(products: Value, values: Value, i: number): Value {
    const { graph, architecture: { heads, kvHeads, attention } } = this
    const label = (name: string): string => `blocks.${i}.attn.${name}`
    const mask = this.bias(attention.windows[i] ?? null)
    // No site is read of a cached graph: scores stay with their group, and the mask is repeated for it.
    if (this.request.cache) return graph.op('Softmax', [graph.op('Add', [this.capped(products, attention.softcap, label('scores')), this.groupedBias(mask)], label('masked'))], label('pattern'), { axis: -1 })
    const square = [PLACES[0], heads, PLACES[1], this.keyDim]
    const byHead = graph.op('Concat', [this.dimension(0), graph.int64s([heads]), this.dimension(1), graph.int64s([-1])], label('scores_shape'), { axis: 0 })
    const scores = this.capped(graph.op('Reshape', [products, byHead], label('scores'), {}, { shape: square }), attention.softcap, label('scores'))
    const masked = graph.op('Add', [scores, mask], label('masked'))
    this.outputs(label('hook_attn_scores'), masked, square)
    const pattern = graph.op('Softmax', [masked], label('pattern'), { axis: -1 })
    this.outputs(label('hook_pattern'), pattern, square)
    const patternShape = graph.op('Concat', [this.dimension(0), graph.int64s([kvHeads, -1]), graph.op('Shape', [values], label('keys_count'), { start: 2, end: 3 })], label('pattern_shape'), { axis: 0 })
    return graph.op('Reshape', [pattern, patternShape], label('pattern_group'), {}, { shape: [PLACES[0], kvHeads, 'grouped', this.keyDim] })
  }

  /** cap · tanh(value / cap) where there is a cap. */
  private capped(value: Value, softcap: number | null, label: string): Value {
    if (softcap === null) return value
    const { graph } = this
    const cap = graph.float(softcap)
    return graph.op('Mul', [graph.op('Tanh', [graph.op('Div', [value, cap], `${label}/cap`)], `${label}/tanh`), cap], `${label}/capped`)
  }

  /** Query, key and value rows: [n, heads × headDim], [n, kvHeads × headDim] twice. */
  private projections(input: Value, i: number): readonly [Value, Value, Value] {
    const { graph, architecture: { hidden, heads, kvHeads, headDim }, names: { block: names } } = this
    const label = (name: string): string => `blocks.${i}.attn.${name}`
    if (!names.packed) {
      const part = (name: string | undefined, count: number, as: string): Projection => ({ name: this.at(name ?? '', i), outputs: count * headDim, label: label(as) })
      const [query = '', key = '', value = ''] = this.linears(input, hidden, [part(names.query, heads, 'q'), part(names.key, kvHeads, 'k'), part(names.value, kvHeads, 'v')])
      return [query, key, value]
    }
    const packed = this.linear(input, this.at(names.packed.name, i), hidden, (heads + 2 * kvHeads) * headDim, label('qkv'))
    if (names.packed.layout === 'rows') {
      const sizes = graph.int64s([heads * headDim, kvHeads * headDim, kvHeads * headDim])
      graph.op('Split', [packed, sizes], label('q'), { axis: 1 }, { outputs: 3 })
      return [label('q'), `${label('q')}:1`, `${label('q')}:2`]
    }
    const byHead = this.reshape(packed, [-1, heads, 3 * headDim], label('qkv_heads'), ['tokens', heads, 3 * headDim])
    graph.op('Split', [byHead, graph.int64s([headDim, headDim, headDim])], label('q_heads3'), { axis: 2 }, { outputs: 3 })
    const rows = (value: Value, as: string): Value => this.reshape(value, [-1, heads * headDim], label(as), ['tokens', heads * headDim])
    return [rows(label('q_heads3'), 'q'), rows(`${label('q_heads3')}:1`, 'k'), rows(`${label('q_heads3')}:2`, 'v')]
  }

  private mlp(input: Value, i: number): Value {
    const { graph, architecture, names: { block: names } } = this
    const { hidden, mlp } = architecture
    const label = (name: string): string => `blocks.${i}.mlp.${name}`
    let post: Value
    if (!architecture.gated) {
      const pre = this.site(label('hook_pre'), this.linear(input, this.at(names.up, i), hidden, mlp, label('up')), mlp)
      post = this.activate(pre, label('act'))
    } else {
      let gate: Value
      let up: Value
      if (names.packedGate) {
        gate = graph.op('Split', [this.linear(input, this.at(names.up, i), hidden, 2 * mlp, label('gate_up')), graph.int64s([mlp, mlp])], label('gate'), { axis: 1 }, { outputs: 2 })
        up = `${gate}:1`
      } else {
        [gate = '', up = ''] = this.linears(input, hidden, [{ name: this.at(names.gate ?? '', i), outputs: mlp, label: label('gate') }, { name: this.at(names.up, i), outputs: mlp, label: label('up') }])
      }
      gate = this.site(label('hook_pre'), gate, mlp)
      up = this.site(label('hook_pre_linear'), up, mlp)
      post = graph.op('Mul', [this.activate(gate, label('act')), up], label('gated'))
    }
    return this.linear(this.site(label('hook_post'), post, mlp), this.at(names.down, i), mlp, hidden, label('down'))
  }

  private logits(final: Value): void {
    const { graph, architecture, names } = this
    const width = architecture.embedding.width ?? architecture.hidden
    let rows = final
    if (this.request.cache) {
      const last = graph.op('Gather', [this.shaped(final, 'head/tokens', width), graph.int64(-1)], 'head/last', { axis: 1 })
      rows = last
    }
    // A divisor and a cap leave the order of logits as it is.
    if (this.request.screen) {
      const { upper, least } = this.request.screen.bounds(graph, rows, 'head')
      graph.output(BOUNDS.upper, upper, ['batch', architecture.vocab])
      graph.output(BOUNDS.least, least, ['batch'])
      graph.output(BOUNDS.hidden, rows, ['batch', width])
      return
    }
    const head = headOf(names, (name) => this.weights.has(name))
    // A tied table is stored [vocab, hidden] even where the family's matrices are [in, out].
    let logits = this.linear(rows, head, width, architecture.vocab, 'head', false)
    const { divisor = null, softcap = null } = architecture.logits ?? {}
    if (divisor !== null) logits = graph.op('Div', [logits, graph.float(divisor)], 'head/divided')
    logits = this.capped(logits, softcap, 'head')
    if (this.request.cache) graph.output('logits', logits, ['batch', architecture.vocab])
    else this.site('logits', logits, architecture.vocab)
  }

  // ── Pieces ─────────────────────────────────────────────────────────────────────────────────────

  private at(name: string, i: number): string {
    return this.prefix + name.replace('{i}', String(i))
  }

  /** `rows` [n, inputs] → [n, outputs]; the bias is added where the file has one. */
  private linear(rows: Value, name: string, inputs: number, outputs: number, label: string, transposed = this.names.transposed ?? false): Value {
    const { weight, bias } = this.matrix(name, inputs, outputs, transposed)
    return this.weights.linear(this.graph, rows, weight, bias, transposed, label, this.request.arithmetic)
  }

  /** Several of the same rows; as one product where the weights can be joined. */
  private linears(rows: Value, inputs: number, projections: readonly Projection[]): readonly Value[] {
    const transposed = this.names.transposed ?? false
    const parts = projections.map(({ name, outputs, label }) => ({ ...this.matrix(name, inputs, outputs, transposed), label }))
    return this.weights.joined?.(this.graph, rows, parts, this.request.arithmetic)
      ?? parts.map(({ weight, bias, label }) => this.weights.linear(this.graph, rows, weight, bias, transposed, label, this.request.arithmetic))
  }

  private matrix(name: string, inputs: number, outputs: number, transposed: boolean): { readonly weight: string; readonly bias: Value | null } {
    const weight = `${name}.weight`
    const shape = this.weights.shape(weight)
    const [expectedRows, expectedColumns] = transposed ? [inputs, outputs] : [outputs, inputs]
    if (shape.length !== 2 || shape[0] !== expectedRows || shape[1] !== expectedColumns) {
      throw this.contradiction(weight, `has the shape [${shape.join(', ')}]`, `[${expectedRows}, ${expectedColumns}]`)
    }
    return { weight, bias: this.weights.has(`${name}.bias`) ? this.weights.tensor(this.graph, `${name}.bias`) : null }
  }

  private norm(value: Value, name: string, label: string): Value {
    const { graph, architecture: { norm } } = this
    const full = name.startsWith(this.prefix) ? name : this.prefix + name
    let weight = norm.weighted === false ? graph.floats('norm/ones', new Float32Array(this.architecture.hidden).fill(1), [this.architecture.hidden]) : this.weights.tensor(graph, `${full}.weight`)
    if (norm.kind === 'layer') {
      const bias = this.weights.has(`${full}.bias`) ? [this.weights.tensor(graph, `${full}.bias`)] : []
      return graph.op('LayerNormalization', [value, weight, ...bias], label, { axis: -1, epsilon: { float: norm.epsilon } })
    }
    if (norm.plusOne) weight = graph.op('Add', [weight, graph.float(1)], `${label}/weight`)
    return graph.op('SimplifiedLayerNormalization', [value, weight], label, { axis: -1, epsilon: { float: norm.epsilon }, stash_type: 1 })
  }

  private activate(value: Value, label: string): Value {
    const { graph } = this
    switch (this.architecture.activation) {
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

  private residualScaled(value: Value, label: string): Value {
    const scale = this.architecture.residualScale
    return scale === null ? value : this.graph.op('Mul', [value, this.graph.float(scale)], label)
  }

  /** Turns the first `width` values of each head: x·cos + rotate_half(x)·sin. Rows [n, heads × headDim]. */
  private rotate(rows: Value, heads: number, rotary: Rotary, label: string): Value {
    const { graph, architecture: { headDim } } = this
    const { cos, sin } = this.turning(rotary)
    const width = heads * headDim
    // All tokens as one row, whose i-th turns by row i of cos and sin.
    const row = this.reshape(rows, [1, -1, width], `${label}/row`, [1, 'tokens', width])
    const partial = rotary.width < headDim ? { rotary_embedding_dim: rotary.width } : {}
    const turned = graph.op('RotaryEmbedding', [row, graph.int64s([0]), cos, sin], `${label}/turned`, { num_heads: heads, ...partial }, { domain: 'com.microsoft' })
    return this.flat(turned, width, label)
  }

  /** cos and sin of every token's angles, [n, width / 2]; computed once for each kind of rotary. */
  private turning(rotary: Rotary): { readonly cos: Value; readonly sin: Value } {
    const key = JSON.stringify(rotary)
    const known = this.cosSin.get(key)
    if (known) return known
    const { graph } = this
    const label = `rotary_${this.cosSin.size}`
    const { frequencies, factor } = rotaryFrequencies(rotary, 0)
    const values = dependsOnLength(rotary)
      ? graph.once(INPUTS.frequencies, (name) => graph.input(name, 'float32', [frequencies.length]))
      : graph.floats(label, frequencies, [frequencies.length])
    const positions = graph.once('positions_float', (name) => this.reshape(graph.op('Cast', [this.positions], `${name}/cast`, { to: 1 }), [-1, 1], name, ['tokens', 1]))
    const angles = graph.op('Mul', [positions, values], `${label}/angles`)
    const scaled = (opType: string): Value => {
      const value = graph.op(opType, [angles], `${label}/${opType}`)
      return factor === 1 ? value : graph.op('Mul', [value, graph.float(factor)], `${label}/${opType}/scaled`)
    }
    const turning = { cos: scaled('Cos'), sin: scaled('Sin') }
    this.cosSin.set(key, turning)
    return turning
  }

  private bias(window: number | null): Value {
    const known = this.biases.get(window)
    if (known) return known
    const { graph, architecture: { relativeBias, heads } } = this
    let bias = graph.input(INPUTS.bias(window), 'float32', [PLACES[0], 1, PLACES[1], this.keyDim])
    if (relativeBias) {
      const buckets = graph.input(INPUTS.buckets, 'int64', [PLACES[0], PLACES[1], this.keyDim])
      const table = `${this.prefix}${this.names.relativeBias}.weight`
      const [rows, columns] = this.weights.shape(table)
      if (rows !== relativeBias.buckets || columns !== heads) throw this.contradiction(table, `has the shape [${rows}, ${columns}]`, `[${relativeBias.buckets}, ${heads}]`)
      const looked = this.weights.lookup(graph, table, buckets, 'relative_bias/looked_up')
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

  // ── Shapes and sites ───────────────────────────────────────────────────────────────────────────

  /** Rows [n, …dims] as [batch, position, …dims]. */
  private shaped(value: Value, label: string, ...dims: number[]): Value {
    const shape = this.graph.once(`shape/${dims.join('x')}`, (name) => this.graph.op('Concat', [this.batchShape, this.graph.int64s(dims)], name, { axis: 0 }))
    return this.reshaped(value, shape, label, ['batch', 'position', ...dims])
  }

  /** Rows [n, …dims] where attention needs them: [rows, length, …dims]. */
  private placed(rows: Value, label: string, ...dims: number[]): Value {
    const { graph } = this
    const moved = this.request.placed ? graph.op('Gather', [rows, INPUTS.places], `${label}/placed`, { axis: 0 }) : rows
    const shape = graph.once(`placed/${dims.join('x')}`, (name) => graph.op('Concat', [this.placeShape, graph.int64s(dims)], name, { axis: 0 }))
    return this.reshaped(moved, shape, label, [...PLACES, ...dims])
  }

  private flat(value: Value, width: number, label: string): Value {
    return this.reshape(value, [-1, width], label, ['tokens', width])
  }

  private reshape(value: Value, dims: readonly number[], label: string, shape: Shape): Value {
    return this.reshaped(value, this.graph.int64s(dims), label, shape)
  }

  /** Of a value that was reshaped before, the value it was: what is between is left out where nothing else needs it. */
  private reshaped(value: Value, dims: Value, label: string, shape: Shape): Value {
    const from = this.reshapedFrom.get(value) ?? value
    this.reshapedFrom.set(label, from)
    return this.graph.op('Reshape', [from, dims], label, {}, { shape })
  }

  private dimension(axis: 0 | 1): Value {
    return this.graph.once(`dimension_${axis}`, (name) => this.graph.op('Gather', [this.placeShape, this.graph.int64s([axis])], name))
  }

  /** Marks `rows` [n, …] as the site `name` of [batch, position, …dims]: declares it as output and applies interventions. */
  private site(name: string, rows: Value, ...dims: number[]): Value {
    if (this.interventions.has(name)) {
      const intervened = this.siteShaped(name, this.intervene(name, this.shaped(rows, `${name}/before`, ...dims), dims), ...dims)
      return this.flat(intervened, dims.reduce((product, dim) => product * dim, 1), `${name}/rows`)
    }
    if (this.wanted.has(name)) this.outputs(name, this.shaped(rows, `${name}/shaped`, ...dims), ['batch', 'position', ...dims])
    return rows
  }

  /** The same for a value that already is [batch, position, …dims]. */
  private siteShaped(name: string, value: Value, ...dims: number[]): Value {
    this.outputs(name, value, ['batch', 'position', ...dims])
    return value
  }

  private outputs(site: string, value: Value, shape: Shape): void {
    for (const name of this.wanted.get(site) ?? []) this.graph.output(name, value, shape)
  }

  private intervene(site: string, value: Value, dims: readonly number[]): Value {
    const { graph } = this
    const added = graph.op('Add', [value, graph.input(INPUTS.add(site), 'float32', ['add_batch', 'add_position', ...dims])], `${site}/added`)
    const mask = graph.op('Cast', [graph.input(INPUTS.patchMask(site), 'float32', ['patch_batch', 'patch_position', ...dims.map(() => 1)])], `${site}/mask`, { to: 9 })
    return graph.op('Where', [mask, graph.input(INPUTS.patchValue(site), 'float32', ['patch_batch', 'patch_position', ...dims]), added], `${site}/patched`)
  }

  private contradiction(tensor: string, found: string, expected: string): LayerscopeError {
    return new LayerscopeError({
      code: 'weights-contradict-config', message: `The tensor ${tensor} ${found}; config.json leads to ${expected}.`, field: tensor,
      hint: 'The weights and config.json belong to different models, or one of them is damaged.'
    })
  }
}
