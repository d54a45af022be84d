import * as ort from 'onnxruntime-node'
import { adamStep } from '../adam'
import { GraphBuilder } from '../onnx-graph'
import type { SiteContext } from '../probe-method'
import type { Random } from '../random'
import type { Standardisation } from '../site-data'

const hidden = [256, 128, 64]
/** Of Adam, as Keras has it. */
const [rate, epsilon] = [1e-3, 1e-7]

/** Weights of several networks of one shape with Adam's moments, laid out as the layers' arrays one after another, each [networks, …]. */
export interface NetworkState {
  readonly networks: number
  readonly values: readonly Float32Array[]
  readonly first: readonly Float32Array[]
  readonly second: readonly Float32Array[]
  /** Steps taken. */
  time: number
}

/** What one network sees in a step. */
export interface NetworkBatch { readonly rows: Int32Array; readonly standardisation: Standardisation; readonly codes: Int32Array }

/**
 * Perceptrons on one site's features, several trained at once: gradients by ONNX Runtime in float32 (one graph of batched
 * products), Adam's update in place beside it, since there it costs one pass over the weights.
 */
export class MlpNetworks {
  private constructor(
    private readonly context: SiteContext,
    /** Rows and columns of each layer's weights and biases, in turn. */
    private readonly shapes: readonly (readonly [rows: number, columns: number])[],
    private readonly derivatives: ort.InferenceSession,
    private readonly scores: ort.InferenceSession
  ) {}

  static async open(context: SiteContext): Promise<MlpNetworks> {
    const { data: { columns }, products: { outputs } } = context
    const widths = [columns, ...hidden, outputs]
    const shapes = widths.slice(1).flatMap((width, layer): (readonly [number, number])[] => [[widths[layer] as number, width], [1, width]])
    return new MlpNetworks(context, shapes, await backward(outputs).session(), await forward().session())
  }

  /** Of one network. */
  get parameters(): number {
    return this.shapes.reduce((sum, [rows, columns]) => sum + rows * columns, 0)
  }

  async release(): Promise<void> {
    await this.derivatives.release()
    await this.scores.release()
  }

  /** Networks that all begin alike: weights uniform in ±√(6 / (in + out)) (Glorot & Bengio 2010, Keras' default), biases 0. */
  start(networks: number, random: Random): NetworkState {
    const values = this.shapes.map(([rows, columns]) => {
      const size = rows * columns
      const limit = rows === 1 ? 0 : Math.sqrt(6 / (rows + columns))
      const own = Float32Array.from({ length: size }, () => limit === 0 ? 0 : limit * (2 * random() - 1))
      const all = new Float32Array(networks * size)
      for (let network = 0; network < networks; network++) all.set(own, network * size)
      return all
    })
    const zeros = (): readonly Float32Array[] => values.map(({ length }) => new Float32Array(length))
    return { networks, values, first: zeros(), second: zeros(), time: 0 }
  }

  /** One step of Adam on the mean cross-entropy of each network's batch. */
  async step(state: NetworkState, batches: readonly NetworkBatch[]): Promise<void> {
    const gradients = await this.slopes(state, batches)
    state.time++
    gradients.forEach((gradient, layer) => {
      const moments = { weights: state.values[layer] as Float32Array, first: state.first[layer] as Float32Array, second: state.second[layer] as Float32Array }
      adamStep(moments, gradient, state.time, rate, epsilon)
    })
  }

  /** Gradients of the mean cross-entropy of each network's batch, laid out as the state's values. */
  async slopes(state: NetworkState, batches: readonly NetworkBatch[]): Promise<readonly Float32Array[]> {
    const { data: { columns, features }, products: { outputs } } = this.context
    const height = Math.max(...batches.map(({ rows }) => rows.length))
    const inputs = new Float32Array(state.networks * height * columns)
    const targets = new Float32Array(state.networks * height * outputs)
    const shares = new Float32Array(state.networks * height)
    batches.forEach(({ rows, codes, standardisation: { mean, inverseDeviation } }, network) => {
      rows.forEach((row, i) => {
        const line = network * height + i
        for (let column = 0, from = row * columns, to = line * columns; column < columns; column++, from++, to++) {
          inputs[to] = ((features[from] as number) - (mean[column] as number)) * (inverseDeviation[column] as number)
        }
        const code = codes[row] as number
        if (outputs === 1) targets[line] = code
        else targets[line * outputs + code] = 1
        shares[line] = 1 / rows.length
      })
    })
    const result = await this.derivatives.run({
      inputs: new ort.Tensor('float32', inputs, [state.networks, height, columns]),
      targets: new ort.Tensor('float32', targets, [state.networks, height, outputs]),
      shares: new ort.Tensor('float32', shares, [state.networks, height, 1]),
      ...Object.fromEntries(this.shapes.map((shape, i) => [`values${i}`, new ort.Tensor('float32', state.values[i] as Float32Array, [state.networks, ...shape])]))
    })
    return this.shapes.map((_, i) => result[`gradient${i}`]?.data as Float32Array)
  }

