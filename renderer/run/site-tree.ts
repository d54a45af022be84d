/** The sites of a model as a tree: embedding, blocks with their residual stream, attention and MLP, what comes after the last. */
import type { ModelSummary, SiteInfo } from '../../preload/contract'

export interface SiteLeaf {
  readonly kind: 'site'
  readonly id: string
  readonly label: string
  readonly site: SiteInfo
  /** Why a run cannot read it; null where it can. */
  readonly obstacle: string | null
}

export interface SiteBranch {
  readonly kind: 'branch'
  readonly id: string
  readonly label: string
  readonly children: readonly SiteNode[]
  /** All readable sites below. */
  readonly sites: readonly SiteInfo[]
}

export type SiteNode = SiteLeaf | SiteBranch

/** One line of the tree as it is shown. */
export interface SiteLine { readonly node: SiteNode; readonly level: number; readonly parent: string | null; readonly expanded: boolean }

const NO_VECTOR = 'Relates pairs of tokens: no vector of a token to extract.'

const places: Readonly<Record<string, string>> = {
  hook_embed: 'token embedding', hook_pos_embed: 'position embedding',
  hook_resid_pre: 'in', hook_resid_mid: 'mid', hook_resid_post: 'out', block_out: 'out', attn_block_out: 'mid, after the norm',
  'attn.hook_q': 'q', 'attn.hook_k': 'k', 'attn.hook_v': 'v', 'attn.hook_rot_q': 'q, rotated', 'attn.hook_rot_k': 'k, rotated',
  'attn.hook_attn_scores': 'scores', 'attn.hook_pattern': 'pattern', 'attn.hook_z': 'z', hook_attn_out: 'out',
  'mlp.hook_pre': 'pre', 'mlp.hook_pre_linear': 'pre, linear half', 'mlp.hook_post': 'post', hook_mlp_out: 'out',
  'ln_final.hook_out': 'final norm', logits: 'logits'
}

const branchNames = { residual: 'Residual stream', attention: 'Attention', mlp: 'MLP', norm: 'Norms', embedding: 'Embedding', logits: 'Logits', hidden: 'Hidden states' } as const

function leaf(site: SiteInfo): SiteLeaf {
  const place = site.name.replace(/^blocks\.\d+\./, '')
  const hidden = /^hf\.hidden_states\.(\d+)$/.exec(site.name)?.[1]
  return { kind: 'site', id: site.name, label: hidden ?? places[place] ?? place.replace(/^(\w+\.)?hook_/, '').replaceAll('_', ' '), site, obstacle: site.width === null ? NO_VECTOR : null }
}

function branch(id: string, label: string, children: readonly SiteNode[]): SiteBranch {
  return { kind: 'branch', id, label, children, sites: children.flatMap((child) => (child.kind === 'branch' ? child.sites : child.obstacle === null ? [child.site] : [])) }
}

/** The tree of a model's sites, in depth order. Hugging Face's names for the same places come last. */
export function siteTree(sites: readonly SiteInfo[]): readonly SiteNode[] {
  const blocks = new Map<number, SiteInfo[]>()
  const before: SiteInfo[] = []
  const after: SiteInfo[] = []
  const hidden: SiteInfo[] = []
  for (const site of sites) {
    const block = /^blocks\.(\d+)\./.exec(site.name)?.[1]
    if (site.kind === 'hidden') hidden.push(site)
    else if (block !== undefined) {
      const own = blocks.get(Number(block))
      if (own) own.push(site)
      else blocks.set(Number(block), [site])
    } else if (site.layer < 0) before.push(site)
    else after.push(site)
  }
  const kinds = ['residual', 'attention', 'mlp', 'norm', 'embedding', 'logits'] as const
  const blockNodes = [...blocks].sort(([a], [b]) => a - b).map(([number, own]) => branch(`block ${number}`, `Block ${number}`, kinds.flatMap((kind) => {
    const leaves = own.filter((site) => site.kind === kind).map(leaf)
    return leaves.length === 0 ? [] : [branch(`block ${number} ${kind}`, branchNames[kind], leaves)]
  })))
  return [
    ...(before.length > 0 ? [branch('before', 'Embedding', before.map(leaf))] : []),
    ...blockNodes,
    ...(after.length > 0 ? [branch('after', 'After the last block', after.map(leaf))] : []),
    ...(hidden.length > 0 ? [branch('hidden', 'Hidden states, as Hugging Face counts them', hidden.map(leaf))] : [])
  ]
}

