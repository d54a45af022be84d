import { basename, dirname, isAbsolute, join, normalize, relative, sep } from 'node:path'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import { Additions } from './additions'
import type { GraphView } from './graph-view'
import { lookUpFirst } from './look-up-first'
import type { Initializer } from './model-file'
import { DataType, intAttribute, intsAttribute, onnx, type TensorMessage } from './proto'
import type { GraphReading, Source } from './structure/read-graph'
import { makeNode, nodeMessage, type GraphNode } from './working-graph'

export interface WrittenGraph {
  /** A `ModelProto` whose large weights point into the files of the model. */
  readonly bytes: Uint8Array
  /** Folder the weights' places are relative to. */
  readonly folder: string
  /** Graph output of each source asked for. */
  readonly outputs: ReadonlyMap<string, string>
}

/** Resolves where weights lie: the .onnx file and the files it names, as real paths under one folder. */
export class WeightFiles {
  readonly folder: string
  readonly paths: readonly string[]
  private readonly locations = new Map<string | null, string>()

  /** @throws LayerscopeError `model-data-missing`, `model-data-outside`, `model-truncated` */
  constructor(modelPath: string, initializers: Iterable<Initializer>) {
    const real = new Map<string | null, string>([[null, realpathSync(modelPath)]])
    const needed = new Map<string, number>()
    for (const { stored } of initializers) {
      if (stored?.location == null) continue
      needed.set(stored.location, Math.max(needed.get(stored.location) ?? 0, stored.offset + stored.length))
    }
    for (const [location, bytes] of needed) {
      if (isAbsolute(location) || normalize(location).split(sep)[0] === '..') {
        throw new LayerscopeError({
          code: 'model-data-outside', message: `${basename(modelPath)} keeps its weights in ${quoted(location)}, outside its own folder, where Layerscope does not follow it.`, file: modelPath,
          hint: `Put ${basename(location)} beside ${basename(modelPath)} and export the model again, or take it from its source.`
        })
      }
      const path = join(dirname(modelPath), location)
      if (!existsSync(path)) {
        throw new LayerscopeError({
          code: 'model-data-missing',
          message: `${basename(modelPath)} keeps its weights in ${quoted(location)}, which is not beside it.`,
          file: path,
          hint: `Put ${basename(location)} into the folder of ${basename(modelPath)}, under the name it was downloaded with.`
        })
      }
      const resolved = realpathSync(path)
      if (statSync(resolved).size < bytes) {
        throw new LayerscopeError({
          code: 'model-truncated',
          message: `${location} holds ${String(statSync(resolved).size)} bytes where ${basename(modelPath)} expects ${String(bytes)}.`,
          file: path, hint: 'Download or copy it again: the file is incomplete.'
        })
      }
      real.set(location, resolved)
    }
    this.paths = [...new Set(real.values())]
    this.folder = commonFolder(this.paths)
    for (const [location, path] of real) this.locations.set(location, relative(this.folder, path).split(sep).join('/'))
  }

  location(stored: string | null): string {
    return this.locations.get(stored) ?? ''
  }
}

function commonFolder(paths: readonly string[]): string {
  let folder = dirname(paths[0] ?? '')
  while (!paths.every(path => path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) && dirname(folder) !== folder) folder = dirname(folder)
  return folder
}

