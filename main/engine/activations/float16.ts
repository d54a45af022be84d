/**
 * IEEE 754 half precision, both ways, on whole arrays. Node 20 has no Float16Array.
 */
const bits = new Uint32Array(1)
const value = new Float32Array(bits.buffer)

/** Nearest half of one float, ties to even; beyond 65,504 it becomes ±Infinity (0x7c00, 0xfc00). */
export function toFloat16(x: number): number {
  value[0] = x
  const f = bits[0] ?? 0
  const sign = (f >>> 16) & 0x8000
  const magnitude = f & 0x7fffffff
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00)
  // 65,520 is the midpoint between the greatest half and the next that would be.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x38800000) {
    // Subnormal half: shift the significand, hidden bit included, and round what falls off.
    if (magnitude < 0x33000000) return sign
    const shift = 126 - (magnitude >>> 23)
    const significand = (magnitude & 0x7fffff) | 0x800000
    const kept = significand >>> shift
    const rest = significand & ((1 << shift) - 1)
    const half = 1 << (shift - 1)
    return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0))
  }
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
}

let table: Float32Array | null = null

/** Every half as a float, by its 16 bits. */
function halves(): Float32Array {
  if (table !== null) return table
  const built = new Float32Array(65_536)
  for (let h = 0; h < 65_536; h++) {
    const exponent = (h >>> 10) & 0x1f
    const fraction = h & 0x3ff
    const magnitude = exponent === 0 ? fraction * 2 ** -24
      : exponent === 31 ? (fraction === 0 ? Infinity : NaN)
        : (1 + fraction / 1024) * 2 ** (exponent - 15)
    built[h] = (h & 0x8000) === 0 ? magnitude : -magnitude
  }
  table = built
  return built
}

/** `from` as halves, same length. */
export function float32ToFloat16(from: Float32Array): Uint16Array {
  const to = new Uint16Array(from.length)
  for (let i = 0; i < from.length; i++) to[i] = toFloat16(from[i] ?? 0)
  return to
}

/** Widens `from` into `to`, exactly. */
export function float16ToFloat32(from: Uint16Array, to: Float32Array): void {
  const widen = halves()
  for (let i = 0; i < from.length; i++) to[i] = widen[from[i] ?? 0] ?? 0
}
