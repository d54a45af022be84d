import { useEffect, useState } from 'react'
import type { ClassValues, ColumnValues, ErrorReport, Neighbor, ProbeValues, RequestName, RequestParams, RequestResults, RowDetail } from '../../preload/contract'
import { engine, EngineError } from './engine-client'
import { LeastRecent } from './least-recent'
import { useMethod } from './methods'
import { useView } from './view'
import { useWorkbench } from './workbench'

/** Answers kept: enough that going back and forth through layers asks once. */
const cache = new LeastRecent<string, Promise<unknown>>(200)
const arrived = new LeastRecent<string, unknown>(200)

/** Asks the engine once per distinct question; a failed question may be asked again. `about` tells questions apart whose answer changed meanwhile. */
export function askEngine<N extends RequestName>(name: N, params: RequestParams<N>, about = ''): Promise<RequestResults[N]> {
  const key = questionKey(name, params, about)
  const known = cache.get(key) as Promise<RequestResults[N]> | undefined
  if (known) return known
  const asked = engine.request(name, params)
  cache.set(key, asked)
  asked.then((value) => arrived.set(key, value), () => cache.delete(key))
  return asked
}

/** The answer to a question if it came already. */
function knownAnswer<N extends RequestName>(key: string): RequestResults[N] | null {
  return (arrived.get(key) as RequestResults[N] | undefined) ?? null
}

function questionKey(name: string, params: unknown, about: string): string {
  return `${name} ${about} ${JSON.stringify(params)}`
}

export interface EngineAnswer<T> {
  /** Null while it is on its way, when there is nothing to ask, and after an error. */
  readonly value: T | null
  readonly error: ErrorReport | null
}

const nothing: EngineAnswer<never> = { value: null, error: null }

/** The engine's answer to a question that may change with every render; null asks nothing. */
export function useAnswer<N extends RequestName>(name: N, params: RequestParams<N> | null, about = ''): EngineAnswer<RequestResults[N]> {
  const key = params === null ? null : questionKey(name, params, about)
  const engineState = useWorkbench((state) => state.engine)
  const [answer, setAnswer] = useState<{ readonly key: string | null } & EngineAnswer<RequestResults[N]>>({ key: null, ...nothing })
  useEffect(() => {
    if (params === null || key === null || engineState !== 'ready') return
    let current = true
    askEngine(name, params, about).then(
      (value) => { if (current) setAnswer({ key, value, error: null }) },
      (error: unknown) => { if (current && error instanceof EngineError) setAnswer({ key, value: null, error: error.report }) })
    return () => { current = false }
    // The key stands for name, params and about.
  }, [key, engineState])
  if (key === null) return nothing
  if (answer.key === key) return answer
  return { value: knownAnswer<N>(key), error: null }
}

/** One column of the open dataset, ready to colour by. */
export function useColumn(column: string | null): EngineAnswer<ColumnValues> {
  const datasetId = useWorkbench(({ dataset }) => dataset.kind === 'ready' ? dataset.value.datasetId : null)
  return useAnswer('dataset.column', datasetId !== null && column !== null ? { datasetId, column } : null)
}

/** Session and run that row questions are asked of; null before a run has an identity. */
export function useRunKey(): { readonly sessionId: string; readonly runId: string } | null {
  const sessionId = useWorkbench(({ session }) => session?.sessionId ?? null)
  const runId = useWorkbench(({ run }) => run?.summary.runId ?? null)
  return sessionId !== null && runId ? { sessionId, runId } : null
}

/** Whether the sweep on show is stored whole: before that the engine has no held-out values to give. */
function useSwept(): boolean {
  return useWorkbench(({ run }) => run?.sweep != null && run.progress === null)
}

/** Held-out output of the method on show at the selected layer; null until the sweep is complete. */
export function useProbeValues(): EngineAnswer<ProbeValues> {
  const key = useRunKey()
  const site = useView((view) => view.site)
  const method = useMethod()
  const there = useWorkbench(({ run }) => run?.results.some((result) => result.site === site && result.method === method) ?? false)
  const swept = useSwept()
  return useAnswer('run.values', key && site !== null && there && swept ? { ...key, site, method } : null)
}

/** The same where classes are predicted; null for numbers. */
export function useClassValues(): ClassValues | null {
  const values = useProbeValues().value
  return values?.kind === 'classes' ? values : null
}

/** A row through all layers; asked again once the sweep is complete. */
export function useRowDetail(row: number | null): EngineAnswer<RowDetail> {
  const key = useRunKey()
  const stored = useWorkbench(({ run }) => run?.extraction !== null && run !== null)
  const method = useMethod()
  const swept = useSwept()
  return useAnswer('run.row', key && stored && row !== null ? { ...key, row, method: swept ? method : null } : null, swept ? 'swept' : 'extracted')
}

/** Nearest rows in the full space of the selected layer, cosine or Euclidean as the engine says. */
export function useNeighbors(row: number | null, k = 10): EngineAnswer<readonly Neighbor[]> {
  const key = useRunKey()
  const site = useView((view) => view.site)
  const stored = useWorkbench(({ run }) => run?.extraction !== null && run !== null)
  return useAnswer('run.neighbors', key && stored && site !== null && row !== null ? { ...key, site, row, k } : null)
}
