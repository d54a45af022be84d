import { cholesky } from '../../matrices'
import { LayerscopeError } from '../../errors'
import { rowsInCells } from '../class-sums'
import type { FitJob, ProbeMethod, SiteContext } from '../probe-method'
import { closedForm } from './closed-form'
import { doubleProducts } from './double-work'
import { probeOfDiscriminants, rawMean } from './raw-discriminants'

/**
 * Linear discriminant analysis with Ledoit–Wolf shrinkage, as scikit-learn's solver 'lsqr' with shrinkage 'auto':
 * Σ = Σ_c π_c S_c, S_c the shrunk covariance of class c on features standardised within the class, scaled back;
 * discriminants xᵀΣ⁻¹μ_c − ½μ_cᵀΣ⁻¹μ_c + ln π_c, π the class shares of the training rows.
 * Costs a Cholesky factor of order `columns` a fit.
 */
export const lda: ProbeMethod = closedForm('lda', async (context, job, { rows, means }) => {
  const { data, classes } = context
  const { columns, scale } = data
  const total = rows.reduce((sum, count) => sum + count, 0)
  // In stored coordinates: an affine change of features leaves the discriminants as they are, and keeps the scales even.
  const covariance = new Float64Array(columns * columns)
  for (let c = 0; c < classes; c++) {
    if ((rows[c] as number) === 0) continue
    context.checkpoint()
    const own = await shrunkCovariance(context, job, c, means.subarray(c * columns, (c + 1) * columns))
    const share = (rows[c] as number) / total
    for (let i = 0; i < own.length; i++) covariance[i] = (covariance[i] as number) + share * (own[i] as number)
  }
  // Dead features, and those constant in every class: no variance, no weight.
  for (let column = 0; column < columns; column++) {
    if ((covariance[column * (columns + 1)] as number) < 1e-24) covariance[column * (columns + 1)] = 1
  }
  const factor = cholesky(covariance, columns)
  if (!factor) {
    throw new LayerscopeError({
      code: 'covariance-singular', field: 'methods',
      message: `The covariance of ${data.site} is singular even after shrinkage.`, hint: 'Use another method, such as logistic.'
    })
  }
  const discriminants = Array.from({ length: classes }, (_, c) => {
    if ((rows[c] as number) === 0) return null
    const stored = Float64Array.from(means.subarray(c * columns, (c + 1) * columns), (value, column) => (scale[column] as number) > 0 ? value : 0)
    const solved = factor.solve(stored)
    const raw = rawMean(data, means, c)
    const weights = solved.map((value, column) => (scale[column] as number) > 0 ? value / (scale[column] as number) : 0)
    let intercept = Math.log((rows[c] as number) / total)
    for (let column = 0; column < columns; column++) {
      const offset = (raw[column] as number) - (stored[column] as number) * (scale[column] as number)
      intercept -= (solved[column] as number) * (stored[column] as number) / 2 + (weights[column] as number) * offset
    }
    return { weights, intercept }
  })
  return probeOfDiscriminants(data, discriminants)
})

/**
 * Ledoit–Wolf covariance (2004) of one class's training rows, in stored coordinates. On features standardised within the
 * class: S* = (1 − s) S + s m I, m = tr S / d, s = min(β, δ)/δ, β = (Σᵢ|xᵢ|⁴/n − |S|²)/(d n), δ = (|S|² − d m²)/d.
 */
async function shrunkCovariance(context: SiteContext, { cells, codes }: FitJob, c: number, mean: Float64Array): Promise<Float64Array> {
  const { data: { columns, features } } = context
  const members = rowsInCells(context.cellOfRow, cells).filter(row => codes[row] === c)
  const n = members.length
  const deviation = new Float64Array(columns)
  for (const row of members) {
    for (let column = 0; column < columns; column++) {
      const centred = (features[row * columns + column] as number) - (mean[column] as number)
      deviation[column] = (deviation[column] as number) + centred * centred
    }
  }
  for (let column = 0; column < columns; column++) deviation[column] = Math.sqrt((deviation[column] as number) / n)
  // scikit-learn's scaler leaves what is constant unscaled.
  const unit = deviation.map(value => value < 1e-12 ? 1 : value)
  const scatter = new Float64Array(columns * columns)
  let fourth = 0
  const products = await doubleProducts()
  for (let from = 0; from < n; from += 4096) {
    const chunk = members.subarray(from, from + 4096)
    const values = new Float64Array(chunk.length * columns)
    chunk.forEach((row, i) => {
      let squares = 0
      for (let column = 0; column < columns; column++) {
        const value = ((features[row * columns + column] as number) - (mean[column] as number)) / (unit[column] as number)
        values[i * columns + column] = value
        squares += value * value
      }
      fourth += squares * squares
    })
    const part = await products.columnsByColumns(values, columns, values, columns, chunk.length)
    for (let i = 0; i < part.length; i++) scatter[i] = (scatter[i] as number) + (part[i] as number) / n
  }
  let squares = 0
  let trace = 0
  for (const value of scatter) squares += value * value
  for (let column = 0; column < columns; column++) trace += scatter[column * (columns + 1)] as number
  const centre = trace / columns
  const delta = (squares - columns * centre * centre) / columns
  const beta = Math.min((fourth / n - squares) / (columns * n), delta)
  const shrinkage = beta > 0 ? beta / delta : 0
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < columns; j++) {
      const value = (1 - shrinkage) * (scatter[i * columns + j] as number) + (i === j ? shrinkage * centre : 0)
      scatter[i * columns + j] = value * (unit[i] as number) * (unit[j] as number)
    }
  }
  return scatter
}
