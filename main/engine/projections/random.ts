/** A stream of pseudo-random numbers, uniform on [0, 1). */
export type Random = () => number

/**
 * Seeded generator sfc32 (Chris Doty-Humphrey's small fast counter, 128 bits of state):
 * the same seed gives the same stream on every machine.
 */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9
  let b = seed >>> 0
  let c = Math.floor(seed / 4_294_967_296) ^ 0x243f6a88
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum | 0
    return (sum >>> 0) / 4_294_967_296
  }
  // The first outputs still look like the seed.
  for (let i = 0; i < 15; i++) next()
  return next
}

/** Two independent standard normal numbers (Box–Muller). */
export function normalPair(random: Random): readonly [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  const angle = 2 * Math.PI * random()
  return [radius * Math.cos(angle), radius * Math.sin(angle)]
}

/** `count` distinct numbers of 0 … size − 1, ascending, each subset equally likely; all of them where count ≥ size. */
export function sampleRows(size: number, count: number, random: Random): Int32Array {
  const all = Int32Array.from({ length: size }, (_, i) => i)
  if (count >= size) return all
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (size - i))
    const held = all[i] ?? 0
    all[i] = all[j] ?? 0
    all[j] = held
  }
  return all.slice(0, count).sort()
}
