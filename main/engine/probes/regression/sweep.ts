import type { ChosenSite, RegressedSite } from '../../../../preload/contract'
import { writeMeasure } from '../../../../preload/measures'
import type { ProbePlan } from '../../../../preload/recipe'
import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import { foldsAmong, placesAmong, planFolds, type FoldPlan, type FoldRequest } from '../folds'
import { constantSites, fewGroups, mostSeriousFirst, sharedGroups, type Caution } from '../cautions'
import { checkSplit, choiceCautions, codeGroups, groupCautions, hasValidation, type CodedGroups } from '../groups'
import { foldOfRow, foldSizes } from '../kept-probes'
import { ProbeWorker } from '../probe-worker-host'
import { seededRandom, shuffle } from '../random'
import { testedRows } from '../site-scores'
import type { ActualNumbers, Among, HeldOutNumbers, Matrix, SweepListener, SweepOutcome } from '../sweep-types'
import { codeTargets, type CodedTargets } from './targets'
import { quantity } from '../../quantity'

/** What a regression sweep needs besides activations; all arrays have one entry per activation row. */
export interface RegressionInput {
  readonly texts: readonly string[]
  readonly names: readonly string[]
  /** One column a name; rows without a value in one of them take no part. */
  readonly columns: readonly (readonly (string | null)[])[]
  readonly groups: readonly (string | null)[] | null
  /** Row of the dataset, from 0, of each activation row, for sentences that name rows; theirs are the same where left out. */
  readonly datasetRows?: ArrayLike<number>
  /** 1 marks rows of a predefined test split. */
  readonly test: Uint8Array | null
  /** Left out where folds are dealt over these rows themselves. */
  readonly among?: Among<Pick<RegressionInput, 'names' | 'columns' | 'groups' | 'test'>> | null
  /** Depth order. */
  readonly sites: readonly string[]
  /** Reads one site whole; the sweep takes the matrix over. */
  readSite(site: string): Promise<Matrix>
}

/** A random split that scores more than this above the grouped one is worth a sentence. */
const flattery = 0.02

/**
 * Ridge regression of one or several columns of numbers at every site (the space and time probe of Gurnee & Tegmark, 2310.02207):
 * strengths and site chosen on validation rows only, controls by shuffled targets, n-grams of the text and the training mean on the
 * same folds, intervals by a cluster bootstrap. With groups the chosen site is fitted once more on folds of single rows, to say how far
 * those would have flattered.
 * @throws LayerscopeError `target-…`, `too-few-rows`, `too-few-groups`, `test-split-empty`, `group-missing`, `method-unknown`,
 * `activations-mismatch`, `activations-not-finite`; an `AbortError` after `signal`.
 */
export async function regressionSweep(
  input: RegressionInput, plan: ProbePlan, listener: SweepListener<RegressedSite, HeldOutNumbers>, signal?: AbortSignal
): Promise<SweepOutcome<RegressedSite, ActualNumbers>> {
  const began = performance.now()
  checkMethods(plan.methods)
  stopIfAborted(signal)
  const targets = codeTargets(input.names, input.columns, input.datasetRows)
  const groups = codeGroups(targets.rows, input.groups)
  checkSplit(plan, groups, input.test !== null)
  const folds = input.among ? foldsOf(input.among, targets, plan) : planFolds(foldRequest(targets, input.test, groups.codes, plan))
  const cautions = [...dataCautions(targets, groups, folds, plan, input.groups)]
  const results: RegressedSite[] = []
  let chosen: ChosenSite | null = null
  const worker = new ProbeWorker(signal)
  try {
    listener.onStage?.('baselines')
    await worker.startNumeric({
      kind: 'start-numeric', texts: input.texts, allRows: input.texts.length, targets, shuffled: shuffledTargets(targets, folds, plan.seed),
      groups: groups.codes, plan: folds, methods: plan.methods, strengths: plan.strengths, seed: plan.seed
    })
    listener.onStage?.('probing')
    const total = input.sites.length * plan.methods.length
    for (const site of input.sites) {
      stopIfAborted(signal)
      const matrix = await input.readSite(site)
      stopIfAborted(signal)
      for (const { result, predicted, probes } of await worker.regress(site, matrix)) {
        results.push(result)
        await listener.onSite(result, { kind: 'numeric', predicted, probes }, results.length, total)
      }
    }
    chosen = hasValidation(folds) || results.length === 1 ? chooseSite(results) : null
    cautions.push(...choiceCautions(folds, results.length))
    if (chosen !== null) {
      cautions.push(...resultCautions(results, chosen))
      if (groups.given && folds.kind === 'cross-validation') {
        const single = planFolds({ ...foldRequest(targets, input.test, Int32Array.from(targets.rows.keys()), plan), split: 'folds' })
        const random = await worker.r2WithPlan(chosen.site, await input.readSite(chosen.site), single)
        if (random - chosen.testScore > flattery) {
          cautions.push({ ground: 'reading', says: `Folds of single rows would have given an R² of ${writeMeasure('r2', random)} at ${chosen.site} instead of ${writeMeasure('r2', chosen.testScore)}: rows of one group resemble each other, and only held-out groups show what carries over.` })
        }
      }
    }
  } catch (error) {
    stopIfAborted(signal)
    throw error
  } finally {
    await worker.close()
  }
  return {
    summary: {
      task: 'numeric', classes: [], targets: targets.names, coordinates: targets.coordinates, folds: folds.folds,
      sites: results, chosen, warnings: mostSeriousFirst(cautions), notes: [...chosen ? choiceNotes(results, chosen) : [], ...constantSites(results, input.sites.length)], seconds: (performance.now() - began) / 1000
    },
    actual: { kind: 'numeric', values: actualOf(targets, input.texts.length) },
    fold: foldOfRow(folds, targets.rows, input.texts.length),
    folds: foldSizes(folds, groups.codes)
  }
}

