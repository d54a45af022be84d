import { closeSync, openSync, readSync } from 'node:fs'
import { relative, sep } from 'node:path'
import type { ModelMemory } from '../../../../preload/contract'
import { LayerscopeError } from '../../errors'
import { ELEMENT_BYTES, type ElementType, type GraphBuilder, type Value } from '../generated/graph/graph-builder'
import { elementCount, joinedProducts, PIECE_BYTES, pieceLookup, pieceSuffix, rowPieces, type Arithmetic, type HeadScreen, type JoinedPart, type MemoryInitializer, type RowPiece, type WeightSource } from '../generated'
import { isDecodable, toFloat32 } from './decode-blocks'
import type { GgufFile, GgufTensor } from './gguf-file'
import { headScreen } from './head-screen'
import { packBlocks, packingOf, type PackedValues } from './pack-blocks'

const PLAIN: Readonly<Record<string, ElementType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

/** A tensor to multiply by. With `order`, its i-th row is row `order[i]` from where it begins in the file. */
interface Matrix extends GgufTensor {
  readonly order?: readonly number[]
}

/** What a product reads of a matrix; its bytes may be those of several tensors. */
interface Factor extends Pick<GgufTensor, 'name' | 'type' | 'shape'> {
  readonly bytes: () => Uint8Array
}

type Packing = NonNullable<ReturnType<typeof packingOf>>

/** A buffer that a graph names, and how its bytes come about. */
interface PlannedInitializer {
  readonly bytes: number
  readonly make: () => ArrayBufferView
  data: Uint8Array | null
}

/**
 * Weights of a GGUF file. Plain types are mapped in place. Blocks whose numbers fit four bits multiply as they are
 * (`MatMulNBits`, repacked exactly; a format's offsets become a second product with the sums over each group);
 * eight-bit ones are widened to float32, which is faster on a CPU for more than one row.
 */
export class GgufWeights implements WeightSource {
  private readonly initializers = new Map<string, PlannedInitializer>()
  private readonly inFile: boolean

  /**
   * A file of plain types alone stays on disk. Of one with quantised tensors each is read and decoded when a session first
   * needs it, plain ones too, since ONNX Runtime takes initializers either from files or from memory, not from both.
   * @param permutedHeads number of heads of a tensor whose rows llama.cpp stores in rotary pairs, null for the others
   * @param pieceBytes most bytes that a tensor is decoded into in one piece; what takes more becomes several initializers
   * @throws LayerscopeError `precision-unsupported`
   */
  constructor(private readonly file: GgufFile, private readonly permutedHeads: (tensor: string) => number | null, private readonly pieceBytes = PIECE_BYTES) {
    const tensors = [...file.tensors.values()]
    this.inFile = tensors.every(({ type }) => type in PLAIN)
    const unknown = tensors.find(({ type }) => !(type in PLAIN) && !isDecodable(type))
    if (!unknown) return
    throw new LayerscopeError({
      code: 'precision-unsupported', file: file.path, field: unknown.name,
      message: `The tensor ${unknown.name} is stored as ${unknown.type}, a format Layerscope does not run yet.`,
      hint: 'Use a file of another quantisation: F16, BF16, Q8_0, Q4_0 to Q5_1, Q2_K to Q6_K, IQ1 to IQ4, TQ and the four-bit floats run.'
    })
  }

  /** Buffers that the graphs written so far name; those not decoded yet are now. */
  get memory(): readonly MemoryInitializer[] {
    return [...this.initializers.keys()].map((path) => ({ path, data: this.made(path) }))
  }

  private made(path: string): Uint8Array {
    const initializer = this.initializers.get(path)
    if (!initializer) throw new Error(`No graph names ${path}.`)
    if (initializer.data === null) {
      const { buffer, byteOffset, byteLength } = initializer.make()
      initializer.data = new Uint8Array(buffer, byteOffset, byteLength)
    }
    return initializer.data
  }

  /** Bytes of each buffer that the graphs written so far name; nothing is decoded. */
  get planned(): ReadonlyMap<string, number> {
    return new Map([...this.initializers].map(([path, { bytes }]) => [path, bytes]))
  }

  has(name: string): boolean {
    return this.file.tensors.has(name)
  }

  shape(name: string): readonly number[] {
    return this.stored(name).shape
  }

  tensor(graph: GraphBuilder, name: string): Value {
    return this.widened(graph, this.stored(name))
  }

  lookup(graph: GraphBuilder, name: string, indices: Value, label: string): Value {
    const stored = this.stored(name)
    const element = PLAIN[stored.type]
    const table = (tensor: Matrix): Value => (element ? this.mapped(graph, tensor, element) : this.widened(graph, tensor))
    const parts = this.inFile ? [] : this.pieces(stored)
    const half = element && element !== 'float32'
    const found = half ? `${label}/stored` : label
    const rows = parts.length > 1
      ? pieceLookup(graph, parts, (piece) => table(partOf(stored, piece)), indices, found)
      : graph.op('Gather', [table(stored), indices], found)
    return half ? graph.op('Cast', [rows], label, { to: 1 }) : rows
  }

