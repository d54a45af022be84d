import type { SiteInfo } from '../../../../preload/contract'
import type { Architecture } from './architecture'

/** Every site a graph of this architecture can give, in depth order. Names and shapes: TransformerLens. */
export function sitesOf(architecture: Architecture): readonly SiteInfo[] {
  const { layers, hidden, heads, kvHeads, headDim, mlp, placement, gated } = architecture
  const perToken = (name: string, kind: SiteInfo['kind'], layer: number, ...dims: number[]): SiteInfo =>
    ({ name, kind, layer, shape: ['batch', 'position', ...dims], width: dims.reduce((product, dim) => product * dim, 1) })
  const sites: SiteInfo[] = [perToken('hook_embed', 'embedding', -1, hidden)]
  if (architecture.positions.kind === 'learned' && !architecture.embedding.norm) sites.push(perToken('hook_pos_embed', 'embedding', -1, hidden))
  for (let i = 0; i < layers; i++) {
    const at = (name: string): string => `blocks.${i}.${name}`
    sites.push(
      perToken(at('hook_resid_pre'), 'residual', i, hidden),
      perToken(at('attn.hook_q'), 'attention', i, heads, headDim),
      perToken(at('attn.hook_k'), 'attention', i, kvHeads, headDim),
      perToken(at('attn.hook_v'), 'attention', i, kvHeads, headDim)
    )
    if (architecture.positions.kind === 'rotary') {
      sites.push(perToken(at('attn.hook_rot_q'), 'attention', i, heads, headDim), perToken(at('attn.hook_rot_k'), 'attention', i, kvHeads, headDim))
    }
    sites.push(
      { name: at('attn.hook_attn_scores'), kind: 'attention', layer: i, shape: ['batch', heads, 'query', 'key'], width: null },
      { name: at('attn.hook_pattern'), kind: 'attention', layer: i, shape: ['batch', heads, 'query', 'key'], width: null },
      perToken(at('attn.hook_z'), 'attention', i, heads, headDim),
      perToken(at('hook_attn_out'), 'attention', i, hidden)
    )
    if (placement === 'post') sites.push(perToken(at('attn_block_out'), 'residual', i, hidden))
    else if (placement !== 'parallel') sites.push(perToken(at('hook_resid_mid'), 'residual', i, hidden))
    sites.push(perToken(at('mlp.hook_pre'), 'mlp', i, mlp))
    if (gated) sites.push(perToken(at('mlp.hook_pre_linear'), 'mlp', i, mlp))
    sites.push(
      perToken(at('mlp.hook_post'), 'mlp', i, mlp),
      perToken(at('hook_mlp_out'), 'mlp', i, hidden),
      perToken(blockOutput(architecture, i), 'residual', i, hidden)
    )
  }
  if (architecture.finalNorm) sites.push(perToken('ln_final.hook_out', 'norm', layers, hidden))
  for (let i = 0; i <= layers; i++) sites.push(perToken(`hf.hidden_states.${i}`, 'hidden', i - 1, i === layers ? architecture.embedding.width ?? hidden : hidden))
  if (architecture.logits) sites.push(perToken('logits', 'logits', layers, architecture.vocab))
  return sites
}

/** Name of the residual stream after block `i`: encoders with norms after their sums have no bare sum to show. */
export function blockOutput(architecture: Architecture, i: number): string {
  return architecture.placement === 'post' ? `blocks.${i}.block_out` : `blocks.${i}.hook_resid_post`
}

/** Embedding, every block's output, final norm. */
export function defaultSitesOf(architecture: Architecture): readonly string[] {
  return [
    'hook_embed',
    ...Array.from({ length: architecture.layers }, (_, i) => blockOutput(architecture, i)),
    ...(architecture.finalNorm ? ['ln_final.hook_out'] : [])
  ]
}

/**
 * The site that an alias stands for. Hugging Face's `hidden_states[i]` is the input of block i;
 * the last is after the final norm where the family has one.
 */
export function resolveAlias(architecture: Architecture, name: string): string {
  const match = /^hf\.hidden_states\.(\d+)$/.exec(name)
  if (!match) return name
  const i = Number(match[1])
  if (i < architecture.layers) return `blocks.${i}.hook_resid_pre`
  // The last one is projected to the width of the embedding: a site of its own.
  if (architecture.embedding.width !== undefined) return name
  return architecture.finalNorm ? 'ln_final.hook_out' : blockOutput(architecture, i - 1)
}

/** Sites the self-tests read: the stream and what each sublayer adds to it, every site of the first block, and the end. */
export function checkedSitesOf(architecture: Architecture): readonly string[] {
  const stream = /\.(hook_resid_\w+|hook_attn_out|hook_mlp_out|attn_block_out|block_out)$/
  return sitesOf(architecture).filter(({ name, layer }) => layer === 0 || !name.startsWith('blocks.') || stream.test(name)).map(({ name }) => name)
}
