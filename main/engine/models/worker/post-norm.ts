/**
 * How far `after` is from a layer norm of `before + added`, relative to its largest value.
 * The norm's scale and shift are not known here, so each channel's are fitted by least squares over the real tokens:
 * with more than two tokens only a norm of this very sum leaves no rest.
 * All arrays are [tokens, width]; `mask` is 1 on real tokens.
 */
export function postNormError(before: Float32Array, added: Float32Array, after: Float32Array, mask: Uint8Array): number {
  const width = after.length / mask.length
  const tokens = [...mask.keys()].filter(token => mask[token] === 1)
  const normalized = tokens.map(token => {
    const sum = Float64Array.from({ length: width }, (_, column) => (before[token * width + column] ?? 0) + (added[token * width + column] ?? 0))
    const mean = sum.reduce((total, value) => total + value, 0) / width
    const deviation = Math.sqrt(sum.reduce((total, value) => total + (value - mean) ** 2, 0) / width)
    return sum.map(value => (value - mean) / deviation)
  })
  let scale = 1
  let largest = 0
  for (let column = 0; column < width; column++) {
    const points = tokens.map((token, at) => ({ x: normalized[at]?.[column] ?? 0, y: after[token * width + column] ?? 0 }))
    const meanX = points.reduce((total, { x }) => total + x, 0) / points.length
    const meanY = points.reduce((total, { y }) => total + y, 0) / points.length
    const spread = points.reduce((total, { x }) => total + (x - meanX) ** 2, 0)
    const slope = spread === 0 ? 0 : points.reduce((total, { x, y }) => total + (x - meanX) * (y - meanY), 0) / spread
    for (const { x, y } of points) {
      scale = Math.max(scale, Math.abs(y))
      const rest = Math.abs(y - meanY - slope * (x - meanX))
      if (!(rest <= largest)) largest = rest
    }
  }
  return largest / scale
}
