import { create } from 'zustand'

/** What lies over the whole page; at most one at a time. */
export type Overlay = 'palette' | 'shortcuts' | 'about' | 'tour'

export const useOverlay = create<{ readonly overlay: Overlay | null }>()(() => ({ overlay: null }))

export function closeOverlay(): void {
  useOverlay.setState({ overlay: null })
}
