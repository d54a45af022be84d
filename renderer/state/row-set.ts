/** Sets of dataset rows as ascending, distinct Int32Arrays: the form selections travel in. */

/** Ascending and without repeats, from any order. */
export function rowSet(rows: Iterable<number>): Int32Array {
  const sorted = Int32Array.from(rows).sort()
  let kept = 0
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[kept++] = sorted[i] as number
  }
  return sorted.slice(0, kept)
}

/** Whether an ascending set holds `row`. */
export function hasRow(set: Int32Array, row: number): boolean {
  let low = 0
  let high = set.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const value = set[middle] as number
    if (value === row) return true
    if (value < row) low = middle + 1
    else high = middle - 1
  }
  return false
}

/** Rows in either set. */
export function union(a: Int32Array, b: Int32Array): Int32Array {
  const out = new Int32Array(a.length + b.length)
  let i = 0
  let j = 0
  let n = 0
  while (i < a.length || j < b.length) {
    const x = i < a.length ? a[i] as number : Infinity
    const y = j < b.length ? b[j] as number : Infinity
    if (x <= y) i++
    if (y <= x) j++
    out[n++] = Math.min(x, y)
  }
  return out.slice(0, n)
}

/** Rows of `a` that are not in `b`. */
export function difference(a: Int32Array, b: Int32Array): Int32Array {
  return a.filter((row) => !hasRow(b, row))
}

export function sameRows(a: Int32Array, b: Int32Array): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
