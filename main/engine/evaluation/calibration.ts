import type { Calibration, CalibrationBin } from '../../../preload/contract'

/**
 * How probabilities hold, with the expected calibration error Σ rows/all · |observed − predicted| (Naeini et al. 2015; Guo et al. 2017) and the Brier score: bins of equal width over 0 … 1, as scikit-learn's `calibration_curve(strategy='uniform')`; a probability on an edge
 * belongs to the bin below it. `outcome` is 1 where what the probability was said of came true.
 */
export function reliability(probability: Float32Array, outcome: Uint8Array, bins = 10): Omit<Calibration, 'of'> {
  const [rows, said, came] = [new Float64Array(bins), new Float64Array(bins), new Float64Array(bins)]
  const edge = (bin: number): number => bin * (1 / bins)
  let brier = 0
  for (let row = 0; row < probability.length; row++) {
    const p = probability[row] as number
    const y = outcome[row] as number
    brier += (p - y) ** 2
    let bin = 0
    while (bin < bins - 1 && edge(bin + 1) < p) bin++
    rows[bin] = (rows[bin] as number) + 1
    said[bin] = (said[bin] as number) + p
    came[bin] = (came[bin] as number) + y
  }
  const all = probability.length
  const result = Array.from({ length: bins }, (_, bin): CalibrationBin => {
    const count = rows[bin] as number
    return {
      lo: bin / bins, hi: (bin + 1) / bins, rows: count,
      predicted: count === 0 ? null : (said[bin] as number) / count, observed: count === 0 ? null : (came[bin] as number) / count
    }
  })
  return { bins: result, ece: result.reduce((sum, bin) => sum + bin.rows / all * Math.abs((bin.observed ?? 0) - (bin.predicted ?? 0)), 0), brier: brier / all }
}
