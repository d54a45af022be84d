/**
 * Questions about finished runs: which training rows made a prediction, what the probe says without them,
 * how probes carry over from run to run, and how alike the runs' sites represent the same rows.
 */
import type { InfluenceResult, InfluentialRow, RefitResult, RefitScore, SimilarityResult, SiteResult, TransferCell, TransferResult } from '../../preload/contract'
import { methodName } from '../../preload/measures'
import { probeMethods } from '../../preload/probe-methods'
import type { ActivationStore } from './activations/index'
import { analyse, type ProbedRows, type SimilaritySite, type TransferScore, type TransferSide } from './analyses/index'
import { LayerscopeError } from './errors'
import { contrastColumns } from './run'
import type { RunFolder } from './sessions/index'

/** How an analysis is watched and stopped. */
export interface AnalysisWatch {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (done: number, total: number) => void
}

/** A swept run as the analyses read it, whether it lies in a session or in a folder of its own. */
export interface SweptRun {
  readonly runId: string
  readonly dataset: string
  readonly modelHash: string
  readonly classes: readonly string[]
  readonly store: ActivationStore
  /** Column that keeps rows together; null without one. */
  readonly group: string | null
  readonly seed: number
  /** Of the methods that keep a linear probe, the one with the best validation score at a site; null where none was trained. */
  methodAt(site: string): string | null
  result(site: string, method: string): SiteResult | null
  /** @throws LayerscopeError `probes-missing`, `method-not-linear`, `values-not-ready` */
  probed(site: string, method: string): Promise<ProbedRows>
}

/** A run of a session. @throws LayerscopeError `values-not-ready`, `task-without-classes` */
export async function sweptRun(run: RunFolder): Promise<SweptRun> {
  const { summary } = run
  const { sweep } = summary
  if (sweep === null || summary.status !== 'complete') throw new LayerscopeError({ code: 'values-not-ready', message: 'This run has no finished probes.', field: 'runId', hint: 'Run the probes to the end first.' })
  if (sweep.task !== 'binary' && sweep.task !== 'multiclass') throw withoutClasses()
  const store = await run.activations()
  return {
    runId: summary.runId, dataset: summary.dataset.name, modelHash: summary.model.hash, classes: sweep.classes, store,
    group: summary.dataset.roles.group, seed: summary.probePlan.seed,
    methodAt: site => bestLinear(sweep.sites.filter(result => result.site === site)),
    result: (site, method) => sweep.sites.find(result => result.site === site && result.method === method) ?? null,
    async probed(site, method) {
      const { probes, fold } = await run.probes(site, method)
      if (probes === null) throw new LayerscopeError({ code: 'method-not-linear', message: `The method ${methodName(method)} keeps no linear probe, which this question reads.`, field: 'method', hint: 'Ask it of the logistic probe or of another linear one.' })
      const { path } = await store.storedSite(site)
      const values = await run.values(site)
      if (values.kind !== 'classes') throw withoutClasses()
      return {
        site, path, codes: values.actual, classes: sweep.classes.length, fold,
        folds: probes.folds, strengths: probes.chosen, weights: probes.weights, intercepts: probes.intercepts,
        contrast: await contrastColumns(store, summary.dataset.roles)
      }
    }
  }
}

function bestLinear(results: readonly SiteResult[]): string | null {
  const linear = results.filter(({ method }) => probeMethods.some(({ name, linear }) => linear && name === method))
  return linear.length === 0 ? null : linear.reduce((best, result) => result.validationScore > best.validationScore ? result : best).method
}

/** @throws LayerscopeError `method-not-logistic`, `row-not-stored`, and those of the analysis */
export async function influenceOn(run: SweptRun, site: string, row: number, k: number, without: readonly number[], watch: AnalysisWatch): Promise<InfluenceResult> {
  if (run.result(site, 'logistic') === null) {
    throw new LayerscopeError({ code: 'method-not-logistic', message: 'Influence is exact for the logistic probe, which was not trained here.', field: 'site', hint: 'Run the method logistic as well.' })
  }
  const { store, classes } = run
  const probed = await run.probed(site, 'logistic')
  const outcome = await analyse({ kind: 'influence', ...probed, row: storedRow(store, row), k, without: storedRows(store, without) }, watch)
  const sign = outcome.logit > 0 ? 1 : -1
  const named = (effects: typeof outcome.upwards): readonly InfluentialRow[] => effects.map(({ row: at, effect }) => ({
    row: store.rows[at] ?? -1, label: classes[probed.codes[at] as number] ?? '', effect: sign * effect
  }))
  return {
    site, row, trainingRows: outcome.trainingRows, predicted: classes[sign > 0 ? 1 : 0] ?? '', probability: 1 / (1 + Math.exp(-Math.abs(outcome.logit))),
    supporting: named(sign > 0 ? outcome.upwards : outcome.downwards), opposing: named(sign > 0 ? outcome.downwards : outcome.upwards)
  }
}

