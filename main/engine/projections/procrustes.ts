/**
 * The similarity of the plane that lays `xy` over `reference` (both [rows, 2]): the rotation or reflection of least
 * squared error, from the closed form of the 2 × 2 orthogonal Procrustes problem (Schönemann 1966), the translation
 * of the centre, and one scale for both axes that gives both clouds the same root mean square radius. (The scale of
 * least squares would shrink a cloud by its correlation with the reference, and a chain of layers to a point.)
 * The shape of the cloud is kept; where either cloud is one point, it is only moved.
 */
export function alignToReference(xy: Float32Array, reference: Float32Array): Float32Array {
  const rows = xy.length / 2
  const aligned = new Float32Array(xy.length)
  if (rows === 0) return aligned
  const [x0, y0] = centre(xy)
  const [u0, v0] = centre(reference)
  let xu = 0, xv = 0, yu = 0, yv = 0, spread = 0, wanted = 0
  for (let i = 0; i < xy.length; i += 2) {
    const x = (xy[i] as number) - x0
    const y = (xy[i + 1] as number) - y0
    const u = (reference[i] as number) - u0
    const v = (reference[i + 1] as number) - v0
    xu += x * u
    xv += x * v
    yu += y * u
    yv += y * v
    spread += x * x + y * y
    wanted += u * u + v * v
  }
  // Sum of singular values is hypot of the better of rotation (det +1) and reflection (det −1).
  const turning = Math.hypot(xu + yv, xv - yu)
  const mirroring = Math.hypot(xu - yv, xv + yu)
  const mirrored = mirroring > turning
  const trace = mirrored ? mirroring : turning
  const usable = trace > 0
  const cosine = usable ? (mirrored ? xu - yv : xu + yv) / trace : 1
  const sine = usable ? (mirrored ? xv + yu : xv - yu) / trace : 0
  const scale = spread > 0 && wanted > 0 ? Math.sqrt(wanted / spread) : 1
  for (let i = 0; i < xy.length; i += 2) {
    const x = (xy[i] as number) - x0
    const y = ((xy[i + 1] as number) - y0) * (mirrored ? -1 : 1)
    aligned[i] = u0 + scale * (cosine * x - sine * y)
    aligned[i + 1] = v0 + scale * (sine * x + cosine * y)
  }
  return aligned
}

/**
 * Flips each axis of `xy` where that brings it closer to `reference` (both [rows, 2]). Principal components keep
 * their axes, because each carries its own variance: no rotation, no exchange, no scale.
 */
export function flipToReference(xy: Float32Array, reference: Float32Array): Float32Array {
  const [x0, y0] = centre(xy)
  const [u0, v0] = centre(reference)
  let x = 0
  let y = 0
  for (let i = 0; i < xy.length; i += 2) {
    x += ((xy[i] as number) - x0) * ((reference[i] as number) - u0)
    y += ((xy[i + 1] as number) - y0) * ((reference[i + 1] as number) - v0)
  }
  return xy.map((value, i) => (i % 2 === 0 ? x : y) < 0 ? -value : value)
}

/** Mean position of [rows, 2]. */
export function centre(xy: Float32Array): readonly [number, number] {
  let x = 0
  let y = 0
  for (let i = 0; i < xy.length; i += 2) {
    x += xy[i] as number
    y += xy[i + 1] as number
  }
  const rows = Math.max(1, xy.length / 2)
  return [x / rows, y / rows]
}
