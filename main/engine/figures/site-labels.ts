/**
 * Short names of sites along the depth axis: `embed`, block numbers, `final`. Where a block is there more than once,
 * the number is followed by what is read there (`3 mid`).
 */
export function siteLabels(sites: readonly string[]): readonly string[] {
  const parts = sites.map(labelOf)
  const seen = new Map<string, number>()
  for (const { label } of parts) seen.set(label, (seen.get(label) ?? 0) + 1)
  return parts.map(({ label, detail }) => (seen.get(label) ?? 0) > 1 && detail !== '' ? `${label} ${detail}` : label)
}

function labelOf(site: string): { readonly label: string; readonly detail: string } {
  const block = /^blocks\.(\d+)\.(.+)$/.exec(site)
  if (block !== null) return { label: block[1] ?? '', detail: (block[2] ?? '').replace(/^.*hook_/, '').replace(/^resid_/, '').replaceAll('_', ' ') }
  if (/embed/.test(site)) return { label: 'embed', detail: site.replace(/^hook_/, '').replace(/_?embed_?/, '') }
  if (/^ln_final|final_norm/.test(site)) return { label: 'final', detail: '' }
  return { label: site.split('.').at(-1)?.replace(/^hook_/, '').replaceAll('_', ' ') ?? site, detail: '' }
}
