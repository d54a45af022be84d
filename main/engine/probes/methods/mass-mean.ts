import { cholesky, symmetricEigen } from '../../matrices'
import { rowsInCells, type ClassMeans } from '../class-sums'
import type { FitJob, LinearProbe, ProbeMethod, SiteContext } from '../probe-method'
import { calibrateScale } from './calibrate-scale'
import { closedForm } from './closed-form'
import { doubleProducts } from './double-work'
import { probeOfDiscriminants, rawMean } from './raw-discriminants'

/** Eigenvalues of the covariance under this share of the largest are dropped from its pseudo-inverse. */
const relativeCut = 1e-10

/**
 * Mass-mean probe (Marks & Tegmark, 2310.06824): θ = μ₁ − μ₀ on raw features, bias −θᵀ(μ₁ + μ₀)/2 from the training rows.
 * The decision and the ranking are the paper's; the scale of the logit is calibrated on the training rows.
 * Two classes only.
 */
export const massMean: ProbeMethod = closedForm('mass-mean', async (context, job, means) => {
  const { theta, probe } = direction(context, means)
  return theta ? calibrateScale(context, job, probe(theta)) : probe(null)
})

/**
 * The same with σ(xᵀΣ⁺θ), Σ the pooled within-class covariance of the training rows (over n) in raw features and Σ⁺ its
 * pseudo-inverse with relative cut 1e-10. The scale is the posterior of two Gaussians and is left as it is.
 */
export const massMeanCovariance: ProbeMethod = closedForm('mass-mean-covariance', async (context, job, means) => {
  const { theta, probe } = direction(context, means)
  return probe(theta && await timesPseudoInverse(context, job, means, theta))
})

function direction({ data }: SiteContext, { rows, means }: ClassMeans): {
  readonly theta: Float64Array | null
  readonly probe: (weights: Float64Array | null) => LinearProbe
} {
  const [zero, one] = [rawMean(data, means, 0), rawMean(data, means, 1)]
  const none = { weights: new Float64Array(data.columns), intercept: 0 }
  // A class without training rows has no mean; the other one is answered.
  const present = (c: number): boolean => (rows[c] as number) > 0
  const theta = present(0) && present(1) ? one.map((value, column) => (data.scale[column] as number) > 0 ? value - (zero[column] as number) : 0) : null
  return {
    theta,
    probe(weights) {
      if (!weights) return probeOfDiscriminants(data, [present(0) ? none : null, present(1) ? none : null])
      let intercept = 0
      for (let column = 0; column < data.columns; column++) intercept -= (weights[column] as number) * ((zero[column] as number) + (one[column] as number)) / 2
      return probeOfDiscriminants(data, [none, { weights, intercept }])
    }
  }
}

/**
 * Σ⁺θ. With W the training rows less their class means, Σ = WᵀW/n. More rows than features: Cholesky of Σ, an
 * eigendecomposition where it is singular. Fewer: Σ⁺θ = n Wᵀ(K⁺)²Wθ with K = WWᵀ, which is small; K is singular along
 * each class's indicator alone unless rows repeat, and Wθ has no part there, so filling those directions in leaves K⁺Wθ.
 */
async function timesPseudoInverse(context: SiteContext, job: FitJob, means: ClassMeans, theta: Float64Array): Promise<Float64Array> {
  const { data: { columns, features, scale } } = context
  const rows = rowsInCells(context.cellOfRow, job.cells)
  const n = rows.length
  const within = (from: number, to: number): Float64Array => {
    const values = new Float64Array((to - from) * columns)
    for (let i = from, at = 0; i < to; i++) {
      const row = rows[i] as number
      const mean = (job.codes[row] as number) * columns
      for (let column = 0; column < columns; column++, at++) {
        values[at] = ((features[row * columns + column] as number) - (means.means[mean + column] as number)) * (scale[column] as number)
      }
    }
    return values
  }
  const products = await doubleProducts()
  if (n < columns) {
    const w = within(0, n)
    const kernel = await products.rowsByRows(w, n, w, n, columns)
    const projected = await products.multiply(w, n, columns, theta, 1)
    const trace = kernel.reduce((sum, value, at) => at % (n + 1) === 0 ? sum + value : sum, 0)
    const filled = Float64Array.from(kernel)
    rows.forEach((row, i) => {
      rows.forEach((other, j) => {
        const code = job.codes[row] as number
        if (code === job.codes[other]) filled[i * n + j] = (filled[i * n + j] as number) + trace / n / (means.rows[code] as number)
      })
    })
    const factor = cholesky(filled, n, relativeCut)
    const solved = factor ? factor.solve(factor.solve(projected)) : pseudoSolve(kernel, n, projected, 2)
    const result = await products.columnsByColumns(w, columns, solved, 1, n)
    return result.map(value => value * n)
  }
  const covariance = new Float64Array(columns * columns)
  for (let from = 0; from < n; from += 4096) {
    context.checkpoint()
    const chunk = within(from, Math.min(n, from + 4096))
    const part = await products.columnsByColumns(chunk, columns, chunk, columns, chunk.length / columns)
    for (let i = 0; i < part.length; i++) covariance[i] = (covariance[i] as number) + (part[i] as number) / n
  }
  const factor = cholesky(covariance, columns, relativeCut)
  return factor ? factor.solve(theta) : pseudoSolve(covariance, columns, theta, 1)
}

/** (A⁺)^power b by eigenvalues over the relative cut. */
function pseudoSolve(matrix: Float64Array, order: number, right: Float64Array, power: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, order)
  const result = new Float64Array(order)
  for (let i = 0; i < order && (values[i] as number) > relativeCut * (values[0] as number); i++) {
    let dot = 0
    for (let k = 0; k < order; k++) dot += (vectors[i * order + k] as number) * (right[k] as number)
    dot /= (values[i] as number) ** power
    for (let k = 0; k < order; k++) result[k] = (result[k] as number) + dot * (vectors[i * order + k] as number)
  }
  return result
}
