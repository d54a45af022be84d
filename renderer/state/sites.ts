import { create } from 'zustand'

/** Whether the site browser is open. */
export const useSitesDialog = create<{ readonly open: boolean }>()(() => ({ open: false }))

export function openSites(): void {
  useSitesDialog.setState({ open: true })
}

export function closeSites(): void {
  useSitesDialog.setState({ open: false })
}