/** A graph whose outputs are the sources asked for, in float32, and that holds only what these need. */
export function writeGraph(view: GraphView, reading: GraphReading, weights: WeightFiles, sources: readonly string[], keep: readonly string[] = []): WrittenGraph {
  const additions = new Additions(view.graph)
  const nodes = new Map<number, GraphNode>(view.nodes.map((node, index) => [index, node]))
  const added: GraphNode[] = []
  const outputs = new Map<string, string>()
  const half = [...view.graph.initializers.values()].some(({ dataType }) => dataType === DataType.float16 || dataType === DataType.bfloat16 || dataType === DataType.double)
  const tap = new Tap(view, additions, nodes, added)
  sources.forEach((key, order) => {
    const source = reading.sources.get(key)
    if (source === undefined) return
    const value = tap.value(source)
    if (value === null) return
    if (!half && !view.isConstant(value) && !view.isInput(value)) {
      outputs.set(key, value)
      return
    }
    const name = `layerscope/site.${String(order)}`
    added.push(half ? makeNode('Cast', [value], [name], { attributes: [intAttribute('to', DataType.float)] }) : makeNode('Identity', [value], [name]))
    outputs.set(key, name)
  })

  const wanted = new Set([...outputs.values(), ...keep])
  const all = lookUpFirst([...[...nodes.entries()].sort((a, b) => a[0] - b[0]).map(entry => entry[1]), ...added], additions)
  const kept = reachingNodes(all, wanted)
  const used = new Set(kept.flatMap(node => [...node.inputs, ...node.captured]))
  const { file } = view.graph
  const domains = new Map(view.graph.opsets)
  if (kept.some(node => node.domain === 'com.microsoft') && !domains.has('com.microsoft')) domains.set('com.microsoft', 1)
  const inputs = view.graph.inputs.filter(input => used.has(input.name))
  const model = onnx.ModelProto.create({
    irVersion: Math.max(file.irVersion, 8),
    producerName: 'layerscope',
    opsetImport: [...domains].map(([domain, version]) => ({ domain, version })),
    functions: [...file.functions],
    graph: {
      name: 'layerscope',
      node: kept.map(nodeMessage),
      initializer: [...additions.initializers.values()].filter(initializer => used.has(initializer.name)).map(initializer => tensorMessage(initializer, weights)),
      input: inputs,
      output: [...wanted].map(name => ({ name }))
    }
  })
  return { bytes: onnx.ModelProto.encode(model).finish(), folder: weights.folder, outputs }
}

/** Adds what a source needs beyond the graph's own values. */
class Tap {
  constructor(
    private readonly view: GraphView, private readonly additions: Additions,
    private readonly nodes: Map<number, GraphNode>, private readonly added: GraphNode[]
  ) {}

  value(source: Source): string | null {
    if (source.kind === 'pattern') return source.pattern.kind === 'value' ? source.pattern.value : this.extraOutput(source.pattern)
    if (source.kind === 'normalized') return this.normalized(source.index)
    const { value, permutation, slice } = source.projection
    if (permutation === null && slice === null) return value
    let current = value
    const near = makeNode('Identity', [value], [value])
    if (permutation !== null) {
      const ordered = this.additions.value(near, 'ordered')
      this.added.push(makeNode('Transpose', [current], [ordered], { attributes: [intsAttribute('perm', permutation)] }))
      current = ordered
    }
    if (slice !== null) current = this.sliced(current, slice, near)
    return current
  }

  /** Part of the last axis, its ends given as shares of the width. */
  private sliced(value: string, [from, to]: readonly [number, number], near: GraphNode): string {
    const add = (opType: string, inputs: readonly string[], what: string, attributes: Parameters<typeof makeNode>[3] = {}): string => {
      const name = this.additions.value(near, what)
      this.added.push(makeNode(opType, inputs, [name], attributes))
      return name
    }
    const shape = add('Shape', [value], 'shape')
    const width = add('Gather', [shape, this.additions.integers([-1])], 'width', { attributes: [intAttribute('axis', 0)] })
    // Shares are ratios of head counts: a denominator of at most a few hundred keeps them exact integers.
    const end = (share: number, what: string): string => {
      const [numerator, denominator] = fraction(share)
      const scaled = add('Mul', [width, this.additions.integers([numerator])], `${what}-scaled`)
      return add('Div', [scaled, this.additions.integers([denominator])], what)
    }
    return add('Slice', [value, end(from, 'from'), end(to, 'to'), this.additions.integers([-1])], 'part')
  }

