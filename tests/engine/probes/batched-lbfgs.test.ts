import { describe, expect, it } from 'vitest'
import { minimise } from '../../../main/engine/probes/batched-lbfgs'

const size = 60
/** Curvatures over three orders of magnitude. */
const curvature = Float64Array.from({ length: size }, (_, i) => 10 ** (3 * i / (size - 1)))

/** ½ Σ cᵢ(xᵢ − 1)² + 1 from x = 0, preconditioned by `factor` times 1/c, each within a half to twice of it. */
async function solve(factor: number, unsized: boolean): Promise<{ readonly evaluations: number; readonly point: Float64Array }> {
  let evaluations = 0
  const points = [new Float64Array(size)]
  await minimise({
    dimension: size, unsized,
    evaluate: (_, at) => {
      evaluations++
      return Promise.resolve({
        losses: Float64Array.from(at, x => x.reduce((sum, value, i) => sum + (curvature[i] as number) * (value - 1) ** 2 / 2, 1)),
        gradients: at.map(x => x.map((value, i) => (curvature[i] as number) * (value - 1)))
      })
    },
    precondition: (_, vectors) => {
      for (const vector of vectors) vector.forEach((value, i) => { vector[i] = factor * 2 ** Math.sin(7 * i) * value / (curvature[i] as number) })
      return Promise.resolve()
    }
  }, points, { tolerance: 1e-12, iterations: 500, checkpoint: () => undefined })
  return { evaluations, point: points[0] as Float64Array }
}

describe('minimise', () => {
  it.each([0.1, 1, 10])('takes the size of a preconditioner that is %s times too large from its last step', async factor => {
    const [alone, scaled] = [await solve(factor, false), await solve(factor, true)]
    for (const { point } of [alone, scaled]) point.forEach(value => { expect(value).toBeCloseTo(1, 4) })
    console.log(`${factor} times: ${scaled.evaluations} evaluations, ${alone.evaluations} without its size`)
    expect(scaled.evaluations).toBeLessThan(24)
  })
})
