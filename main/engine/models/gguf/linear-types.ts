/** Block formats of ggml whose stored numbers are the values before scaling: Q4_0 to Q8_0, the K-quants and the ternary ones. */
import { byte, half, type Decoder } from './block-decoder'

export const LINEAR_DECODERS: Readonly<Record<string, Decoder>> = {
  Q4_0: {
    group: 32, bits: 4, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      target.scales[g] = half(view, at)
      nibbles(bytes, at + 2, 32, target.numbers, to, 8)
    }
  },
  Q4_1: {
    group: 32, bits: 4, offset: true,
    decode: (bytes, view, at, target, to, g) => {
      const scale = half(view, at)
      target.scales[g] = scale
      // Numbers are centred, and the offset takes what that moves: d·q + m = d·(q − 8) + (m + 8d).
      target.offsets[g] = half(view, at + 2) + 8 * scale
      nibbles(bytes, at + 4, 32, target.numbers, to, 8)
    }
  },
  Q5_0: {
    group: 32, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      target.scales[g] = half(view, at)
      fiveBits(bytes, view.getUint32(at + 2, true), at + 6, target.numbers, to, 16)
    }
  },
  Q5_1: {
    group: 32, bits: 8, offset: true,
    decode: (bytes, view, at, target, to, g) => {
      target.scales[g] = half(view, at)
      target.offsets[g] = half(view, at + 2)
      fiveBits(bytes, view.getUint32(at + 4, true), at + 8, target.numbers, to, 0)
    }
  },
  Q8_0: {
    group: 32, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      target.scales[g] = half(view, at)
      target.numbers.set(new Int8Array(bytes.buffer, bytes.byteOffset + at + 2, 32), to)
    }
  },
  Q2_K: {
    group: 16, bits: 4, offset: true,
    decode: (bytes, view, at, target, to, g) => {
      const [scale, minimum] = [half(view, at + 80), half(view, at + 82)]
      for (let j = 0; j < 16; j++) {
        const packed = byte(bytes, at + j)
        target.scales[g + j] = scale * (packed & 15)
        target.offsets[g + j] = -minimum * (packed >> 4)
      }
      for (let i = 0; i < 256; i++) {
        // Each half of 128 values shares 32 bytes, two bits a value in four layers.
        const within = i % 128
        target.numbers[to + i] = (byte(bytes, at + 16 + (i >> 7) * 32 + (within % 32)) >> (2 * Math.floor(within / 32))) & 3
      }
    }
  },
  Q3_K: {
    group: 16, bits: 4, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      const scale = half(view, at + 108)
      const scales = at + 96
      for (let j = 0; j < 16; j++) {
        const low = j < 8 ? byte(bytes, scales + j) & 15 : byte(bytes, scales + j - 8) >> 4
        const high = (byte(bytes, scales + 8 + (j % 4)) >> (2 * Math.floor(j / 4))) & 3
        target.scales[g + j] = scale * ((low | (high << 4)) - 32)
      }
      for (let i = 0; i < 256; i++) {
        const within = i % 128
        const low = (byte(bytes, at + 32 + (i >> 7) * 32 + (within % 32)) >> (2 * Math.floor(within / 32))) & 3
        const high = (byte(bytes, at + (i % 32)) >> Math.floor(i / 32)) & 1
        target.numbers[to + i] = low - (high ? 0 : 4)
      }
    }
  },
  Q4_K: {
    group: 32, bits: 4, offset: true,
    decode: (bytes, view, at, target, to, g) => {
      const [scale, minimum] = [half(view, at), half(view, at + 2)]
      for (let j = 0; j < 8; j++) {
        const [s, m] = scaleAndMinimum(bytes, at + 4, j)
        const groupScale = Math.fround(scale * s)
        target.scales[g + j] = groupScale
        target.offsets[g + j] = 8 * groupScale - minimum * m
        const from = at + 16 + (j >> 1) * 32
        for (let i = 0; i < 32; i++) {
          const pair = byte(bytes, from + i)
          target.numbers[to + j * 32 + i] = (j & 1 ? pair >> 4 : pair & 15) - 8
        }
      }
    }
  },
  Q5_K: {
    group: 32, bits: 8, offset: true,
    decode: (bytes, view, at, target, to, g) => {
      const [scale, minimum] = [half(view, at), half(view, at + 2)]
      for (let j = 0; j < 8; j++) {
        const [s, m] = scaleAndMinimum(bytes, at + 4, j)
        target.scales[g + j] = scale * s
        target.offsets[g + j] = -minimum * m
        const from = at + 48 + (j >> 1) * 32
        for (let i = 0; i < 32; i++) {
          const pair = byte(bytes, from + i)
          const high = (byte(bytes, at + 16 + i) >> j) & 1
          target.numbers[to + j * 32 + i] = (j & 1 ? pair >> 4 : pair & 15) | (high << 4)
        }
      }
    }
  },
  Q6_K: {
    group: 16, bits: 8, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      const scale = half(view, at + 208)
      for (let j = 0; j < 16; j++) target.scales[g + j] = scale * view.getInt8(at + 192 + j)
      for (let i = 0; i < 256; i++) {
        const part = i >> 7
        const within = i % 128
        const quarter = Math.floor(within / 32)
        const low = byte(bytes, at + part * 64 + (quarter & 1) * 32 + (within % 32))
        const high = (byte(bytes, at + 128 + part * 32 + (within % 32)) >> (2 * quarter)) & 3
        target.numbers[to + i] = ((quarter < 2 ? low & 15 : low >> 4) | (high << 4)) - 32
      }
    }
  },
  TQ1_0: {
    group: 32, bits: 4, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      target.scales.fill(half(view, at + 52), g, g + 8)
      // Digits of base three, five a byte and in the last four bytes four; a row of bytes gives its first digits first.
      let next = to
      for (const [from, count, digits] of [[0, 32, 5], [32, 16, 5], [48, 4, 4]] as const) {
        for (let digit = 0; digit < digits; digit++) {
          for (let i = 0; i < count; i++) target.numbers[next++] = ((((byte(bytes, at + from + i) * 3 ** digit) & 255) * 3) >> 8) - 1
        }
      }
    }
  },
  TQ2_0: {
    group: 32, bits: 4, offset: false,
    decode: (bytes, view, at, target, to, g) => {
      target.scales.fill(half(view, at + 64), g, g + 8)
      for (let i = 0; i < 256; i++) target.numbers[to + i] = ((byte(bytes, at + (i >> 7) * 32 + (i % 32)) >> (2 * ((i >> 5) & 3))) & 3) - 1
    }
  }
}