function foldRequest({ rows }: CodedTargets, test: Uint8Array | null, groups: Int32Array, { folds, split, seed }: ProbePlan): FoldRequest {
  return { codes: new Int32Array(rows.length), classes: 1, groups, folds, split, seed, test: test ? Uint8Array.from(rows, row => test[row] as number) : null }
}

/** The folds dealt over the larger set, for those of its rows that are here. */
function foldsOf({ whole, rows }: NonNullable<RegressionInput['among']>, own: CodedTargets, plan: ProbePlan): FoldPlan {
  const targets = codeTargets(whole.names, whole.columns)
  const dealt = planFolds(foldRequest(targets, whole.test, codeGroups(targets.rows, whole.groups).codes, plan))
  return foldsAmong(dealt, placesAmong(targets.rows, Int32Array.from(own.rows, row => rows[row] as number)))
}

function checkMethods(methods: readonly string[]): void {
  const unknown = methods.find(name => name !== 'ridge')
  if (unknown !== undefined) throw new LayerscopeError({ code: 'method-unknown', field: 'methods', message: `${quoted(unknown)} does not predict numbers.`, hint: 'Methods for numbers: ridge.' })
}

/** Rows of all targets permuted together; with a predefined test split within its two sides. */
function shuffledTargets({ values, names, rows }: CodedTargets, plan: FoldPlan, seed: number): Float64Array {
  const random = seededRandom(seed + 1)
  const testCells = new Set(plan.outer.flatMap(fold => fold.testCells))
  const result = Float64Array.from(values)
  const sides = plan.kind === 'cross-validation' ? [null] : [false, true]
  for (const side of sides) {
    const own = [...rows.keys()].filter(row => side === null || testCells.has(plan.cellOfRow[row] as number) === side)
    const from = shuffle([...own], random)
    names.forEach((_, target) => { own.forEach((row, i) => { result[target * rows.length + row] = values[target * rows.length + (from[i] as number)] as number }) })
  }
  return result
}

function actualOf({ values, names, rows }: CodedTargets, allRows: number): Float32Array {
  const result = new Float32Array(names.length * allRows).fill(NaN)
  names.forEach((_, target) => { rows.forEach((row, i) => { result[target * allRows + row] = values[target * rows.length + i] as number }) })
  return result
}

/** The site whose validation score is highest, the earlier of equals, with the test score that it then has. */
function chooseSite(results: readonly RegressedSite[]): ChosenSite | null {
  const [first] = results
  if (first === undefined) return null
  const best = results.reduce((kept, candidate) => candidate.validationScore > kept.validationScore ? candidate : kept, first)
  const [headline] = best.measures
  return headline?.value == null || headline.interval === null ? null
    : { site: best.site, method: best.method, measure: 'r2', testScore: headline.value, interval: headline.interval }
}

function dataCautions({ rows, names, missing, notNumbers }: CodedTargets, groups: CodedGroups, folds: FoldPlan, plan: ProbePlan, groupNames: RegressionInput['groups']): readonly Caution[] {
  const cautions: Caution[] = []
  if (missing > 0) cautions.push({ ground: 'rows', says: `${quantity(missing, 'row')} without ${names.length > 1 ? 'a value in every target' : 'a value'} took no part.` })
  for (const { name, count, row, cell } of notNumbers) {
    cautions.push({ ground: 'rows', says: `${quantity(count, 'row')} ${count === 1 ? 'has' : 'have'} no number in ${quoted(name)} and took no part; ${count === 1 ? 'it is' : 'the first is'} row ${row}, ${quoted(cell, 40)}.` })
  }
  cautions.push(...groupCautions(plan, groups, folds.folds, folds.kind === 'test-split'))
  const tested = new Set(testedRows(folds))
  if (groups.given) cautions.push(...fewGroups(new Set(Array.from(tested, row => groups.codes[row])).size, 'groups'))
  if (folds.kind === 'test-split' && groups.given) cautions.push(...sharedGroups(groups.codes, row => tested.has(row), row => groupNames?.[rows[row] as number] ?? '', 'rows'))
  return cautions
}

/** How the site was chosen: the best of many must not be quoted by its test score. */
function choiceNotes(results: readonly RegressedSite[], chosen: ChosenSite): readonly string[] {
  const result = results.find(({ site, method }) => site === chosen.site && method === chosen.method)
  if (results.length < 2 || result === undefined) return []
  return [`${chosen.site} was chosen by its R² on validation rows (${writeMeasure('r2', result.validationScore)}), not by its test score of ${writeMeasure('r2', chosen.testScore)}.`]
}

function resultCautions(results: readonly RegressedSite[], chosen: ChosenSite): readonly Caution[] {
  const cautions: Caution[] = []
  const result = results.find(({ site, method }) => site === chosen.site && method === chosen.method)
  const textOnly = result?.measures[0]?.baselines.find(({ name }) => name === 'textOnly')?.value
  if (textOnly !== undefined && textOnly >= chosen.interval.lo) {
    cautions.push({ ground: 'explained', says: `N-grams of the text alone reach an R² of ${writeMeasure('r2', textOnly)} where the probe at ${chosen.site} reaches ${writeMeasure('r2', chosen.testScore)}: its score does not show that the model represents ${result?.targets.map(({ name }) => name).join(' and ') ?? 'the target'}.` })
  }
  if (chosen.interval.lo <= 0) cautions.push({ ground: 'explained', says: `The probe at ${chosen.site} is not clearly better than always answering the mean.` })
  return cautions
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new DOMException('Cancelled.', 'AbortError')
}
