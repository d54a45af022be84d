import type { SiteKind } from '../../../../../preload/contract'
import type { BlockStructure, SiteLayout, SitePlan } from '../../site-plan'
import { attends, readAttention, type Pattern } from './attention'
import type { GraphView } from '../graph-view'
import { readMlp } from './mlp'
import { normOf, type Norm } from './norm'
import type { Projection } from './projection'
import { followResidual, type ResidualStep, type ResidualStream } from './residual'

/** Where the numbers of a site come from in the graph. */
export type Source =
  | { readonly kind: 'projection'; readonly projection: Projection }
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'normalized'; readonly index: number }

export interface GraphReading {
  readonly sites: readonly SitePlan[]
  readonly sources: ReadonlyMap<string, Source>
  readonly structure: BlockStructure
  readonly layers: number
  /** Sites a run takes when nothing else is asked, in depth order. */
  readonly defaultSites: readonly string[]
  readonly warnings: readonly string[]
  /** The graph output that stands for the model: logits, or the last hidden state. */
  readonly mainOutput: string
}

interface Block { readonly attention: ResidualStep | null; readonly mlp: ResidualStep | null; readonly last: ResidualStep }

/** Finds every site of a transformer's graph by its structure; names in the file play no part. */
export function readGraph(view: GraphView, tokenInput: string): GraphReading {
  return new Reader(view, tokenInput).read()
}

class Reader {
  private readonly sites: SitePlan[] = []
  private readonly sources = new Map<string, Source>()
  private readonly warnings: string[] = []
  private readonly missing = new Map<string, number[]>()

  constructor(private readonly view: GraphView, private readonly tokenInput: string) {}

  read(): GraphReading {
    const mainOutput = this.mainOutput()
    const stream = followResidual(this.view, this.tokenInput, (from, to) => attends(this.view, from, to))
    if (typeof stream === 'string') return this.lastOnly(stream, mainOutput)
    const steps = this.withLastNorm(stream.steps)
    const blocks = this.blocks(steps)
    if (blocks.length === 0) return this.lastOnly('No addition to the residual stream comes from an attention (a softmax that multiplies values), so blocks were not found.', mainOutput)

    const postNorm = steps.some(step => step.postNorm)
    const parallel = steps.some(step => step.parallel)
    const layers = blocks.length
    // An encoder's embedding is what its norm makes of tokens, positions and segments.
    const whole = postNorm && stream.normed
    this.token('hook_embed', 'embedding', -1, whole ? stream.start : stream.embedded)
    if (!whole && stream.positions !== null) this.token('hook_pos_embed', 'embedding', -1, stream.positions)
    blocks.forEach((block, layer) => { this.block(block, layer, postNorm) })

    const end = steps[steps.length - 1]?.after ?? stream.start
    const norm = postNorm ? null : normOf(this.view, end)
    if (norm !== null) this.finalNorm(norm, layers)
    else if (!postNorm) this.warnings.push('No norm follows the last block, so there is no ln_final.')
    const last = this.projectedOut(stream, norm?.output ?? end, mainOutput)
    const logits = this.view.root(mainOutput) === this.view.root(last) ? null : this.logits(mainOutput)
    if (logits !== null) this.token('logits', 'logits', layers, logits)

    const starts = blocks.map(block => (block.attention ?? block.last).before)
    starts.forEach((start, layer) => { this.token(`hf.hidden_states.${String(layer)}`, 'hidden', layer - 1, start) })
    this.token(`hf.hidden_states.${String(layers)}`, 'hidden', layers - (norm === null ? 1 : 0), last)
    this.reportMissing(layers)
    return {
      sites: this.sites, sources: this.sources, structure: postNorm ? 'post-norm' : parallel ? 'parallel' : 'sequential', layers,
      defaultSites: [
        'hook_embed',
        ...blocks.map((_, layer) => `blocks.${String(layer)}.${postNorm ? 'block_out' : 'hook_resid_post'}`),
        ...(norm === null ? [] : ['ln_final.hook_out'])
      ],
      warnings: this.warnings, mainOutput
    }
  }

  /** Logits or hidden state: the first output that descends from the tokens and is no cache. */
  private mainOutput(): string {
    const outputs = this.view.graph.outputs.filter(output => !/^present|past_key|^cache/.test(output))
    return ['logits', 'last_hidden_state', 'token_embeddings', 'hidden_states'].find(name => outputs.includes(name)) ?? outputs[0] ?? this.view.graph.outputs[0] ?? ''
  }

  /** The last hidden state: where a matrix led from the embedding into the blocks, another one leads back out of them. */
  private projectedOut({ projected }: ResidualStream, end: string, mainOutput: string): string {
    const { view } = this
    const [head, ...others] = projected ? view.lastLinears(mainOutput, view.between(end, mainOutput)) : []
    if (head === undefined || others.length > 0) return end
    if (view.root(head.input) === view.root(end)) return mainOutput === 'last_hidden_state' ? mainOutput : end
    const projection = view.linear(view.producer(view.root(head.input)))
    return projection !== null && view.root(projection.input) === view.root(end) ? head.input : end
  }

  /** Logits are per token: an encoder's pooled output or sentence embedding is none. */
  private logits(output: string): string | null {
    const info = this.view.graph.file.outputs.find(candidate => candidate.name === output)?.type?.tensorType?.shape?.dim
    return info !== undefined && info !== null && info.length !== 3 ? null : output
  }

