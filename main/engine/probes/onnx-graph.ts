import onnxProto from 'onnx-proto'
import * as ort from 'onnxruntime-node'

const { onnx } = onnxProto

type Attribute = number | readonly number[]
type ElementType = 'float16' | 'float32' | 'float64'

const elementTypes: Readonly<Record<ElementType, number>> = { float16: onnx.TensorProto.DataType.FLOAT16, float32: onnx.TensorProto.DataType.FLOAT, float64: onnx.TensorProto.DataType.DOUBLE }

/**
 * Builds a small ONNX graph by calling operators in order, for products that should run multithreaded and vectorised.
 * Every method returns the name of the value it adds. Opset 17.
 */
export class GraphBuilder {
  private readonly nodes: InstanceType<typeof onnx.NodeProto>[] = []
  private readonly inputs: InstanceType<typeof onnx.ValueInfoProto>[] = []
  private readonly outputs: InstanceType<typeof onnx.ValueInfoProto>[] = []
  private readonly constants: InstanceType<typeof onnx.TensorProto>[] = []

  input(name: string, type: ElementType = 'float32'): string {
    this.inputs.push(valueInfo(name, type))
    return name
  }

  output(value: string, name: string, type: ElementType = 'float32'): void {
    this.nodes.push(onnx.NodeProto.create({ opType: 'Identity', input: [value], output: [name] }))
    this.outputs.push(valueInfo(name, type))
  }

  scalar(value: number, type: 'float32' | 'float64'): string {
    const name = this.fresh()
    this.constants.push(onnx.TensorProto.create(type === 'float32'
      ? { name, dataType: elementTypes.float32, floatData: [value] }
      : { name, dataType: elementTypes.float64, doubleData: [value] }))
    return name
  }

  integers(values: readonly number[]): string {
    const name = this.fresh()
    this.constants.push(onnx.TensorProto.create({
      name, dims: [values.length], dataType: onnx.TensorProto.DataType.INT64,
      rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
    }))
    return name
  }

  /** Float32 values that are part of the graph: a product with them packs them once instead of at every run. */
  matrix(name: string, values: Float32Array, dims: readonly number[]): string {
    this.constants.push(onnx.TensorProto.create({
      name, dims: [...dims], dataType: elementTypes.float32, rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    }))
    return name
  }

  /** Any operator with one output; attributes are integers. */
  op(opType: string, input: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, domain = ''): string {
    const output = this.fresh()
    this.nodes.push(onnx.NodeProto.create({
      opType, domain, input: [...input], output: [output],
      attribute: Object.entries(attributes).map(([name, value]) => onnx.AttributeProto.create(typeof value === 'number'
        ? { name, type: onnx.AttributeProto.AttributeType.INT, i: value }
        : { name, type: onnx.AttributeProto.AttributeType.INTS, ints: [...value] }))
    }))
    return output
  }

  cast(value: string, type: ElementType): string {
    return this.op('Cast', [value], { to: elementTypes[type] })
  }

  sum(value: string, axes: readonly number[], keepDimensions: 'keep' | 'drop'): string {
    return this.op('ReduceSum', [value, this.integers(axes)], { keepdims: keepDimensions === 'keep' ? 1 : 0 })
  }

  /** @param threads of a product; 0 for one a core */
  async session(threads = 0): Promise<ort.InferenceSession> {
    const model = onnx.ModelProto.create({
      irVersion: 8,
      opsetImport: [{ domain: '', version: 17 }, { domain: 'com.microsoft', version: 1 }],
      graph: { name: 'probe', node: this.nodes, input: this.inputs, output: this.outputs, initializer: this.constants }
    })
    return ort.InferenceSession.create(onnx.ModelProto.encode(model).finish(), {
      // Shapes change as problems converge and drop out: a memory pattern would be planned anew each time.
      enableMemPattern: false,
      intraOpNumThreads: threads,
      logSeverityLevel: 3,
      // Spinning threads fight the sweep's own thread and every other process for the cores: five times slower on a busy machine.
      extra: { session: { intra_op: { allow_spinning: '0' } } }
    })
  }

  private fresh(): string {
    return `v${this.nodes.length + this.constants.length}`
  }
}

function valueInfo(name: string, type: ElementType): InstanceType<typeof onnx.ValueInfoProto> {
  return onnx.ValueInfoProto.create({ name, type: { tensorType: { elemType: elementTypes[type] } } })
}