/** Two nibbles a byte: the low ones are the first half of the block. */
function nibbles(bytes: Uint8Array, at: number, count: number, numbers: Int8Array, to: number, zero: number): void {
  const middle = count / 2
  for (let i = 0; i < middle; i++) {
    const pair = byte(bytes, at + i)
    numbers[to + i] = (pair & 15) - zero
    numbers[to + middle + i] = (pair >> 4) - zero
  }
}

function fiveBits(bytes: Uint8Array, highs: number, at: number, numbers: Int8Array, to: number, zero: number): void {
  for (let i = 0; i < 16; i++) {
    const pair = byte(bytes, at + i)
    numbers[to + i] = ((pair & 15) | (((highs >>> i) & 1) << 4)) - zero
    numbers[to + 16 + i] = ((pair >> 4) | (((highs >>> (i + 16)) & 1) << 4)) - zero
  }
}

/** The 6-bit scale and minimum of group `j` of Q4_K and Q5_K (`get_scale_min_k4`). */
function scaleAndMinimum(bytes: Uint8Array, at: number, j: number): readonly [number, number] {
  if (j < 4) return [byte(bytes, at + j) & 63, byte(bytes, at + j + 4) & 63]
  return [
    (byte(bytes, at + j + 4) & 15) | ((byte(bytes, at + j - 4) >> 6) << 4),
    (byte(bytes, at + j + 4) >> 4) | ((byte(bytes, at + j) >> 6) << 4)
  ]
}
