/** Number of features of the data here: a Hadamard matrix of that order mixes them all. */
export const columns = 16

/** Rows times the orthogonal matrix ± 1/4 (Sylvester's Hadamard matrix of order 16, over its root). */
export function rotated(values: Float32Array): Float32Array {
  return Float32Array.from(values, (_, at) => {
    const row = at - at % columns
    let sum = 0
    for (let k = 0; k < columns; k++) sum += (values[row + k] as number) * sign(k & at % columns) / 4
    return sum
  })
}

function sign(bits: number): number {
  return bits === 0 ? 1 : -sign(bits & bits - 1)
}

/**
 * Rows `of` centred and whitened by the statistics of rows `by`: their features have mean 0, deviation 1 and no correlation there, and keep
 * them when rotated. What a method standardises feature by feature is then the same before and after.
 */
export function whiten(values: Float32Array, of: readonly number[], by: readonly number[]): void {
  const mean = Float64Array.from({ length: columns }, (_, j) => by.reduce((sum, row) => sum + (values[row * columns + j] as number), 0) / by.length)
  const centred = (row: number, j: number): number => (values[row * columns + j] as number) - (mean[j] as number)
  const covariance = (i: number, j: number): number => by.reduce((sum, row) => sum + centred(row, i) * centred(row, j), 0) / by.length
  // Cholesky: covariance = L Lᵀ.
  const lower = new Float64Array(columns * columns)
  const at = (i: number, j: number): number => lower[i * columns + j] as number
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = covariance(i, j)
      for (let k = 0; k < j; k++) rest -= at(i, k) * at(j, k)
      lower[i * columns + j] = i === j ? Math.sqrt(rest) : rest / at(j, j)
    }
  }
  for (const row of of) {
    const white = new Float64Array(columns)
    for (let i = 0; i < columns; i++) {
      let rest = centred(row, i)
      for (let k = 0; k < i; k++) rest -= at(i, k) * (white[k] as number)
      white[i] = rest / at(i, i)
    }
    values.set(white, row * columns)
  }
}

/**
 * Correlates white features in pairs, alternately by + ½ and − ½. Their deviations stay 1, before a rotation and after it (the correlations
 * cancel on the diagonal), and yet the covariance is not the identity.
 */
export function correlate(values: Float32Array): void {
  for (let at = 0; at < values.length; at += 2) {
    const share = at / 2 % 2 === 0 ? 0.5 : -0.5
    values[at + 1] = share * (values[at] as number) + Math.sqrt(1 - share * share) * (values[at + 1] as number)
  }
}