/** Words of a search; a number means itself: `3` is not `13`. */
function matcher(search: string): ((text: string) => boolean) | null {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return null
  const tests = words.map((word) => (/^\d+$/.test(word) ? (text: string) => new RegExp(`(?<!\\d)${word}(?!\\d)`).test(text) : (text: string) => text.includes(word)))
  return (text) => tests.every((test) => test(text))
}

/** The lines on show. A search opens what it finds, by site name or by the words on the way to it. */
export function siteLines(tree: readonly SiteNode[], expanded: ReadonlySet<string>, search: string): readonly SiteLine[] {
  const matches = matcher(search)
  const lines: SiteLine[] = []
  const walk = (nodes: readonly SiteNode[], level: number, parent: string | null, way: string): boolean => {
    let found = false
    for (const node of nodes) {
      const path = `${way} ${node.label}`.toLowerCase()
      if (node.kind === 'site') {
        if (matches && !matches(`${path} ${node.id.toLowerCase()}`)) continue
        lines.push({ node, level, parent, expanded: false })
        found = true
        continue
      }
      const open = matches !== null || expanded.has(node.id)
      const at = lines.length
      lines.push({ node, level, parent, expanded: open })
      if (!open || walk(node.children, level + 1, node.id, path)) found = true
      else lines.length = at
    }
    return found
  }
  walk(tree, 1, null, '')
  return lines
}

/** Whether all, none or some of a node's sites are chosen. */
export function chosenState(node: SiteNode, chosen: ReadonlySet<string>): boolean | 'mixed' {
  if (node.kind === 'site') return chosen.has(node.id)
  let on = 0
  for (const { name } of node.sites) if (chosen.has(name)) on++
  return on === 0 ? false : on === node.sites.length ? true : 'mixed'
}

/** The choice with a node's readable sites in or out. */
export function withNode(chosen: ReadonlySet<string>, node: SiteNode, on: boolean): ReadonlySet<string> {
  const next = new Set(chosen)
  const sites = node.kind === 'branch' ? node.sites : node.obstacle === null ? [node.site] : []
  for (const { name } of sites) {
    if (on) next.add(name)
    else next.delete(name)
  }
  return next
}

export interface SitePreset { readonly label: string; readonly sites: readonly string[] }

/** Choices most people want; those the model has no sites for are left out. */
export function sitePresets(model: Pick<ModelSummary, 'sites' | 'defaultSites'>): readonly SitePreset[] {
  const readable = model.sites.filter(({ width, kind }) => width !== null && kind !== 'hidden')
  const named = (pattern: RegExp): readonly string[] => readable.filter(({ name }) => pattern.test(name)).map(({ name }) => name)
  return [
    { label: 'Every layer’s output', sites: model.defaultSites },
    { label: 'Whole residual stream', sites: readable.filter(({ kind }) => kind === 'residual').map(({ name }) => name) },
    { label: 'Attention outputs', sites: named(/\.hook_attn_out$/) },
    { label: 'Heads (z)', sites: named(/\.attn\.hook_z$/) },
    { label: 'MLP outputs', sites: named(/\.hook_mlp_out$/) },
    { label: 'MLP neurons', sites: named(/\.mlp\.hook_post$/) }
  ].filter(({ sites }) => sites.length > 0)
}

/** Bytes that the chosen sites take for one token. */
export function bytesPerToken(sites: readonly SiteInfo[], chosen: ReadonlySet<string>, dtype: 'f32' | 'f16'): number {
  const values = sites.reduce((sum, { name, width }) => (chosen.has(name) ? sum + (width ?? 0) : sum), 0)
  return values * (dtype === 'f32' ? 4 : 2)
}

/** What a token has at a site: `576`, `9 × 64`; a pattern: `9 × tokens × tokens`. */
export function siteShape({ shape, width }: SiteInfo): string {
  const dims = width === null ? shape.slice(1).map((dim) => (typeof dim === 'number' ? String(dim) : 'tokens')) : shape.slice(2).map(String)
  return dims.join(' × ')
}
