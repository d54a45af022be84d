/** A seeded stream of uniform numbers in [0, 1): mulberry32, the same on every machine. */
export type Random = () => number

export function seededRandom(seed: number): Random {
  // Spread first, so that neighbouring seeds give unrelated streams.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
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
