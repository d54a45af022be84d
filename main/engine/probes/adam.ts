const [firstDecay, secondDecay] = [0.9, 0.999]

/** Weights with the moving means of their gradients and of the gradients' squares; zeros before the first step. */
export interface AdamMoments {
  readonly weights: Float32Array
  readonly first: Float32Array
  readonly second: Float32Array
}

/**
 * Step `time` (1, 2, …) of Adam (Kingma & Ba 2014, 1412.6980), in place. `epsilon` is the paper's ε̂, beside the root of the
 * uncorrected second moment, as Keras has it; `correctedEpsilon` gives that of an ε beside the corrected one, as PyTorch has it.
 */
export function adamStep({ weights, first, second }: AdamMoments, gradient: Float32Array, time: number, rate: number, epsilon: number): void {
  const step = rate * Math.sqrt(1 - secondDecay ** time) / (1 - firstDecay ** time)
  for (let i = 0; i < weights.length; i++) {
    const slope = gradient[i] as number
    const mean = firstDecay * (first[i] as number) + (1 - firstDecay) * slope
    const square = secondDecay * (second[i] as number) + (1 - secondDecay) * slope * slope
    first[i] = mean
    second[i] = square
    weights[i] = (weights[i] as number) - step * mean / (Math.sqrt(square) + epsilon)
  }
}

export function correctedEpsilon(epsilon: number, time: number): number {
  return epsilon * Math.sqrt(1 - secondDecay ** time)
}
