import type { ClassValues } from '../../preload/contract'

/** A share of hits among `of` rows. */
export interface Share { readonly hits: number; readonly of: number }

export interface SelectionSummary {
  readonly rows: number
  /** One entry per class: rows of it in the selection and in the whole run. */
  readonly classes: readonly { readonly name: string; readonly selected: number; readonly whole: number }[]
  /** Labelled rows in the selection and in the whole run. */
  readonly labelled: { readonly selected: number; readonly whole: number }
  /** Held-out predictions that are right. */
  readonly right: { readonly selected: Share; readonly whole: Share }
}

/** How the selected rows compare with all of the run. @param selection Ascending dataset rows. */
export function summariseSelection(selection: Int32Array, values: ClassValues, classes: readonly string[]): SelectionSummary {
  const chosen = new Set(selection)
  const inSelection = new Array<number>(classes.length).fill(0)
  const inWhole = new Array<number>(classes.length).fill(0)
  const right = { selected: { hits: 0, of: 0 }, whole: { hits: 0, of: 0 } }
  values.rows.forEach((row, at) => {
    const actual = values.actual[at] as number
    const predicted = values.predicted[at] as number
    if (actual < 0) return
    const selected = chosen.has(row)
    inWhole[actual] = (inWhole[actual] ?? 0) + 1
    if (selected) inSelection[actual] = (inSelection[actual] ?? 0) + 1
    if (predicted < 0) return
    for (const share of selected ? [right.selected, right.whole] : [right.whole]) {
      share.of++
      if (predicted === actual) share.hits++
    }
  })
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
  return {
    rows: selection.length, right, labelled: { selected: sum(inSelection), whole: sum(inWhole) },
    classes: classes.map((name, index) => ({ name, selected: inSelection[index] as number, whole: inWhole[index] as number }))
  }
}
