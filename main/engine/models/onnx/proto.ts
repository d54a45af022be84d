/** The ONNX messages this folder reads and writes, over `onnx-proto` (a protobufjs build of onnx.proto). */
import onnxProto from 'onnx-proto'

const { onnx } = onnxProto

/** `TensorProto.DataType` values that occur in transformer exports. */
export const DataType = {
  float: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, string: 8, bool: 9,
  float16: 10, double: 11, uint32: 12, uint64: 13, bfloat16: 16, uint4: 21, int4: 22
} as const

export type AttributeMessage = InstanceType<typeof onnx.AttributeProto>
export type TensorMessage = InstanceType<typeof onnx.TensorProto>
export type ValueInfoMessage = InstanceType<typeof onnx.ValueInfoProto>
export type GraphMessage = InstanceType<typeof onnx.GraphProto>
export type NodeMessage = InstanceType<typeof onnx.NodeProto>
export { onnx }

/** A protobuf 64-bit integer (a number or a Long) as a number; ±2⁶³ bounds lose their last digits, which is harmless for slices. */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'object' && value !== null && 'toNumber' in value && typeof value.toNumber === 'function') return Number(value.toNumber())
  return Number(value ?? 0)
}

export function intAttribute(name: string, value: number): AttributeMessage {
  return onnx.AttributeProto.create({ name, i: value, type: onnx.AttributeProto.AttributeType.INT })
}

export function floatAttribute(name: string, value: number): AttributeMessage {
  return onnx.AttributeProto.create({ name, f: value, type: onnx.AttributeProto.AttributeType.FLOAT })
}

export function intsAttribute(name: string, values: readonly number[]): AttributeMessage {
  return onnx.AttributeProto.create({ name, ints: [...values], type: onnx.AttributeProto.AttributeType.INTS })
}

/** A small int64 initializer. */
export function int64Tensor(name: string, values: readonly number[], dims: readonly number[] = [values.length]): TensorMessage {
  const raw = new BigInt64Array(values.map(value => BigInt(value)))
  return onnx.TensorProto.create({ name, dims: [...dims], dataType: DataType.int64, rawData: new Uint8Array(raw.buffer) })
}

/** A small float32 initializer. */
export function floatTensor(name: string, values: readonly number[], dims: readonly number[] = [values.length]): TensorMessage {
  return onnx.TensorProto.create({ name, dims: [...dims], dataType: DataType.float, rawData: new Uint8Array(new Float32Array(values).buffer) })
}
