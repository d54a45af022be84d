/** Areas under the curve of several scores of the same rows, and how they vary together. */
export interface DeLongAreas {
  /** [scores] */
  readonly areas: Float64Array
  /** [scores, scores] */
  readonly covariance: Float64Array
}

/**
 * DeLong, DeLong & Clarke-Pearson (1988): the areas of correlated curves with their covariance from structural components, computed by
 * midranks in O(n log n) (Sun & Xu 2014). Rows count as independent. `positive` marks the rows of class 1.
 * Null where a side has fewer than two rows.
 */
export function deLong(scores: readonly Float32Array[], positive: Uint8Array): DeLongAreas | null {
  const [ones, zeros] = [0, 1].map(side => Int32Array.from(positive.keys()).filter(row => (positive[row] === 1) === (side === 0))) as [Int32Array, Int32Array]
  const [m, n] = [ones.length, zeros.length]
  if (m < 2 || n < 2) return null
  const components = scores.map(score => {
    const [high, low] = [Float64Array.from(ones, row => score[row] as number), Float64Array.from(zeros, row => score[row] as number)]
    const all = midranks(Float64Array.from([...high, ...low]))
    const [within, below] = [midranks(high), midranks(low)]
    return {
      // Share of negatives under each positive, and of positives over each negative, equals counting half.
      ones: high.map((_, i) => ((all[i] as number) - (within[i] as number)) / n),
      zeros: low.map((_, j) => 1 - ((all[m + j] as number) - (below[j] as number)) / m)
    }
  })
  const areas = Float64Array.from(components, part => mean(part.ones))
  const covariance = new Float64Array(scores.length ** 2)
  components.forEach((a, i) => {
    components.forEach((b, j) => { covariance[i * scores.length + j] = covarianceOf(a.ones, b.ones) / m + covarianceOf(a.zeros, b.zeros) / n })
  })
  return { areas, covariance }
}

/** Ranks from 1, equal values sharing the mean of theirs. */
function midranks(values: Float64Array): Float64Array {
  const order = Int32Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number))
  const ranks = new Float64Array(values.length)
  for (let start = 0; start < order.length;) {
    let end = start
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end++
    for (let i = start; i < end; i++) ranks[order[i] as number] = (start + end + 1) / 2
    start = end
  }
  return ranks
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function covarianceOf(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)]
  return a.reduce((sum, value, i) => sum + (value - meanA) * ((b[i] as number) - meanB), 0) / (a.length - 1)
}
