import type { Coordinates } from '../../../../preload/contract'

/** Mean Earth radius in kilometres (IUGG). */
const earthRadius = 6371.0088
const radians = Math.PI / 180

/** 1 − Σ(y − ŷ)² / Σ(y − ȳ)² over the rows given; where y is constant 1 or 0, as scikit-learn, for predictions that equal it or not. */
export function r2(predicted: Float64Array, actual: Float64Array): number {
  const mean = actual.reduce((sum, value) => sum + value, 0) / actual.length
  let residual = 0
  let total = 0
  for (let i = 0; i < actual.length; i++) {
    residual += ((actual[i] as number) - (predicted[i] as number)) ** 2
    total += ((actual[i] as number) - mean) ** 2
  }
  return total > 0 ? 1 - residual / total : residual > 0 ? 0 : 1
}

/** Mean R² over targets; both [targets, rows]. */
export function meanR2(predicted: Float64Array, actual: Float64Array, targets: number): number {
  const rows = actual.length / targets
  let sum = 0
  for (let target = 0; target < targets; target++) {
    sum += r2(predicted.subarray(target * rows, (target + 1) * rows), actual.subarray(target * rows, (target + 1) * rows))
  }
  return sum / targets
}

/** Order of values with runs of equal ones marked: what a bootstrap of a rank correlation reuses. */
export interface RankOrder { readonly order: Int32Array; readonly tied: Uint8Array }

export function rankOrder(values: Float64Array): RankOrder {
  const order = Int32Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number))
  const tied = new Uint8Array(order.length)
  for (let i = 1; i < order.length; i++) tied[i] = values[order[i] as number] === values[order[i - 1] as number] ? 1 : 0
  return { order, tied }
}

/** Ranks of weighted rows, equal values sharing their mean rank, written to `into`. */
function ranks({ order, tied }: RankOrder, weights: Float64Array | null, into: Float64Array): void {
  let below = 0
  for (let start = 0; start < order.length;) {
    let end = start
    let weight = 0
    do weight += weights ? weights[order[end] as number] as number : 1
    while (++end < order.length && tied[end] === 1)
    for (let i = start; i < end; i++) into[order[i] as number] = below + (weight + 1) / 2
    below += weight
    start = end
  }
}

/** Spearman's rank correlation of two orders over the same rows, each counted `weights` times (null: once); null where a side is constant. */
export function spearman(a: RankOrder, b: RankOrder, weights: Float64Array | null, work: readonly [Float64Array, Float64Array]): number | null {
  ranks(a, weights, work[0])
  ranks(b, weights, work[1])
  let [n, sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0, 0]
  const middle = a.order.length / 2
  for (let i = 0; i < a.order.length; i++) {
    const weight = weights ? weights[i] as number : 1
    if (weight === 0) continue
    const [x, y] = [(work[0][i] as number) - middle, (work[1][i] as number) - middle]
    n += weight
    sx += weight * x
    sy += weight * y
    sxx += weight * x * x
    syy += weight * y * y
    sxy += weight * x * y
  }
  const [vx, vy] = [sxx - sx * sx / n, syy - sy * sy / n]
  return vx > 1e-9 * n && vy > 1e-9 * n ? (sxy - sx * sy / n) / Math.sqrt(vx * vy) : null
}

/** Great-circle distance of predicted and actual points in kilometres (haversine), one a row; both [targets, rows] in degrees. */
export function greatCircleKm(predicted: Float64Array, actual: Float64Array, rows: number, { latitude, longitude }: Coordinates): Float64Array {
  const at = (values: Float64Array, target: number, row: number): number => (values[target * rows + row] as number) * radians
  return Float64Array.from({ length: rows }, (_, row) => {
    const [a, b] = [at(predicted, latitude, row), at(actual, latitude, row)]
    const [dLatitude, dLongitude] = [b - a, at(actual, longitude, row) - at(predicted, longitude, row)]
    const h = Math.sin(dLatitude / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(dLongitude / 2) ** 2
    return 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(Math.max(0, h))))
  })
}

/** Truths compared with all predictions at most: beyond, an even sample of them. */
const mostCompared = 2048

/**
 * Proximity error (Gurnee & Tegmark 2023): for a row, the share of the other rows' predictions that lie nearer to its truth than its own
 * does, equals counting half; 0 is best and 0.5 chance. Distances on the sphere for coordinates, else Euclidean over targets in units of
 * their deviation. Beyond 2,048 rows an even sample is scored; the others are NaN.
 */
export function proximityErrors(predicted: Float64Array, actual: Float64Array, rows: number, coordinates: Coordinates | null): Float64Array {
  const result = new Float64Array(rows).fill(NaN)
  if (rows < 2) return result
  const [from, to] = coordinates === null ? [scaled(predicted, actual, rows), scaled(actual, actual, rows)] : [onSphere(predicted, rows, coordinates), onSphere(actual, rows, coordinates)]
  const dims = from.length / rows
  const scored = Math.min(rows, mostCompared)
  for (let index = 0; index < scored; index++) {
    const row = Math.floor(index * rows / scored)
    const distance = (other: number): number => {
      let sum = 0
      for (let d = 0; d < dims; d++) sum += ((from[other * dims + d] as number) - (to[row * dims + d] as number)) ** 2
      return sum
    }
    const own = distance(row)
    let nearer = 0
    for (let other = 0; other < rows; other++) {
      if (other === row) continue
      const theirs = distance(other)
      nearer += theirs < own ? 1 : theirs === own ? 0.5 : 0
    }
    result[row] = nearer / (rows - 1)
  }
  return result
}

/** [rows, targets] in units of each target's deviation over `actual`. */
function scaled(values: Float64Array, actual: Float64Array, rows: number): Float64Array {
  const targets = values.length / rows
  const result = new Float64Array(values.length)
  for (let target = 0; target < targets; target++) {
    const own = actual.subarray(target * rows, (target + 1) * rows)
    const mean = own.reduce((sum, value) => sum + value, 0) / rows
    const deviation = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows) || 1
    for (let row = 0; row < rows; row++) result[row * targets + target] = (values[target * rows + row] as number) / deviation
  }
  return result
}

/** [rows, 3] unit vectors: chords order points as great circles do. */
function onSphere(values: Float64Array, rows: number, { latitude, longitude }: Coordinates): Float64Array {
  const result = new Float64Array(rows * 3)
  for (let row = 0; row < rows; row++) {
    const [phi, lambda] = [(values[latitude * rows + row] as number) * radians, (values[longitude * rows + row] as number) * radians]
    result.set([Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)], row * 3)
  }
  return result
}
