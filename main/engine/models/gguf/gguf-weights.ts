import { closeSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import type { ModelMemory } from '../../../../preload/contract'
import { LayerscopeError } from '../../errors'
import type { ElementType, GraphBuilder, Value } from '../generated/graph-builder'
import { elementCount, type Arithmetic, type MemoryInitializer, type WeightSource } from '../generated'
import { isDecodable, packBlocks, packingOf, toFloat32, type PackedValues } from './block-types'
import type { GgufFile, GgufTensor } from './gguf-file'

const PLAIN: Readonly<Record<string, ElementType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

/**
 * Weights of a GGUF file. Plain types are mapped in place. Blocks whose numbers fit four bits multiply as they are
 * (`MatMulNBits`, repacked exactly; a format's offsets become a second product with the sums over each group);
 * eight-bit ones are widened to float32, which is faster on a CPU for more than one row.
 */
export class GgufWeights implements WeightSource {
  private readonly made = new Map<string, Uint8Array>()
  private readonly inFile: boolean

  /**
   * A file of plain types alone stays on disk. Of one with quantised tensors each is read and decoded when a graph first
   * needs it, plain ones too, since ONNX Runtime takes initializers either from files or from memory, not from both.
   * @param permutedHeads number of heads of a tensor whose rows llama.cpp stores in rotary pairs, null for the others
   * @throws LayerscopeError `precision-unsupported`
   */
  constructor(private readonly file: GgufFile, private readonly permutedHeads: (tensor: string) => number | null) {
    const tensors = [...file.tensors.values()]
    this.inFile = tensors.every(({ type }) => type in PLAIN)
    const unknown = tensors.find(({ type }) => !(type in PLAIN) && !isDecodable(type))
    if (!unknown) return
    throw new LayerscopeError({
      code: 'precision-unsupported', file: file.path, field: unknown.name,
      message: `The tensor ${unknown.name} is stored as ${unknown.type}, a format Layerscope does not run yet.`,
      hint: 'Use a file of another quantisation: F16, BF16, Q8_0, Q4_0 to Q5_1, Q2_K to Q6_K, IQ4_NL and IQ4_XS run.'
    })
  }

  /** Buffers that the graphs written so far name. */
  get memory(): readonly MemoryInitializer[] {
    return [...this.made].map(([path, data]) => ({ path, data }))
  }

  has(name: string): boolean {
    return this.file.tensors.has(name)
  }

  shape(name: string): readonly number[] {
    return this.stored(name).shape
  }

  tensor(graph: GraphBuilder, name: string): Value {
    const { type, shape } = this.stored(name)
    const element = PLAIN[type]
    if (!element) return this.inMemory(graph, `${name}/float32`, 'float32', shape, () => toFloat32(type, this.bytes(name)))
    const value = this.mapped(graph, name, element)
    return element === 'float32' ? value : graph.once(`${name}/float32`, (label) => graph.op('Cast', [value], label, { to: 1 }))
  }

  lookup(graph: GraphBuilder, name: string, indices: Value, label: string): Value {
    const element = PLAIN[this.stored(name).type]
    if (!element || element === 'float32') return graph.op('Gather', [this.tensor(graph, name), indices], label)
    return graph.op('Cast', [graph.op('Gather', [this.mapped(graph, name, element), indices], `${label}/stored`)], label, { to: 1 })
  }

  linear(graph: GraphBuilder, rows: Value, name: string, bias: Value | null, transposed: boolean, label: string, arithmetic: Arithmetic = 'exact'): Value {
    if (transposed) throw new Error('GGUF stores matrices as [out, in].')
    const heads = this.permutedHeads(name)
    const product = this.product(graph, rows, name, bias, arithmetic, heads === null ? label : `${label}/paired`)
    if (heads === null) return product
    const [outputs = 0] = this.stored(name).shape
    return graph.op('Gather', [product, graph.int64s(unpairedRows(outputs, heads))], label, { axis: 1 })
  }

  private product(graph: GraphBuilder, rows: Value, name: string, bias: Value | null, arithmetic: Arithmetic, label: string): Value {
    const { type, shape: [outputs = 0, inputs = 0] } = this.stored(name)
    const packing = this.packing(type, arithmetic)
    if (!packing) return graph.op('Gemm', [rows, this.tensor(graph, name), ...(bias ? [bias] : [])], label, { transB: 1 })

    const { group, bits, offset: offsets } = packing
    const groups = inputs / group
    // Decoded once, for the three parts together.
    let made: PackedValues | null = null
    const blocks = (): PackedValues => (made ??= packBlocks(type, this.bytes(name)))
    const packed = this.inMemory(graph, `${name}/packed`, 'uint8', [outputs, groups, (group * bits) / 8], () => blocks().packed)
    const scale = this.inMemory(graph, `${name}/scales`, 'float32', [outputs * groups], () => blocks().scales)
    const last = !offsets && !bias ? label : `${label}/product`
    let result = graph.op('MatMulNBits', [rows, packed, scale], last, { K: inputs, N: outputs, bits, block_size: group, accuracy_level: arithmetic === 'fast' ? 4 : 0 }, { domain: 'com.microsoft' })
    if (offsets) {
      const offset = this.inMemory(graph, `${name}/offsets`, 'float32', [outputs, groups], () => blocks().offsets ?? new Float32Array(0))
      const sums = graph.once(`${rows}/sums_${group}`, (sum) =>
        graph.op('ReduceSum', [graph.op('Reshape', [rows, graph.int64s([-1, groups, group])], `${sum}/groups`, {}, { shape: ['tokens', groups, group] }), graph.int64s([2])], sum, { keepdims: 0 }))
      const correction = graph.op('Gemm', [sums, offset], `${label}/correction`, { transB: 1 })
      result = graph.op('Add', [result, correction], bias ? `${label}/corrected` : label)
    }
    return bias ? graph.op('Add', [result, bias], label) : result
  }

  footprint(matrices: readonly string[]): ModelMemory {
    const multiplied = new Set(matrices)
    let [mappedBytes, decodedBytes, prepackedBytes] = [0, 0, 0]
    for (const { name, type, shape, length } of this.file.tensors.values()) {
      const values = elementCount(shape)
      const packing = multiplied.has(name) ? this.packing(type, 'exact') : null
      const blocks = packing ? (values * packing.bits) / 8 : 4 * values
      const factors = packing ? (values / packing.group) * (packing.offset ? 8 : 4) : 0
      if (this.inFile) mappedBytes += length
      else decodedBytes += type in PLAIN ? length : blocks + factors
      if (multiplied.has(name)) prepackedBytes += blocks
    }
    return { mappedBytes, decodedBytes, prepackedBytes }
  }

  /** How to multiply by blocks as they are; null where float32 is faster and as exact. */
  private packing(type: string, arithmetic: Arithmetic): ReturnType<typeof packingOf> {
    const packing = packingOf(type)
    return packing && arithmetic !== 'widened' && (packing.bits === 4 || arithmetic === 'fast') ? packing : null
  }

  private mapped(graph: GraphBuilder, name: string, element: ElementType): Value {
    const { shape, offset, length } = this.stored(name)
    if (!this.inFile) return this.inMemory(graph, name, element, shape, () => this.bytes(name))
    return graph.external(name, element, shape, { file: basename(this.file.path), offset, length })
  }

  /** An initializer whose bytes are made here; made once for all graphs. */
  private inMemory(graph: GraphBuilder, name: string, element: ElementType, shape: readonly number[], make: () => ArrayBufferView): Value {
    let data = this.made.get(name)
    if (!data) {
      const made = make()
      data = new Uint8Array(made.buffer, made.byteOffset, made.byteLength)
      this.made.set(name, data)
    }
    return graph.external(name, element, shape, { file: name, offset: 0, length: data.byteLength })
  }

  private bytes(name: string): Uint8Array {
    const { offset, length } = this.stored(name)
    const bytes = new Uint8Array(length)
    const descriptor = openSync(this.file.path, 'r')
    try {
      let filled = 0
      while (filled < length) {
        const read = readSync(descriptor, bytes, filled, length - filled, offset + filled)
        if (read === 0) throw new LayerscopeError({ code: 'gguf-invalid', message: `The file ends within the tensor ${name}.`, file: this.file.path, hint: 'The file has changed since it was opened: open it again.' })
        filled += read
      }
    } finally {
      closeSync(descriptor)
    }
    return bytes
  }

  private stored(name: string): GgufTensor {
    const tensor = this.file.tensors.get(name)
    if (!tensor) throw new LayerscopeError({ code: 'weights-missing', message: `The file holds no tensor called ${name}.`, file: this.file.path, hint: 'The file may be incomplete, or of a variant Layerscope does not know.' })
    return tensor
  }
}

/** For each row in Hugging Face's order (two halves a head) the row where llama.cpp keeps it (pairs). */
function unpairedRows(outputs: number, heads: number): number[] {
  const width = outputs / heads
  return Array.from({ length: outputs }, (_, row) => {
    const head = Math.floor(row / width)
    const within = row % width
    const [half, j] = within < width / 2 ? [0, within] : [1, within - width / 2]
    return head * width + 2 * j + half
  })
}
