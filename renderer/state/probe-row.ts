import type { ClassValues } from '../../preload/contract'

/** The held-out probe's word on one row; nulls where it was in no test fold or has no label. */
export interface ProbeRow {
  readonly actual: string | null
  readonly predicted: string | null
  /** Probability of class 1 (binary) or of the true class. */
  readonly score: number | null
  readonly correct: boolean | null
}

const places = new WeakMap<ClassValues, ReadonlyMap<number, number>>()

/** Null for a row the run left out. */
export function probeOfRow(values: ClassValues, classes: readonly string[], row: number): ProbeRow | null {
  let index = places.get(values)
  if (!index) places.set(values, index = new Map(Array.from(values.rows, (own, at) => [own, at])))
  const at = index.get(row)
  if (at === undefined) return null
  const predicted = values.predicted[at] as number
  const actual = values.actual[at] as number
  return {
    actual: classes[actual] ?? null, predicted: classes[predicted] ?? null,
    score: predicted < 0 ? null : values.score[at] as number, correct: predicted < 0 || actual < 0 ? null : predicted === actual
  }
}
