/** `selected` first, then its neighbours in depth, one step further out each time (shallower before deeper). */
export function outwardOrder(sites: readonly string[], selected: string): readonly string[] {
  const at = sites.indexOf(selected)
  if (at < 0) return sites
  return sites.map((site, index) => ({ site, index })).sort((a, b) =>
    Math.abs(a.index - at) - Math.abs(b.index - at) || a.index - b.index).map(({ site }) => site)
}
