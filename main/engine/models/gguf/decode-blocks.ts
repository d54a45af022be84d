/**
 * The block formats of ggml (`ggml-common.h`), each decoded into the same three parts:
 * whole numbers, a scale for each group of them, and where the format has one an offset: value = scale · number + offset.
 * Every number fits a signed byte, so that a matrix multiplies exactly as 4- or 8-bit blocks (`MatMulNBits`).
 */
import { half, halfToFloat, type Decoder, type Target } from './block-decoder'
import { blockLayout } from './block-types'
import { CODE_BOOK_DECODERS } from './code-book-types'
import { LEVEL_DECODERS } from './level-types'
import { LINEAR_DECODERS } from './linear-types'

const DECODERS: Readonly<Record<string, Decoder>> = { ...LINEAR_DECODERS, ...LEVEL_DECODERS, ...CODE_BOOK_DECODERS }

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

/** How blocks of `type` are decoded; null for types that are not blocks. */
export function decoderOf(type: string): Decoder | null {
  return DECODERS[type] ?? null
}

const EMPTY = new Float32Array(0)

/** Decodes whole blocks of `type`. `bytes` holds blocks only; its length is a multiple of the block's. */
export function decodeBlocks(type: string, bytes: Uint8Array): QuantisedValues {
  const decoder = decoderOf(type)
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

function brainToFloat(bits: number): number {
  SCRATCH.setUint32(0, bits << 16)
  return SCRATCH.getFloat32(0)
}
