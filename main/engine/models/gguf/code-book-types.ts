/** Block formats of ggml whose bits name rows of a code book: IQ1 to IQ3. */
import { byte, half, type Decoder } from './block-decoder'
import { CODE_BOOKS } from './code-books'

/** Levels that the numbers in a code book stand for. */
const LEVELS = {
  IQ1: [-1, 0, 1, 0], IQ2: [0x08, 0x19, 0x2b, 0], IQ3_XXS: [0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3e], IQ3_S: [1, 3, 5, 7, 9, 11, 13, 15]
} as const

/** A code book unpacked at its first use: one value a byte, the rows after each other. */
function book(name: keyof typeof CODE_BOOKS, levels: readonly number[]): () => Int8Array {
  let values: Int8Array | null = null
  return () => {
    if (values) return values
    const packed = Buffer.from(CODE_BOOKS[name], 'base64')
    const [perByte, bits] = levels.length > 4 ? [2, 4] : [4, 2]
    const unpacked = new Int8Array(packed.length * perByte)
    for (let at = 0; at < unpacked.length; at++) unpacked[at] = levels[(byte(packed, Math.floor(at / perByte)) >> (bits * (at % perByte))) & (levels.length - 1)] ?? 0
    return (values = unpacked)
  }
}

const [iq2xxs, iq2xs, iq2s] = [book('IQ2_XXS', LEVELS.IQ2), book('IQ2_XS', LEVELS.IQ2), book('IQ2_S', LEVELS.IQ2)]
const [iq3xxs, iq3s, iq1] = [book('IQ3_XXS', LEVELS.IQ3_XXS), book('IQ3_S', LEVELS.IQ3_S), book('IQ1_S', LEVELS.IQ1)]

/** Eight signs from seven bits: the eighth makes their number even (`ksigns_iq2xs`). */
const EVEN_SIGNS = Uint8Array.from({ length: 128 }, (_, bits) => {
  let odd = 0
  for (let rest = bits; rest > 0; rest >>= 1) odd ^= rest & 1
  return bits | (odd << 7)
})
const evenSigns = (index: number): number => EVEN_SIGNS[index & 127] ?? 0

/** Writes `count` values of a code book's `row`, negative where the bits of `signs` say so. */
function signed(values: Int8Array, row: number, count: number, signs: number, numbers: Int8Array, to: number): void {
  for (let i = 0; i < count; i++) {
    const value = values[row * count + i] ?? 0
    numbers[to + i] = (signs >> i) & 1 ? -value : value
  }
}

/** Eight values of IQ1, times eight so that their shift of an eighth up or down is a whole number too. */
function shifted(values: Int8Array, row: number, down: boolean, numbers: Int8Array, to: number): void {
  for (let i = 0; i < 8; i++) numbers[to + i] = 8 * (values[row * 8 + i] ?? 0) + (down ? -1 : 1)
}

/** The nibble of group `j`, two a byte. */
const nibble = (bytes: Uint8Array, at: number, j: number): number => (byte(bytes, at + (j >> 1)) >> (4 * (j & 1))) & 15

/** Formats of fewer than four bits whose values come in rows of a code book (`ggml-quants.c`, `dequantize_row_iq…`). */
export const CODE_BOOK_DECODERS: Readonly<Record<string, Decoder>> = {
  IQ2_XXS: {
    group: 32, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      const scale = half(view, at)
      for (let j = 0; j < 8; j++) {
        const from = at + 2 + 8 * j
        const packed = view.getUint32(from + 4, true)
        target.scales[g + j] = scale * (0.5 + (packed >>> 28)) * 0.25
        for (let k = 0; k < 4; k++) signed(iq2xxs(), byte(bytes, from + k), 8, evenSigns(packed >>> (7 * k)), target.numbers, to + 32 * j + 8 * k)
      }
    }
  },
  IQ2_XS: {
    group: 16, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      const scale = half(view, at)
      for (let j = 0; j < 16; j++) target.scales[g + j] = scale * (0.5 + nibble(bytes, at + 66, j)) * 0.25
      for (let k = 0; k < 32; k++) {
        const packed = view.getUint16(at + 2 + 2 * k, true)
        signed(iq2xs(), packed & 511, 8, evenSigns(packed >> 9), target.numbers, to + 8 * k)
      }
    }
  },
  IQ2_S: {
    group: 16, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      const scale = half(view, at)
      for (let j = 0; j < 16; j++) target.scales[g + j] = scale * (0.5 + nibble(bytes, at + 74, j)) * 0.25
      for (let k = 0; k < 32; k++) {
        const high = (byte(bytes, at + 66 + (k >> 2)) >> (2 * (k & 3))) & 3
        signed(iq2s(), byte(bytes, at + 2 + k) | (high << 8), 8, byte(bytes, at + 34 + k), target.numbers, to + 8 * k)
      }
    }
  },
  IQ3_XXS: {
    group: 32, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      const scale = half(view, at)
      for (let j = 0; j < 8; j++) {
        const packed = view.getUint32(at + 66 + 4 * j, true)
        target.scales[g + j] = scale * (0.5 + (packed >>> 28)) * 0.5
        for (let k = 0; k < 8; k++) {
          const signs = evenSigns(packed >>> (7 * (k >> 1)))
          signed(iq3xxs(), byte(bytes, at + 2 + 8 * j + k), 4, k & 1 ? signs >> 4 : signs, target.numbers, to + 32 * j + 4 * k)
        }
      }
    }
  },
  IQ3_S: {
    group: 32, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      const scale = half(view, at)
      for (let j = 0; j < 8; j++) target.scales[g + j] = scale * (1 + 2 * nibble(bytes, at + 106, j))
      for (let k = 0; k < 64; k++) {
        const high = (byte(bytes, at + 66 + (k >> 3)) >> (k & 7)) & 1
        const signs = byte(bytes, at + 74 + (k >> 1))
        signed(iq3s(), byte(bytes, at + 2 + k) | (high << 8), 4, k & 1 ? signs >> 4 : signs, target.numbers, to + 4 * k)
      }
    }
  },
  IQ1_S: {
    group: 32, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      const scale = half(view, at)
      for (let j = 0; j < 8; j++) {
        const packed = view.getUint16(at + 34 + 2 * j, true)
        target.scales[g + j] = (scale * (2 * ((packed >> 12) & 7) + 1)) / 8
        for (let k = 0; k < 4; k++) {
          const row = byte(bytes, at + 2 + 4 * j + k) | (((packed >> (3 * k)) & 7) << 8)
          shifted(iq1(), row, (packed & 0x8000) !== 0, target.numbers, to + 32 * j + 8 * k)
        }
      }
    }
  },
  IQ1_M: {
    group: 16, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      // The scale of the block lies in the upper four bits of four words, those of the groups below.
      const words = [0, 1, 2, 3].map((word) => view.getUint16(at + 48 + 2 * word, true))
      SCALE.setUint16(0, words.reduce((bits, word, place) => bits | ((word >> 12) << (4 * place)), 0), true)
      const scale = half(SCALE, 0)
      for (let j = 0; j < 16; j++) target.scales[g + j] = (scale * (2 * (((words[j >> 2] ?? 0) >> (3 * (j & 3))) & 7) + 1)) / 8
      for (let k = 0; k < 32; k++) {
        const high = byte(bytes, at + 32 + (k >> 1)) >> (4 * (k & 1))
        shifted(iq1(), byte(bytes, at + k) | ((high & 7) << 8), (high & 8) !== 0, target.numbers, to + 8 * k)
      }
    }
  }
}

const SCALE = new DataView(new ArrayBuffer(2))
