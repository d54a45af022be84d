/** The two parameters of UMAP's low-dimensional similarity 1 / (1 + a·d^(2b)). */
export interface CurveParameters { readonly a: number; readonly b: number }

const SAMPLES = 300

/**
 * Fits a and b as umap-learn's `find_ab_params`: least squares of 1 / (1 + a·d^(2b)) on 300 points of [0, 3·spread]
 * against 1 up to `minDist` and exp(−(d − minDist) / spread) beyond, by Levenberg–Marquardt from (1, 1).
 * (umap-js stops its own fit at an error of 1e-2: for minDist 0.5 it gives a = .617 where the optimum is .583.)
 */
export function curveParameters(minDist: number, spread = 1): CurveParameters {
  const distances = Float64Array.from({ length: SAMPLES }, (_, i) => i * 3 * spread / (SAMPLES - 1))
  const targets = distances.map(d => d < minDist ? 1 : Math.exp(-(d - minDist) / spread))
  let a = 1
  let b = 1
  let damping = 1e-3
  let error = squaredError(distances, targets, a, b)
  for (let iteration = 0; iteration < 500; iteration++) {
    // Normal equations of the linearised problem, 2 × 2.
    let aa = 0, ab = 0, bb = 0, ga = 0, gb = 0
    for (let i = 1; i < SAMPLES; i++) {
      const d = distances[i] as number
      const power = d ** (2 * b)
      const value = 1 / (1 + a * power)
      const byA = -power * value * value
      const byB = -2 * a * Math.log(d) * power * value * value
      const off = value - (targets[i] as number)
      aa += byA * byA
      ab += byA * byB
      bb += byB * byB
      ga += byA * off
      gb += byB * off
    }
    const da = aa * (1 + damping)
    const db = bb * (1 + damping)
    const determinant = da * db - ab * ab
    const stepA = -(db * ga - ab * gb) / determinant
    const stepB = -(da * gb - ab * ga) / determinant
    const next = a + stepA > 0 && b + stepB > 0 ? squaredError(distances, targets, a + stepA, b + stepB) : Infinity
    if (next <= error) {
      a += stepA
      b += stepB
      error = next
      damping /= 10
      if (Math.abs(stepA) + Math.abs(stepB) < 1e-12) break
    } else {
      damping *= 10
      if (damping > 1e12) break
    }
  }
  return { a, b }
}

function squaredError(distances: Float64Array, targets: Float64Array, a: number, b: number): number {
  let sum = 0
  for (let i = 0; i < SAMPLES; i++) sum += (1 / (1 + a * (distances[i] as number) ** (2 * b)) - (targets[i] as number)) ** 2
  return sum
}
