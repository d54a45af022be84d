import type { ProbePlan } from '../../../preload/recipe'
import { LayerscopeError } from '../errors'
import type { Caution } from './cautions'
import { mostLeftOut, type FoldPlan } from './folds'
import { quantity, written } from '../quantity'

/** The group of each row that takes part. */
export interface CodedGroups {
  /** Index of the group; a negative number of its own for a row without one. */
  readonly codes: Int32Array
  /** Whether a column says which rows belong together. */
  readonly given: boolean
  /** Rows without a group where others have one. */
  readonly ungrouped: number
}

/** Group indices of `rows` (activation rows) in the order their names appear; `names` runs over all activation rows. */
export function codeGroups(rows: Int32Array, names: readonly (string | null)[] | null): CodedGroups {
  const indexOf = new Map<string, number>()
  let ungrouped = 0
  const codes = Int32Array.from(rows, (row, i) => {
    const name = names?.[row] ?? null
    if (name === null) {
      ungrouped++
      return -1 - i
    }
    const known = indexOf.get(name) ?? indexOf.size
    indexOf.set(name, known)
    return known
  })
  return { codes, given: names !== null, ungrouped: names === null ? 0 : ungrouped }
}

/** @throws LayerscopeError `group-missing` where groups are to be left out and there are none */
export function checkSplit({ split }: ProbePlan, { given }: CodedGroups, hasTest: boolean): void {
  if (split !== 'leave-one-group-out' || given || hasTest) return
  throw new LayerscopeError({
    code: 'group-missing', field: 'group', message: 'Leaving one group out needs a column that says which rows belong together.',
    hint: 'Choose a group column, or split by folds.'
  })
}

/** What the number of groups gives cause for. `folds` are those in use. */
export function groupCautions(plan: ProbePlan, { codes, ungrouped }: CodedGroups, folds: number, hasTest: boolean): readonly Caution[] {
  const cautions: Caution[] = []
  if (ungrouped > 0) cautions.push({ ground: 'rows', says: `${quantity(ungrouped, 'row')} without a group ${ungrouped === 1 ? 'was' : 'were'} treated as a group of ${ungrouped === 1 ? 'its' : 'their'} own.` })
  if (plan.split === 'leave-one-group-out' && !hasTest) {
    const groups = new Set(codes).size
    if (groups > mostLeftOut) cautions.push({ ground: 'folds', says: `There are ${written(groups)} groups, and holding each out by itself would take as many fits: they were dealt into ${folds} folds of whole groups instead.` })
  } else if (folds < plan.folds) {
    cautions.push({ ground: 'folds', says: `Only ${folds} groups can be held out in turn, so ${folds} folds were used instead of ${plan.folds}.` })
  }
  return cautions
}

/**
 * Where groups are so few that some training set cannot be split once more: no validation rows chose anything there.
 * With more than one site a choice by test score would be the best of many.
 */
export function choiceCautions({ outer }: Pick<FoldPlan, 'outer'>, results: number): readonly Caution[] {
  if (hasValidation({ outer }) || results < 2) return []
  return [{ ground: 'choice', says: 'There are so few groups that none was left to validate on: no site was chosen, and the middle strength stands. The best test score of the sites is the best of many; do not quote it.' }]
}

/** Whether any strength or site was chosen on validation rows. */
export function hasValidation({ outer }: Pick<FoldPlan, 'outer'>): boolean {
  return outer.some(({ inner }) => inner.length > 0)
}
