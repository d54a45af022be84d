import { textBelowChance, type ChosenSite, type ClassifiedSite } from '../../../preload/contract'
import type { ProbePlan } from '../../../preload/recipe'
import { wordLean } from './balanced-words'
import { fewGroups, quotedList, sharedGroups, type Caution } from './cautions'
import type { SiteContrast } from './contrast-pairs'
import type { FoldPlan } from './folds'
import { groupCautions, type CodedGroups } from './groups'
import type { CodedLabels } from './labels'
import { readsColumn } from './methods'
import type { SiteOutcome } from './worker-protocol'
import { quantity } from '../quantity'

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
  /** What the group of an activation row is called. */
  groupOf(row: number): string
  readonly contrast: SiteContrast
  readonly texts: readonly string[]
  readonly datasetRows: ArrayLike<number> | null
  readonly plan: FoldPlan
  readonly asked: ProbePlan
}

/** What the data and the folds give cause for, before any probe is fitted. */
export function dataCautions(material: SweepMaterial): readonly Caution[] {
  const { labels, groups: { codes: groups, given: hasGroups }, plan, asked } = material
  const cautions: Caution[] = []
  if (labels.missing > 0) cautions.push({ ground: 'rows', says: `${quantity(labels.missing, 'row')} without a label took no part.` })
  if (labels.numbers !== null) cautions.push({ ground: 'classes', says: `${labels.numbers} They were taken as ${labels.classes.length} classes: predict numbers (--task numeric; in the window Predicted as, Numbers), which leaves rows without a number out, or correct the cell.` })
  if (readsColumn(asked.methods, 'pair')) cautions.push(...untrained(material, material.contrast.partner, -1, 'in no contrast pair', 'methods on pairs'))
  if (readsColumn(asked.methods, 'polarity')) cautions.push(...untrained(material, material.contrast.polarity, 0, 'neither affirmative nor negated', 'methods on polarity'))
  cautions.push(...groupCautions(asked, material.groups, plan.folds, plan.kind === 'test-split'))
  const testCells = new Set(plan.outer.flatMap(fold => fold.testCells))
  const isTested = (row: number): boolean => testCells.has(plan.cellOfRow[row] as number)
  if (hasGroups) cautions.push(...fewGroups(new Set(groups.filter((_, row) => isTested(row))).size, 'groups'))
  cautions.push(...classCautions(material))
  if (plan.kind === 'test-split' && hasGroups) cautions.push(...sharedGroups(groups, isTested, row => material.groupOf(labels.rows[row] as number), 'rows'))
  const duplicates = straddlingTexts(material)
  if (duplicates > 0) cautions.push({ ground: 'leak', says: `${quantity(duplicates, 'row')} of the test folds ${duplicates === 1 ? 'has' : 'have'} a text that also occurs in training. Choose a group column that keeps equal texts together.` })
  return cautions
}

/** Classes that cannot be learned, or not be scored. */
function classCautions(material: SweepMaterial): readonly Caution[] {
  const { labels: { classes }, codes, groups: { given: hasGroups }, plan } = material
  const cautions: Caution[] = []
  const classesIn = (cells: readonly number[]): ReadonlySet<number> => new Set(codes.filter((_, row) => cells.includes(plan.cellOfRow[row] as number)))
  const lackedBy = (cells: readonly number[]): readonly string[] => {
    const there = classesIn(cells)
    return classes.filter((_, c) => !there.has(c))
  }
  if (plan.kind === 'test-split') {
    const [fold] = plan.outer
    const [untaught, untested] = [lackedBy(plan.trainings[fold?.training ?? 0] ?? []), lackedBy(fold?.testCells ?? [])]
    if (untaught.length > 0) cautions.push({ ground: 'classes', says: `No training row is ${quotedList(untaught, 'more classes')}: the probe cannot predict what only test rows are.` })
    if (untested.length > 0) cautions.push({ ground: 'classes', says: `No test row is ${quotedList(untested, 'more classes')}, which training rows are: what the probe does there is not scored, and the area under the curve has no meaning.` })
  } else {
    const lacking = plan.outer.filter(({ training }) => lackedBy(plan.trainings[training] ?? []).length > 0).length
    const lone = lacking > 0 && hasGroups ? inOneGroup(material) : []
    if (lacking > 0) cautions.push({ ground: 'classes', says: `In ${lacking} of ${plan.outer.length} folds the training rows lack a class; the probe cannot predict it there.${lone.length === 0 ? '' : ` ${quotedList(lone, 'more classes')} ${lone.length === 1 ? 'lies' : 'lie'} in one group alone, which is held out whole: choose another group column.`}` })
  }
  const small = classes.filter((_, c) => codes.reduce((sum, code) => sum + (code === c ? 1 : 0), 0) < plan.folds)
  if (small.length > 0) cautions.push({ ground: 'classes', says: `${quotedList(small, 'more classes')} ${small.length === 1 ? 'has' : 'have'} fewer rows than there are folds, so some folds have none to train or test on.` })
  return cautions
}

