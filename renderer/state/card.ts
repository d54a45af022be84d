import { create } from 'zustand'
import { methodOf } from './methods'
import { useView } from './view'
import { workbench } from './workbench'

/** Whether the card of the selected layer and method is open. */
export const useCard = create<{ readonly open: boolean }>()(() => ({ open: false }))

/** Why there is no card to open, in a few words; null where there is one. */
export function cardObstacle(): string | null {
  const { run } = workbench.get()
  if (!run) return 'Run first'
  if (run.sweep === null || run.progress !== null) return 'The layers are not probed yet'
  const { site, method } = useView.getState()
  return run.results.some((result) => result.site === site && result.method === methodOf(run, method)) ? null : 'No probe at this layer'
}

/** Opens the card of a cell, which is selected everywhere; of the one that is selected when none is named. */
export function openCard(cell?: { readonly site: string; readonly method: string }): void {
  if (cell) useView.getState().setCell(cell.site, cell.method)
  if (cardObstacle() === null) useCard.setState({ open: true })
}

export function closeCard(): void {
  useCard.setState({ open: false })
}
