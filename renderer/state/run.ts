import type { ErrorReport, RunEvent, RunSummary, SiteResult } from '../../preload/contract'
import { formatCount, formatQuantity } from '../components/numbers'
import { engine } from './engine-client'
import { dismissAbout, noticeWarning, reportOf } from './notices'
import { dropImpossibleMethods } from './probes'
import { ensureSession, recordRun, saveChanges } from './session'
import { useView } from './view'
import { openingOf, workbench } from './workbench'
import type { RunProgress, ShownRun, WorkbenchState } from './workbench-state'

let current: AbortController | null = null
/** Warnings of the run that is on. */
const warnings: string[] = []

/** Whether Run would go on from what the run on show has kept. */
export function isResumable({ run }: WorkbenchState): boolean {
  return run?.summary.status === 'cancelled' || run?.summary.error?.code === 'disk-full'
}

/** Why Run cannot be pressed now; null when it can. */
export function runObstacle({ model, dataset, roles, rolesCheck, run, engine: engineState }: WorkbenchState): string | null {
  if (run?.progress) return 'A run is on'
  if (engineState === 'restarting') return 'The engine is starting again'
  if (engineState === 'failed') return 'The engine has stopped'
  if (openingOf(model)) return 'The model is still opening'
  if (model.kind !== 'ready') return 'Open a model first'
  if (openingOf(dataset)) return 'The dataset is still being read'
  if (dataset.kind !== 'ready') return 'Open a dataset first'
  if (!roles || (roles.text.kind === 'column' ? roles.text.column : roles.text.template) === '') return 'Choose the text column first'
  if (rolesCheck && rolesCheck.usableRows === 0) return rolesCheck.problems[0]?.message.replace(/\.$/, '') ?? 'No row of the dataset can be used'
  if (rolesCheck && rolesCheck.classes.length === 1) return `Every row has the same “${roles.label}”: choose another label`
  // The probes refuse it, but only after the model has read every row.
  if (rolesCheck && rolesCheck.classes.length > 2 && rolesCheck.classes.length > rolesCheck.usableRows / 2) return `“${roles.label}” has ${formatCount(rolesCheck.classes.length)} different values in ${formatQuantity(rolesCheck.usableRows, 'row')}: choose another label`
  return null
}

/** Runs what the cards say. Takes up a cancelled or interrupted run where its stored batches end. */
export async function startRun(): Promise<void> {
  dropImpossibleMethods()
  const state = workbench.get()
  const { model, dataset, roles, extraction, probe } = state
  if (runObstacle(state) !== null || model.kind !== 'ready' || dataset.kind !== 'ready' || !roles) return
  const controller = new AbortController()
  current = controller
  dismissAbout('run')
  warnings.length = 0
  const sites = extraction.sites ?? model.value.defaultSites
  const provisional: RunSummary = {
    runId: '', startedAt: new Date().toISOString(), status: 'running', error: null,
    model: { name: model.value.name, hash: model.value.hash },
    dataset: { name: dataset.value.name, hash: dataset.value.hash, roles },
    extractionPlan: extraction, probePlan: probe, extraction: null, sweep: null, rowCount: 0
  }
  workbench.set({ run: { summary: provisional, extraction: null, results: [], sweep: null, sites, progress: { stage: 'loading', done: 0, total: 0, rowsPerSecond: null, secondsLeft: null } } })
  try {
    const session = await ensureSession()
    await saveChanges()
    const summary = await engine.request('run.start', {
      sessionId: session.sessionId, modelId: model.value.modelId, datasetId: dataset.value.datasetId, roles, extraction, probe
    }, { signal: controller.signal, onEvent: (event) => { if (current === controller) receive(event) } })
    if (current !== controller) return
    const soFar = workbench.get().run?.results ?? []
    recordRun(summary)
    showRun(summary, sites, soFar)
    // The sweep keeps its own; a fallback taken on the way is told here.
    for (const message of warnings.filter((message) => !summary.sweep?.warnings.includes(message))) noticeWarning({ code: 'run-warning', message })
  } catch (error) {
    if (current === controller) runEnded(reportOf(error))
  } finally {
    if (current === controller) current = null
  }
}

export function cancelRun(): void {
  current?.abort()
}