/** @throws LayerscopeError `values-not-ready`, `row-not-stored`, and those of the analysis */
export async function refitOf(run: SweptRun, site: string, method: string | null, row: number | null, without: readonly number[], watch: AnalysisWatch): Promise<RefitResult> {
  const { store, classes, seed } = run
  const used = chosenMethod(run, site, method)
  const probed = await run.probed(site, used)
  const groups = run.group === null ? null : await store.textColumn(run.group)
  const { before, after } = await analyse({
    kind: 'refit', ...probed, method: used, without: storedRows(store, without), groups: groupNumbers(groups, store.rows.length, new Map()), seed
  }, watch)
  const at = row === null ? null : storedRow(store, row)
  const predicted = (probabilities: Float64Array, of: number): number => {
    const own = probabilities.subarray(of * classes.length, (of + 1) * classes.length)
    return Number.isNaN(own[0]) ? -1 : own.indexOf(Math.max(...own))
  }
  const score = ({ probabilities, accuracy, interval }: typeof before): RefitScore => {
    const best = at === null ? -1 : predicted(probabilities, at)
    return { accuracy, interval, row: at === null || best < 0 ? null : { predicted: classes[best] ?? '', probability: probabilities[at * classes.length + best] as number } }
  }
  const changed = [...probed.codes.keys()].filter(of => predicted(before.probabilities, of) !== predicted(after.probabilities, of)).length
  return { site, method: used, before: score(before), after: score(after), changed }
}

/** Why a run cannot stand in one transfer matrix with `anchor`; null where it can. */
export function transferObstacle(anchor: SweptRun, run: SweptRun, site: string, method: string): string | null {
  if (run.modelHash !== anchor.modelHash) return 'another model'
  if (run.classes.length !== anchor.classes.length || run.classes.some((name, i) => name !== anchor.classes[i])) return `other classes (${run.classes.slice(0, 4).join(', ')}${run.classes.length > 4 ? ', …' : ''})`
  if (!run.store.sites.includes(site)) return 'this site was not taken'
  if (run.result(site, method) === null) return `no ${method} probe here`
  return null
}

/** Transfer between runs without obstacle, in the order given. */
export async function transferAmong(runs: readonly SweptRun[], site: string, method: string, watch: AnalysisWatch): Promise<Pick<TransferResult, 'runs' | 'cells'>> {
  const [groupIds, textIds] = [new Map<string, number>(), new Map<string, number>()]
  const sides: TransferSide[] = []
  for (const run of runs) {
    const { store } = run
    const groups = run.group === null ? null : await store.textColumn(run.group)
    sides.push({
      ...await run.probed(site, method), strength: run.result(site, method)?.strength ?? 1,
      groups: groups === null ? null : groupNumbers(groups, store.rows.length, groupIds), texts: groupNumbers(await store.texts(), store.rows.length, textIds)
    })
  }
  const { scores } = await analyse({ kind: 'transfer', method, sides, seed: runs[0]?.seed ?? 0 }, watch)
  const cells = scores.map((score, at) => {
    const own = Math.floor(at / runs.length)
    if (own !== at % runs.length) return score && transferCell(score)
    const result = runs[own]?.result(site, method)
    const tested = sides[own]?.fold.reduce((sum, fold) => sum + (fold >= 0 ? 1 : 0), 0) ?? 0
    return result?.kind === 'classes' ? heldOutCell(result, tested) : null
  })
  return { runs: runs.map(({ runId, dataset }) => ({ runId, dataset })), cells }
}

function transferCell({ metrics, shuffled, majority, rows, byFold, dropped }: TransferScore): TransferCell {
  return { accuracy: metrics.accuracy, interval: metrics.interval, auroc: metrics.auroc, shuffled, majority, rows, byFold, dropped }
}

function heldOutCell({ metrics, controls }: Extract<SiteResult, { kind: 'classes' }>, rows: number): TransferCell {
  return { accuracy: metrics.accuracy, interval: metrics.interval, auroc: metrics.auroc, shuffled: controls.shuffled, majority: controls.majority, rows, byFold: rows, dropped: 0 }
}

/**
 * The transfer matrix of a session: runs like `anchor` take part, the others are named with the reason.
 * @throws LayerscopeError `values-not-ready`
 */
