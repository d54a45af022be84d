import type { ModelMemory } from '../../../../preload/contract'
import type { GraphView } from './graph-view'
import type { Initializer } from './model-file'
import { DataType } from './proto'
import { integerOf, type WorkingGraph } from './working-graph'

const NAMES = new Map<number, string>([
  [DataType.float, 'float32'], [DataType.float16, 'float16'], [DataType.bfloat16, 'bfloat16'], [DataType.double, 'float64'],
  [DataType.int8, 'int8'], [DataType.uint8, 'uint8'], [DataType.int4, 'int4'], [DataType.uint4, 'int4']
])
const BYTES = new Map<number, number>([
  [DataType.float, 4], [DataType.float16, 2], [DataType.bfloat16, 2], [DataType.double, 8], [DataType.int8, 1], [DataType.uint8, 1], [DataType.int4, 0.5], [DataType.uint4, 0.5]
])

/** What most weights are stored as, counted in values. Block-quantised bytes count as the bits they pack. */
export function precisionOf(graph: WorkingGraph): string {
  const packed = new Map<string, number>()
  for (const node of graph.nodes) {
    if (node.opType === 'MatMulNBits') packed.set(node.inputs[1] ?? '', integerOf(node, 'bits', 4))
    else if (node.opType === 'GatherBlockQuantized') packed.set(node.inputs[0] ?? '', integerOf(node, 'bits', 4))
    else if (node.opType === 'MatMulBnb4') packed.set(node.inputs[1] ?? '', 4)
  }
  const values = new Map<string, number>()
  for (const { name, dims, dataType } of graph.initializers.values()) {
    const bytes = BYTES.get(dataType)
    if (bytes === undefined) continue
    const count = dims.reduce((product, dim) => product * dim, 1)
    const bits = packed.get(name)
    const byteWide = dataType === DataType.uint8 || dataType === DataType.int8
    const precision = bits === undefined ? NAMES.get(dataType) ?? 'float32' : `int${String(bits)}`
    values.set(precision, (values.get(precision) ?? 0) + (bits !== undefined && byteWide ? count * 8 / bits : count))
  }
  return [...values].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'float32'
}

/** Rows of the token embedding; null where they cannot be told from the file. */
export function vocabularyOf(view: GraphView, tokenInput: string): number | null {
  for (const node of view.nodes) {
    const [table = '', ids = ''] = node.inputs
    if ((node.opType === 'Gather' || node.opType === 'GatherBlockQuantized') && view.isConstant(table) && view.root(ids) === tokenInput) return view.dims(table)?.[0] ?? null
  }
  return null
}

/** Electron ends a process that asks for this many bytes at once; a copy in the fastest layout is a little larger than the matrix. */
const LARGEST_COPY = 2 ** 31 - 2 ** 24

/** What is known of an export's memory before it is loaded: the weights that stay in their files. Small ones travel with the graph. */
export function memoryOf(initializers: Iterable<Initializer>): ModelMemory {
  // Tied weights may be one place under two names.
  const places = new Map<string, number>()
  for (const initializer of initializers) {
    const { stored } = initializer
    if (stored !== null) places.set(`${String(stored.offset)} ${stored.location ?? ''}`, bytesOf(initializer))
  }
  return { mappedBytes: [...places.values()].reduce((total, bytes) => total + bytes, 0), decodedBytes: 0, prepackedBytes: null }
}

/** False where ONNX Runtime could ask for more than Electron's allocator gives: for a copy of one weight, as it is or folded with what follows it. */
export function isPrepackable(initializers: Iterable<Initializer>): boolean {
  for (const initializer of initializers) if (initializer.stored !== null && bytesOf(initializer) > LARGEST_COPY) return false
  return true
}

/** Of a weight whose values stay in a file; one without a length there takes what its shape says. */
function bytesOf({ dims, dataType, stored }: Initializer): number {
  const length = stored?.length ?? 0
  return length > 0 ? length : dims.reduce((product, dim) => product * dim, BYTES.get(dataType) ?? 8)
}