  linear(graph: GraphBuilder, rows: Value, name: string, bias: Value | null, transposed: boolean, label: string, arithmetic: Arithmetic = 'exact'): Value {
    if (transposed) throw new Error('GGUF stores matrices as [out, in].')
    const heads = this.permutedHeads(name)
    // Rows that are decoded are put in order on the way; those that stay in the file keep theirs, and what they give is reordered.
    if (heads !== null && this.inFile) {
      const stored = this.stored(name)
      return graph.op('Gather', [this.products(graph, rows, stored, bias, arithmetic, `${label}/paired`), graph.int64s(unpairedRows(stored.shape[0] ?? 0, heads))], label, { axis: 1 })
    }
    const matrix = this.ordered(name)
    return this.products(graph, rows, matrix, this.orderedBias(graph, matrix, bias), arithmetic, label)
  }

  /** Matrices of one block format, one under the other: what comes between two products costs a token more than a narrow product itself. */
  joined(graph: GraphBuilder, rows: Value, parts: readonly JoinedPart[], arithmetic: Arithmetic = 'exact'): readonly Value[] | null {
    if (this.inFile) return null
    const matrices = parts.map(({ weight }) => this.ordered(weight))
    const [first] = matrices
    const packing = first && this.packing(first.type, arithmetic)
    if (!packing || matrices.some(({ type }) => type !== first.type)) return null
    const [, inputs = 0] = first.shape
    const widths = matrices.map(({ shape: [outputs = 0] }) => outputs)
    const outputs = widths.reduce((sum, width) => sum + width, 0)
    if (rowPieces(outputs, inputs, this.pieceBytes).length > 1) return null
    const labels = parts.map(({ label }) => label)
    const product = this.blockProduct(graph, rows, {
      name: matrices.map(({ name }) => name).join('+'), type: first.type, shape: [outputs, inputs],
      bytes: () => Buffer.concat(matrices.map((matrix) => this.bytes(matrix)))
    }, packing, null, arithmetic, labels.join('+'))
    const split = `${labels.join('+')}/split`
    graph.op('Split', [product, graph.int64s(widths)], split, { axis: 1 }, { outputs: parts.length })
    return parts.map(({ bias, label }, i) => {
      const value = i === 0 ? split : `${split}:${i}`
      const matrix = matrices[i]
      const ordered = matrix && this.orderedBias(graph, matrix, bias)
      return ordered ? graph.op('Add', [value, ordered], label) : value
    })
  }

  /** Of a head in eight-bit blocks, whose products with rounded activations take a quarter of what float32 has to read. */
  screen(head: string): HeadScreen | null {
    const matrix = this.stored(`${head}.weight`)
    const packing = packingOf(matrix.type)
    if (!packing || packing.bits !== 8 || packing.offset || this.has(`${head}.bias`) || this.pieces(matrix).length > 1) return null
    const { name, shape: [rows = 0, width = 0] } = matrix
    return headScreen({
      rows, width, group: packing.group,
      numbers: () => this.made(`${name}/packed`),
      scales: () => {
        const { buffer, byteOffset, byteLength } = this.made(`${name}/scales`)
        return new Float32Array(buffer, byteOffset, byteLength / 4)
      },
      rounded: (graph, hidden, label) => this.product(graph, hidden, matrix, null, 'fast', label),
      norms: (graph, make) => this.inMemory(graph, `${name}/norms`, 'float32', [rows, width / packing.group], make)
    })
  }

  private products(graph: GraphBuilder, rows: Value, matrix: Matrix, bias: Value | null, arithmetic: Arithmetic, label: string): Value {
    const [outputs = 0] = matrix.shape
    const pieces = this.pieces(matrix)
    if (pieces.length === 1) return this.product(graph, rows, matrix, bias, arithmetic, label)
    return joinedProducts(graph, pieces.map((piece) => this.product(graph, rows, partOf(matrix, piece), null, arithmetic, label + pieceSuffix(piece, outputs))), bias, label)
  }

  private product(graph: GraphBuilder, rows: Value, tensor: Matrix, bias: Value | null, arithmetic: Arithmetic, label: string): Value {
    const packing = this.packing(tensor.type, arithmetic)
    if (packing) return this.blockProduct(graph, rows, { ...tensor, bytes: () => this.bytes(tensor) }, packing, bias, arithmetic, label)
    return graph.op('Gemm', [rows, this.widened(graph, tensor), ...(bias ? [bias] : [])], label, { transB: 1 })
  }