/** Cancelled or failed: what came so far stays on show. */
function runEnded(error: ErrorReport): void {
  const { run } = workbench.get()
  if (!run) return
  // The run goes on by itself once the engine is back: its progress keeps its place.
  if (error.code === 'engine-stopped') return
  const summary: RunSummary = { ...run.summary, status: error.code === 'cancelled' ? 'cancelled' : 'failed', error: error.code === 'cancelled' ? null : error }
  if (summary.runId !== '') recordRun(summary)
  workbench.set({ run: summary.runId === '' && run.results.length === 0 && error.code === 'cancelled' ? null : { ...run, summary, progress: null } })
}

function receive(event: RunEvent): void {
  const { run } = workbench.get()
  if (!run) return
  const progress = (change: Partial<RunProgress>): RunProgress => ({ stage: 'loading', done: 0, total: 0, rowsPerSecond: null, secondsLeft: null, ...run.progress, ...change })
  switch (event.kind) {
    case 'stage':
      return workbench.set({ run: { ...run, progress: progress({ stage: event.stage, done: 0, total: 0, rowsPerSecond: null, secondsLeft: null }) } })
    case 'started':
      recordRun(event.run)
      return workbench.set({ run: { ...run, summary: event.run } })
    case 'extracting': {
      const { done, total, rowsPerSecond, secondsLeft } = event
      return workbench.set({ run: { ...run, progress: progress({ stage: 'extracting', done, total, rowsPerSecond, secondsLeft }) } })
    }
    case 'extracted': {
      const summary = { ...run.summary, extraction: event.extraction, rowCount: event.extraction.rows }
      recordRun(summary)
      return workbench.set({ run: { ...run, summary, extraction: event.extraction, sites: event.extraction.sites.map(({ name }) => name) } })
    }
    case 'site': {
      const results = inDepthOrder([...run.results.filter((result) => !sameSite(result, event.result)), event.result], run.sites)
      workbench.set({ run: { ...run, results, progress: progress({ stage: 'probing', done: event.done, total: event.total }) } })
      return presetLayer()
    }
    case 'warning':
      warnings.push(event.message)
  }
}

function sameSite(a: SiteResult, b: SiteResult): boolean {
  return a.site === b.site && a.method === b.method
}

function inDepthOrder(results: readonly SiteResult[], sites: readonly string[]): readonly SiteResult[] {
  const depth = new Map(sites.map((site, index) => [site, index]))
  return [...results].sort((a, b) => (depth.get(a.site) ?? 0) - (depth.get(b.site) ?? 0))
}

/** The engine will not come back by itself: the run that was on waits to be continued. */
export function interruptRun(): void {
  const { run } = workbench.get()
  if (run?.progress == null) return
  current = null
  workbench.set({ run: { ...run, progress: null, summary: { ...run.summary, status: 'cancelled', error: null } } })
}

/** Sites of a stored run in depth order, as far as it came. */
export function sitesOf(summary: RunSummary): readonly string[] {
  if (summary.extraction) return summary.extraction.sites.map(({ name }) => name)
  if (summary.sweep) return [...new Set(summary.sweep.sites.map(({ site }) => site))]
  return summary.extractionPlan.sites ?? []
}

/** Puts a run of the session on show; `soFar` are results of a sweep that was cut short. */
export function showRun(summary: RunSummary, sites: readonly string[] = [], soFar: readonly SiteResult[] = []): void {
  const own = sitesOf(summary)
  const depth = own.length > 0 ? own : sites
  const shown: ShownRun = {
    summary, extraction: summary.extraction, sweep: summary.sweep, sites: depth, progress: null,
    results: inDepthOrder(summary.sweep?.sites ?? soFar, depth)
  }
  workbench.set({ run: shown })
  presetLayer()
}

/** A layer is always chosen: the one validation chose, or, while there is none, the deepest result so far. */
function presetLayer(): void {
  const { run } = workbench.get()
  const { site, canUndo, presetSite } = useView.getState()
  if (!run) return
  const known = site !== null && run.sites.includes(site)
  const chosen = run.sweep?.chosen?.site
  // A layer the person went to stays; one that was only preset follows the results.
  if (known && (canUndo || chosen === undefined || site !== presetBefore)) return
  const next = chosen ?? run.sites[0] ?? null
  if (next === null || next === site) return
  presetBefore = next
  presetSite(next)
}

let presetBefore: string | null = null
