import type { ProbeMethod } from '../probe-method'
import { calibrateScale } from './calibrate-scale'
import { closedForm } from './closed-form'
import { probeOfDiscriminants, rawMean } from './raw-discriminants'

/**
 * The class whose training mean is nearest in raw Euclidean distance (scikit-learn's NearestCentroid): discriminants
 * μᵀx − ½|μ|². Of two classes the logit is then the mass-mean probe's; its scale is calibrated on the training rows.
 * With more classes the discriminants are divided by the pooled within-class variance a feature, the posterior of
 * spherical Gaussians with equal shares.
 */
export const nearestCentroid: ProbeMethod = closedForm('nearest-centroid', async (context, job, { rows, means }) => {
  const { data, classes } = context
  const centroids = Array.from({ length: classes }, (_, c) => (rows[c] as number) > 0 ? rawMean(data, means, c) : null)
  const centre = meanOf(centroids, data.columns)
  // Distances from the common centre: the same decisions, without the cancellation of large offsets.
  const discriminants = centroids.map(centroid => {
    if (!centroid) return null
    const weights = centroid.map((value, column) => (data.scale[column] as number) > 0 ? value - (centre[column] as number) : 0)
    let intercept = 0
    for (let column = 0; column < data.columns; column++) intercept -= (weights[column] as number) * ((weights[column] as number) / 2 + (centre[column] as number))
    return { weights, intercept }
  })
  if (classes === 2) return calibrateScale(context, job, probeOfDiscriminants(data, discriminants))
  const variance = withinVariance(context, job.cells, rows, means)
  return probeOfDiscriminants(data, discriminants.map(own => own && { weights: own.weights.map(weight => weight / variance), intercept: own.intercept / variance }))
})

function meanOf(centroids: readonly (Float64Array | null)[], columns: number): Float64Array {
  const present = centroids.filter(centroid => centroid !== null)
  return Float64Array.from({ length: columns }, (_, column) => present.reduce((sum, centroid) => sum + (centroid[column] as number), 0) / Math.max(1, present.length))
}

/** Mean over features of the pooled within-class variance, in raw units: total squares less those of the class means. */
function withinVariance({ data }: Parameters<ProbeMethod['fit']>[0], cells: readonly number[], rows: Float64Array, means: Float64Array): number {
  let squares = 0
  let count = 0
  for (const cell of cells) {
    count += data.cellRows[cell] ?? 0
    for (let column = 0; column < data.columns; column++) squares += (data.cellSquares[cell * data.columns + column] ?? 0) * (data.scale[column] as number) ** 2
  }
  rows.forEach((own, c) => {
    for (let column = 0; column < data.columns; column++) squares -= own * ((means[c * data.columns + column] as number) * (data.scale[column] as number)) ** 2
  })
  const live = data.scale.reduce((sum, scale) => sum + (scale > 0 ? 1 : 0), 0)
  return Math.max(squares / Math.max(1, count * live), Number.MIN_VALUE)
}
