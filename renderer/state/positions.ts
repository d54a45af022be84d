import { useMemo } from 'react'
import { create } from 'zustand'
import type { ErrorReport, PositionsEvent, PositionSweep, RunSummary } from '../../preload/contract'
import { inTextOrder, samePositions } from '../../preload/positions'
import type { Positions } from '../../preload/recipe'
import { useAnswer, useRunKey } from './engine-data'
import { engine, EngineError } from './engine-client'
import { reportOf } from './notices'
import { useWorkbench, workbench } from './workbench'
import type { ShownRun, WorkbenchState } from './workbench-state'

/** A reading of positions that is on. */
export interface PositionsProgress {
  readonly stage: Extract<PositionsEvent, { kind: 'progress' }>['stage']
  /** 0 … 1; null before the first vector. */
  readonly share: number | null
  readonly cancel: () => void
}

/** What was asked of a run since the window opened; it goes on while another view stands in front. */
interface AskedOfRun {
  readonly progress: PositionsProgress | null
  readonly error: ErrorReport | null
  readonly found: readonly PositionSweep[]
}

const unasked: AskedOfRun = { progress: null, error: null, found: [] }

const useAsked = create<Readonly<Record<string, AskedOfRun>>>()(() => ({}))

interface RunKey { readonly sessionId: string; readonly runId: string }

const keyOf = ({ sessionId, runId }: RunKey): string => JSON.stringify([sessionId, runId])

/** The positions of the run on show that were read, in the order of the text, its own among them. */
export interface RunPositions extends Omit<AskedOfRun, 'found'> {
  readonly sweeps: readonly PositionSweep[]
  /** Whether what was kept with the run is here. */
  readonly loaded: boolean
}

export function useRunPositions(): RunPositions {
  const key = useRunKey()
  const run = useWorkbench((state) => state.run)
  const swept = run?.sweep != null && run.progress === null && positionsFit(run)
  const kept = useAnswer('run.positions', key && swept ? key : null)
  const asked = useAsked((all) => key === null ? unasked : all[keyOf(key)] ?? unasked)
  const sweeps = useMemo(() => run === null ? [] : merged([ownSweep(run.summary)], kept.value?.positions ?? [], asked.found), [run, kept.value, asked.found])
  return { sweeps, loaded: kept.value !== null || kept.error !== null || asked.found.length > 0, progress: asked.progress, error: asked.error ?? kept.error }
}

/** Later ones replace earlier ones of the same position. */
function merged(...lists: readonly (readonly PositionSweep[])[]): readonly PositionSweep[] {
  return lists.reduce((all, list) => [...all.filter((one) => !list.some((other) => samePositions(one.positions, other.positions))), ...list], [])
    .slice().sort((a, b) => inTextOrder(a.positions, b.positions))
}

function ownSweep({ extractionPlan: { positions }, extraction, sweep }: RunSummary): PositionSweep {
  const skipped = extraction?.skipped ?? []
  return { positions, rows: extraction?.rows ?? 0, leftOut: { count: skipped.length, first: skipped[0] ?? null }, readAt: extraction?.readAt ?? null, sweep, error: null }
}

/** Whether the rows of a run are texts that have other positions. */
export function positionsFit({ summary: { probePlan, extractionPlan }, sweep }: Pick<ShownRun, 'summary' | 'sweep'>): boolean {
  const { kind } = extractionPlan.positions
  return kind !== 'word' && kind !== 'all' && probePlan.task !== 'tree' && sweep?.task !== 'tree'
}

/** Why no more positions of the run on show can be read now; null when they can. */
export function positionsObstacle({ model, dataset, run, engine: engineState }: WorkbenchState): string | null {
  if (run === null || run.sweep === null || run.progress !== null) return 'The layers are not probed yet.'
  if (engineState !== 'ready') return 'The engine is not ready.'
  const { model: own, dataset: data } = run.summary
  const [hasModel, hasData] = [model.kind === 'ready' && model.value.hash === own.hash, dataset.kind === 'ready' && dataset.value.hash === data.hash]
  if (hasModel && hasData) return null
  return `Open ${[...hasModel ? [] : [own.name], ...hasData ? [] : [data.name]].join(' and ')} to read more positions of this run.`
}

/** Reads positions of the run on show that were not read yet. Cancelled, those that are done stay. */
export async function readPositions(positions: readonly Positions[]): Promise<void> {
  const state = workbench.get()
  const { session, run, model, dataset } = state
  if (positionsObstacle(state) !== null || session === null || run === null || model.kind !== 'ready' || dataset.kind !== 'ready') return
  const key = { sessionId: session.sessionId, runId: run.summary.runId }
  const before = useAsked.getState()[keyOf(key)] ?? unasked
  if (before.progress !== null) return
  const abort = new AbortController()
  const say = (change: Partial<AskedOfRun>): void => useAsked.setState((all) => ({ [keyOf(key)]: { ...all[keyOf(key)] ?? unasked, ...change } }))
  const cancel = (): void => abort.abort()
  say({ error: null, progress: { stage: 'extracting', share: null, cancel } })
  const onEvent = (event: PositionsEvent): void => {
    if (event.kind === 'position') say({ found: merged(useAsked.getState()[keyOf(key)]?.found ?? [], [event.sweep]) })
    else if (!abort.signal.aborted) say({ progress: { stage: event.stage, share: event.total > 0 ? event.done / event.total : null, cancel } })
  }
  try {
    const { positions: found } = await engine.request('run.readPositions', { ...key, modelId: model.value.modelId, datasetId: dataset.value.datasetId, positions: [...positions] }, { signal: abort.signal, onEvent })
    say({ found, progress: null })
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    say({ progress: null, error: error.report.code === 'cancelled' ? null : reportOf(error) })
  }
}
