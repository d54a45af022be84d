/** The graph of one transformer, from the embedding through its blocks to the logits. */
import { BOUNDS } from '../../screened-head'
import type { Architecture, TensorNames } from '../architecture'
import { Attention, type AttentionForm } from './attention'
import { GraphBuilder, type Value } from './graph-builder'
import { INPUTS } from './graph-inputs'
import { GraphSites } from './graph-sites'
import { headOf } from '../matrices'
import { writeMlp } from './mlp'
import { contradiction, Modules } from './modules'
import { softcapped } from './softcap'
import type { Arithmetic, HeadScreen, WeightSource } from '../weights'

/** What a graph is to give. */
export interface GraphRequest extends AttentionForm {
  /** Sites that go out, under the names they are asked by. */
  readonly sites: readonly string[]
  /** Residual sites that take an additive and a patch input. */
  readonly interventions?: readonly string[]
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

class TransformerGraph {
  private readonly graph = new GraphBuilder()
  private readonly positions: Value
  private readonly modules: Modules
  private readonly sites: GraphSites
  private readonly attention: Attention

  constructor(private readonly architecture: Architecture, private readonly names: TensorNames, private readonly weights: WeightSource, private readonly request: GraphRequest) {
    const { graph } = this
    this.modules = new Modules(graph, architecture, names, weights, request.arithmetic)
    const tokens = graph.input(INPUTS.tokens, 'int64', ['batch', 'position'])
    this.positions = graph.input(INPUTS.positions, 'int64', ['batch', 'position'])
    this.sites = new GraphSites(graph, architecture, tokens, request.sites, request.interventions)
    this.attention = new Attention(this.modules, this.sites, this.positions, request)
  }

  write(): Uint8Array {
    const { modules, sites, names, architecture: { family, finalNorm, embedding: { width }, hidden, layers, logits } } = this
    let residual = this.embed()
    for (let i = 0; i < layers; i++) residual = this.block(residual, i)
    let final = residual
    if (finalNorm) final = sites.site('ln_final.hook_out', modules.norm(residual, names.finalNorm ?? '', 'ln_final'), hidden)
    if (width !== undefined) final = sites.site(`hf.hidden_states.${layers}`, modules.linear(final, `${modules.prefix}${names.projectionOut}`, hidden, width, 'projected'), width)
    if (logits && (sites.asksFor('logits') || this.request.cache)) this.logits(final)
    return this.graph.build(family)
  }

  private embed(): Value {
    const { graph, modules, sites, names, weights, architecture } = this
    const { hidden, embedding } = architecture
    const lookup = (name: string | undefined, indices: Value, label: string, width: number, least: number): Value => {
      const table = `${modules.prefix}${name}.weight`
      const [rows = 0, found] = weights.shape(table)
      if (found !== width) throw contradiction(table, `is ${found} wide`, `a width of ${width}`)
      if (rows < least) throw contradiction(table, `has ${rows} rows`, `at least ${least}`)
      return sites.flat(weights.lookup(graph, table, indices, label), width, `${label}/rows`)
    }
    let sum = lookup(names.embedding, INPUTS.tokens, 'embed/tokens', embedding.width ?? hidden, architecture.vocab)
    if (embedding.width !== undefined) sum = modules.linear(sum, `${modules.prefix}${names.projectionIn}`, embedding.width, hidden, 'embed/projected')
    if (embedding.scale !== null) sum = graph.op('Mul', [sum, graph.float(embedding.scale)], 'embed/scaled')
    if (!embedding.norm) sum = sites.site('hook_embed', sum, hidden)
    if (architecture.positions.kind === 'learned') {
      let position = lookup(names.positionEmbedding, this.positions, 'embed/positions', hidden, architecture.maxPositions)
      if (!embedding.norm) position = sites.site('hook_pos_embed', position, hidden)
      sum = graph.op('Add', [sum, position], 'embed/sum')
    }
    if (embedding.tokenTypes && weights.has(`${modules.prefix}${names.tokenTypeEmbedding}.weight`)) {
      const first = weights.lookup(graph, `${modules.prefix}${names.tokenTypeEmbedding}.weight`, graph.int64s([0]), 'embed/type')
      sum = graph.op('Add', [sum, first], 'embed/typed')
    }
    if (embedding.norm) sum = sites.site('hook_embed', modules.norm(sum, names.embeddingNorm ?? '', 'embed/norm'), hidden)
    return sum
  }

