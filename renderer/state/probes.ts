import { create } from 'zustand'
import { methodObstacle, probeMethods, suggestedMethods, type MethodFacts, type ProbeMethodInfo } from '../../preload/probe-methods'
import type { WorkbenchState } from './workbench-state'
import { workbench } from './workbench'

/** Whether the list of probes is open. */
export const useProbesDialog = create<{ readonly open: boolean }>()(() => ({ open: false }))

export function openProbes(): void {
  useProbesDialog.setState({ open: true })
}

export function closeProbes(): void {
  useProbesDialog.setState({ open: false })
}

/** A method as the window offers it for what is predicted now. */
export interface OfferedMethod {
  readonly method: ProbeMethodInfo
  /** Taken when nothing is chosen. */
  readonly suggested: boolean
  /** Trained by the next run. */
  readonly chosen: boolean
  /** Why it cannot run; null where it can. */
  readonly obstacle: string | null
}

type Asked = Pick<WorkbenchState, 'rolesCheck' | 'roles' | 'probe'>

/** The methods for the label as it is; none before one is chosen and looked at. */
export function offeredMethods({ rolesCheck, roles, probe }: Asked): readonly OfferedMethod[] {
  const asked = rolesCheck?.task ?? 'none'
  if (asked === 'none') return []
  const task = asked === 'binary' || asked === 'multiclass' ? 'classes' : asked
  const facts: MethodFacts = { classes: rolesCheck?.classes.length ?? 0, pair: roles?.pair != null, polarity: roles?.polarity != null }
  const suggestion = suggestedMethods(task, facts)
  const offered = probeMethods.filter((method) => method.task === task).map((method) => ({ method, obstacle: methodObstacle(method, facts)?.reason ?? null }))
  const kept = offered.filter(({ method, obstacle }) => obstacle === null && probe.methods.includes(method.name)).map(({ method }) => method.name)
  const chosen = kept.length > 0 ? kept : suggestion
  return offered.map(({ method, obstacle }) => ({ method, obstacle, suggested: suggestion.includes(method.name), chosen: chosen.includes(method.name) }))
}

/** Takes these methods; the suggestion, whole, is kept as "none chosen", so that it follows the columns. */
export function chooseMethods(names: readonly string[]): void {
  const state = workbench.get()
  const offered = offeredMethods(state)
  const isSuggestion = offered.every(({ method, suggested }) => suggested === names.includes(method.name))
  const inOrder = offered.filter(({ method }) => names.includes(method.name)).map(({ method }) => method.name)
  workbench.set({ probe: { ...state.probe, methods: isSuggestion ? [] : inOrder } })
}

/** Takes back the choice of methods that the columns no longer allow, so that neither a run nor a recipe asks for them. */
export function dropImpossibleMethods(): void {
  const state = workbench.get()
  const offered = offeredMethods(state)
  if (offered.length === 0) return
  const methods = state.probe.methods.filter((name) => offered.some(({ method, obstacle }) => method.name === name && obstacle === null))
  if (methods.length < state.probe.methods.length) workbench.set({ probe: { ...state.probe, methods } })
}
