import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'

/** Moves the selected layer by `step` sites (±Infinity: to an end). False when there is nowhere to go. */
export function stepLayer(step: number): boolean {
  const { run } = useWorkbench.getState()
  const { site, setSite } = useView.getState()
  if (!run || run.sites.length === 0) return false
  const at = site === null ? -1 : run.sites.indexOf(site)
  const next = run.sites[Math.min(run.sites.length - 1, Math.max(0, at + step))]
  if (next === undefined || next === site) return false
  setSite(next)
  return true
}
