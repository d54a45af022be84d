import type { MeasureName, RunSummary, SiteResult, Task } from '../../preload/contract'
import { useView } from './view'
import { useWorkbench } from './workbench'
import type { ShownRun } from './workbench-state'

type Results = Pick<ShownRun, 'results' | 'sweep'> & { readonly summary: Pick<RunSummary, 'probePlan'> }

/** Methods of a run that have a result, in the order of the plan; the first of the plan before any has. */
export function methodsOf({ results, summary }: Results): readonly string[] {
  const had = new Set(results.map(({ method }) => method))
  const planned = summary.probePlan.methods.filter((method) => had.has(method))
  const methods = [...planned, ...[...had].filter((method) => !planned.includes(method))]
  return methods.length > 0 ? methods : summary.probePlan.methods.slice(0, 1)
}

/** The method everything is shown for: the one picked where the run has it, else the one that validation chose, else the first. */
export function methodOf(run: Results, picked: string | null): string | null {
  const methods = methodsOf(run)
  const chosen = run.sweep?.chosen?.method
  return [picked, chosen].find((method) => method != null && methods.includes(method)) ?? methods[0] ?? null
}

/** Measures that any of the results has, in the order they come; what a run of this task will have before the first. */
export function measuresOf(results: readonly SiteResult[], task: Task | null): readonly MeasureName[] {
  const names = new Set(results.flatMap(({ measures }) => measures.map(({ name }) => name)))
  return names.size > 0 ? [...names] : [task === 'numeric' ? 'r2' : task === 'tree' ? 'uuas' : 'accuracy']
}

/** The measure everything is shown in: the one picked where the run has it, else the headline. */
export function measureOf(results: readonly SiteResult[], task: Task | null, picked: MeasureName | null): MeasureName {
  const measures = measuresOf(results, task)
  return measures.find((name) => name === picked) ?? measures[0] ?? 'accuracy'
}

/** The method that is on show; null before a run. */
export function useMethod(): string | null {
  const picked = useView((view) => view.method)
  return useWorkbench(({ run }) => run && methodOf(run, picked))
}
