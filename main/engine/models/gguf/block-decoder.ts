/** What the decoders of ggml's block formats share. */

/** IEEE binary16 → number. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Where a block is decoded to. */
export interface Target {
  readonly numbers: Int8Array
  readonly scales: Float32Array
  readonly offsets: Float32Array
}

/** How one format is decoded. */
export interface Decoder {
  readonly group: 16 | 32
  readonly bits: 4 | 8
  readonly offset: boolean
  /** Decodes the block at byte `at` into numbers from `to` and groups from `g`. */
  readonly decode: (bytes: Uint8Array, view: DataView, at: number, target: Target, to: number, g: number) => void
}

/** Every binary16 as a number: a file holds millions of scales. */
let halves: Float32Array | null = null
/** The binary16 at byte `at`. */
export const half = (view: DataView, at: number): number => (halves ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => halfToFloat(bits)))[view.getUint16(at, true)] ?? 0
export const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0
