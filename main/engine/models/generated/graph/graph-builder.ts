import onnxProto, { type onnx as Onnx } from 'onnx-proto'

// The package is CommonJS: its names are on the default export.
const { onnx } = onnxProto

/** ONNX element types this builder writes (TensorProto.DataType). */
const ELEMENT_TYPE = { float32: 1, uint8: 2, int32: 6, int64: 7, float16: 10, bfloat16: 16 } as const
export type ElementType = keyof typeof ELEMENT_TYPE
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { float32: 4, uint8: 1, int32: 4, int64: 8, float16: 2, bfloat16: 2 }

/** Bytes of a file that hold one tensor, little-endian and row-major. `file` is relative to the model's folder. */
export interface ByteRange {
  readonly file: string
  readonly offset: number
  readonly length: number
}

type Attribute = number | string | readonly number[] | { readonly float: number } | { readonly floats: readonly number[] }

/** Name of a value in the graph under construction. */
export type Value = string

/** Dims of a value; those with the same name have the same size in every run. */
export type Shape = readonly (number | string)[]

/**
 * Writes an ONNX graph node by node. Values are names; each operator method returns the name of its first output.
 * Small constants are stored inline and shared; weights are byte ranges of the user's own files.
 */
export class GraphBuilder {
  private readonly nodes: Onnx.INodeProto[] = []
  private readonly initializers: Onnx.ITensorProto[] = []
  private readonly inputs: Onnx.IValueInfoProto[] = []
  private readonly outputs: Onnx.IValueInfoProto[] = []
  private readonly shapes: Onnx.IValueInfoProto[] = []
  private readonly constants = new Map<string, Value>()
  private readonly taken = new Set<string>()

  input(name: string, type: ElementType, shape: Shape): Value {
    this.taken.add(name)
    this.inputs.push(valueInfo(name, type, shape))
    return name
  }

  /** Declares `value` as a graph output called `name`. */
  output(name: string, value: Value, shape: Shape): void {
    if (value !== name) this.nodes.push(onnx.NodeProto.create({ opType: 'Identity', input: [value], output: [name], name: `output/${name}` }))
    this.outputs.push(valueInfo(name, 'float32', shape))
  }

  /** An initializer whose content stays in the user's file. */
  external(name: string, type: ElementType, shape: readonly number[], range: ByteRange): Value {
    if (this.taken.has(name)) return name
    this.taken.add(name)
    this.initializers.push(onnx.TensorProto.create({
      name, dataType: ELEMENT_TYPE[type], dims: [...shape],
      dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
      externalData: [
        { key: 'location', value: range.file },
        { key: 'offset', value: String(range.offset) },
        { key: 'length', value: String(range.length) }
      ]
    }))
    return name
  }

  /** The value `name`, made by `make` the first time it is asked for. */
  once(name: Value, make: (name: Value) => Value): Value {
    return this.taken.has(name) ? name : make(name)
  }

  int64s(values: readonly number[]): Value {
    return this.constant(`int64:${values.join(',')}:1`, 'int64', [values.length], new BigInt64Array(values.map(BigInt)))
  }

  int64(value: number): Value {
    return this.constant(`int64:${value}:0`, 'int64', [], new BigInt64Array([BigInt(value)]))
  }

  float(value: number): Value {
    return this.constant(`float:${value}`, 'float32', [], new Float32Array([value]))
  }

  floats(name: string, values: Float32Array, shape: readonly number[]): Value {
    return this.constant(`floats:${name}`, 'float32', shape, values)
  }

  private constant(key: string, type: ElementType, shape: readonly number[], data: ArrayBufferView): Value {
    const known = this.constants.get(key)
    if (known) return known
    const name = `constant_${this.constants.size}`
    this.constants.set(key, name)
    this.initializers.push(onnx.TensorProto.create({
      name, dataType: ELEMENT_TYPE[type], dims: [...shape],
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    }))
    return name
  }

  /**
   * Appends an operator and returns its first output. `name` must be unique; it names the node and its outputs.
   * @param options.shape of a float32 output whose size ONNX Runtime cannot infer: without it, it finds no buffer that the output
   *   could take over, and looking for one among all that are free makes loading quadratic in the number of operators
   */
  op(opType: string, inputs: readonly Value[], name: string, attributes: Readonly<Record<string, Attribute>> = {}, options: { readonly domain?: string; readonly outputs?: number; readonly shape?: Shape } = {}): Value {
    const outputs = Array.from({ length: options.outputs ?? 1 }, (_, i) => (i === 0 ? name : `${name}:${i}`))
    if (this.taken.has(name)) throw new Error(`The graph already has a value called ${name}.`)
    this.taken.add(name)
    this.nodes.push(onnx.NodeProto.create({
      opType, input: [...inputs], output: outputs, name, domain: options.domain ?? '',
      attribute: Object.entries(attributes).map(([key, value]) => attributeOf(key, value))
    }))
    if (options.shape) this.shapes.push(valueInfo(name, 'float32', options.shape))
    return name
  }

  /** The finished ModelProto, with only the nodes that the outputs need. */
  build(graphName: string): Uint8Array {
    const outputs = new Set(this.outputs.map(({ name }) => name ?? ''))
    const needed = new Set(outputs)
    const kept: Onnx.INodeProto[] = []
    for (const node of [...this.nodes].reverse()) {
      if (!node.output?.some((output) => needed.has(output))) continue
      kept.push(node)
      for (const input of node.input ?? []) needed.add(input)
    }
    const model = onnx.ModelProto.create({
      irVersion: 9,
      producerName: 'layerscope',
      opsetImport: [{ domain: '', version: 20 }, { domain: 'com.microsoft', version: 1 }],
      graph: {
        name: graphName,
        node: kept.reverse(),
        initializer: this.initializers.filter(({ name }) => needed.has(name ?? '')),
        input: this.inputs.filter(({ name }) => needed.has(name ?? '')),
        output: this.outputs,
        valueInfo: this.shapes.filter(({ name }) => needed.has(name ?? '') && !outputs.has(name ?? ''))
      }
    })
    return onnx.ModelProto.encode(model).finish()
  }
}

function valueInfo(name: string, type: ElementType, shape: Shape): Onnx.IValueInfoProto {
  return {
    name,
    type: { tensorType: { elemType: ELEMENT_TYPE[type], shape: { dim: shape.map((dim) => (typeof dim === 'string' ? { dimParam: dim } : { dimValue: dim })) } } }
  }
}

function attributeOf(name: string, value: Attribute): Onnx.IAttributeProto {
  const { AttributeType } = onnx.AttributeProto
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value }
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) }
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float }
  if ('floats' in value) return { name, type: AttributeType.FLOATS, floats: [...value.floats] }
  return { name, type: AttributeType.INTS, ints: [...value] }
}
