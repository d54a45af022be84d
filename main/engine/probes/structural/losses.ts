/**
 * The losses of the structural probes (Hewitt & Manning 2019) and their gradients by the projected words.
 * Projections are [words, stride]; a probe reads `rank` columns from `offset` on. `places` says which row stands at each
 * place of the sentence, so that permuted vectors need no copy.
 */
export interface Projected {
  readonly values: Float32Array
  readonly stride: number
  readonly offset: number
  readonly rank: number
  /** Row of `values` for each word of the sentence. */
  readonly places: Int32Array
  /** Shape of `values`, added to; null for the loss alone. */
  readonly gradient: Float32Array | null
}

/** (1/n²) Σᵢⱼ |d_T(i, j) − ‖zᵢ − zⱼ‖²| over ordered pairs; the gradient is added times `share`. `distances` [n, n] of the tree. */
export function distanceLoss({ values, stride, offset, rank, places, gradient }: Projected, distances: Uint16Array, share: number): number {
  const words = places.length
  // Each pair counts in both orders; the square gives another factor 2 to the gradient.
  const step = 4 * share / (words * words)
  let loss = 0
  for (let i = 1; i < words; i++) {
    const a = (places[i] as number) * stride + offset
    for (let j = 0; j < i; j++) {
      const b = (places[j] as number) * stride + offset
      let square = 0
      for (let k = 0; k < rank; k++) {
        const difference = (values[a + k] as number) - (values[b + k] as number)
        square += difference * difference
      }
      const error = square - (distances[i * words + j] as number)
      loss += Math.abs(error)
      if (gradient === null || error === 0) continue
      const pull = error > 0 ? step : -step
      for (let k = 0; k < rank; k++) {
        const part = pull * ((values[a + k] as number) - (values[b + k] as number))
        gradient[a + k] = (gradient[a + k] as number) + part
        gradient[b + k] = (gradient[b + k] as number) - part
      }
    }
  }
  return 2 * loss / (words * words)
}

/** (1/n) Σᵢ |depth(i) − ‖zᵢ‖²|; the gradient is added times `share`. */
export function depthLoss({ values, stride, offset, rank, places, gradient }: Projected, depths: Int32Array, share: number): number {
  const words = places.length
  const step = 2 * share / words
  let loss = 0
  for (let i = 0; i < words; i++) {
    const a = (places[i] as number) * stride + offset
    let square = 0
    for (let k = 0; k < rank; k++) square += (values[a + k] as number) * (values[a + k] as number)
    const error = square - (depths[i] as number)
    loss += Math.abs(error)
    if (gradient === null || error === 0) continue
    const pull = error > 0 ? step : -step
    for (let k = 0; k < rank; k++) gradient[a + k] = (gradient[a + k] as number) + pull * (values[a + k] as number)
  }
  return loss / words
}
