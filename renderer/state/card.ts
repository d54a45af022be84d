import { useMemo } from 'react'
import { create } from 'zustand'
import type { SiteResult } from '../../preload/contract'
import { samePositions } from '../../preload/positions'
import type { Positions } from '../../preload/recipe'
import { useRunKey } from './engine-data'
import { methodOf } from './methods'
import { useRunPositions } from './positions'
import { useView } from './view'
import { useWorkbench, workbench } from './workbench'

/** Whether the card of the selected layer and method is open, and at which position of the texts; null: the run's own. */
export const useCard = create<{ readonly open: boolean; readonly position: Positions | null }>()(() => ({ open: false, position: null }))

/** What the open card is asked of: the run on show, at the card's position. */
export interface CardKey { readonly sessionId: string; readonly runId: string; readonly position?: Positions }

export function useCardKey(): CardKey | null {
  const key = useRunKey()
  const position = useCard((card) => card.position)
  return useMemo(() => key && { sessionId: key.sessionId, runId: key.runId, ...position && { position } }, [key?.sessionId, key?.runId, position])
}

/** The results that the card's cell is one of. */
export function useCardResults(): readonly SiteResult[] | undefined {
  const position = useCard((card) => card.position)
  const results = useWorkbench(({ run }) => run?.results)
  const { sweeps } = useRunPositions()
  return position === null ? results : sweeps.find(({ positions }) => samePositions(positions, position))?.sweep?.sites
}

/** Why there is no card to open, in a few words; null where there is one. */
export function cardObstacle(): string | null {
  const { run } = workbench.get()
  if (!run) return 'Run first'
  if (run.sweep === null || run.progress !== null) return 'The layers are not probed yet'
  const { site, method } = useView.getState()
  return run.results.some((result) => result.site === site && result.method === methodOf(run, method)) ? null : 'No probe at this layer'
}

/** Opens the card of a cell, which is selected everywhere; of the one that is selected when none is named. `position` of the texts; null: the run's own. */
export function openCard(cell?: { readonly site: string; readonly method: string }, position: Positions | null = null): void {
  if (cell) useView.getState().setCell(cell.site, cell.method)
  const own = workbench.get().run?.summary.extractionPlan.positions
  if (cardObstacle() === null) useCard.setState({ open: true, position: position && own && samePositions(position, own) ? null : position })
}

export function closeCard(): void {
  useCard.setState({ open: false, position: null })
}
