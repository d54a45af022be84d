/**
 * One run from texts to chosen layer: extraction, controls and baselines, the sweep site by site, everything stored as it comes.
 */
import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { RunEvent, RunSummary, SiteResult, SweepSummary } from '../../preload/contract'
import type { ColumnRoles, ExtractionPlan, ProbePlan } from '../../preload/recipe'
import { extract, extractionKey, shareStore, type ActivationStore, type Matrix, type StoredMatrix } from './activations/index'
import { parsePolarity, type OpenDataset } from './datasets/index'
import { LayerscopeError, errorReport } from './errors'
import type { OpenModel } from './models/index'
import { predicts, resolvedPlan } from './probe-plan'
import { regressionSweep, sweep, treeSweep, type ContrastColumns, type FoldColumns, type HeldOut, type SweepInput, type SweepOutcome, type TreeColumns } from './probes/index'
import type { HeldOutLayout, RunFolder, RunKeys, Session } from './sessions/index'

/** Progress events no closer together than this. */
const PROGRESS_MS = 100
/** Sites larger than this as float32 are read in blocks by the probes instead of being held whole. */
const MOST_RESIDENT_BYTES = 2 ** 28

export interface RunRequest {
  readonly session: Session
  readonly model: OpenModel
  readonly dataset: OpenDataset
  readonly roles: ColumnRoles
  readonly extraction: ExtractionPlan
  readonly probe: ProbePlan
  readonly signal?: AbortSignal
  onEvent(event: RunEvent): void
}

/**
 * Runs what was asked, taking up an earlier run with the same key that stopped; a finished one is returned at once.
 * @throws LayerscopeError `busy` while another run of the session is on, `cancelled`, and those of extraction and probes; what was done is kept
 */
export async function executeRun(asked: RunRequest): Promise<RunSummary> {
  const request = { ...asked, probe: resolvedPlan(asked.probe, asked.roles, asked.dataset.summary.columns) }
  const { session, model, dataset, roles, extraction, probe, onEvent } = request
  const keys = runKeys(model, dataset, roles, extraction, probe)
  const { run, finished, activations } = await session.beginRun(keys, {
    startedAt: new Date().toISOString(), status: 'running', error: null,
    model: { name: model.summary.name, hash: model.summary.hash },
    dataset: { name: dataset.summary.name, hash: dataset.summary.hash, roles },
    extractionPlan: extraction, probePlan: probe, extraction: null, sweep: null, rowCount: 0
  })
  if (finished) return run.summary
  try {
    onEvent({ kind: 'started', run: run.summary })
    if (activations !== null) await shareStore(activations, run.folder)
    const summary = await extract({
      model, dataset, text: roles.text, plan: extraction, folder: run.folder, signal: request.signal,
      onStage(stage) { onEvent({ kind: 'stage', stage }) },
      onProgress: throttled(progress => { onEvent({ kind: 'extracting', ...progress }) })
    })
    await run.update({ extraction: summary, rowCount: summary.rows })
    onEvent({ kind: 'extracted', extraction: summary })
    await probeRun(request, run)
    return await run.update({ status: 'complete' })
  } catch (error) {
    const report = errorReport(error)
    // The first failure is the one to tell, even where writing it down fails too (a full disk).
    await run.update({ status: report.code === 'cancelled' ? 'cancelled' : 'failed', error: report }).catch(() => undefined)
    throw error
  } finally {
    session.endRun()
  }
}

/** Hashes that identify a run's activations and the whole run. */
function runKeys(model: OpenModel, dataset: OpenDataset, roles: ColumnRoles, extraction: ExtractionPlan, probe: ProbePlan): RunKeys {
  const storeKey = extractionKey(model, dataset, roles.text, extraction)
  const { text: _inStoreKey, ...columns } = roles
  const parts = [storeKey, columns, probe]
  return { storeKey, runKey: createHash('sha256').update(JSON.stringify(parts)).digest('hex') }
}

