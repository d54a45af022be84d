import { textBelowChance, type ChosenSite, type ClassifiedSite } from '../../../preload/contract'
import type { ProbePlan } from '../../../preload/recipe'
import { wordLean } from './balanced-words'
import type { SiteContrast } from './contrast-pairs'
import type { FoldPlan } from './folds'
import { groupWarnings, type CodedGroups } from './groups'
import type { CodedLabels } from './labels'
import { readsColumn } from './methods'
import type { SiteOutcome } from './worker-protocol'

/** Fewer groups than this make a cluster bootstrap interval too narrow to be believed. */
const fewestGroups = 10
/** Rows that a sentence lists. */
const namedRows = 5

/** Whether a warning counts the sites it holds for: what it says is told of a single cell by its remarks. */
export function countsSites(warning: string): boolean {
  return /^At \d+ of \d+ sites /.test(warning)
}

/** What the guards before the first fit look at; arrays run over the labelled rows. */
export interface SweepMaterial {
  readonly labels: CodedLabels
  readonly codes: Int32Array
  readonly groups: CodedGroups
  readonly contrast: SiteContrast
  readonly texts: readonly string[]
  readonly datasetRows: ArrayLike<number> | null
  readonly plan: FoldPlan
  readonly asked: ProbePlan
}

/** Sentences about the data and the folds, before any probe is fitted. */
export function dataWarnings(material: SweepMaterial): readonly string[] {
  const { labels, codes, groups: { codes: groups, given: hasGroups }, plan, asked } = material
  const warnings: string[] = []
  if (labels.missing > 0) warnings.push(`${rowsOf(labels.missing)} without a label took no part.`)
  if (readsColumn(asked.methods, 'pair')) warnings.push(...untrained(material, material.contrast.partner, -1, 'in no contrast pair', 'methods on pairs'))
  if (readsColumn(asked.methods, 'polarity')) warnings.push(...untrained(material, material.contrast.polarity, 0, 'neither affirmative nor negated', 'methods on polarity'))
  warnings.push(...groupWarnings(asked, material.groups, plan.folds, plan.kind === 'test-split'))
  const testCells = new Set(plan.outer.flatMap(fold => fold.testCells))
  const tested = [...codes.keys()].filter(row => testCells.has(plan.cellOfRow[row] as number))
  const testedGroups = new Set(tested.map(row => groups[row])).size
  if (hasGroups && testedGroups < fewestGroups) {
    warnings.push(`The intervals rest on ${testedGroups} groups: with fewer than ${fewestGroups} they are too narrow.`)
  }
  const perClass = labels.classes.map((_, c) => codes.reduce((sum, code) => sum + (code === c ? 1 : 0), 0))
  const small = labels.classes.filter((_, c) => (perClass[c] as number) < plan.folds)
  if (small.length > 0) {
    warnings.push(`${listed(small)} ${small.length === 1 ? 'has' : 'have'} fewer rows than there are folds, so some folds have none to train or test on.`)
  }
  const lacking = plan.outer.filter(fold => absentClass(codes, plan, plan.trainings[fold.training] ?? [], labels.classes.length)).length
  if (lacking > 0) {
    const lone = hasGroups ? inOneGroup(material) : []
    warnings.push(`In ${lacking} of ${plan.outer.length} folds the training rows lack a class; the probe cannot predict it there.${lone.length === 0 ? '' : ` ${listed(lone)} ${lone.length === 1 ? 'lies' : 'lie'} in one group alone, which is held out whole: choose another group column.`}`)
  }
  const oneSided = plan.kind === 'test-split' && absentClass(codes, plan, plan.outer[0]?.testCells ?? [], labels.classes.length)
  if (oneSided) warnings.push('The test rows lack a class, so the area under the curve has no meaning.')
  if (plan.kind === 'test-split' && hasGroups) {
    const training = new Set([...codes.keys()].filter(row => !testCells.has(plan.cellOfRow[row] as number)).map(row => groups[row]))
    const shared = new Set(tested.map(row => groups[row]).filter(group => training.has(group))).size
    if (shared > 0) warnings.push(`${shared} of ${testedGroups} groups of the test rows also occur in training: the test score may rest on remembering them.`)
  }
  const duplicates = straddlingTexts(material)
  if (duplicates > 0) warnings.push(`${rowsOf(duplicates)} of the test folds ${duplicates === 1 ? 'has' : 'have'} a text that also occurs in training. Choose a group column that keeps equal texts together.`)
  return warnings
}

/** The rows whose entry in a column of contrast is `none`, which some methods cannot train on. */
function untrained({ labels, datasetRows }: SweepMaterial, column: Int32Array | Int8Array | null, none: number, what: string, methods: string): readonly string[] {
  const rows = [...labels.rows].filter((_, i) => column?.[i] === none)
  if (rows.length === 0) return []
  const named = rows.slice(0, namedRows).map(row => (datasetRows?.[row] ?? row) + 1).join(', ')
  const one = rows.length === 1
  return [`${rowsOf(rows.length)} ${one ? 'is' : 'are'} ${what} (${one ? 'row' : 'rows'} ${named}${rows.length > namedRows ? ', …' : ''}): ${methods} do not train on ${one ? 'it' : 'them'}.`]
}

/** How the site was chosen, and what choosing it inside every fold gives: the best of many must not be quoted by its test score. */
export function choiceNotes(outcomes: readonly SiteOutcome[], folds: number, chosen: ChosenSite, sites: number): readonly string[] {
  const result = outcomes.find(outcome => outcome.result.site === chosen.site && outcome.result.method === chosen.method)?.result
  if (!result || sites < 2) return []
  return [
    `${chosen.site} was chosen by its accuracy on validation rows (${percent(result.validationScore)}), not by its test score of ${percent(chosen.testScore)}.`
    + (folds > 1 ? ` Choosing the site anew inside every fold gives ${percent(nestedAccuracy(outcomes, folds))}.` : '')
  ]
}