  /** Logits of one network on every labelled row, [outputs, rows]. */
  async logits({ values }: NetworkState, network: number, { mean, inverseDeviation }: Standardisation): Promise<Float32Array> {
    const { blocks, rows, columns } = this.context.data
    const own = this.shapes.map(([height, width], i) => (values[i] as Float32Array).subarray(network * height * width, (network + 1) * height * width))
    // Standardisation goes into the first layer: the features are read as they are stored.
    const width = hidden[0] as number
    const weights = Float32Array.from(own[0] as Float32Array)
    const biases = Float64Array.from(own[1] as Float32Array)
    for (let column = 0, at = 0; column < columns; column++) {
      for (let unit = 0; unit < width; unit++, at++) {
        const weight = (weights[at] as number) * (inverseDeviation[column] as number)
        weights[at] = weight
        biases[unit] = (biases[unit] as number) - weight * (mean[column] as number)
      }
    }
    const folded = [weights, Float32Array.from(biases), ...own.slice(2)]
    const feeds = Object.fromEntries(this.shapes.map((shape, i) => [`values${i}`, new ort.Tensor('float32', folded[i] as Float32Array, shape)]))
    const { outputs } = this.context.products
    const logits = new Float32Array(outputs * rows)
    for (let block = 0; block < blocks.starts.length - 1; block++) {
      const from = blocks.starts[block] as number
      const count = (blocks.starts[block + 1] as number) - from
      const result = await this.scores.run({ features: await blocks.read(block), ...feeds })
      const part = result['logits']?.data as Float32Array
      for (let output = 0; output < outputs; output++) logits.set(part.subarray(output * count, (output + 1) * count), output * rows + from)
    }
    return logits
  }
}

const layers = hidden.length + 1

/** Gradients of each network's loss Σ shares · cross-entropy by its weights and biases; everything is [networks, …]. */
function backward(outputs: number): GraphBuilder {
  const graph = new GraphBuilder()
  const values = Array.from({ length: 2 * layers }, (_, i) => graph.input(`values${i}`))
  const activations = [graph.input('inputs')]
  for (let layer = 0; layer < layers; layer++) {
    const sum = graph.op('Add', [graph.op('MatMul', [activations[layer] as string, values[2 * layer] as string]), values[2 * layer + 1] as string])
    activations.push(layer < layers - 1 ? graph.op('Relu', [sum]) : outputs === 1 ? graph.op('Sigmoid', [sum]) : graph.op('Softmax', [sum], { axis: 2 }))
  }
  let slope = graph.op('Mul', [graph.op('Sub', [activations[layers] as string, graph.input('targets')]), graph.input('shares')])
  const zero = graph.scalar(0, 'float32')
  const turned = (value: string): string => graph.op('Transpose', [value], { perm: [0, 2, 1] })
  for (let layer = layers - 1; layer >= 0; layer--) {
    const below = activations[layer] as string
    graph.output(graph.op('MatMul', [turned(below), slope]), `gradient${2 * layer}`)
    graph.output(graph.sum(slope, [1], 'keep'), `gradient${2 * layer + 1}`)
    if (layer === 0) break
    const passed = graph.cast(graph.op('Greater', [below, zero]), 'float32')
    slope = graph.op('Mul', [graph.op('MatMul', [slope, turned(values[2 * layer] as string)]), passed])
  }
  return graph
}

/** Logits [outputs, rows] of one network. */
function forward(): GraphBuilder {
  const graph = new GraphBuilder()
  let value = graph.input('features')
  for (let layer = 0; layer < layers; layer++) {
    value = graph.op('Gemm', [value, graph.input(`values${2 * layer}`), graph.input(`values${2 * layer + 1}`)])
    if (layer < layers - 1) value = graph.op('Relu', [value])
  }
  graph.output(graph.op('Transpose', [value], { perm: [1, 0] }), 'logits')
  return graph
}
