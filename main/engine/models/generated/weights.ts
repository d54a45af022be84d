import type { ModelMemory } from '../../../../preload/contract'
import { LayerscopeError } from '../../errors'
import type { LogitOf } from '../screened-head'
import type { ElementType, GraphBuilder, Value } from './graph/graph-builder'
import type { MemoryInitializer } from './memory-initializer'
import { joinedProducts, PIECE_BYTES, pieceSuffix, rowPieces, type RowPiece } from './row-pieces'
import type { StoredTensor, TensorIndex } from './safetensors-index'

/** Where a graph's weights come from: each tensor by the name it has in the file. */
export interface WeightSource {
  /** Buffers that the graphs written so far name, where weights are not mapped. */
  readonly memory?: readonly MemoryInitializer[]
  has(name: string): boolean
  shape(name: string): readonly number[]
  /** A float32 value of the graph holding the tensor as it is stored. */
  tensor(graph: GraphBuilder, name: string): Value
  /** Rows of the table `name` at `indices`, float32: [...indices, width]. */
  lookup(graph: GraphBuilder, name: string, indices: Value, label: string): Value
  /**
   * `rows` [n, in] times the matrix `name` ([out, in], or [in, out] when `transposed`), plus `bias`: [n, out].
   * The source chooses the operator, since quantised matrices multiply in their own way.
   */
  linear(graph: GraphBuilder, rows: Value, name: string, bias: Value | null, transposed: boolean, label: string, arithmetic?: Arithmetic): Value
  /**
   * The products of the same rows with several matrices [out, in], where one larger matrix can stand for them: [n, out] each.
   * Null where they are better multiplied one by one.
   */
  joined?(graph: GraphBuilder, rows: Value, parts: readonly JoinedPart[], arithmetic?: Arithmetic): readonly Value[] | null
  /** Bounds on the logits of the head `name`, where they cost less than its logits; else null. */
  screen?(name: string): HeadScreen | null
  /** What the weights take in memory where graphs multiply by the tensors `matrices`. */
  footprint(matrices: readonly string[]): ModelMemory
}

/** A head whose greatest logit can be found without computing all of them. */
export interface HeadScreen {
  /** For `hidden` [1, width]: no logit is greater than its `upper` [1, vocab], one at least is not smaller than `least` [1]. */
  bounds(graph: GraphBuilder, hidden: Value, label: string): { readonly upper: Value; readonly least: Value }
  readonly logitOf: LogitOf
}

/** One of several matrices that multiply the same rows. */
export interface JoinedPart {
  readonly weight: string
  readonly bias: Value | null
  readonly label: string
}

/**
 * `fast` may round activations to eight bits, as llama.cpp does; `exact` multiplies in float32, by blocks as they are where a format has them;
 * `widened` multiplies by float32 matrices alone, which a backward pass can read too.
 */
export type Arithmetic = 'exact' | 'fast' | 'widened'

const ELEMENT_TYPES: Readonly<Record<string, ElementType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

/** Weights of a safetensors folder, mapped in place: float32 as it is, half precisions through a cast. */
export class SafetensorsWeights implements WeightSource {
  /** @param pieceBytes most bytes that a product copies of a matrix in one piece */
  constructor(private readonly index: TensorIndex, private readonly pieceBytes = PIECE_BYTES) {}

  has(name: string): boolean {
    return this.find(name) !== undefined
  }

  shape(name: string): readonly number[] {
    return this.stored(name).shape
  }

  tensor(graph: GraphBuilder, name: string, piece?: RowPiece): Value {
    const { value, element } = this.raw(graph, name, piece)
    return element === 'float32' ? value : graph.once(`${value}/float32`, (label) => graph.op('Cast', [value], label, { to: 1 }))
  }

  private raw(graph: GraphBuilder, name: string, piece?: RowPiece): { readonly value: Value; readonly element: ElementType } {
    const { type, shape, range } = this.stored(name)
    const element = ELEMENT_TYPES[type]
    if (!element) {
      throw new LayerscopeError({ code: 'precision-unsupported', message: `The tensor ${name} is stored as ${type}, which cannot be run yet; float32, float16 and bfloat16 can.`, file: range.file, hint: 'Take a file of one of these, or a GGUF file of the model.' })
    }
    if (!piece) return { value: graph.external(name, element, shape, range), element }
    const [rows = 1, ...rest] = shape
    const [count, bytes] = [piece.to - piece.from, range.length / rows]
    return { value: graph.external(name + pieceSuffix(piece, rows), element, [count, ...rest], { ...range, offset: range.offset + piece.from * bytes, length: count * bytes }), element }
  }

  lookup(graph: GraphBuilder, name: string, indices: Value, label: string): Value {
    const stored = this.raw(graph, name)
    if (stored.element === 'float32') return graph.op('Gather', [stored.value, indices], label)
    // Cast what was looked up, not the table.
    return graph.op('Cast', [graph.op('Gather', [stored.value, indices], `${label}/stored`)], label, { to: 1 })
  }

  linear(graph: GraphBuilder, rows: Value, name: string, bias: Value | null, transposed: boolean, label: string): Value {
    const [outputs = 0, inputs = 0] = this.shape(name)
    const pieces = transposed ? [] : rowPieces(outputs, inputs, this.pieceBytes)
    if (pieces.length > 1) return joinedProducts(graph, pieces.map((piece) => graph.op('Gemm', [rows, this.tensor(graph, name, piece)], label + pieceSuffix(piece, outputs), { transB: 1 })), bias, label)
    return graph.op('Gemm', [rows, this.tensor(graph, name), ...(bias ? [bias] : [])], label, { transB: transposed ? 0 : 1 })
  }

  footprint(matrices: readonly string[]): ModelMemory {
    let mappedBytes = 0
    for (const { type, range } of this.index.tensors.values()) if (type in ELEMENT_TYPES) mappedBytes += range.length
    // Half precisions are widened on the way.
    return { mappedBytes, decodedBytes: 0, prepackedBytes: matrices.reduce((total, name) => total + 4 * elementCount(this.shape(name)), 0) }
  }

  /** Norms of the first BERT files, converted from TensorFlow, are called by that library's names. */
  private find(name: string): StoredTensor | undefined {
    return this.index.tensors.get(name) ?? this.index.tensors.get(name.replace(/\.weight$/, '.gamma').replace(/\.bias$/, '.beta'))
  }

  private stored(name: string): StoredTensor {
    const tensor = this.find(name)
    if (!tensor) {
      throw new LayerscopeError({
        code: 'weights-missing', message: `The model's files hold no tensor called ${name}.`, ...(this.index.files[0] ? { file: this.index.files[0] } : {}),
        hint: 'The download may be incomplete, or config.json belongs to another model.'
      })
    }
    return tensor
  }
}

/** Values of a tensor of this shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1)
}
