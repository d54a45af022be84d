import type { Task } from '../../../preload/contract'
import { LayerscopeError } from '../errors'

/** Labels as class indices. */
export interface CodedLabels {
  readonly task: Extract<Task, 'binary' | 'multiclass'>
  /** Class names in order; for a binary task the second one is "class 1". Numbers sort as numbers. */
  readonly classes: readonly string[]
  /** Class of each activation row; -1 without a label. */
  readonly codes: Int32Array
  /** Activation rows that have a label, ascending. */
  readonly rows: Int32Array
  readonly missing: number
}

/**
 * Class indices of `labels`. Null labels take no part.
 * @throws LayerscopeError `label-missing`, `label-one-class`, `label-all-unique`, `label-too-many-classes`
 */
export function codeLabels(labels: readonly (string | null)[]): CodedLabels {
  const counts = new Map<string, number>()
  for (const label of labels) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1)
  const present = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if (present === 0) {
    throw new LayerscopeError({ code: 'label-missing', message: 'No row has a label.', field: 'label', hint: 'Choose another label column.' })
  }
  if (counts.size === 1) {
    throw new LayerscopeError({
      code: 'label-one-class', field: 'label',
      message: `Every label is "${shown([...counts.keys()][0] ?? '')}": a probe needs at least two classes.`,
      hint: 'Choose another label column, or a dataset that holds both classes.'
    })
  }
  if (counts.size === present && present > 2) {
    throw new LayerscopeError({
      code: 'label-all-unique', field: 'label',
      message: `All ${present} labels are different, so none can be learned from one row and tested on another.`,
      hint: 'Choose a label column whose values recur.'
    })
  }
  // Fewer than two rows a class on average: most classes can never be both trained on and tested.
  if (counts.size > present / 2) {
    throw new LayerscopeError({
      code: 'label-too-many-classes', field: 'label',
      message: `${counts.size} classes over ${present} labelled rows leave fewer than two rows a class.`,
      hint: 'Choose a label column with fewer distinct values.'
    })
  }
  const classes = [...counts.keys()].sort(compareLabels)
  const index = new Map(classes.map((name, code) => [name, code]))
  const codes = Int32Array.from(labels, label => label === null ? -1 : index.get(label) ?? -1)
  const rows = Int32Array.from(labels.keys()).filter(row => (codes[row] ?? -1) >= 0)
  return { task: classes.length === 2 ? 'binary' : 'multiclass', classes, codes, rows, missing: labels.length - rows.length }
}

/** Numbers before words, numbers by value, words by code unit: the same order in every locale. */
function compareLabels(a: string, b: string): number {
  const x = a.trim() === '' ? NaN : Number(a)
  const y = b.trim() === '' ? NaN : Number(b)
  if (!Number.isNaN(x) && !Number.isNaN(y) && x !== y) return x - y
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1
  return a < b ? -1 : a > b ? 1 : 0
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
