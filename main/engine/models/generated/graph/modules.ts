/** The parts of a transformer that have weights, by the names of their tensors: linear layers and norms. */
import { LayerscopeError } from '../../../errors'
import type { Architecture, TensorNames } from '../architecture'
import type { GraphBuilder, Value } from './graph-builder'
import { prefixOf } from '../matrices'
import type { Arithmetic, WeightSource } from '../weights'

/** A matrix to multiply by: its tensor without the ending, the width of what comes out, and what that is called. */
export interface Projection {
  readonly name: string
  readonly outputs: number
  readonly label: string
}

/** Writes products and norms into one graph, with weights checked against the sizes that the configuration leads to. */
export class Modules {
  /** What the names of the file's tensors begin with. */
  readonly prefix: string

  /** @throws LayerscopeError `weights-missing` where the file holds no token embedding */
  constructor(readonly graph: GraphBuilder, readonly architecture: Architecture, readonly names: TensorNames, readonly weights: WeightSource, private readonly arithmetic?: Arithmetic) {
    const prefix = prefixOf(names, (name) => weights.has(name))
    if (prefix === undefined) {
      throw new LayerscopeError({
        code: 'weights-missing', message: `The model's files hold no token embedding (${names.prefixes[0]}${names.embedding}.weight).`,
        hint: `config.json says ${architecture.family}: check that it belongs to these weights.`
      })
    }
    this.prefix = prefix
  }

  /** Name of a tensor of block `i`. */
  at(name: string, i: number): string {
    return this.prefix + name.replace('{i}', String(i))
  }

  /** `rows` [n, inputs] → [n, outputs]; the bias is added where the file has one. */
  linear(rows: Value, name: string, inputs: number, outputs: number, label: string, transposed = this.names.transposed ?? false): Value {
    const { weight, bias } = this.matrix(name, inputs, outputs, transposed)
    return this.weights.linear(this.graph, rows, weight, bias, transposed, label, this.arithmetic)
  }

  /** Several of the same rows; as one product where the weights can be joined. */
  linears(rows: Value, inputs: number, projections: readonly Projection[]): readonly Value[] {
    const transposed = this.names.transposed ?? false
    const parts = projections.map(({ name, outputs, label }) => ({ ...this.matrix(name, inputs, outputs, transposed), label }))
    return this.weights.joined?.(this.graph, rows, parts, this.arithmetic)
      ?? parts.map(({ weight, bias, label }) => this.weights.linear(this.graph, rows, weight, bias, transposed, label, this.arithmetic))
  }

  private matrix(name: string, inputs: number, outputs: number, transposed: boolean): { readonly weight: string; readonly bias: Value | null } {
    const weight = `${name}.weight`
    const shape = this.weights.shape(weight)
    const [expectedRows, expectedColumns] = transposed ? [inputs, outputs] : [outputs, inputs]
    if (shape.length !== 2 || shape[0] !== expectedRows || shape[1] !== expectedColumns) {
      throw contradiction(weight, `has the shape [${shape.join(', ')}]`, `[${expectedRows}, ${expectedColumns}]`)
    }
    return { weight, bias: this.weights.has(`${name}.bias`) ? this.weights.tensor(this.graph, `${name}.bias`) : null }
  }

  /** Over the last dim; a tensor's name may come without the prefix. */
  norm(value: Value, name: string, label: string): Value {
    const { graph, architecture: { norm } } = this
    const full = name.startsWith(this.prefix) ? name : this.prefix + name
    let weight = norm.weighted === false ? graph.floats('norm/ones', new Float32Array(this.architecture.hidden).fill(1), [this.architecture.hidden]) : this.weights.tensor(graph, `${full}.weight`)
    if (norm.kind === 'layer') {
      const bias = this.weights.has(`${full}.bias`) ? [this.weights.tensor(graph, `${full}.bias`)] : []
      return graph.op('LayerNormalization', [value, weight, ...bias], label, { axis: -1, epsilon: { float: norm.epsilon } })
    }
    if (norm.plusOne) weight = graph.op('Add', [weight, graph.float(1)], `${label}/weight`)
    return graph.op('SimplifiedLayerNormalization', [value, weight], label, { axis: -1, epsilon: { float: norm.epsilon }, stash_type: 1 })
  }
}

/** A tensor that is not what the configuration leads to. */
export function contradiction(tensor: string, found: string, expected: string): LayerscopeError {
  return new LayerscopeError({
    code: 'weights-contradict-config', message: `The tensor ${tensor} ${found}; config.json leads to ${expected}.`, field: tensor,
    hint: 'The weights and config.json belong to different models, or one of them is damaged.'
  })
}