export async function transferOf(anchor: SweptRun, others: readonly RunFolder[], site: string, method: string | null, watch: AnalysisWatch): Promise<TransferResult> {
  const used = chosenMethod(anchor, site, method)
  const taking: SweptRun[] = []
  const leftOut: TransferResult['leftOut'][number][] = []
  for (const folder of others) {
    const { runId, dataset } = folder.summary
    const leave = (reason: string): void => { leftOut.push({ runId, dataset: dataset.name, reason }) }
    if (runId === anchor.runId) {
      taking.push(anchor)
      continue
    }
    try {
      const run = await sweptRun(folder)
      const obstacle = transferObstacle(anchor, run, site, used)
      if (obstacle === null) taking.push(run)
      else leave(obstacle)
    } catch (error) {
      if (!(error instanceof LayerscopeError)) throw error
      leave('no finished probes of classes')
    }
  }
  return { site, method: used, ...await transferAmong(taking, site, used, watch), leftOut }
}

/** Stored activations of one run, with the identity of its dataset. */
export interface StoredRun { readonly store: ActivationStore; readonly datasetHash: string }

/** @throws LayerscopeError `store-of-tokens`, `datasets-differ`, `too-few-rows` */
export async function similarityOf({ store, datasetHash }: StoredRun, other: StoredRun | null, sites: readonly string[], otherSites: readonly string[], watch: AnalysisWatch): Promise<SimilarityResult> {
  if (other !== null && other.datasetHash !== datasetHash) {
    throw new LayerscopeError({ code: 'datasets-differ', message: 'Representations are compared row by row, and these two runs read different datasets.', hint: 'Run both models on the same file.' })
  }
  for (const { manifest, folder } of [store, ...other ? [other.store] : []]) {
    if (manifest.plan.positions.kind === 'all') throw new LayerscopeError({ code: 'store-of-tokens', message: 'These activations keep every token: similarity compares one vector a row.', file: folder, hint: 'Run with last, first, mean or a span.' })
  }
  const shared = other === null ? store.rows : store.rows.filter(row => other.store.indexOf(row) >= 0)
  if (shared.length < 2) throw new LayerscopeError({ code: 'too-few-rows', message: 'The two runs have fewer than two rows in common.' })
  const listed: SimilaritySite[] = []
  const add = async (from: ActivationStore, names: readonly string[]): Promise<void> => {
    const rows = Int32Array.from(shared, row => from.indexOf(row))
    for (const site of names) {
      const { path, columns } = await from.storedSite(site)
      listed.push({ site, path, width: columns, rows })
    }
  }
  await add(store, sites)
  if (other) await add(other.store, otherSites)
  const { values } = await analyse({ kind: 'similarity', sites: listed }, watch)
  const columns = other ? otherSites : sites
  const block = new Float64Array(sites.length * columns.length)
  const offset = other ? sites.length : 0
  sites.forEach((_, i) => { columns.forEach((__, j) => { block[i * columns.length + j] = values[i * listed.length + offset + j] as number }) })
  return { rows: shared.length, sites, otherSites: columns, values: block }
}

/** What a question about classes answers where a run predicts something else. */
export function withoutClasses(): LayerscopeError {
  return new LayerscopeError({ code: 'task-without-classes', message: 'This is answered for probes that tell classes apart, and this run predicts something else.', field: 'runId' })
}

function chosenMethod(run: SweptRun, site: string, method: string | null): string {
  const used = method ?? run.methodAt(site)
  if (used === null) throw new LayerscopeError({ code: 'method-not-linear', message: `No linear probe was trained at ${site}.`, field: 'site', hint: 'Run logistic or another linear method there.' })
  if (run.result(site, used) === null) throw new LayerscopeError({ code: 'values-not-ready', message: `There is no finished probe ${used} at ${site}.`, field: 'site', hint: 'Run the probes to the end first.' })
  return used
}

/** The number of each row's group in `known`, which grows; rows without one get a negative number of their own. */
function groupNumbers(names: readonly (string | null)[] | null, rows: number, known: Map<string, number>): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    const name = names?.[row] ?? null
    if (name === null) return -1 - row
    const number = known.get(name) ?? known.size
    known.set(name, number)
    return number
  })
}

function storedRow(store: ActivationStore, row: number): number {
  const index = store.indexOf(row)
  if (index < 0) throw new LayerscopeError({ code: 'row-not-stored', message: 'This row has no activations: it was skipped, or beyond the limit.', row: row + 1 })
  return index
}

function storedRows(store: ActivationStore, rows: readonly number[]): Int32Array {
  return Int32Array.from(rows, row => storedRow(store, row))
}
