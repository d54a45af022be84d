import type { Additions } from './additions'
import { integerOf, makeNode, type GraphNode } from './working-graph'

/** Operators that work row by row on a table, where their other operand is one value, one row or one value a row. */
const rowWise = new Set(['Cast', 'Mul', 'Div', 'Add', 'Sub', 'DequantizeLinear'])
/** From a stored table to the widened one: a cast, an offset, a scale, another cast. */
const mostSteps = 4

/**
 * Lookups in tables that are widened as a whole (an embedding in eight bits or half precision) take the rows first and
 * widen those alone. The values are the same; ONNX Runtime would otherwise fold the widened table into a constant, which
 * takes several times the table's size while it loads and stays in float32.
 */
export function lookUpFirst(nodes: readonly GraphNode[], additions: Additions): readonly GraphNode[] {
  const makers = new Map(nodes.flatMap(node => node.outputs.map(output => [output, node] as const)))
  return nodes.flatMap(node => {
    const [table = '', ids = ''] = node.inputs
    if (node.opType !== 'Gather' || node.domain !== '' || integerOf(node, 'axis', 0) !== 0 || !makers.has(table)) return [node]
    return lookup(table, ids, node, makers, additions) ?? [node]
  })
}

/** Null where the table is not made of stored ones row by row. */
function lookup(table: string, ids: string, gather: GraphNode, makers: ReadonlyMap<string, GraphNode>, additions: Additions): readonly GraphNode[] | null {
  const out: GraphNode[] = []
  const count = storedRows(table, makers, additions)
  if (count === null) return null
  const rows = (value: string, result: string | null, steps: number): string | null => {
    const stored = additions.initializers.get(value)
    if (stored) {
      const { dims } = stored
      // One value, or one row: the same for every row of the table.
      if (dims.length === 0 || (dims.length <= 2 && dims[0] === 1) || (dims.length === 1 && count !== dims[0])) return value
      if (dims.length !== 2 || dims[0] !== count) return null
      const taken = additions.value(gather, 'rows')
      out.push(makeNode('Gather', [value, ids], [taken], { attributes: [...gather.attributes.values()] }))
      return taken
    }
    const maker = makers.get(value)
    if (!maker || steps === 0 || maker.domain !== '' || !rowWise.has(maker.opType) || maker.outputs.length !== 1) return null
    // A scale for every row or block has an axis of the whole table.
    if (maker.opType === 'DequantizeLinear' && !maker.inputs.slice(1).every(input => additions.initializers.get(input)?.dims.length === 0)) return null
    const inputs = maker.inputs.map(input => rows(input, null, steps - 1))
    if (inputs.some(input => input === null)) return null
    const made = result ?? additions.value(gather, 'widened')
    out.push({ ...maker, name: `layerscope/${made}`, inputs: inputs as string[], outputs: [made] })
    return made
  }
  return rows(table, gather.outputs[0] ?? '', mostSteps) === null ? null : out
}

/** Rows of the stored table that a value is made of within a few steps; a table of activations is none. */
function storedRows(value: string, makers: ReadonlyMap<string, GraphNode>, additions: Additions, steps = mostSteps): number | null {
  const maker = makers.get(value)
  if (!maker) {
    const dims = additions.initializers.get(value)?.dims
    return dims?.length === 2 && (dims[0] as number) > 1 ? dims[0] as number : null
  }
  if (steps === 0 || !rowWise.has(maker.opType)) return null
  return maker.inputs.map(input => storedRows(input, makers, additions, steps - 1)).reduce((most, own) => own === null ? most : Math.max(most ?? 0, own), null)
}
