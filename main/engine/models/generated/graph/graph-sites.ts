/** Values of a graph in the shapes they take on the way, and the sites among them that go out or are changed. */
import type { Architecture } from '../architecture'
import type { GraphBuilder, Shape, Value } from './graph-builder'
import { INPUTS } from './graph-inputs'
import { resolveAlias } from '../sites'

/** Marks the sites of one graph. Inside it tokens are rows: [n, …] with n = batch · position. */
export class GraphSites {
  /** Sizes of [batch, position]. */
  readonly batchShape: Value
  /** Of each site the names that it goes out under. */
  private readonly wanted: ReadonlyMap<string, readonly string[]>
  private readonly interventions: ReadonlySet<string>
  /** Of each reshaped value the one that it was made of. */
  private readonly reshapedFrom = new Map<Value, Value>()

  /**
   * @param tokens [batch, position]
   * @param sites that go out
   * @param interventions sites that take an addition and a patch
   */
  constructor(private readonly graph: GraphBuilder, architecture: Architecture, tokens: Value, sites: readonly string[], interventions: readonly string[] = []) {
    const wanted = new Map<string, string[]>()
    for (const site of sites) {
      const target = resolveAlias(architecture, site)
      wanted.set(target, [...(wanted.get(target) ?? []), site])
    }
    this.wanted = wanted
    this.interventions = new Set(interventions.map((site) => resolveAlias(architecture, site)))
    this.batchShape = graph.op('Shape', [tokens], 'batch_shape')
  }

  asksFor(site: string): boolean {
    return this.wanted.has(site)
  }

  /** Rows [n, …dims] as [batch, position, …dims]. */
  shaped(value: Value, label: string, ...dims: number[]): Value {
    const shape = this.graph.once(`shape/${dims.join('x')}`, (name) => this.graph.op('Concat', [this.batchShape, this.graph.int64s(dims)], name, { axis: 0 }))
    return this.reshaped(value, shape, label, ['batch', 'position', ...dims])
  }

  /** Any value as rows [n, width]. */
  flat(value: Value, width: number, label: string): Value {
    return this.reshape(value, [-1, width], label, ['tokens', width])
  }

  /** A value in other dims, of which one may be −1; `shape` names them where ONNX Runtime cannot infer them. */
  reshape(value: Value, dims: readonly number[], label: string, shape: Shape): Value {
    return this.reshaped(value, this.graph.int64s(dims), label, shape)
  }

  /** Of a value that was reshaped before, the value it was: what is between is left out where nothing else needs it. */
  reshaped(value: Value, dims: Value, label: string, shape: Shape): Value {
    const from = this.reshapedFrom.get(value) ?? value
    this.reshapedFrom.set(label, from)
    return this.graph.op('Reshape', [from, dims], label, {}, { shape })
  }

  /** Marks `rows` [n, …] as the site `name` of [batch, position, …dims]: declares it as output and applies interventions. */
  site(name: string, rows: Value, ...dims: number[]): Value {
    if (this.interventions.has(name)) {
      const intervened = this.intervene(name, this.shaped(rows, `${name}/before`, ...dims), dims)
      this.outputs(name, intervened, ['batch', 'position', ...dims])
      return this.flat(intervened, dims.reduce((product, dim) => product * dim, 1), `${name}/rows`)
    }
    if (this.wanted.has(name)) this.outputs(name, this.shaped(rows, `${name}/shaped`, ...dims), ['batch', 'position', ...dims])
    return rows
  }

  /** Declares `value`, of the shape that the site is shown in, as output under every name it is asked by. */
  outputs(site: string, value: Value, shape: Shape): void {
    for (const name of this.wanted.get(site) ?? []) this.graph.output(name, value, shape)
  }

  private intervene(site: string, value: Value, dims: readonly number[]): Value {
    const { graph } = this
    const added = graph.op('Add', [value, graph.input(INPUTS.add(site), 'float32', ['add_batch', 'add_position', ...dims])], `${site}/added`)
    const mask = graph.op('Cast', [graph.input(INPUTS.patchMask(site), 'float32', ['patch_batch', 'patch_position', ...dims.map(() => 1)])], `${site}/mask`, { to: 9 })
    return graph.op('Where', [mask, graph.input(INPUTS.patchValue(site), 'float32', ['patch_batch', 'patch_position', ...dims]), added], `${site}/patched`)
  }
}
