/** The x axis of the layer strip: sites in depth order. */

/** What a site is called under the axis: `embed`, `0`, `1`, …, `final`; other places in a block by block and name (`3 mlp out`). */
export function siteTick(site: string): string {
  const block = /^blocks\.(\d+)\.(?:(?:\w+\.)?hook_)?(\w+)$/.exec(site)
  if (block) {
    const number = block[1] as string
    const place = block[2] as string
    // A post-norm block ends after its second norm.
    return place === 'resid_post' || place === 'block_out' ? number : `${number} ${place.replaceAll('_', ' ')}`
  }
  if (site === 'hook_embed' || site === 'embed') return 'embed'
  if (site.startsWith('ln_final')) return 'final'
  return site.replace(/^hook_/, '').replaceAll('_', ' ')
}

/** How a site is called in a sentence: `embedding`, `layer 7`, `final norm`. */
export function siteName(site: string): string {
  const tick = siteTick(site)
  if (tick === 'embed') return 'embedding'
  if (tick === 'final') return 'final norm'
  return /^\d/.test(tick) ? `layer ${tick}` : tick
}

/** A sentence of the engine, which names sites as the command line does, with what the window calls them. */
export function withSiteNames(sentence: string, sites: readonly string[]): string {
  // A name of one word could be part of another; of the others one may begin another, so the longest go first.
  const unlike = [...new Set(sites)].filter((site) => /[._]/.test(site)).sort((a, b) => b.length - a.length)
  const told = unlike.reduce((said, site) => said.replaceAll(site, siteName(site)), sentence)
  return unlike.some((site) => sentence.startsWith(site)) ? told.charAt(0).toUpperCase() + told.slice(1) : told
}

/** The site whose x is nearest to a pixel. */
export function nearestSite(x: number, left: number, step: number, count: number): number {
  if (count <= 1 || step === 0) return 0
  return Math.min(count - 1, Math.max(0, Math.round((x - left) / step)))
}
