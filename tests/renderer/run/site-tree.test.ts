import { describe, expect, it } from 'vitest'
import type { SiteInfo } from '../../../preload/contract'
import { bytesPerToken, chosenState, siteLines, sitePresets, siteShape, siteTree, withNode, type SiteBranch } from '../../../renderer/run/site-tree'

const vector = (name: string, kind: SiteInfo['kind'], layer: number, ...dims: number[]): SiteInfo =>
  ({ name, kind, layer, shape: ['batch', 'position', ...dims], width: dims.reduce((product, dim) => product * dim, 1) })
/** A decoder of SmolLM2's shape. */
const sitesOf = (layers: number): SiteInfo[] => [
  vector('hook_embed', 'embedding', -1, 576),
  ...Array.from({ length: layers }, (_, i) => i).flatMap((i): SiteInfo[] => [
    vector(`blocks.${i}.hook_resid_pre`, 'residual', i, 576), vector(`blocks.${i}.attn.hook_q`, 'attention', i, 9, 64),
    { name: `blocks.${i}.attn.hook_pattern`, kind: 'attention', layer: i, shape: ['batch', 9, 'query', 'key'], width: null },
    vector(`blocks.${i}.attn.hook_z`, 'attention', i, 9, 64), vector(`blocks.${i}.hook_attn_out`, 'attention', i, 576),
    vector(`blocks.${i}.mlp.hook_post`, 'mlp', i, 1536), vector(`blocks.${i}.hook_mlp_out`, 'mlp', i, 576), vector(`blocks.${i}.hook_resid_post`, 'residual', i, 576)
  ]),
  vector('ln_final.hook_out', 'norm', layers, 576), vector('hf.hidden_states.0', 'hidden', -1, 576), vector('logits', 'logits', layers, 49_152)
]
const sites = sitesOf(14)
const tree = siteTree(sites)
const branchOf = (id: string): SiteBranch => {
  const line = siteLines(tree, new Set(tree.map((node) => node.id)), '').find(({ node }) => node.id === id)
  if (line?.node.kind !== 'branch') throw new Error(`no branch ${id}`)
  return line.node
}

describe('siteTree', () => {
  it('holds every site once', () => {
    const names: string[] = []
    const walk = (nodes: typeof tree): void => { for (const node of nodes) { if (node.kind === 'site') names.push(node.id); else walk(node.children) } }
    walk(tree)
    expect(names.sort()).toEqual(sites.map(({ name }) => name).sort())
  })

  it('goes from the embedding through the blocks to the logits', () => {
    const labels = tree.map(({ label }) => label)
    expect([labels[0], labels[1], labels[14]]).toEqual(['Embedding', 'Block 0', 'Block 13'])
    expect(labels.at(-2)).toBe('After the last block')
    expect(branchOf('block 3').children.map(({ label }) => label)).toEqual(['Residual stream', 'Attention', 'MLP'])
    expect(branchOf('block 3 attention').children.map(({ label }) => label)).toEqual(['q', 'pattern', 'z', 'out'])
  })

  it('shows patterns and says why they cannot be chosen', () => {
    const attention = branchOf('block 0 attention')
    const pattern = attention.children.find(({ label }) => label === 'pattern')
    expect(pattern).toMatchObject({ obstacle: expect.stringContaining('pairs of tokens') as string })
    expect(attention.sites.map(({ name }) => name)).not.toContain('blocks.0.attn.hook_pattern')
    expect(withNode(new Set(), pattern as NonNullable<typeof pattern>, true).size).toBe(0)
    expect(siteShape(sites.find(({ width }) => width === null) as SiteInfo)).toBe('9 × tokens × tokens')
    expect(siteShape(sites[2] as SiteInfo)).toBe('9 × 64')
  })
})

describe('siteLines', () => {
  const found = (search: string): string[] => siteLines(tree, new Set(), search).flatMap(({ node }) => (node.kind === 'site' ? [node.id] : []))

  it('shows children of what is open', () => {
    expect(siteLines(tree, new Set(), '')).toHaveLength(tree.length)
    const lines = siteLines(tree, new Set(['block 2', 'block 2 mlp']), '')
    expect(lines).toHaveLength(tree.length + 3 + 2)
    expect(lines.find(({ node }) => node.id === 'blocks.2.mlp.hook_post')).toMatchObject({ level: 3, parent: 'block 2 mlp' })
  })

  it('finds by block, place and name; a number means itself', () => {
    expect(found('3 mlp')).toEqual(['blocks.3.mlp.hook_post', 'blocks.3.hook_mlp_out'])
    expect(found('resid_post')).toHaveLength(14)
    expect(found('block 1 residual out')).toEqual(['blocks.1.hook_resid_post'])
    expect(found('nothing')).toEqual([])
    expect(siteLines(tree, new Set(), 'nothing')).toEqual([])
  })

  it('is fast with 30 blocks of 17 sites', () => {
    const large = siteTree(Array.from({ length: 30 }, (_, i) => Array.from({ length: 17 }, (_, place) => vector(`blocks.${i}.place_${place}`, 'mlp', i, 64))).flat())
    const open = new Set(large.flatMap((node) => (node.kind === 'branch' ? [node.id, ...node.children.map(({ id }) => id)] : [])))
    const started = performance.now()
    for (let i = 0; i < 20; i++) siteLines(large, open, 'place 3')
    expect((performance.now() - started) / 20).toBeLessThan(16)
    expect(siteLines(large, open, '')).toHaveLength(30 * 19)
  })
})

describe('choosing', () => {
  it('chooses a branch whole, in part and not at all', () => {
    const mlp = branchOf('block 5 mlp')
    const all = withNode(new Set(['hook_embed']), mlp, true)
    expect([...all]).toEqual(['hook_embed', 'blocks.5.mlp.hook_post', 'blocks.5.hook_mlp_out'])
    expect(chosenState(mlp, all)).toBe(true)
    expect(chosenState(branchOf('block 5'), all)).toBe('mixed')
    expect(chosenState(branchOf('block 6'), all)).toBe(false)
    expect([...withNode(all, branchOf('block 5'), false)]).toEqual(['hook_embed'])
  })

  it('tells what the choice takes', () => {
    // 576 + 9 × 64 values.
    expect(bytesPerToken(sites, new Set(['hook_embed', 'blocks.0.attn.hook_z']), 'f32')).toBe(1152 * 4)
    expect(bytesPerToken(sites, new Set(['hook_embed', 'blocks.0.attn.hook_z']), 'f16')).toBe(1152 * 2)
  })

  it('offers presets for what the model has', () => {
    const presets = sitePresets({ sites, defaultSites: ['hook_embed'] })
    expect(presets.map(({ label, sites }) => [label, sites.length])).toEqual([
      ['Every layer’s output', 1], ['Whole residual stream', 28], ['Attention outputs', 14], ['Heads (z)', 14], ['MLP outputs', 14], ['MLP neurons', 14]
    ])
    expect(sitePresets({ sites: sites.slice(0, 1), defaultSites: ['hook_embed'] }).map(({ label }) => label)).toEqual(['Every layer’s output'])
  })
})
