/** At which token of a text something can be read: a finished run's probes at other positions of its texts, on its folds. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExtractionSummary, PositionsEvent, PositionsResult } from '../../preload/contract'
import { inTextOrder, samePositions, writePositions } from '../../preload/positions'
import type { Positions } from '../../preload/recipe'
import { extractPositions, type ActivationStore } from './activations/index'
import type { OpenDataset } from './datasets/index'
import { errorReport, LayerscopeError } from './errors'
import type { OpenModel } from './models/index'
import { probeFolder } from './probe-folder'
import { openFinishedSweep, positionSweep, positionSweeps, sweepOfRun, type SweptStore } from './report/index'
import { sameRows } from './run'
import { askedPositions, keepAskedPositions, positionFolder, positionsFolder, SWEEP_FILE, type AskedPosition, type RunFolder, type Session } from './sessions/index'

export interface PositionsRequest {
  readonly session: Session
  readonly run: RunFolder
  readonly model: OpenModel
  readonly dataset: OpenDataset
  readonly positions: readonly Positions[]
  readonly signal?: AbortSignal | undefined
  onEvent(event: PositionsEvent): void
}

/** What was read at a run's positions: its own, and others that were asked for. @throws LayerscopeError `positions-damaged`, and what the run's files throw */
export async function keptPositions({ folder, summary: { extractionPlan: { positions }, extraction, sweep } }: RunFolder): Promise<PositionsResult> {
  return await positionSweeps({ folder, positions, extraction, sweep })
}

/** The sweep at one of a run's positions; null: the run's own. @throws LayerscopeError `sweep-missing`, `store-missing` */
export async function sweptAt(run: RunFolder, positions: Positions | null): Promise<SweptStore> {
  if (positions === null || samePositions(positions, run.summary.extractionPlan.positions)) return { finished: sweepOfRun(run), store: await run.activations() }
  const finished = await openFinishedSweep(positionFolder(run.folder, positions), null)
  return { finished: { ...finished, runId: run.summary.runId }, store: await run.positionStore(positions) }
}

/**
 * Reads positions that were not read yet in one pass over the texts, every text once, and trains the probes of the run's plan at each. Rows
 * that the run left out stay out, and a row lies in the run's fold at every position; rows too short for a position are left out there.
 * A position whose probes cannot be trained says why in the result. Cancelled, what was done is kept and is not done again.
 * @throws LayerscopeError `positions-not-of-texts`, `model-differs`, `dataset-differs`, `busy`, `cancelled`, and those of extraction
 */
export async function readPositions(request: PositionsRequest): Promise<PositionsResult> {
  checkRequest(request)
  return await request.session.during('other positions are being read', () => readLocked(request))
}

async function readLocked({ run, model, dataset, positions, signal, onEvent }: PositionsRequest): Promise<PositionsResult> {
  const { summary } = run
  const wanted = distinct(positions).filter(own => !samePositions(own, summary.extractionPlan.positions)).sort(inTextOrder)
  const whole = await run.activations()
  const done = await askedPositions(run.folder)
  const missing = wanted.filter(own => !done.some(({ positions: at, error }) => samePositions(at, own) && error === null) || !existsSync(join(positionFolder(run.folder, own), SWEEP_FILE)))
  const { positions: _own, ...plan } = summary.extractionPlan
  const extracted: (ExtractionSummary | LayerscopeError)[] = []
  for (const pass of passesOf(missing)) {
    extracted.push(...await extractPositions({
      model, dataset, text: summary.dataset.roles.text, plan, only: new Set(whole.rows), folder: positionsFolder(run.folder), signal,
      targets: pass.map(own => ({ positions: own, folder: positionFolder(run.folder, own) })),
      onProgress: throttled((vectors, total) => { onEvent({ kind: 'progress', stage: 'extracting', done: vectors, total }) })
    }))
  }
  const cells = whole.sites.length * summary.probePlan.methods.length
  let list = done
  const keep = async (one: AskedPosition): Promise<void> => {
    list = [...list.filter(other => !samePositions(other.positions, one.positions)), one]
    await keepAskedPositions(run.folder, list)
  }
  for (const [at, own] of passesOf(missing).flat().entries()) {
    signal?.throwIfAborted()
    const found = extracted[at]
    const tell = (probes: number): void => { onEvent({ kind: 'progress', stage: 'probing', done: at * cells + probes, total: missing.length * cells }) }
    tell(0)
    const error = found instanceof LayerscopeError ? found.report : await probePosition(run, whole, own, { signal, onSite: (_, probes) => { tell(probes) } })
    // What has no row keeps no files.
    if (found instanceof LayerscopeError) await rm(positionFolder(run.folder, own), { recursive: true, force: true })
    await keep({ positions: own, error })
    onEvent({ kind: 'position', sweep: await positionSweep(run.folder, { positions: own, error }) })
  }
  return await keptPositions(run)
}