  /** The fused operator again, with one more output; its other outputs are unchanged. */
  private extraOutput(pattern: { readonly index: number; readonly slot: number; readonly attribute: string; readonly setting: number }): string {
    const node = this.nodes.get(pattern.index) ?? this.view.node(pattern.index)
    const existing = node.outputs[pattern.slot] ?? ''
    const name = existing === '' ? this.additions.value(node, 'pattern') : existing
    const outputs = Array.from({ length: Math.max(node.outputs.length, pattern.slot + 1) }, (_, slot) => slot === pattern.slot ? name : node.outputs[slot] ?? '')
    // GroupQueryAttention insists on its cache outputs.
    for (const slot of [1, 2]) if (outputs[slot] === '' && node.opType === 'GroupQueryAttention') outputs[slot] = this.additions.value(node, `present.${String(slot)}`)
    this.nodes.set(pattern.index, { ...node, outputs, attributes: new Map([...node.attributes, [pattern.attribute, intAttribute(pattern.attribute, pattern.setting)]]) })
    return name
  }

  /** The same norm with a scale of one and no shift. */
  private normalized(index: number): string | null {
    const node = this.view.node(index)
    const scale = node.inputs[1] ?? ''
    const near = node
    const shape = this.additions.value(near, 'scale-shape')
    const ones = this.additions.value(near, 'ones')
    const output = this.additions.value(near, 'normalized')
    const one = onnx.TensorProto.create({ dims: [1], dataType: this.view.graph.initializers.get(scale)?.dataType ?? DataType.float, rawData: oneOf(this.view.graph.initializers.get(scale)?.dataType ?? DataType.float) })
    this.added.push(makeNode('Shape', [scale], [shape]))
    this.added.push(makeNode('ConstantOfShape', [shape], [ones], {
      attributes: [onnx.AttributeProto.create({ name: 'value', t: one, type: onnx.AttributeProto.AttributeType.TENSOR })]
    }))
    this.added.push({ ...node, name: `layerscope/${output}`, inputs: [node.inputs[0] ?? '', ones], outputs: [output] })
    return output
  }
}

function oneOf(dataType: number): Uint8Array {
  if (dataType === DataType.float16) return new Uint8Array(new Uint16Array([0x3c00]).buffer)
  if (dataType === DataType.bfloat16) return new Uint8Array(new Uint16Array([0x3f80]).buffer)
  return new Uint8Array(new Float32Array([1]).buffer)
}

function fraction(share: number): readonly [number, number] {
  for (let denominator = 1; denominator <= 4096; denominator++) {
    const numerator = Math.round(share * denominator)
    if (Math.abs(numerator / denominator - share) < 1e-12) return [numerator, denominator]
  }
  return [Math.round(share * 4096), 4096]
}

function reachingNodes(nodes: readonly GraphNode[], wanted: ReadonlySet<string>): readonly GraphNode[] {
  const producer = new Map<string, number>()
  nodes.forEach((node, index) => { for (const output of node.outputs) if (output !== '') producer.set(output, index) })
  const keep = new Uint8Array(nodes.length)
  const pending = [...wanted]
  while (pending.length > 0) {
    const index = producer.get(pending.pop() ?? '') ?? -1
    const node = nodes[index]
    if (node === undefined || keep[index] === 1) continue
    keep[index] = 1
    pending.push(...node.inputs, ...node.captured)
  }
  return nodes.filter((_, index) => keep[index] === 1)
}

function tensorMessage(initializer: Initializer, weights: WeightFiles): TensorMessage {
  if (initializer.tensor !== null) return initializer.tensor
  const { stored } = initializer
  const entries = [{ key: 'location', value: weights.location(stored?.location ?? null) }, { key: 'offset', value: String(stored?.offset ?? 0) }]
  if ((stored?.length ?? 0) > 0) entries.push({ key: 'length', value: String(stored?.length) })
  return onnx.TensorProto.create({
    name: initializer.name, dims: [...initializer.dims], dataType: initializer.dataType,
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL, externalData: entries
  })
}
