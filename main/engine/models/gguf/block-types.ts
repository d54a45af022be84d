/**
 * The block formats of ggml (`ggml-common.h`), each decoded into the same three parts:
 * whole numbers, a scale for each group of them, and where the format has one an offset: value = scale · number + offset.
 * Every number fits a signed byte, so that a matrix multiplies exactly as 4- or 8-bit blocks (`MatMulNBits`).
 */
import { byte, half, halfToFloat, type Decoder, type Target } from './block-decoder'
import { CODE_BOOK_DECODERS } from './code-book-types'

/** ggml_type → name. Names missing here are types ggml has given up or that hold no weights. */
export const GGUF_TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 9: 'Q8_1',
  10: 'Q2_K', 11: 'Q3_K', 12: 'Q4_K', 13: 'Q5_K', 14: 'Q6_K', 15: 'Q8_K',
  16: 'IQ2_XXS', 17: 'IQ2_XS', 18: 'IQ3_XXS', 19: 'IQ1_S', 20: 'IQ4_NL', 21: 'IQ3_S', 22: 'IQ2_S', 23: 'IQ4_XS', 29: 'IQ1_M',
  24: 'I8', 25: 'I16', 26: 'I32', 27: 'I64', 28: 'F64', 30: 'BF16', 34: 'TQ1_0', 35: 'TQ2_0', 39: 'MXFP4', 40: 'NVFP4',
  // Given up by llama.cpp, but still about: rows woven together for one processor.
  31: 'Q4_0_4_4', 32: 'Q4_0_4_8', 33: 'Q4_0_8_8', 36: 'IQ4_NL_4_4', 37: 'IQ4_NL_4_8', 38: 'IQ4_NL_8_8'
}

/** Values in a block and the bytes it takes. */
const LAYOUTS: Readonly<Record<string, readonly [values: number, bytes: number]>> = {
  F32: [1, 4], F16: [1, 2], BF16: [1, 2], F64: [1, 8], I8: [1, 1], I16: [1, 2], I32: [1, 4], I64: [1, 8],
  Q4_0: [32, 18], Q4_1: [32, 20], Q5_0: [32, 22], Q5_1: [32, 24], Q8_0: [32, 34], Q8_1: [32, 36],
  Q2_K: [256, 84], Q3_K: [256, 110], Q4_K: [256, 144], Q5_K: [256, 176], Q6_K: [256, 210], Q8_K: [256, 292],
  IQ2_XXS: [256, 66], IQ2_XS: [256, 74], IQ3_XXS: [256, 98], IQ1_S: [256, 50], IQ4_NL: [32, 18], IQ3_S: [256, 110], IQ2_S: [256, 82], IQ4_XS: [256, 136], IQ1_M: [256, 56],
  TQ1_0: [256, 54], TQ2_0: [256, 66], MXFP4: [32, 17], NVFP4: [64, 36],
  Q4_0_4_4: [32, 18], Q4_0_4_8: [32, 18], Q4_0_8_8: [32, 18], IQ4_NL_4_4: [32, 18], IQ4_NL_4_8: [32, 18], IQ4_NL_8_8: [32, 18]
}

export function blockLayout(type: string): { readonly values: number; readonly bytes: number } {
  const layout = LAYOUTS[type]
  if (!layout) throw new Error(`No layout for ${type}.`)
  return { values: layout[0], bytes: layout[1] }
}

/** A quantised matrix, decoded: value[i] = scales[g] · numbers[i] + offsets[g] with g = floor(i / group). */
export interface QuantisedValues {
  readonly group: 16 | 32
  /** Bits that hold every number: 4 where all are in −8 … 7. */
  readonly bits: 4 | 8
  readonly numbers: Int8Array
  readonly scales: Float32Array
  readonly offsets: Float32Array | null
}

/** Blocks of quantised types this decoder knows. */
export function isDecodable(type: string): boolean {
  return type in DECODERS
}

/** Decodes whole blocks of `type`. `bytes` holds blocks only; its length is a multiple of the block's. */
export function decodeBlocks(type: string, bytes: Uint8Array): QuantisedValues {
  const decoder = DECODERS[type]
  if (!decoder) throw new Error(`No decoder for ${type}.`)
  const layout = blockLayout(type)
  const blocks = bytes.length / layout.bytes
  const groups = (blocks * layout.values) / decoder.group
  const target: Target = {
    numbers: new Int8Array(blocks * layout.values),
    scales: new Float32Array(groups),
    offsets: decoder.offset ? new Float32Array(groups) : EMPTY
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let block = 0; block < blocks; block++) {
    decoder.decode(bytes, view, block * layout.bytes, target, block * layout.values, (block * layout.values) / decoder.group)
  }
  return { group: decoder.group, bits: decoder.bits, numbers: target.numbers, scales: target.scales, offsets: decoder.offset ? target.offsets : null }
}

/** A quantised matrix as `MatMulNBits` takes it: two numbers a byte, the first in the low nibble, or one a byte; its default zero point added. */
export interface PackedValues {
  readonly group: 16 | 32
  readonly bits: 4 | 8
  readonly packed: Uint8Array
  readonly scales: Float32Array
  readonly offsets: Float32Array | null
}

/** How blocks of `type` are grouped when packed; null for types that are not blocks. */
export function packingOf(type: string): Pick<PackedValues, 'group' | 'bits'> & { readonly offset: boolean } | null {
  const decoder = DECODERS[type]
  return decoder ? { group: decoder.group, bits: decoder.bits, offset: decoder.offset } : null
}

