import { mulberry32 } from '../mulberry32'

/** A stream of uniform numbers in [0, 1). */
export type Random = () => number

export function seededRandom(seed: number): Random {
  // Spread first, so that neighbouring seeds give unrelated streams.
  return mulberry32(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b))
}

/** Shuffles in place (Fisher–Yates) and returns its argument. */
export function shuffle<T extends Int32Array | unknown[]>(values: T, random: Random): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = values[i]
    values[i] = values[j] as T[number]
    values[j] = kept as T[number]
  }
  return values
}
