/** Plane geometry of the cloud: points are x, y interleaved in Float32Arrays, [points, 2]. */

/** Scales a cloud into the square from −1 to 1, keeping its proportions; points that are not finite stay so. */
export function fitCloud(xy: Float32Array): Float32Array {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity]
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i] as number
    const y = xy[i + 1] as number
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue
    if (x < left) left = x
    if (x > right) right = x
    if (y < low) low = y
    if (y > high) high = y
  }
  const half = Math.max(right - left, high - low) / 2 || 1
  const fitted = new Float32Array(xy.length)
  for (let i = 0; i < xy.length; i += 2) {
    fitted[i] = ((xy[i] as number) - (left + right) / 2) / half
    fitted[i + 1] = ((xy[i + 1] as number) - (low + high) / 2) / half
  }
  return fitted
}

/** Puts a cloud whose points stand for `rows` in the order of `canonical`; rows it lacks become NaN. */
export function inOrderOf(canonical: Int32Array, rows: Int32Array, xy: Float32Array): Float32Array {
  if (canonical.length === rows.length && canonical.every((row, i) => row === rows[i])) return xy
  const place = new Map<number, number>()
  rows.forEach((row, i) => place.set(row, i))
  const out = new Float32Array(canonical.length * 2).fill(NaN)
  canonical.forEach((row, i) => {
    const from = place.get(row)
    if (from === undefined) return
    out[i * 2] = xy[from * 2] as number
    out[i * 2 + 1] = xy[from * 2 + 1] as number
  })
  return out
}

/** Whether a point lies inside a closed polygon (x, y interleaved), by the even–odd rule. */
export function insidePolygon(polygon: Float32Array | readonly number[], x: number, y: number): boolean {
  let inside = false
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [ax, ay, bx, by] = [polygon[i] as number, polygon[i + 1] as number, polygon[j] as number, polygon[j + 1] as number]
    if (ay > y !== by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) inside = !inside
  }
  return inside
}

/** Indices of the points inside a polygon; `skip` leaves points out (hidden ones). */
export function pointsInPolygon(xy: Float32Array, polygon: readonly number[], skip: (point: number) => boolean): number[] {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity]
  for (let i = 0; i < polygon.length; i += 2) {
    left = Math.min(left, polygon[i] as number)
    right = Math.max(right, polygon[i] as number)
    low = Math.min(low, polygon[i + 1] as number)
    high = Math.max(high, polygon[i + 1] as number)
  }
  const corners = Float32Array.from(polygon)
  const found: number[] = []
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i] as number
    const y = xy[i + 1] as number
    // Written so that NaN falls through.
    if (!(x >= left && x <= right && y >= low && y <= high)) continue
    if (insidePolygon(corners, x, y) && !skip(i / 2)) found.push(i / 2)
  }
  return found
}

/** The point nearest to `from` within 45° of a direction; null when nothing lies that way. */
export function nearestInDirection(xy: Float32Array, from: number, direction: 'left' | 'right' | 'up' | 'down', skip: (point: number) => boolean): number | null {
  const [dx, dy] = { left: [-1, 0], right: [1, 0], up: [0, 1], down: [0, -1] }[direction] as [number, number]
  const [x, y] = [xy[from * 2] as number, xy[from * 2 + 1] as number]
  let best: number | null = null
  let bestCost = Infinity
  for (let i = 0; i < xy.length / 2; i++) {
    const along = ((xy[i * 2] as number) - x) * dx + ((xy[i * 2 + 1] as number) - y) * dy
    const across = Math.abs(((xy[i * 2] as number) - x) * dy) + Math.abs(((xy[i * 2 + 1] as number) - y) * dx)
    if (!(along > 0 && across <= along) || skip(i)) continue
    // A step sideways costs twice: keys should go where they point.
    const cost = along + 2 * across
    if (cost < bestCost) [best, bestCost] = [i, cost]
  }
  return best
}

/** Bounds of some points; null when none is finite. */
export function boundsOf(xy: Float32Array, points: readonly number[]): { readonly x: number; readonly y: number; readonly half: number } | null {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity]
  for (const point of points) {
    const x = xy[point * 2] as number
    const y = xy[point * 2 + 1] as number
    if (!Number.isFinite(x)) continue
    left = Math.min(left, x)
    right = Math.max(right, x)
    low = Math.min(low, y)
    high = Math.max(high, y)
  }
  if (left > right) return null
  return { x: (left + right) / 2, y: (low + high) / 2, half: Math.max(right - left, high - low) / 2 }
}

/** Diameter of a point in CSS pixels: fewer points are larger, and zooming in lets them grow a little. */
export function pointDiameter(points: number, zoom: number): number {
  const base = Math.min(8, Math.max(2.4, 46 / Math.cbrt(Math.max(1, points)) * 1.1))
  return Math.min(14, base * Math.max(0.7, zoom ** 0.25))
}
