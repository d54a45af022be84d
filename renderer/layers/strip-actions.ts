/** What menus and the command palette can do to the layer strip on screen. */
export interface StripActions {
  exportFigure(format: 'svg' | 'png'): void
  copyValues(): void
}

let mounted: StripActions | null = null

export function mountStrip(actions: StripActions): () => void {
  mounted = actions
  return () => { if (mounted === actions) mounted = null }
}

/** Null while no strip is mounted. */
export function strip(): StripActions | null {
  return mounted
}
