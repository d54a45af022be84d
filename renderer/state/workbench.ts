import { create } from 'zustand'
import { extractionSchema, probePlanSchema, projectionPlanSchema } from '../../preload/recipe'
import type { Loading, Opening, WorkbenchState } from './workbench-state'

/** What a fresh window holds: nothing open, every plan at its default. */
export const emptyWorkbench: WorkbenchState = {
  session: null,
  edited: false,
  model: { kind: 'empty' },
  dataset: { kind: 'empty' },
  roles: null,
  rolesCheck: null,
  extraction: extractionSchema.parse({}),
  probe: probePlanSchema.parse({}),
  projection: projectionPlanSchema.parse({}),
  providers: null,
  run: null,
  engine: 'starting'
}

/** What is open and what it has given so far. Read with a selector: `useWorkbench((s) => s.run)`. */
export const useWorkbench = create<WorkbenchState>()(() => emptyWorkbench)

/** Outside of components. */
export const workbench = {
  get: useWorkbench.getState,
  set: useWorkbench.setState,
  subscribe: useWorkbench.subscribe
}

/** A part with `opening` on its way to it. */
export function withOpening<T>(part: Loading<T>, opening: Opening): Loading<T> {
  if (part.kind === 'ready') return { ...part, next: opening }
  return { kind: 'loading', opening, before: part.kind === 'loading' ? part.before : part }
}

/** A part as it was before anything was on its way to it. */
export function withoutOpening<T>(part: Loading<T>): Loading<T> {
  return part.kind === 'loading' ? part.before : part.kind === 'ready' ? { ...part, next: null } : part
}

/** What is on its way, whether something else is open meanwhile or not. */
export function openingOf(part: Loading<unknown>): Opening | null {
  return part.kind === 'loading' ? part.opening : part.kind === 'ready' ? part.next : null
}
