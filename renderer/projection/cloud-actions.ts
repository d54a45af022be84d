/** What menus and the command palette can do to the cloud on screen; null while none is mounted. */
export interface CloudActions {
  zoomToSelection(): void
  resetView(): void
  exportFigure(format: 'svg' | 'png'): void
}

let mounted: CloudActions | null = null

export function mountCloudActions(actions: CloudActions): () => void {
  mounted = actions
  return () => { if (mounted === actions) mounted = null }
}

export function cloudActions(): CloudActions | null {
  return mounted
}
