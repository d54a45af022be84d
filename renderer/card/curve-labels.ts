/** Where names stand beside the ends of their lines: as near as they can be with `gap` between neighbours, within [top, bottom]. */
export function labelHeights(wanted: readonly number[], gap: number, top: number, bottom: number): readonly number[] {
  const order = [...wanted.keys()].sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0))
  const placed = [...wanted]
  let least = top
  for (const at of order) {
    placed[at] = Math.max(least, wanted[at] ?? 0)
    least = (placed[at] ?? 0) + gap
  }
  // What was pushed over the lower end pushes back.
  let most = bottom
  for (const at of order.reverse()) {
    placed[at] = Math.min(most, placed[at] ?? 0)
    most = (placed[at] ?? 0) - gap
  }
  return placed
}
