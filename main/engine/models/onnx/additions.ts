import type { Initializer } from './model-file'
import { DataType, floatTensor, int64Tensor, intAttribute, type TensorMessage } from './proto'
import { makeNode, type GraphNode, type WorkingGraph } from './working-graph'

/** Names and constants for nodes that join a graph; constants are shared by value. */
export class Additions {
  readonly initializers: Map<string, Initializer>
  readonly graph: WorkingGraph
  private count = 0

  constructor(graph: WorkingGraph) {
    this.graph = graph
    this.initializers = new Map(graph.initializers)
  }

  /** A fresh value name that tells where it came from. */
  value(near: GraphNode, what: string): string {
    this.count++
    return `layerscope/${near.outputs[0] ?? near.name}/${what}.${String(this.count)}`
  }

  integers(values: readonly number[], scalar = false): string {
    const name = `layerscope/integers${scalar ? '-scalar' : ''}/${values.join(',')}`
    return this.keep(int64Tensor(name, values, scalar ? [] : [values.length]))
  }

  /** A float scalar of `dataType` (float unless the model computes in half precision): its name and the nodes that make it. */
  scalar(value: number, near: GraphNode, dataType: number): { readonly name: string; readonly nodes: readonly GraphNode[] } {
    const base = this.keep(floatTensor(`layerscope/scalar/${String(value)}`, [value], []))
    if (dataType === DataType.float) return { name: base, nodes: [] }
    const name = this.value(near, 'scalar')
    return { name, nodes: [makeNode('Cast', [base], [name], { attributes: [intAttribute('to', dataType)] })] }
  }

  keep(tensor: TensorMessage): string {
    if (!this.initializers.has(tensor.name)) {
      this.initializers.set(tensor.name, { name: tensor.name, dims: tensor.dims.map(dim => Number(String(dim))), dataType: tensor.dataType, tensor, stored: null })
    }
    return tensor.name
  }

  opset(): number {
    return this.graph.opsets.get('') ?? 17
  }
}
