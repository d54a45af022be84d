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

/**
 * Which ticks are written when not all fit: every k-th, the two ends and the selected one,
 * none closer than `room` pixels to another.
 */
export function writtenTicks(labels: readonly string[], step: number, selected: number, characterWidth = 7): readonly boolean[] {
  const last = labels.length - 1
  const width = (index: number): number => (labels[index] as string).length * characterWidth + 10
  const written = labels.map(() => false)
  const fits = (index: number): boolean => written.every((on, other) => !on || Math.abs(other - index) * step >= (width(index) + width(other)) / 2)
  for (const index of [selected, 0, last]) if (index >= 0 && index <= last && fits(index)) written[index] = true
  // Strides people count in, from the closest that fits.
  const widest = Math.max(...labels.slice(1, -1).map((label) => label.length * characterWidth + 10), 0)
  const stride = [1, 2, 4, 5, 8, 10, 20].find((k) => k * step >= widest) ?? 20
  labels.forEach((label, index) => {
    const number = Number.parseInt(label, 10)
    const counted = Number.isNaN(number) ? index : number
    if (counted % stride === 0 && fits(index)) written[index] = true
  })
  return written
}

/** The site whose x is nearest to a pixel. */
export function nearestSite(x: number, left: number, step: number, count: number): number {
  if (count <= 1 || step === 0) return 0
  return Math.min(count - 1, Math.max(0, Math.round((x - left) / step)))
}