/** One pass for all that go by tokens, and one for each span: a text without the span is left out of that pass alone. */
function passesOf(positions: readonly Positions[]): readonly (readonly Positions[])[] {
  const byToken = positions.filter(({ kind }) => kind !== 'span')
  return [...byToken.length === 0 ? [] : [byToken], ...positions.filter(({ kind }) => kind === 'span').map(own => [own])]
}

/** Null once its probes are kept; else why they could not be trained. @throws what ends the whole question */
async function probePosition(run: RunFolder, whole: ActivationStore, own: Positions, listener: Parameters<typeof probeFolder>[3]): Promise<AskedPosition['error']> {
  const { dataset: { roles }, probePlan } = run.summary
  const store = await run.positionStore(own)
  const { text: _text, ...columns } = roles
  const first = sameRows(store, whole) ? run.summary.sweep?.sites[0] : undefined
  const baselines = first?.kind === 'classes' ? { textOnly: first.controls.textOnly, textOnlyAuroc: first.aurocControls?.textOnly ?? null, majority: first.controls.majority } : null
  try {
    await probeFolder(store, columns, probePlan, listener, store.sites, { among: whole, baselines })
    return null
  } catch (error) {
    const report = errorReport(error)
    if (!(error instanceof LayerscopeError) || report.code === 'cancelled' || report.code === 'disk-full') throw error
    return report
  }
}

/** Why a run's texts cannot be read at other positions. */
function checkRequest({ run: { summary }, model, dataset, positions }: PositionsRequest): void {
  const { sweep, status, extractionPlan } = summary
  if (sweep === null || status !== 'complete') throw new LayerscopeError({ code: 'values-not-ready', message: 'This run has no finished probes.', field: 'runId', hint: 'Run the probes to the end first.' })
  if (sweep.task === 'tree' || extractionPlan.positions.kind === 'word') {
    throw new LayerscopeError({ code: 'positions-not-of-texts', message: 'Positions are compared where a row is a text, and the rows of this run are words.', field: 'runId', hint: 'Run on texts with one label each.' })
  }
  const refused = positions.find(({ kind }) => kind === 'all' || kind === 'word')
  if (refused !== undefined) throw new LayerscopeError({ code: 'positions-not-of-texts', message: `${writePositions(refused)} gives no single vector of a text.`, field: 'positions', hint: 'Name last, last-N, first, first+N, mean or span:COLUMN.' })
  if (model.summary.hash !== summary.model.hash) throw new LayerscopeError({ code: 'model-differs', message: `This run was made with ${summary.model.name}, and another model is open.`, field: 'modelId', hint: `Open ${summary.model.name} to read more of its positions.` })
  if (dataset.summary.hash !== summary.dataset.hash) throw new LayerscopeError({ code: 'dataset-differs', message: `This run read ${summary.dataset.name}, and another dataset is open or the file has changed.`, field: 'datasetId', hint: `Open ${summary.dataset.name} as it was to read more of its positions.` })
}

function distinct(positions: readonly Positions[]): Positions[] {
  return [...new Map(positions.map(own => [writePositions(own), own] as const)).values()]
}

/** Progress events no closer together than this. */
const PROGRESS_MS = 100

function throttled(report: (done: number, total: number) => void): (progress: { readonly done: number; readonly total: number }) => void {
  let last = -Infinity
  return ({ done, total }) => {
    const now = performance.now()
    if (done < total && now - last < PROGRESS_MS) return
    last = now
    report(done, total)
  }
}