/** The rows whose entry in a column of contrast is `none`, which some methods cannot train on. */
function untrained({ labels, datasetRows }: SweepMaterial, column: Int32Array | Int8Array | null, none: number, what: string, methods: string): readonly Caution[] {
  const rows = [...labels.rows].filter((_, i) => column?.[i] === none)
  if (rows.length === 0) return []
  const named = rows.slice(0, namedRows).map(row => (datasetRows?.[row] ?? row) + 1).join(', ')
  const one = rows.length === 1
  return [{ ground: 'rows', says: `${quantity(rows.length, 'row')} ${one ? 'is' : 'are'} ${what} (${one ? 'row' : 'rows'} ${named}${rows.length > namedRows ? ', …' : ''}): ${methods} do not train on ${one ? 'it' : 'them'}.` }]
}

/** How the site was chosen, and what choosing it inside every fold gives: the best of many must not be quoted by its test score. */
export function choiceNotes(outcomes: readonly SiteOutcome[], folds: number, chosen: ChosenSite | null, sites: number): readonly string[] {
  const result = outcomes.find(outcome => outcome.result.site === chosen?.site && outcome.result.method === chosen.method)?.result
  if (chosen === null || !result || sites < 2) return []
  return [
    `${chosen.site} was chosen by its accuracy on validation rows (${percent(result.validationScore)}), not by its test score of ${percent(chosen.testScore)}.`
    + (folds > 1 ? ` Choosing the site anew inside every fold gives ${percent(nestedAccuracy(outcomes, folds))}.` : '')
  ]
}

/** What the probes gave cause for. `outcomes` in the order of the sites. */
export function resultCautions(material: SweepMaterial, outcomes: readonly SiteOutcome[], chosen: ChosenSite | null, sites: number): readonly Caution[] {
  const result = outcomes.find(outcome => outcome.result.site === chosen?.site && outcome.result.method === chosen.method)?.result
  const countOf = (holds: (outcome: SiteOutcome) => boolean): number => new Set(outcomes.filter(holds).map(outcome => outcome.result.site)).size
  const [separable, unfinished] = [countOf(outcome => outcome.separable), countOf(outcome => outcome.unfinished)]
  return [
    ...chosen && result ? chosenCautions(material, result, chosen) : [],
    ...separable > 0 ? [{ ground: 'fit', says: `At ${separable} of ${sites} sites a plane separates the training rows without error. The regularisation alone then sets the size of the probe, so read the ranking of its probabilities and not their values.` } as const] : [],
    ...unfinished > 0 ? [{ ground: 'fit', says: `At ${unfinished} of ${sites} sites some fits stopped at the cap of iterations before they converged.` } as const] : []
  ]
}

/** What may explain the score of the chosen site. */
function chosenCautions(material: SweepMaterial, result: ClassifiedSite, chosen: ChosenSite): readonly Caution[] {
  const cautions: Caution[] = []
  const { textOnly, majority } = result.controls
  if (farBelowMajority(material, result) && material.groups.given) {
    cautions.push({ ground: 'reading', says: `${textBelowChance} (${percent(textOnly)}, majority class ${percent(majority)}): read it as chance. ${inversionCause(material)} This can lower a probe's score and never raise it.` })
  } else if (farBelowMajority(material, result)) {
    cautions.push({ ground: 'leak', says: `The text alone scores ${percent(textOnly)}, far below the majority class (${percent(majority)}): rows seem to come in pairs with opposite labels that were split between training and test. Choose a group column that keeps each pair together.` })
  } else if (textOnly >= chosen.interval.lo) {
    cautions.push({ ground: 'explained', says: `N-grams of the text alone reach ${percent(textOnly)} where the probe at ${chosen.site} reaches ${percent(chosen.testScore)}: its score does not show that the model represents the label.` })
  }
  if (majority >= chosen.interval.lo) {
    cautions.push({ ground: 'explained', says: `The probe at ${chosen.site} is not clearly better than always answering the most frequent class (${percent(majority)}).` })
  }
  return cautions
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

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