async function probeRun({ roles, probe, extraction, signal, onEvent }: RunRequest, run: RunFolder): Promise<void> {
  if (!predicts(probe, roles)) return
  if (extraction.positions.kind === 'all') {
    onEvent({ kind: 'warning', message: 'Every token was kept: probes need one vector a row, so none were trained. Choose last, first, mean or a span to probe.' })
    return
  }
  const store = await run.activations()
  const heldOut = await run.beginHeldOut(heldOutLayout(roles, probe), store.sites, probe.methods, store.rows.length)
  const probes = await run.beginProbes(store.sites, probe.methods)
  let partial: SweepSummary = { task: 'none', classes: [], targets: [], coordinates: null, folds: probe.folds, sites: [], chosen: null, warnings: [], seconds: 0 }
  try {
    const outcome = await probeStore(store, roles, probe, {
      signal,
      onStage(stage) { onEvent({ kind: 'stage', stage }) },
      async onSite(result, values, done, total) {
        await heldOut.writeSite(result.site, result.method, values)
        if (values.probes !== null) await probes.writeSite(result.site, result.method, values.probes)
        partial = { ...partial, sites: [...partial.sites, result] }
        await run.saveSweep(partial)
        onEvent({ kind: 'site', result, done, total })
      }
    })
    onEvent({ kind: 'stage', stage: 'saving' })
    await heldOut.writeActual(outcome.actual)
    await probes.finish(outcome.fold, outcome.folds)
    await run.saveSweep(outcome.summary)
    for (const message of outcome.summary.warnings) onEvent({ kind: 'warning', message })
  } catch (error) {
    await probes.discard()
    throw error
  } finally {
    await heldOut.close()
  }
}

export interface ProbeListener {
  readonly signal?: AbortSignal | undefined
  onStage?(stage: 'baselines' | 'probing'): void
  onSite(result: SiteResult, heldOut: HeldOut, done: number, total: number): void | Promise<void>
}

/** What a sweep's held-out file holds. */
export function heldOutLayout({ label, moreTargets }: Pick<ColumnRoles, 'label' | 'moreTargets'>, { task }: ProbePlan): HeldOutLayout {
  if (task === 'tree') return { kind: 'trees' }
  return task === 'numeric' ? { kind: 'numeric', targets: [...(label === null ? [] : [label]), ...moreTargets] } : { kind: 'classes' }
}

/** Columns a sweep reads. */
export type ProbeRoles = Omit<ColumnRoles, 'text'>

/** What a sweep is to agree with. */
export interface SweepBeside {
  /** Activations of more rows, over which the folds are dealt: every row lies in the same fold in both. */
  readonly among?: ActivationStore | null
  /** What the baselines gave for the same rows and folds. */
  readonly baselines?: SweepInput['baselines']
}

/** The columns that folds are dealt by. */
async function foldColumns(store: ActivationStore, { group, test }: ProbeRoles): Promise<Pick<SweepInput, 'groups' | 'test'>> {
  const tests = test === null ? null : await store.textColumn(test)
  return { groups: group === null ? null : await store.textColumn(group), test: tests && Uint8Array.from(tests, marksTest) }
}

/** Whether both hold vectors of the same rows. */
export function sameRows(one: ActivationStore, other: ActivationStore): boolean {
  return one.rows.length === other.rows.length && one.rows.every((row, i) => row === other.rows[i])
}

/**
 * A sweep over stored activations, with labels, groups and test rows from the dataset's columns.
 * @throws LayerscopeError `store-of-tokens`, `label-missing`, `column-unknown`, `site-unknown`, and those of the sweep
 */
export async function probeStore(
  store: ActivationStore, roles: ProbeRoles, plan: ProbePlan,
  listener: ProbeListener, sites: readonly string[] = store.sites, { among = null, baselines = null }: SweepBeside = {}
): Promise<SweepOutcome> {
  if (store.manifest.plan.positions.kind === 'all') {
    throw new LayerscopeError({ code: 'store-of-tokens', message: 'These activations keep every token: probes need one vector a row.', file: store.folder, hint: 'Extract with --positions last, first, mean or span:COLUMN.' })
  }
  const { groups, test } = await foldColumns(store, roles)
  const { signal } = listener
  const heard = { onSite: listener.onSite, ...(listener.onStage === undefined ? {} : { onStage: listener.onStage }) }
  if (plan.task === 'tree') return await treeSweep({ columns: await treeColumns(store), groups, test, sites, readSite: site => store.readSite(site) }, plan, heard, signal)
  if (roles.label === null) throw new LayerscopeError({ code: 'label-missing', message: 'A probe needs a column to predict.', field: 'label', hint: 'Name the label, or predict trees.' })
  const [texts, labels] = [await store.texts(), await store.textColumn(roles.label)]
  const rows = among === null || sameRows(store, among) ? null : Int32Array.from(store.rows, row => among.indexOf(row))
  if (plan.task === 'numeric') {
    const names = [roles.label, ...roles.moreTargets]
    const columnsOf = (own: ActivationStore): Promise<readonly (readonly (string | null)[])[]> => Promise.all(names.map(column => own.textColumn(column)))
    const whole = among === null || rows === null ? null : { names, columns: await columnsOf(among), ...await foldColumns(among, roles) }
    return await regressionSweep({
      texts, names, columns: await columnsOf(store), groups, test, datasetRows: store.rows, sites, readSite: site => store.readSite(site), among: whole && rows && { whole, rows }
    }, plan, heard, signal)
  }
  const contrast = await contrastColumns(store, roles)
  const whole = among === null || rows === null ? null : await wholeColumns(among, roles.label, roles)
  return await sweep({
    texts, words: await wordForms(store, texts), labels, groups, test, contrast, datasetRows: store.rows, sites, sitesAtOnce: await sitesAtOnce(store, sites),
    readSite: site => siteMatrix(store, site), among: whole && rows && { whole, rows }, baselines
  }, plan, heard, signal)
}

