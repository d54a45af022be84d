import type { ChosenSite, ClassifiedSite } from '../../../preload/contract'
import type { ProbePlan } from '../../../preload/recipe'
import { LayerscopeError } from '../errors'
import { constantSites, mostSeriousFirst } from './cautions'
import { codeContrast, rowsTogether, type SiteContrast } from './contrast-pairs'
import { foldsAmong, placesAmong, planFolds, type FoldPlan } from './folds'
import { choiceNotes, dataCautions, resultCautions, type SweepMaterial } from './guards'
import { foldOfRow, foldSizes } from './kept-probes'
import { fitSites } from './fit-sites'
import { checkSplit, choiceCautions, codeGroups, hasValidation, type CodedGroups } from './groups'
import { codeLabels, type CodedLabels } from './labels'
import { checkMethods, probeMethod, readsColumn } from './methods'
import { seededRandom, shuffle } from './random'
import type { ActualClasses, Among, FoldColumns, HeldOutClasses, SweepInput, SweepListener, SweepOutcome } from './sweep-types'
import { controlTask } from './words'
import type { SiteOutcome } from './worker-protocol'

/**
 * Trains probes at every site, with honest scores: grouped and stratified folds, strengths and site chosen on
 * validation rows only, a shuffled-label control, a text-only and a majority baseline on the same folds, and 95 %
 * intervals by a cluster bootstrap. Scores pool the held-out rows of all folds, or are those of the predefined test rows.
 *
 * Fits run in worker threads; sites are reported in depth order as they are done.
 * @throws LayerscopeError `label-…`, `too-few-rows`, `too-few-groups`, `test-split-empty`, `method-unknown`,
 * `activations-mismatch`, `activations-not-finite`; an `AbortError` after `signal`.
 */
export async function sweep(input: SweepInput, plan: ProbePlan, listener: SweepListener<ClassifiedSite, HeldOutClasses>, signal?: AbortSignal): Promise<SweepOutcome<ClassifiedSite, ActualClasses>> {
  const began = performance.now()
  plan.methods.forEach(probeMethod)
  stopIfAborted(signal)
  const material = prepare(input, plan)
  const { labels, codes, groups, contrast } = material
  const outcomes: SiteOutcome[] = []
  const total = input.sites.length * plan.methods.length
  const fitting = fitSites(input, {
    kind: 'start', rows: labels.rows, allRows: input.labels.length, codes, shuffledCodes: shuffledCodes(material, plan.seed), controlCodes: controlCodes(input, material), groups: groups.codes, contrast,
    classes: labels.classes.length, plan: material.plan, methods: plan.methods, strengths: plan.strengths, seed: plan.seed
  }, {
    onStage: listener.onStage,
    async onSite(outcome) {
      outcomes.push(outcome)
      await listener.onSite(outcome.result, { kind: 'classes', score: outcome.score, predicted: outcome.predicted, confidence: outcome.confidence, probes: outcome.probes }, outcomes.length, total)
    }
  }, signal)
  await fitting.catch((error: unknown) => {
    stopIfAborted(signal)
    throw error
  })
  stopIfAborted(signal)
  const chosen = hasValidation(material.plan) || outcomes.length === 1 ? chooseSite(outcomes) : null
  const results = outcomes.map(outcome => outcome.result)
  return {
    summary: {
      task: labels.task, classes: labels.classes, targets: [], coordinates: null, folds: material.plan.folds,
      sites: results, chosen,
      warnings: mostSeriousFirst([...resultCautions(material, outcomes, chosen, input.sites.length), ...choiceCautions(material.plan, results.length), ...dataCautions(material)]),
      notes: [...choiceNotes(outcomes, material.plan.outer.length, chosen, input.sites.length), ...constantSites(results, input.sites.length)], seconds: (performance.now() - began) / 1000
    },
    actual: { kind: 'classes', codes: labels.codes },
    fold: foldOfRow(material.plan, labels.rows, input.labels.length),
    folds: foldSizes(material.plan, groups.codes)
  }
}

function prepare(input: SweepInput, plan: ProbePlan): SweepMaterial {
  const count = input.labels.length
  for (const [name, values] of [['texts', input.texts], ['groups', input.groups], ['test', input.test]] as const) {
    if (values && values.length !== count) {
      throw new LayerscopeError({ code: 'rows-mismatch', message: `There are ${count} labels but ${values.length} ${name}.`, field: name })
    }
  }
  const labels = codeLabels(input.labels, input.datasetRows)
  const codes = Int32Array.from(labels.rows, row => labels.codes[row] as number)
  const columns = input.contrast
  checkMethods(plan.methods, { classes: labels.classes.length, pair: columns?.pair != null, polarity: columns?.polarity != null })
  const contrast = codeContrast(columns, labels.rows, codes, plan.seed)
  checkContrast(contrast, plan.methods)
  const groups = groupsOf(input, labels, plan)
  const foldPlan = input.among ? foldsOf(input.among, labels, plan) : dealFolds(input, labels, groups, plan)
  return {
    labels, codes, groups, contrast, texts: input.texts, datasetRows: input.datasetRows ?? null, plan: foldPlan, asked: plan,
    groupOf: row => input.groups?.[row] ?? columns?.pair?.[row] ?? input.texts[row] ?? ''
  }
}