  private blockProduct(graph: GraphBuilder, rows: Value, { name, type, shape: [outputs = 0, inputs = 0], bytes }: Factor, { group, bits, offset: offsets }: Packing, bias: Value | null, arithmetic: Arithmetic, label: string): Value {
    const groups = inputs / group
    // Decoded once, for the three parts together.
    let made: PackedValues | null = null
    const blocks = (): PackedValues => (made ??= packBlocks(type, bytes()))
    const packed = this.inMemory(graph, `${name}/packed`, 'uint8', [outputs, groups, (group * bits) / 8], () => blocks().packed)
    const scale = this.inMemory(graph, `${name}/scales`, 'float32', [outputs * groups], () => blocks().scales)
    const last = !offsets && !bias ? label : `${label}/product`
    let result = graph.op('MatMulNBits', [rows, packed, scale], last, { K: inputs, N: outputs, bits, block_size: group, accuracy_level: arithmetic === 'fast' ? 4 : 0 }, { domain: 'com.microsoft' })
    if (offsets) {
      const offset = this.inMemory(graph, `${name}/offsets`, 'float32', [outputs, groups], () => blocks().offsets ?? new Float32Array(0))
      const sums = graph.once(`${rows}/sums_${group}`, (sum) =>
        graph.op('ReduceSum', [graph.op('Reshape', [rows, graph.int64s([-1, groups, group])], `${sum}/groups`, {}, { shape: ['tokens', groups, group] }), graph.int64s([2])], sum, { keepdims: 0 }))
      result = graph.op('Gemm', [sums, offset, result], bias ? `${label}/corrected` : label, { transB: 1 })
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
  private packing(type: string, arithmetic: Arithmetic): Packing | null {
    const packing = packingOf(type)
    return packing && arithmetic !== 'widened' && (packing.bits === 4 || arithmetic === 'fast') ? packing : null
  }

  /** The rows of a matrix in the order that the family has them in. */
  private ordered(name: string): Matrix {
    const stored = this.stored(name)
    const heads = this.permutedHeads(name)
    return heads === null ? stored : { ...stored, order: unpairedRows(stored.shape[0] ?? 0, heads) }
  }

  private orderedBias(graph: GraphBuilder, { order }: Matrix, bias: Value | null): Value | null {
    return bias && order ? graph.once(`${bias}/unpaired`, (once) => graph.op('Gather', [bias, graph.int64s(order)], once)) : bias
  }

  private pieces({ shape }: Matrix): readonly RowPiece[] {
    const [rows = 1, ...rest] = shape
    return rowPieces(rows, elementCount(rest), this.pieceBytes)
  }

  /** Float32 values of a tensor, or of rows of one. */
  private widened(graph: GraphBuilder, tensor: Matrix): Value {
    const { name, type, shape } = tensor
    const element = PLAIN[type]
    if (!element) return this.inMemory(graph, `${name}/float32`, 'float32', shape, () => toFloat32(type, this.bytes(tensor)))
    const value = this.mapped(graph, tensor, element)
    return element === 'float32' ? value : graph.once(`${name}/float32`, (label) => graph.op('Cast', [value], label, { to: 1 }))
  }

  private mapped(graph: GraphBuilder, tensor: Matrix, element: ElementType): Value {
    const { name, shape, offset, length } = tensor
    if (!this.inFile) return this.inMemory(graph, name, element, shape, () => this.bytes(tensor))
    return graph.external(name, element, shape, { file: relative(this.file.folder, tensor.file).split(sep).join('/'), offset, length })
  }

  /** An initializer whose bytes are made here; once for all graphs, and not before a session needs them. */
  private inMemory(graph: GraphBuilder, name: string, element: ElementType, shape: readonly number[], make: () => ArrayBufferView): Value {
    const bytes = elementCount(shape) * ELEMENT_BYTES[element]
    if (!this.initializers.has(name)) this.initializers.set(name, { bytes, make, data: null })
    return graph.external(name, element, shape, { file: name, offset: 0, length: bytes })
  }

  private bytes({ name, file, offset, length, shape: [rows = 1], order }: Matrix): Uint8Array {
    const rowBytes = length / rows
    const bytes = new Uint8Array(order ? (Math.max(...order) + 1) * rowBytes : length)
    const descriptor = openSync(file, 'r')
    try {
      let filled = 0
      while (filled < bytes.length) {
        const read = readSync(descriptor, bytes, filled, bytes.length - filled, offset + filled)
        if (read === 0) throw new LayerscopeError({ code: 'gguf-invalid', message: `The file ends within the tensor ${name}.`, file, hint: 'The file has changed since it was opened: open it again.' })
        filled += read
      }
    } finally {
      closeSync(descriptor)
    }
    if (!order) return bytes
    const ordered = new Uint8Array(length)
    order.forEach((row, to) => { ordered.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), to * rowBytes) })
    return ordered
  }

  private stored(name: string): GgufTensor {
    const tensor = this.file.tensors.get(name)
    if (!tensor) throw new LayerscopeError({ code: 'weights-missing', message: `The file holds no tensor called ${name}.`, file: this.file.path, hint: 'The file may be incomplete, or of a variant Layerscope does not know.' })
    return tensor
  }
}

/** Rows of a tensor as a tensor of their own; the tensor itself where the piece is all of it. */
function partOf(tensor: Matrix, piece: RowPiece): Matrix {
  const [rows = 1, ...rest] = tensor.shape
  const [count, bytes] = [piece.to - piece.from, tensor.length / rows]
  return {
    ...tensor, name: tensor.name + pieceSuffix(piece, rows), shape: [count, ...rest], length: count * bytes,
    ...(tensor.order ? { order: tensor.order.slice(piece.from, piece.to) } : { offset: tensor.offset + piece.from * bytes })
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