  private block(input: Value, i: number): Value {
    const { architecture, names: { block: names } } = this
    const { hidden, placement } = architecture
    const site = (name: string, value: Value): Value => this.sites.site(`blocks.${i}.${name}`, value, hidden)
    const norm = (value: Value, name: string | undefined, label: string): Value => this.modules.norm(value, this.modules.at(name ?? '', i), `blocks.${i}.${label}`)
    const add = (a: Value, b: Value, label: string): Value => this.graph.op('Add', [a, b], `blocks.${i}.${label}`)
    // What a sublayer gives is what is added to the stream: Granite's multiplier belongs to it.
    const given = (name: string, value: Value): Value => site(name, this.residualScaled(value, `blocks.${i}.${name}/scaled`))

    const pre = site('hook_resid_pre', input)
    switch (placement) {
      case 'pre': {
        const attention = given('hook_attn_out', this.attention.write(norm(pre, names.attentionNorm, 'ln1'), i))
        const mid = site('hook_resid_mid', add(pre, attention, 'mid'))
        const mlp = given('hook_mlp_out', writeMlp(this.modules, this.sites, norm(mid, names.mlpNorm, 'ln2'), i))
        return site('hook_resid_post', add(mid, mlp, 'post'))
      }
      case 'sandwich': {
        const attention = given('hook_attn_out', norm(this.attention.write(norm(pre, names.attentionNorm, 'ln1'), i), names.postAttentionNorm, 'ln1_post'))
        const mid = site('hook_resid_mid', add(pre, attention, 'mid'))
        const mlp = given('hook_mlp_out', norm(writeMlp(this.modules, this.sites, norm(mid, names.mlpNorm, 'ln2'), i), names.postMlpNorm, 'ln2_post'))
        return site('hook_resid_post', add(mid, mlp, 'post'))
      }
      case 'parallel': {
        const attention = given('hook_attn_out', this.attention.write(norm(pre, names.attentionNorm, 'ln1'), i))
        const mlp = given('hook_mlp_out', writeMlp(this.modules, this.sites, norm(pre, names.mlpNorm, 'ln2'), i))
        return site('hook_resid_post', add(add(pre, attention, 'mid'), mlp, 'post'))
      }
      case 'post': {
        const attention = given('hook_attn_out', this.attention.write(pre, i))
        const mid = site('attn_block_out', norm(add(pre, attention, 'mid'), names.attentionNorm, 'ln1'))
        const mlp = given('hook_mlp_out', writeMlp(this.modules, this.sites, mid, i))
        return site('block_out', norm(add(mid, mlp, 'post'), names.mlpNorm, 'ln2'))
      }
    }
  }

  private logits(final: Value): void {
    const { graph, architecture, names } = this
    const width = architecture.embedding.width ?? architecture.hidden
    const rows = this.request.cache ? graph.op('Gather', [this.sites.shaped(final, 'head/tokens', width), graph.int64(-1)], 'head/last', { axis: 1 }) : final
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
    let logits = this.modules.linear(rows, head, width, architecture.vocab, 'head', false)
    const { divisor = null, softcap = null } = architecture.logits ?? {}
    if (divisor !== null) logits = graph.op('Div', [logits, graph.float(divisor)], 'head/divided')
    logits = softcapped(graph, logits, softcap, 'head')
    if (this.request.cache) graph.output('logits', logits, ['batch', architecture.vocab])
    else this.sites.site('logits', logits, architecture.vocab)
  }

  private residualScaled(value: Value, label: string): Value {
    const scale = this.architecture.residualScale
    return scale === null ? value : this.graph.op('Mul', [value, this.graph.float(scale)], label)
  }
}
