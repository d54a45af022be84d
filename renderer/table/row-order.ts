import type { ClassValues } from '../../preload/contract'

/** Columns the table adds from the probe; their names cannot clash with those of a dataset. */
export const probeColumns = ['\u0000predicted', '\u0000score', '\u0000correct'] as const
export type ProbeColumn = (typeof probeColumns)[number]

export function isProbeColumn(column: string): column is ProbeColumn {
  return (probeColumns as readonly string[]).includes(column)
}

/**
 * Dataset rows in the order of a probe column. Rows without a held-out prediction come last whichever way it is sorted;
 * equal ones keep the order of the dataset.
 *
 * @param among Only these rows, ascending.
 */
export function orderByProbe(column: ProbeColumn, descending: boolean, values: ClassValues, classes: readonly string[], among: Int32Array): Int32Array {
  const at = new Map<number, number>()
  values.rows.forEach((row, index) => at.set(row, index))
  const rank = classes.map((name, index) => ({ name, index })).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  const rankOf = new Int32Array(classes.length)
  rank.forEach(({ index }, place) => { rankOf[index] = place })
  const key = Float64Array.from(among, (row) => {
    const index = at.get(row)
    const predicted = index === undefined ? -1 : values.predicted[index] as number
    if (index === undefined || predicted < 0) return NaN
    if (column === '\u0000score') return values.score[index] as number
    if (column === '\u0000predicted') return rankOf[predicted] as number
    const actual = values.actual[index] as number
    return actual < 0 ? NaN : Number(predicted === actual)
  })
  const sign = descending ? -1 : 1
  const order = Array.from(among.keys()).sort((a, b) => {
    const [x, y] = [key[a] as number, key[b] as number]
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b
    return (x - y) * sign || a - b
  })
  return Int32Array.from(order, (index) => among[index] as number)
}
