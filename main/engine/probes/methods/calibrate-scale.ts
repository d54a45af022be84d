import { rowsInCells } from '../class-sums'
import type { FitJob, LinearProbe, SiteContext } from '../probe-method'

/**
 * Multiplies a binary probe by the positive factor that makes its training probabilities most likely: Platt's scaling with
 * the offset held, targets (n₁ + 1)/(n₁ + 2) and 1/(n₀ + 2) as he smooths them. Decisions and the ranking of rows stay;
 * distances in raw units would otherwise give probabilities of 0 and 1 alone, and ties when folds are pooled.
 */
export function calibrateScale(context: SiteContext, { cells, codes }: FitJob, probe: LinearProbe): LinearProbe {
  const { columns, features } = context.data
  const rows = rowsInCells(context.cellOfRow, cells)
  const scores = Float64Array.from(rows, row => {
    let sum = probe.intercepts[0] as number
    for (let column = 0, at = row * columns; column < columns; column++, at++) sum += (features[at] as number) * (probe.weights[column] as number)
    return sum
  })
  const ones = rows.reduce((sum, row) => sum + (codes[row] as number), 0)
  const spread = Math.sqrt(scores.reduce((sum, score) => sum + score * score, 0) / scores.length)
  if (!(spread > 0) || ones === 0 || ones === rows.length) return probe
  const high = (ones + 1) / (ones + 2)
  const low = 1 / (rows.length - ones + 2)
  // Newton on one convex parameter in units of the spread; halving keeps it positive.
  let factor = 1
  for (let iteration = 0; iteration < 50; iteration++) {
    let slope = 0
    let curvature = 0
    scores.forEach((score, i) => {
      const x = score / spread
      const p = 1 / (1 + Math.exp(-factor * x))
      slope += (p - (codes[rows[i] as number] === 1 ? high : low)) * x
      curvature += p * (1 - p) * x * x
    })
    const next = Math.max(factor / 2, Math.min(factor * 2, factor - slope / Math.max(curvature, 1e-12)))
    const done = Math.abs(next - factor) < 1e-9 * factor || next < 1e-6
    factor = Math.max(1e-6, next)
    if (done) break
  }
  return { weights: probe.weights.map(weight => weight * factor / spread), intercepts: probe.intercepts.map(intercept => intercept * factor / spread) }
}
