import { create } from 'zustand'
import { initialLayout, parseLayout, type Layout } from './layout-file'

/** How the window is laid out. */
export const useLayout = create<Layout>()(() => initialLayout)

/** Reads what the window remembers; anything of another shape takes its default. */
export async function loadLayout(): Promise<void> {
  const saved = await window.layerscope.loadLayout().catch(() => ({}) as Record<string, unknown>)
  useLayout.setState(parseLayout(saved))
  useLayout.subscribe((layout) => window.layerscope.saveLayout({ ...layout }))
}

/** Keeps the sizes a person gave to the panels of a group. */
export function rememberGroup(group: string, sizes: Readonly<Record<string, number>>): void {
  const { groups } = useLayout.getState()
  useLayout.setState({ groups: { ...groups, [group]: sizes } })
}
