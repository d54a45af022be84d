/** Rotary position embeddings in a graph: queries and keys turned by the positions of their tokens. */
import type { Rotary } from '../architecture'
import type { GraphBuilder, Value } from './graph-builder'
import { INPUTS } from './graph-inputs'
import type { GraphSites } from './graph-sites'
import { dependsOnLength, rotaryFrequencies } from '../rotary'

/** Writes the rotations of one graph; their angles once for each kind of rotary. */
export class RotaryEmbedding {
  private readonly cosSin = new Map<string, { readonly cos: Value; readonly sin: Value }>()

  /** @param positions int64 [batch, position] */
  constructor(private readonly graph: GraphBuilder, private readonly sites: GraphSites, private readonly positions: Value, private readonly headDim: number) {}

  /** Turns the first `width` values of each head: x·cos + rotate_half(x)·sin. Rows [n, heads × headDim]. */
  rotate(rows: Value, heads: number, rotary: Rotary, label: string): Value {
    const { graph, headDim } = this
    const { cos, sin } = this.turning(rotary)
    const width = heads * headDim
    // All tokens as one row, whose i-th turns by row i of cos and sin.
    const row = this.sites.reshape(rows, [1, -1, width], `${label}/row`, [1, 'tokens', width])
    const partial = rotary.width < headDim ? { rotary_embedding_dim: rotary.width } : {}
    const turned = graph.op('RotaryEmbedding', [row, graph.int64s([0]), cos, sin], `${label}/turned`, { num_heads: heads, ...partial }, { domain: 'com.microsoft' })
    return this.sites.flat(turned, width, label)
  }

  /** cos and sin of every token's angles, [n, width / 2]; computed once for each kind of rotary. */
  private turning(rotary: Rotary): { readonly cos: Value; readonly sin: Value } {
    const key = JSON.stringify(rotary)
    const known = this.cosSin.get(key)
    if (known) return known
    const { graph } = this
    const label = `rotary_${this.cosSin.size}`
    const { frequencies, factor } = rotaryFrequencies(rotary, 0)
    const values = dependsOnLength(rotary)
      ? graph.once(INPUTS.frequencies, (name) => graph.input(name, 'float32', [frequencies.length]))
      : graph.floats(label, frequencies, [frequencies.length])
    const positions = graph.once('positions_float', (name) => this.sites.reshape(graph.op('Cast', [this.positions], `${name}/cast`, { to: 1 }), [-1, 1], name, ['tokens', 1]))
    const angles = graph.op('Mul', [positions, values], `${label}/angles`)
    const scaled = (opType: string): Value => {
      const value = graph.op(opType, [angles], `${label}/${opType}`)
      return factor === 1 ? value : graph.op('Mul', [value, graph.float(factor)], `${label}/${opType}/scaled`)
    }
    const turning = { cos: scaled('Cos'), sin: scaled('Sin') }
    this.cosSin.set(key, turning)
    return turning
  }
}
