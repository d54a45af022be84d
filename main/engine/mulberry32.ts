/** Uniform numbers in [0, 1) from a state of 32 bits (Tommy Ettinger's mulberry32): the same on every machine. */
export function mulberry32(state: number): () => number {
  let current = state >>> 0
  return () => {
    current = (current + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(current ^ (current >>> 15), current | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