function groupsOf({ groups, test, words, texts, contrast }: FoldColumns, { rows }: CodedLabels, plan: ProbePlan): CodedGroups {
  const own = codeGroups(rows, groups)
  checkSplit(plan, own, test !== null)
  return rowsTogether(own, rows, words ? texts : null, contrast?.pair ?? null)
}

function dealFolds({ test }: FoldColumns, { rows, codes, classes }: CodedLabels, groups: CodedGroups, plan: ProbePlan): FoldPlan {
  return planFolds({
    codes: Int32Array.from(rows, row => codes[row] as number), classes: classes.length, groups: groups.codes, folds: plan.folds, split: plan.split, seed: plan.seed,
    test: test ? Uint8Array.from(rows, row => test[row] as number) : null
  })
}

/** The folds dealt over the larger set, for those of its rows that are here. */
function foldsOf({ whole, rows }: Among<FoldColumns>, own: CodedLabels, plan: ProbePlan): FoldPlan {
  const labels = codeLabels(whole.labels)
  return foldsAmong(dealFolds(whole, labels, groupsOf(whole, labels, plan), plan), placesAmong(labels.rows, Int32Array.from(own.rows, row => rows[row] as number)))
}

function controlCodes({ words }: SweepInput, { labels, codes, asked }: SweepMaterial): Int32Array | null {
  return words ? controlTask(Array.from(labels.rows, row => words[row] ?? ''), codes, labels.classes.length, asked.seed) : null
}

/** @throws LayerscopeError where a column that a method reads holds nothing it could learn from */
function checkContrast({ partner, polarity }: SiteContrast, methods: readonly string[]): void {
  if (readsColumn(methods, 'pair') && !partner?.some(row => row >= 0)) {
    throw new LayerscopeError({
      code: 'no-contrast-pairs', field: 'pair', message: 'No value of the pair column stands in exactly two rows with different labels, so there are no contrast pairs.',
      hint: 'Choose a column that both rows of a pair share and no third row has.'
    })
  }
  if (readsColumn(methods, 'polarity') && !(polarity?.includes(1) && polarity.includes(-1))) {
    throw new LayerscopeError({
      code: 'polarity-one-sided', field: 'polarity', message: 'The polarity column does not mark rows of both kinds: affirmative and negated statements are both needed.',
      hint: 'Choose a column that says affirmative (affirmative, 1, true, yes) or negated (negated, −1, 0, false, no).'
    })
  }
}

/**
 * Labels permuted over all rows; with a predefined test split within its two sides, which keeps their class shares. The two
 * labels of a contrast pair are exchanged or not, so that shuffled pairs are pairs; other rows are permuted among themselves.
 */
function shuffledCodes({ codes, plan, contrast: { partner } }: SweepMaterial, seed: number): Int32Array {
  const random = seededRandom(seed + 1)
  const testCells = plan.kind === 'cross-validation' ? new Set<number>() : new Set(plan.outer.flatMap(fold => fold.testCells))
  const result = Int32Array.from(codes)
  partner?.forEach((other, row) => {
    if (other <= row || random() < 0.5) return
    result[row] = codes[other] as number
    result[other] = codes[row] as number
  })
  for (const side of [false, true]) {
    const rows = [...codes.keys()].filter(row => !((partner?.[row] ?? -1) >= 0) && testCells.has(plan.cellOfRow[row] as number) === side)
    const values = shuffle(rows.map(row => codes[row] as number), random)
    rows.forEach((row, i) => { result[row] = values[i] as number })
  }
  return result
}

/** The site whose validation score is highest, the earlier of equals, with the test score that it then has. */
function chooseSite(outcomes: readonly SiteOutcome[]): ChosenSite | null {
  const results = outcomes.map(outcome => outcome.result)
  const first = results[0]
  if (!first) return null
  const best = results.reduce((kept, candidate) => candidate.validationScore > kept.validationScore ? candidate : kept, first)
  return { site: best.site, method: best.method, measure: 'accuracy', testScore: best.metrics.accuracy, interval: best.metrics.interval }
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new DOMException('Cancelled.', 'AbortError')
}
