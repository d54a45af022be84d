/** A count as sentences write it: `1,496`. */
export function written(count: number): string {
  return count.toLocaleString('en')
}

/** A count and what it counts: `1 row`, `1,496 rows`. */
export function quantity(count: number, one: string, many = `${one}s`): string {
  return `${written(count)} ${count === 1 ? one : many}`
}
