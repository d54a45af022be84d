import type { ColumnValues } from '../../preload/contract'
import type { FitPoints } from './fit-points'

/** Rows that were held out together, and how far off they are. */
export interface HeldOutGroup {
  /** Index into the column's categories. */
  readonly code: number
  readonly name: string
  readonly rows: number
  readonly meanError: number
  /** Mean true place, in the units of the points' domain. */
  readonly centre: readonly [x: number, y: number]
}

/** Groups of the points from the largest mean error to the least; empty where the column is none of names. */
export function heldOutGroups({ rows, actual, error }: FitPoints, column: ColumnValues | null): readonly HeldOutGroup[] {
  if (column?.kind !== 'categorical') return []
  const sums = new Map<number, { rows: number; error: number; x: number; y: number }>()
  rows.forEach((row, i) => {
    const code = column.codes[row] ?? -1
    if (code < 0) return
    const own = sums.get(code) ?? { rows: 0, error: 0, x: 0, y: 0 }
    own.rows += 1
    own.error += error[i] as number
    own.x += actual[2 * i] as number
    own.y += actual[2 * i + 1] as number
    sums.set(code, own)
  })
  return [...sums].map(([code, own]): HeldOutGroup => ({ code, name: column.categories[code] ?? '', rows: own.rows, meanError: own.error / own.rows, centre: [own.x / own.rows, own.y / own.rows] }))
    .sort((a, b) => b.meanError - a.meanError)
}