/** Sentences about what the probes gave. `outcomes` in the order of the sites. */
export function resultWarnings(
  material: SweepMaterial, outcomes: readonly SiteOutcome[], chosen: ChosenSite, sites: number
): readonly string[] {
  const warnings: string[] = []
  const result = outcomes.find(outcome => outcome.result.site === chosen.site && outcome.result.method === chosen.method)?.result
  if (!result) return warnings
  const { textOnly, majority } = result.controls
  if (farBelowMajority(material, result) && material.groups.given) {
    warnings.push(`${textBelowChance} (${percent(textOnly)}, majority class ${percent(majority)}): read it as chance. ${inversionCause(material)} This can lower a probe's score and never raise it.`)
  } else if (farBelowMajority(material, result)) {
    warnings.push(`The text alone scores ${percent(textOnly)}, far below the majority class (${percent(majority)}): rows seem to come in pairs with opposite labels that were split between training and test. Choose a group column that keeps each pair together.`)
  } else if (textOnly >= chosen.interval.lo) {
    warnings.push(`N-grams of the text alone reach ${percent(textOnly)} where the probe at ${chosen.site} reaches ${percent(chosen.testScore)}: its score does not show that the model represents the label.`)
  }
  if (majority >= chosen.interval.lo) {
    warnings.push(`The probe at ${chosen.site} is not clearly better than always answering the most frequent class (${percent(majority)}).`)
  }
  const separable = new Set(outcomes.filter(outcome => outcome.separable).map(outcome => outcome.result.site)).size
  if (separable > 0) {
    warnings.push(`At ${separable} of ${sites} sites a plane separates the training rows without error. The regularisation alone then sets the size of the probe, so read the ranking of its probabilities and not their values.`)
  }
  const unfinished = new Set(outcomes.filter(outcome => outcome.unfinished).map(outcome => outcome.result.site)).size
  if (unfinished > 0) warnings.push(`At ${unfinished} of ${sites} sites some fits stopped at the cap of iterations before they converged.`)
  return warnings
}

/** Accuracy when each outer fold is scored at the site and method that its own validation rows prefer. */
export function nestedAccuracy(outcomes: readonly SiteOutcome[], folds: number): number {
  let right = 0
  let rows = 0
  for (let fold = 0; fold < folds; fold++) {
    const best = outcomes.map(outcome => outcome.folds[fold]).reduce((kept, candidate) =>
      candidate && (!kept || candidate.validationAccuracy > kept.validationAccuracy) ? candidate : kept)
    right += best?.testRight ?? 0
    rows += best?.testRows ?? 0
  }
  return right / rows
}

/** Words lean less than this share of what chance would give: the rows were made so that they come out even. */
const balancedLean = 0.25

/** Why n-grams learn the opposite of what they are tested on although groups are whole. */
function inversionCause({ labels, texts, codes, groups }: SweepMaterial): string {
  const lean = wordLean(Array.from(labels.rows, row => texts[row] ?? ''), codes, groups.codes, labels.classes.length)
  return lean < balancedLean
    ? 'Words stand as often under one label as under the other, so a word that is mostly true in the training folds is mostly false in the one held out, and n-grams learn the opposite.'
    : 'N-grams learn in the training folds the opposite of what holds in the one held out, as happens where labels were balanced across groups.'
}

/**
 * A text baseline well under the majority class. On a split by rows it means that partners of opposite label were torn apart;
 * on a split by groups, that words were balanced over the labels.
 */
function farBelowMajority(material: SweepMaterial, { controls }: ClassifiedSite): boolean {
  const deviation = Math.sqrt(controls.majority * (1 - controls.majority) / material.codes.length)
  return controls.textOnly < controls.majority - Math.max(0.1, 4 * deviation)
}

function straddlingTexts({ texts, labels, plan }: SweepMaterial): number {
  const cellsOfText = new Map<string, Set<number>>()
  labels.rows.forEach((row, i) => {
    const text = texts[row] ?? ''
    const cells = cellsOfText.get(text) ?? new Set<number>()
    cells.add(plan.cellOfRow[i] as number)
    cellsOfText.set(text, cells)
  })
  const trainingOf = new Map(plan.outer.flatMap(fold => fold.testCells.map(cell => [cell, plan.trainings[fold.training] ?? []] as const)))
  let count = 0
  labels.rows.forEach((row, i) => {
    const training = trainingOf.get(plan.cellOfRow[i] as number)
    const cells = cellsOfText.get(texts[row] ?? '')
    if (training && cells && cells.size > 1 && training.some(cell => cells.has(cell))) count++
  })
  return count
}

/** Classes whose rows all share one group. */
function inOneGroup({ codes, groups: { codes: groups }, labels: { classes } }: SweepMaterial): readonly string[] {
  const groupsOf = classes.map(() => new Set<number>())
  codes.forEach((code, row) => { groupsOf[code]?.add(groups[row] as number) })
  return classes.filter((_, c) => groupsOf[c]?.size === 1)
}

function absentClass(codes: Int32Array, plan: FoldPlan, cells: readonly number[], classes: number): boolean {
  const seen = new Set<number>()
  codes.forEach((code, row) => { if (cells.includes(plan.cellOfRow[row] as number)) seen.add(code) })
  return seen.size < classes
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).map(name => `"${name.length > 40 ? `${name.slice(0, 39)}…` : name}"`)
  return names.length > 3 ? `${shown.join(', ')} and ${names.length - 3} more classes` : shown.join(' and ')
}

function rowsOf(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