/** Blocks repacked for `MatMulNBits`; the same numbers as `decodeBlocks` gives. */
export function packBlocks(type: string, bytes: Uint8Array): PackedValues {
  if (type === 'Q4_0' || type === 'Q4_1') return repackNibbles(bytes, type === 'Q4_1')
  if (type === 'Q8_0') return repackBytes(bytes)
  const { group, bits, numbers, scales, offsets } = decodeBlocks(type, bytes)
  return { group, bits, scales, offsets, packed: bits === 4 ? packNibbles(numbers) : Uint8Array.from(numbers, (number) => number + 128) }
}

function packNibbles(numbers: Int8Array): Uint8Array {
  const packed = new Uint8Array(numbers.length / 2)
  for (let i = 0; i < packed.length; i++) packed[i] = ((numbers[2 * i] ?? 0) + 8) | (((numbers[2 * i + 1] ?? 0) + 8) << 4)
  return packed
}

/** The commonest blocks without the way through single numbers: nibbles of the two halves become nibbles of neighbours. */
function repackNibbles(bytes: Uint8Array, withMinimum: boolean): PackedValues {
  const header = withMinimum ? 4 : 2
  const blocks = bytes.length / (header + 16)
  const packed = new Uint8Array(blocks * 16)
  const scales = new Float32Array(blocks)
  const offsets = withMinimum ? new Float32Array(blocks) : null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += header + 16, to += 16) {
    const scale = half(view, at)
    scales[block] = scale
    if (offsets) offsets[block] = half(view, at + 2) + 8 * scale
    for (let i = 0, from = at + header; i < 8; i++, from += 2) {
      const first = byte(bytes, from)
      const second = byte(bytes, from + 1)
      packed[to + i] = (first & 15) | ((second & 15) << 4)
      packed[to + 8 + i] = (first >> 4) | (second & 240)
    }
  }
  return { group: 32, bits: 4, packed, scales, offsets }
}

function repackBytes(bytes: Uint8Array): PackedValues {
  const blocks = bytes.length / 34
  const packed = new Uint8Array(blocks * 32)
  const scales = new Float32Array(blocks)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let block = 0, at = 0, to = 0; block < blocks; block++, at += 34) {
    scales[block] = half(view, at)
    // A signed byte with its first bit turned is the number plus 128.
    for (let from = at + 2; from < at + 34; from++) packed[to++] = (bytes[from] ?? 0) ^ 128
  }
  return { group: 32, bits: 8, packed, scales, offsets: null }
}

/** Float32 values of a tensor of any decodable type, or of a plain half-precision one. */
export function toFloat32(type: string, bytes: Uint8Array): Float32Array {
  if (type === 'F32') return new Float32Array(bytes.slice().buffer)
  if (type === 'Q8_0') return widenBytes(bytes)
  if (type === 'F16' || type === 'BF16') {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const widen = type === 'F16' ? halfToFloat : brainToFloat
    return Float32Array.from({ length: bytes.length / 2 }, (_, i) => widen(view.getUint16(2 * i, true)))
  }
  const { numbers, scales, offsets, group } = decodeBlocks(type, bytes)
  const values = new Float32Array(numbers.length)
  for (let g = 0, i = 0; g < scales.length; g++) {
    const scale = scales[g] ?? 0
    const offset = offsets?.[g] ?? 0
    for (const end = i + group; i < end; i++) values[i] = scale * (numbers[i] ?? 0) + offset
  }
  return values
}

function widenBytes(bytes: Uint8Array): Float32Array {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values = new Float32Array((bytes.length / 34) * 32)
  for (let at = 0, to = 0; at < bytes.length; at += 34) {
    const scale = half(view, at)
    for (let i = 0; i < 32; i++) values[to++] = scale * (signed[at + 2 + i] ?? 0)
  }
  return values
}

const SCRATCH = new DataView(new ArrayBuffer(4))

const EMPTY = new Float32Array(0)

function brainToFloat(bits: number): number {
  SCRATCH.setUint32(0, bits << 16)
  return SCRATCH.getFloat32(0)
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

/** The 6-bit scale and minimum of group `j` of Q4_K and Q5_K (`get_scale_min_k4`). */
function scaleAndMinimum(bytes: Uint8Array, at: number, j: number): readonly [number, number] {
  if (j < 4) return [byte(bytes, at + j) & 63, byte(bytes, at + j + 4) & 63]
  return [
    (byte(bytes, at + j + 4) & 15) | ((byte(bytes, at + j - 4) >> 6) << 4),
    (byte(bytes, at + j + 4) >> 4) | ((byte(bytes, at + j) >> 6) << 4)
  ]
}

/** Values a 4-bit index of IQ4_NL and IQ4_XS stands for (`kvalues_iq4nl`). */
const IQ4_VALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const

/** Twice the values of a four-bit float (E2M1 of the OCP microscaling formats). */
const FLOAT4_VALUES = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12] as const

const DECODERS: Readonly<Record<string, Decoder>> = {
  ...CODE_BOOK_DECODERS,
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
  },
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
  }
}

function fiveBits(bytes: Uint8Array, highs: number, at: number, numbers: Int8Array, to: number, zero: number): void {
  for (let i = 0; i < 16; i++) {
    const pair = byte(bytes, at + i)
    numbers[to + i] = ((pair & 15) | (((highs >>> i) & 1) << 4)) - zero
    numbers[to + 16 + i] = ((pair >> 4) | (((highs >>> (i + 16)) & 1) << 4)) - zero
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
