import type { ProbePlan } from '../../../preload/recipe'
import { LayerscopeError } from '../errors'
import { mostLeftOut } from './folds'

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

/** Sentences about how many groups there are for what was asked. `folds` are those in use. */
export function groupWarnings(plan: ProbePlan, { codes, ungrouped }: CodedGroups, folds: number, hasTest: boolean): readonly string[] {
  const warnings: string[] = []
  if (ungrouped > 0) warnings.push(`${ungrouped === 1 ? '1 row' : `${ungrouped} rows`} without a group ${ungrouped === 1 ? 'was' : 'were'} treated as a group of ${ungrouped === 1 ? 'its' : 'their'} own.`)
  if (plan.split === 'leave-one-group-out' && !hasTest) {
    const groups = new Set(codes).size
    if (groups > mostLeftOut) warnings.push(`There are ${groups} groups, and holding each out by itself would take as many fits: they were dealt into ${folds} folds of whole groups instead.`)
  } else if (folds < plan.folds) {
    warnings.push(`Only ${folds} groups can be held out in turn, so ${folds} folds were used instead of ${plan.folds}.`)
  }
  return warnings
}