  private lastOnly(reason: string, mainOutput: string): GraphReading {
    this.warnings.push(`${reason} Only the model's own output can be read.`)
    this.token('last_hidden_state', 'hidden', 0, mainOutput)
    return { sites: this.sites, sources: this.sources, structure: 'unknown', layers: 0, defaultSites: ['last_hidden_state'], warnings: this.warnings, mainOutput }
  }

  /** In a post-norm model nothing is added after the last norm: it still ends the last block. */
  private withLastNorm(steps: readonly ResidualStep[]): readonly ResidualStep[] {
    const last = steps[steps.length - 1]
    if (last === undefined || last.postNorm || !steps.some(step => step.postNorm)) return steps
    const norm = normOf(this.view, last.sum)
    return norm === null ? steps : [...steps.slice(0, -1), { ...last, after: norm.output, postNorm: true }]
  }

  /** A block begins with an attention and takes what follows until the next one. */
  private blocks(steps: readonly ResidualStep[]): readonly Block[] {
    const blocks: Block[] = []
    let early = 0
    for (const step of steps) {
      const attending = step.branches.some(branch => attends(this.view, step.before, branch))
      if (attending) {
        const merged = step.branches.length === 1
        blocks.push({ attention: step, mlp: merged ? null : step, last: step })
        continue
      }
      const block = blocks.pop()
      if (block === undefined) early++
      else blocks.push({ attention: block.attention, mlp: block.mlp ?? step, last: step })
    }
    if (early > 0 && blocks.length > 0) this.warnings.push('Something is added to the residual stream before the first attention; it is read as part of the embedding.')
    return blocks
  }

  private block(block: Block, layer: number, postNorm: boolean): void {
    const { view } = this
    const at = `blocks.${String(layer)}`
    const { attention, mlp, last } = block
    const start = attention?.before ?? last.before
    this.token(`${at}.hook_resid_pre`, 'residual', layer, start)
    if (attention !== null) {
      const branch = attention.branches.find(candidate => attends(view, start, candidate)) ?? ''
      const read = readAttention(view, start, branch)
      this.projection(`${at}.attn.hook_q`, 'attention', layer, 'heads', read?.query ?? null)
      this.projection(`${at}.attn.hook_k`, 'attention', layer, 'heads', read?.key ?? null)
      this.projection(`${at}.attn.hook_v`, 'attention', layer, 'heads', read?.value ?? null)
      if (read?.pattern) this.add(`${at}.attn.hook_pattern`, 'attention', layer, 'pattern', { kind: 'pattern', pattern: read.pattern })
      else this.miss('attn.hook_pattern', layer)
      this.projection(`${at}.attn.hook_z`, 'attention', layer, 'heads', read?.mixed == null ? null : plain(read.mixed))
      this.token(`${at}.hook_attn_out`, 'attention', layer, branch)
      if (!attention.parallel && attention !== last) {
        if (postNorm) this.token(`${at}.attn_block_out`, 'residual', layer, attention.after)
        else this.token(`${at}.hook_resid_mid`, 'residual', layer, attention.sum)
      }
    }
    if (mlp !== null) {
      const branch = mlp.branches.find(candidate => mlp !== attention || !attends(view, mlp.before, candidate)) ?? ''
      const read = readMlp(view, mlp.before, branch)
      this.projection(`${at}.mlp.hook_pre`, 'mlp', layer, 'token', read.pre)
      this.projection(`${at}.mlp.hook_post`, 'mlp', layer, 'token', read.post === null ? null : plain(read.post))
      this.token(`${at}.hook_mlp_out`, 'mlp', layer, branch)
    }
    this.token(`${at}.${postNorm ? 'block_out' : 'hook_resid_post'}`, 'residual', layer, last.after)
  }

  private finalNorm(norm: Norm, layers: number): void {
    if (norm.normalized?.kind === 'value') this.projection('ln_final.hook_normalized', 'norm', layers, 'token', plain(norm.normalized.value))
    else if (norm.normalized?.kind === 'fused') this.add('ln_final.hook_normalized', 'norm', layers, 'token', { kind: 'normalized', index: norm.normalized.index })
    this.token('ln_final.hook_out', 'norm', layers, norm.output)
  }

  private token(name: string, kind: SiteKind, layer: number, value: string): void {
    this.add(name, kind, layer, 'token', { kind: 'projection', projection: plain(value) })
  }

  private projection(name: string, kind: SiteKind, layer: number, layout: SiteLayout, projection: Projection | null): void {
    if (projection === null) this.miss(name.replace(/^blocks\.\d+\./, ''), layer)
    else this.add(name, kind, layer, layout, { kind: 'projection', projection })
  }

  private add(name: string, kind: SiteKind, layer: number, layout: SiteLayout, source: Source): void {
    const key = JSON.stringify(source)
    this.sources.set(key, source)
    this.sites.push({ name, kind, layer, layout, source: key })
  }

  private miss(site: string, layer: number): void {
    this.missing.set(site, [...this.missing.get(site) ?? [], layer])
  }

  private reportMissing(layers: number): void {
    for (const [site, at] of this.missing) {
      const where = at.length === layers ? 'any block' : `block${at.length === 1 ? '' : 's'} ${at.join(', ')}`
      this.warnings.push(`${site} was not found in ${where}: no single projection, or a fused operator that does not show it.`)
    }
  }
}

function plain(value: string): Projection {
  return { value, permutation: null, slice: null }
}