/** The columns of all rows, over which folds are dealt. */
async function wholeColumns(store: ActivationStore, label: string, roles: ProbeRoles): Promise<FoldColumns> {
  const texts = await store.texts()
  return { texts, words: await wordForms(store, texts), labels: await store.textColumn(label), ...await foldColumns(store, roles), contrast: await contrastColumns(store, roles) }
}

/** The form of each row's word where rows are words of a text, else null. */
export async function wordForms(store: ActivationStore, texts: readonly string[]): Promise<readonly string[] | null> {
  if (store.manifest.plan.positions.kind !== 'word') return null
  if ((await store.columns()).some(({ name }) => name === 'word')) return (await store.textColumn('word')).map(word => word ?? '')
  const [starts, ends] = [await store.textColumn('start'), await store.textColumn('end')]
  return texts.map((text, row) => text.slice(Number(starts[row]), Number(ends[row])))
}

/** The columns of contrast pairs, one entry an activation row. @throws LayerscopeError `column-unknown` */
export async function contrastColumns(store: ActivationStore, { pair, polarity, topic }: Pick<ColumnRoles, 'pair' | 'polarity' | 'topic'>): Promise<ContrastColumns> {
  const optional = async (column: string | null): Promise<readonly (string | null)[] | null> => column === null ? null : await store.textColumn(column)
  const marks = await optional(polarity)
  return { pair: await optional(pair), topic: await optional(topic), polarity: marks && Int8Array.from(marks, cell => parsePolarity(cell) ?? 0) }
}

/** As many sites as there are cores, where they fit into memory together. */
async function sitesAtOnce(store: ActivationStore, [first]: readonly string[]): Promise<number> {
  if (first === undefined) return 1
  const { rows, columns } = await store.storedSite(first)
  return Math.max(1, Math.min(availableParallelism(), Math.floor(MOST_RESIDENT_BYTES / (4 * rows * columns))))
}

/** The columns that hold trees, as far as there are such. */
export async function treeColumns(store: ActivationStore): Promise<TreeColumns> {
  const there = new Set((await store.columns()).map(({ name }) => name))
  const read = async (name: keyof TreeColumns): Promise<readonly (string | null)[] | null> => there.has(name) ? await store.textColumn(name) : null
  return {
    sentence: await read('sentence'), id: await read('id'), head: await read('head'),
    length: await read('length'), upos: await read('upos'), deprel: await read('deprel')
  }
}

/** A site whole, or, where that would take too much memory, where it lies. */
async function siteMatrix(store: ActivationStore, site: string): Promise<Matrix | StoredMatrix> {
  const stored = await store.storedSite(site)
  return 4 * stored.rows * stored.columns > MOST_RESIDENT_BYTES ? stored : await store.readSite(site)
}

/** Whether a cell of the test column marks a test row. */
function marksTest(cell: string | null): number {
  return ['true', '1', 'test', 'yes'].includes(cell?.trim().toLowerCase() ?? '') ? 1 : 0
}

function throttled<P extends { readonly done: number; readonly total: number }>(report: (progress: P) => void): (progress: P) => void {
  let last = -Infinity
  return progress => {
    const now = performance.now()
    if (progress.done < progress.total && now - last < PROGRESS_MS) return
    last = now
    report(progress)
  }
}
