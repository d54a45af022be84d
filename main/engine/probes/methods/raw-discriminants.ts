import type { LinearProbe } from '../probe-method'
import type { SiteData } from '../site-data'

/** Logit of a class that no training row has: no probe can predict it. */
const absentLogit = -1e6

/** One discriminant of raw features: score = weights · raw + intercept. */
export interface RawDiscriminant {
  /** [columns]; zero at dead features */
  readonly weights: Float64Array
  readonly intercept: number
}

/**
 * A probe on the stored features from discriminants of the raw ones, one a class (null for a class without training rows);
 * for two classes the one logit is their difference. raw = feature · scale + offset.
 */
export function probeOfDiscriminants(data: SiteData, discriminants: readonly (RawDiscriminant | null)[]): LinearProbe {
  const [first = null, second = null] = discriminants
  if (discriminants.length === 2) {
    if (!first || !second) return { weights: new Float32Array(data.columns), intercepts: Float64Array.of(second ? -absentLogit : absentLogit) }
    const difference = { weights: second.weights.map((weight, column) => weight - (first.weights[column] as number)), intercept: second.intercept - first.intercept }
    return stacked(data, [difference])
  }
  return stacked(data, discriminants)
}

function stacked(data: SiteData, discriminants: readonly (RawDiscriminant | null)[]): LinearProbe {
  const { columns, scale, offset } = data
  const weights = new Float32Array(discriminants.length * columns)
  const intercepts = new Float64Array(discriminants.length)
  discriminants.forEach((discriminant, output) => {
    let intercept = discriminant?.intercept ?? absentLogit
    for (let column = 0; column < columns; column++) {
      const weight = discriminant?.weights[column] ?? 0
      weights[output * columns + column] = weight * (scale[column] as number)
      if ((scale[column] as number) > 0) intercept += weight * (offset[column] as number)
    }
    intercepts[output] = intercept
  })
  return { weights, intercepts }
}

/** Raw value of a mean that is given in stored coordinates. */
export function rawMean(data: SiteData, means: Float64Array, c: number): Float64Array {
  const { columns, scale, offset } = data
  return Float64Array.from({ length: columns }, (_, column) => (means[c * columns + column] as number) * (scale[column] as number) + (offset[column] as number))
}
