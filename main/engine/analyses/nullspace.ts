/** What is left of a direction after the others are taken out of it, as a share of it, under which it adds nothing. */
const leastNew = 1e-6

/**
 * The rows of `weights` [count, columns] made orthonormal to one another and to `basis` [known, columns], in order; those that
 * lie in the span of what is before them are left out (of a softmax probe's directions one is, since they sum to zero).
 */
export function newDirections(basis: Float64Array, weights: Float64Array, columns: number): Float64Array {
  const added: Float64Array[] = []
  const known = basis.length / columns
  for (let from = 0; from < weights.length; from += columns) {
    const direction = weights.slice(from, from + columns)
    const before = lengthOf(direction)
    // Twice: once leaves a rounding error along the others as large as what was taken out.
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < known; k++) takeOut(direction, basis.subarray(k * columns, (k + 1) * columns))
      for (const other of added) takeOut(direction, other)
    }
    const length = lengthOf(direction)
    if (!(length > leastNew * before)) continue
    added.push(direction.map(value => value / length))
  }
  const result = new Float64Array(added.length * columns)
  added.forEach((direction, k) => { result.set(direction, k * columns) })
  return result
}

function takeOut(direction: Float64Array, unit: Float64Array): void {
  let along = 0
  for (let i = 0; i < unit.length; i++) along += (direction[i] as number) * (unit[i] as number)
  for (let i = 0; i < unit.length; i++) direction[i] = (direction[i] as number) - along * (unit[i] as number)
}

function lengthOf(direction: Float64Array): number {
  return Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0))
}
