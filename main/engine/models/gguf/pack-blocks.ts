/** Blocks of ggml repacked as ONNX Runtime multiplies them. */
import { byte, half } from './block-decoder'
import { decodeBlocks, decoderOf } from './decode-blocks'

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
  const decoder = decoderOf(type)
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
