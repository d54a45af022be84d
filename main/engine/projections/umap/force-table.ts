import type { CurveParameters } from './curve-parameters'

/** Mantissa bits that index the table: 128 entries an octave. */
const BITS = 7
export const FORCE_SHIFT = 23 - BITS
export const FORCE_MASK = (1 << FORCE_SHIFT) - 1
export const FORCE_FRACTION = 1 / (1 << FORCE_SHIFT)
const LOWEST_EXPONENT = -40
const HIGHEST_EXPONENT = 30
/** Bit pattern of the smallest squared distance the table covers, shifted. */
export const FORCE_FIRST = (127 + LOWEST_EXPONENT) << BITS
/** Index of the last entry. */
export const FORCE_LAST = ((HIGHEST_EXPONENT - LOWEST_EXPONENT) << BITS) - 1

/**
 * The gradient coefficients of UMAP's loss as functions of the squared distance s, tabulated against the leading
 * bits of s as float32 and read by linear interpolation: `values[i] + slopes[i] · fraction`. Relative error under
 * 1e-4 (p(p + 1)h²/8 for a power law s^−p, p ≤ 3, at h = 1/128), far below the noise of sampling, for a fraction of the time of the `Math.pow` they replace.
 */
export interface ForceTable {
  readonly values: Float32Array
  readonly slopes: Float32Array
}

/** −2ab·s^(b−1) / (1 + a·s^b): pulls neighbours together. */
export function attraction({ a, b }: CurveParameters): ForceTable {
  return tabulate(s => -2 * a * b * s ** (b - 1) / (1 + a * s ** b))
}

/** 2b / ((0.001 + s)(1 + a·s^b)): pushes random pairs apart. */
export function repulsion({ a, b }: CurveParameters): ForceTable {
  return tabulate(s => 2 * b / ((0.001 + s) * (1 + a * s ** b)))
}

function tabulate(force: (squared: number) => number): ForceTable {
  const size = FORCE_LAST + 1
  const values = new Float32Array(size)
  const slopes = new Float32Array(size)
  const at = (index: number): number => 2 ** (LOWEST_EXPONENT + (index >> BITS)) * (1 + (index & ((1 << BITS) - 1)) / (1 << BITS))
  for (let index = 0; index < size; index++) {
    const value = force(at(index))
    values[index] = value
    slopes[index] = force(at(index + 1)) - value
  }
  return { values, slopes }
}
