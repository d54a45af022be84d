/** A safetensors file of float32 tensors, as bytes: 8-byte header length, JSON header, data in order. */
export function writeSafetensors(tensors: Readonly<Record<string, { readonly data: Float32Array; readonly shape: readonly number[] }>>): Uint8Array {
  let offset = 0
  const header: Record<string, unknown> = {}
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  let text = JSON.stringify(header)
  text += ' '.repeat((8 - text.length % 8) % 8)
  const bytes = new Uint8Array(8 + text.length + offset)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(new TextEncoder().encode(text), 8)
  let at = 8 + text.length
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

/** Tensors of a safetensors file: F32, F64 and I32 as their typed arrays, with their shapes. */
export function readSafetensors(bytes: Uint8Array): ReadonlyMap<string, { readonly data: Float32Array | Float64Array | Int32Array; readonly shape: readonly number[] }> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, { dtype?: string; shape: number[]; data_offsets: [number, number] }>
  const tensors = new Map<string, { data: Float32Array | Float64Array | Int32Array; shape: number[] }>()
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(header)) {
    if (name === '__metadata__') continue
    // Copied, since the header may leave the data unaligned (and a Buffer's own slice would not copy).
    const buffer = Uint8Array.from(bytes.subarray(8 + length + from, 8 + length + to)).buffer
    if (dtype === 'F32') tensors.set(name, { data: new Float32Array(buffer), shape })
    else if (dtype === 'F64') tensors.set(name, { data: new Float64Array(buffer), shape })
    else if (dtype === 'I32') tensors.set(name, { data: new Int32Array(buffer), shape })
    else throw new Error(`safetensors dtype ${dtype ?? 'none'} of ${name} is not read here`)
  }
  return tensors
}
