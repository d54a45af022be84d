/** Two-sided tail of the standard normal distribution beyond |z|: erfc(|z|/√2), to about 1e-14 relative. */
export function twoSidedTail(z: number): number {
  return complementaryError(Math.abs(z) / Math.SQRT2)
}

/** erfc(x) for x ≥ 0: by the series of erf near 0, by the continued fraction (Lentz) beyond. */
function complementaryError(x: number): number {
  if (x < 2) {
    let term = x
    let sum = x
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -x * x / n
      sum += term / (2 * n + 1)
      if (n > 200) break
    }
    return 1 - 2 / Math.sqrt(Math.PI) * sum
  }
  // erfc(x) = e^(−x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))).
  const tiny = 1e-300
  let fraction = x
  let c = x
  let d = 0
  for (let n = 1; n < 300; n++) {
    const a = n / 2
    d = 1 / Math.max(tiny, x + a * d)
    c = x + a / c
    const change = c * d
    fraction *= change
    if (Math.abs(change - 1) < 1e-16) break
  }
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction)
}
