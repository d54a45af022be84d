/** Block formats of ggml whose four bits say which of sixteen levels a value is: IQ4 and the four-bit floats. */
import { byte, half, type Decoder } from './block-decoder'

/** Values a 4-bit index of IQ4_NL and IQ4_XS stands for (`kvalues_iq4nl`). */
const IQ4_VALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const

/** Twice the values of a four-bit float (E2M1 of the OCP microscaling formats). */
const FLOAT4_VALUES = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12] as const

export const LEVEL_DECODERS: Readonly<Record<string, Decoder>> = {
  IQ4_NL: {
    group: 32, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      target.scales[g] = half(view, at)
      pairsOf(IQ4_VALUES, 16, bytes, at + 2, target.numbers, to)
    }
  },
  IQ4_XS: {
    group: 32, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      const scale = half(view, at)
      const highBits = view.getUint16(at + 2, true)
      for (let j = 0; j < 8; j++) {
        const low = (byte(bytes, at + 4 + (j >> 1)) >> (4 * (j & 1))) & 15
        const high = (highBits >> (2 * j)) & 3
        target.scales[g + j] = scale * ((low | (high << 4)) - 32)
        pairsOf(IQ4_VALUES, 16, bytes, at + 8 + j * 16, target.numbers, to + j * 32)
      }
    }
  },
  MXFP4: {
    group: 32, bits: 8, offset: false,
    decode: (bytes, _view, at, target, to, g) => {
      // Half of the power of two that the byte stands for, since the values are doubled.
      target.scales[g] = 2 ** (byte(bytes, at) - 128)
      pairsOf(FLOAT4_VALUES, 16, bytes, at + 1, target.numbers, to)
    }
  },
  NVFP4: {
    group: 16, bits: 8, offset: false,
    decode: (bytes, _view, at, target, to, g) => {
      for (let j = 0; j < 4; j++) {
        target.scales[g + j] = float8(byte(bytes, at + j)) / 2
        pairsOf(FLOAT4_VALUES, 8, bytes, at + 4 + 8 * j, target.numbers, to + 16 * j)
      }
    }
  }
}

/** What the nibbles of `count` bytes stand for: the low ones first, then the high ones. */
function pairsOf(levels: readonly number[], count: number, bytes: Uint8Array, at: number, numbers: Int8Array, to: number): void {
  for (let i = 0; i < count; i++) {
    const pair = byte(bytes, at + i)
    numbers[to + i] = levels[pair & 15] ?? 0
    numbers[to + count + i] = levels[pair >> 4] ?? 0
  }
}

/** An unsigned eight-bit float (E4M3) as ggml reads it: its largest code, which is no number, counts as zero. */
function float8(code: number): number {
  const exponent = (code >> 3) & 15
  const fraction = code & 7
  if (code === 127) return 0
  return exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7)
}
