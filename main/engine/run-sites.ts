/** What is asked of one site of a finished run: how short its labels can be told, and what is left of them once they are erased. The answers are kept with the run. */
import type { CodeLength, Erasure } from '../../preload/contract'
import type { ActivationStore } from './activations/index'
import { analyse } from './analyses/index'
import { LayerscopeError } from './errors'
import { codeGroups, controlTask, rowsTogether } from './probes/index'
import { cellMaterial, type SweptStore } from './report/index'
import { wordForms } from './run'
import { withoutClasses, type AnalysisWatch } from './run-analyses'
import { keepAnalysis } from './sessions/index'

/** The labels of a sweep over classes; arrays have one entry an activation row. */
interface SiteLabels {
  readonly path: string
  /** −1 without a label. */
  readonly codes: Int32Array
  /** Outer fold each row was tested in, −1 for none. */
  readonly fold: Int32Array
  /** The strength of each fold's logistic probe. */
  readonly strengths: Float64Array
  /** Rows that the sweep kept on one side of every split have the same number. */
  readonly groups: Int32Array
}

/** @throws LayerscopeError `task-without-classes`, `method-not-logistic`, `result-unknown`, `probes-missing` */
async function labelsAt({ finished, store }: SweptStore, site: string): Promise<SiteLabels> {
  const { sweep, roles } = finished
  if (sweep.task !== 'binary' && sweep.task !== 'multiclass') throw withoutClasses()
  if (sweep.sites.some(result => result.site === site) && !sweep.sites.some(result => result.site === site && result.method === 'logistic')) {
    throw new LayerscopeError({ code: 'method-not-logistic', message: `This is answered with the logistic probe, which was not trained at ${site}.`, field: 'site', hint: 'Run the method logistic as well.' })
  }
  const { values, kept } = await cellMaterial(finished, site, 'logistic')
  if (values.kind !== 'classes') throw withoutClasses()
  if (kept === null || kept.probes === null) throw new LayerscopeError({ code: 'probes-missing', message: 'The probes of this run were not kept.', file: finished.folder, hint: 'Run the probes again.' })
  const codes = values.actual
  const rows = Int32Array.from(codes.keys()).filter(row => (codes[row] as number) >= 0)
  const column = async (name: string | null): Promise<readonly (string | null)[] | null> => name === null ? null : await store.textColumn(name)
  const texts = await store.texts()
  const together = rowsTogether(codeGroups(rows, await column(roles.group)), rows, await wordForms(store, texts) ? texts : null, await column(roles.pair))
  const groups = new Int32Array(codes.length)
  rows.forEach((row, i) => { groups[row] = together.codes[i] as number })
  return { path: (await store.storedSite(site)).path, codes, fold: kept.fold, strengths: kept.probes.chosen, groups }
}

/**
 * The online code of a run's labels at one site: all labelled rows, or with a column of test rows those that train.
 * @throws LayerscopeError `task-without-classes`, `method-not-logistic`, `result-unknown`, `probes-missing`, and those of the analysis
 */
export async function codeLengthAt(swept: SweptStore, site: string, watch: AnalysisWatch): Promise<CodeLength> {
  const { finished: { folder, roles, plan, sweep }, store } = swept
  const began = performance.now()
  const { path, codes, fold, groups } = await labelsAt(swept, site)
  const sent = roles.test === null ? codes : codes.map((code, row) => (fold[row] as number) < 0 ? code : -1)
  const classes = sweep.classes.length
  const outcome = await analyse({
    kind: 'code-length', site, path, codes: sent, classes, control: await controlOf(store, sent, classes, plan.seed), groups, strengths: plan.strengths, seed: plan.seed
  }, watch)
  const result = { site, classes, ...outcome, seconds: (performance.now() - began) / 1000 }
  await keepAnalysis(folder, 'code-length', result)
  return result
}

/**
 * The label of a run erased from one site, and the probe trained again on what is left, on the folds of the run and at their strengths.
 * `iterations`: INLP projects at most so often.
 * @throws LayerscopeError `task-without-classes`, `method-not-logistic`, `result-unknown`, `probes-missing`, and those of the analysis
 */
export async function erasureAt(swept: SweptStore, site: string, iterations: number, watch: AnalysisWatch): Promise<Erasure> {
  const { folder, plan, sweep } = swept.finished
  const began = performance.now()
  const { strengths, ...labels } = await labelsAt(swept, site)
  const outcome = await analyse({ kind: 'erasure', site, ...labels, classes: sweep.classes.length, folds: strengths.length, strengths, iterations, seed: plan.seed }, watch)
  const result = { site, ...outcome, seconds: (performance.now() - began) / 1000 }
  await keepAnalysis(folder, 'erasure', result)
  return result
}

/** The control task's class of each row that has one of `codes`; null where rows are no words. */
async function controlOf(store: ActivationStore, codes: Int32Array, classes: number, seed: number): Promise<Int32Array | null> {
  const forms = await wordForms(store, await store.texts())
  if (forms === null) return null
  const rows = Int32Array.from(codes.keys()).filter(row => (codes[row] as number) >= 0)
  const drawn = controlTask(Array.from(rows, row => forms[row] ?? ''), Int32Array.from(rows, row => codes[row] as number), classes, seed)
  const control = new Int32Array(codes.length).fill(-1)
  rows.forEach((row, i) => { control[row] = drawn[i] as number })
  return control
}
