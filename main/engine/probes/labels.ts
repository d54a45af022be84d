import type { Task } from '../../../preload/contract'
import { LayerscopeError } from '../errors'
import { quoted } from '../quoted'
import { written } from '../quantity'

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
  /** Where the labels are numbers of a quantity but for a few cells: a sentence that names the first of these; else null. */
  readonly numbers: string | null
}

/** A few different numbers are names of classes; more are a quantity that one cell of text made a column of text. */
const mostNumberClasses = 20

/**
 * Class indices of `labels`. Null labels take no part. `datasetRows` holds the dataset's row of each, from 0, where it is another.
 * @throws LayerscopeError `label-missing`, `label-one-class`, `label-all-unique`, `label-too-many-classes`
 */
export function codeLabels(labels: readonly (string | null)[], datasetRows?: ArrayLike<number>): CodedLabels {
  const counts = new Map<string, number>()
  for (const label of labels) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1)
  const present = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if (present === 0) {
    throw new LayerscopeError({ code: 'label-missing', message: 'No row has a label.', field: 'label', hint: 'Choose another label column.' })
  }
  if (counts.size === 1) {
    throw new LayerscopeError({
      code: 'label-one-class', field: 'label',
      message: `Every label is ${quoted([...counts.keys()][0] ?? '', 40)}: a probe needs at least two classes.`,
      hint: 'Choose another label column, or a dataset that holds both classes.'
    })
  }
  const numbers = mostlyNumbers(labels, present, datasetRows)
  const asNumbers = 'Predict numbers (--task numeric; in the window Predicted as, Numbers)'
  const hintOf = (otherwise: string): string => numbers === null ? otherwise : numbers.row === null ? `${asNumbers}.` : `${asNumbers}, which leaves rows without a number out, or correct the cell.`
  const fault = { field: 'label', ...numbers?.row == null ? {} : { row: numbers.row } }
  const said = numbers === null ? '' : `${numbers.says} `
  if (counts.size === present && present > 2) {
    throw new LayerscopeError({
      code: 'label-all-unique', ...fault, message: `${said}All ${present} labels are different, so none can be learned from one row and tested on another.`,
      hint: hintOf('Choose a label column whose values recur.')
    })
  }
  // Fewer than two rows a class on average: most classes can never be both trained on and tested.
  if (counts.size > present / 2) {
    const lone = [...counts.values()].filter(count => count === 1).length
    throw new LayerscopeError({
      code: 'label-too-many-classes', ...fault,
      message: `${said}There are ${counts.size} classes over ${present} labelled rows, fewer than two rows a class: ${lone} ${lone === 1 ? 'class has a single row, which' : 'classes have a single row, which'} cannot be both learned and tested.`,
      hint: hintOf('Choose a label column with fewer distinct values.')
    })
  }
  const classes = [...counts.keys()].sort(compareLabels)
  const index = new Map(classes.map((name, code) => [name, code]))
  const codes = Int32Array.from(labels, label => label === null ? -1 : index.get(label) ?? -1)
  const rows = Int32Array.from(labels.keys()).filter(row => (codes[row] ?? -1) >= 0)
  return { task: classes.length === 2 ? 'binary' : 'multiclass', classes, codes, rows, missing: labels.length - rows.length, numbers: numbers !== null && numbers.row !== null && numbers.distinct > mostNumberClasses ? numbers.says : null }
}

/** Numbers before words, numbers by value, words by code unit: the same order in every locale. */
function compareLabels(a: string, b: string): number {
  const x = a.trim() === '' ? NaN : Number(a)
  const y = b.trim() === '' ? NaN : Number(b)
  if (!Number.isNaN(x) && !Number.isNaN(y) && x !== y) return x - y
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1
  return a < b ? -1 : a > b ? 1 : 0
}

interface MostlyNumbers {
  readonly says: string
  /** Of the dataset, from 1, the first label that is no number; null where all are numbers. */
  readonly row: number | null
  readonly distinct: number
}

/** Labels of which more than half are numbers; null otherwise. */
function mostlyNumbers(labels: readonly (string | null)[], present: number, datasetRows?: ArrayLike<number>): MostlyNumbers | null {
  const isNumber = (label: string): boolean => label.trim() !== '' && Number.isFinite(Number(label))
  const numbers = labels.filter(label => label !== null && isNumber(label))
  if (numbers.length <= present / 2) return null
  const at = labels.findIndex(label => label !== null && !isNumber(label))
  const distinct = new Set(numbers).size
  if (at < 0) return { says: `All ${present} labels are numbers.`, row: null, distinct }
  const row = (datasetRows?.[at] ?? at) + 1
  return { says: `${written(numbers.length)} of ${written(present)} labels are numbers; row ${row}, ${quoted(labels[at] ?? '', 40)}, is the first that is not.`, row, distinct }
}
