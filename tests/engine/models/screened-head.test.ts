/** The greedy choice among a few logits: it is the whole head's, and the bounds that leave the others out hold. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { cachedGeneration, generate } from '../../../main/engine/models/worker/generate'
import { GraphBuilder } from '../../../main/engine/models/generated/graph/graph-builder'
import { readGgufModel } from '../../../main/engine/models/gguf'
import { toFloat32 } from '../../../main/engine/models/gguf/decode-blocks'
import { readGguf } from '../../../main/engine/models/gguf/gguf-file'
import { GgufWeights } from '../../../main/engine/models/gguf/gguf-weights'
import { tensorBytes } from '../../../main/engine/models/gguf/tensor-bytes'
import type { ReadableModel } from '../../../main/engine/models/readable-model'
import { screenedChoice } from '../../../main/engine/models/screened-head'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

const files = join(sharedFolder, 'models/gguf')
const bundled = join(sharedFolder, 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf')
/** Heads in Q8_0; in Q6_K, whose blocks are of 16; in Q5_0. */
const eightBit = sharedExists ? readdirSync(files).filter(file => /^(?!bert).*-(Q8_0|Q6_K|Q4_K_M|Q5_0|IQ4_NL)\.gguf$/.test(file)) : []
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

/** Uniform in −1 … 1. */
function noise(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}

describe('choosing among bounds', () => {
  const hidden = new Float32Array(0)
  const choose = (upper: readonly number[], least: number, logits: readonly number[]): { token: number; computed: number[] } => {
    const computed: number[] = []
    const token = screenedChoice({ upper: Float32Array.from(upper), least, hidden }, id => {
      computed.push(id)
      return logits[id] ?? NaN
    })
    return { token, computed }
  }

  it('computes only the logits that can be the greatest', () => {
    expect(choose([5, 1, 4, 3.5, 2], 3.5, [4.1, 0.9, 3.9, 3.4, 1.8])).toEqual({ token: 0, computed: [0, 2, 3] })
    // Not the one with the greatest bound.
    expect(choose([5, 1, 4.5, 3.5, 2], 3.5, [4.1, 0.9, 4.4, 3.4, 1.8]).token).toBe(2)
  })

  it('takes the lowest id on a tie', () => {
    expect(choose([1, 3, 2, 3, 3], 2, [0, 2.5, 1, 2.5, 2.5]).token).toBe(1)
  })

  it('computes all where bounds do not hold', () => {
    expect(choose([1, 2, 3], 2.5, [9, 1, 4])).toEqual({ token: 0, computed: [2, 0, 1, 2] })
  })
})

describe.skipIf(!sharedExists)('bounds of a head in eight-bit blocks', () => {
  it.each([
    ['Q8_0', join(files, 'llama-256-Q8_0.gguf'), 'output'], ['Q6_K', join(files, 'llama-256-Q6_K.gguf'), 'output'], ['Q5_0', join(files, 'llama-256-Q5_0.gguf'), 'output'], ['SmolLM2', bundled, 'token_embd']
  ])('%s: hold for every token, and leave few', async (_name, path, head) => {
    const file = await readGguf(path)
    const tensor = file.tensors.get(`${head}.weight`)
    if (tensor === undefined) throw new Error('no head')
    const [vocab = 0, width = 0] = tensor.shape
    const weights = new GgufWeights(file, () => null)
    const screen = weights.screen(head)
    if (screen === null) throw new Error('no screen')
    const graph = new GraphBuilder()
    const { upper, least } = screen.bounds(graph, graph.input('hidden', 'float32', ['batch', width]), 'head')
    graph.output('upper', upper, ['batch', vocab])
    graph.output('least', least, ['batch'])
    const session = await InferenceSession.create(graph.build('bounds'), { externalData: [...weights.memory] })
    const values = toFloat32(tensor.type, await tensorBytes(tensor))
    const random = noise(7)
    // The worst for a token: steps of 1, and each activation nearly half a step from where it is rounded to, on the side that makes the logit too small.
    const against = (token: number) => (i: number) => i % 16 === 0 ? 127 : Math.round(random() * 100) + 0.499 * Math.sign(values[token * width + i] ?? 0)
    // Even, with outliers as language models have them, sparse, and tiny.
    const rows = [
      () => random(), (i: number) => random() * (i % 61 === 0 ? 60 : 1), (i: number) => i % 32 === 0 ? random() : 0, () => random() * 1e-6,
      against(0), against(17), against(vocab - 1)
    ]
    let looked = 0
    for (const row of rows) {
      const hidden = Float32Array.from({ length: width }, (_, i) => row(i))
      const outputs = await session.run({ hidden: new Tensor('float32', hidden, [1, width]) })
      const [bounds, lowest] = [outputs['upper']?.data as Float32Array, outputs['least']?.data as Float32Array]
      let [greatest, broken, wrong] = [-Infinity, 0, 0]
      for (let token = 0; token < vocab; token++) {
        let [logit, size] = [0, 0]
        for (let i = 0; i < width; i++) {
          const part = (values[token * width + i] ?? 0) * (hidden[i] ?? 0)
          logit += part
          size += Math.abs(part)
        }
        greatest = Math.max(greatest, logit)
        if (!(logit <= (bounds[token] ?? NaN))) broken++
        if (!(Math.abs(screen.logitOf(token, hidden) - logit) <= 1e-7 * size)) wrong++
        if ((bounds[token] ?? NaN) >= (lowest[0] ?? NaN)) looked++
      }
      expect([broken, wrong]).toEqual([0, 0])
      expect(lowest[0]).toBeLessThanOrEqual(greatest)
    }
    await session.release()
    expect(looked / rows.length / vocab).toBeLessThan(0.2)
  }, 60_000)
})

describe.skipIf(!sharedExists)('greedy generation', () => {
  const tokens = async (model: ReadableModel, prompt: readonly number[], choice: 'greedy' | 'sampled'): Promise<number[]> => {
    const graph = model.cachedGraph?.('exact', choice)
    if (graph === undefined) throw new Error('no cached graph')
    expect(graph.logitOf === null).toBe(choice === 'sampled')
    const continuation = await cachedGeneration(graph)
    const ids: number[] = []
    for await (const id of generate(continuation, prompt, { maxTokens: 100, temperature: 0, topP: 1, seed: 0, stopIds: [] }, null)) ids.push(id)
    await continuation.close()
    return ids
  }

  it.each(eightBit)('%s: gives the tokens of the whole head', async file => {
    const model = await readGgufModel(join(files, file))
    const prompts = [[3, 60, 17], [101], [7, 19, 23, 41, 57, 11, 2]]
    for (const prompt of prompts) expect(await tokens(model, prompt, 'greedy')).toEqual(await tokens(model, prompt, 'sampled'))
  }, 60_000)

  it('SmolLM2: gives the tokens of the whole head', async () => {
    const model = await readGgufModel(bundled)
    for (const prompt of [[1, 504, 2007, 282, 260, 2240, 282, 7042, 5284], [504], [19556, 28, 732, 314, 338, 1528]]) {
      expect(await tokens(model, prompt, 'greedy')).toEqual(await tokens(model, prompt, 'sampled'))
    }
  }, 300_000)

  it('looks at all logits where the file has a head of another precision, or activations are rounded already', async () => {
    const half = await readGgufModel(join(files, 'llama-256-F16.gguf'))
    expect(half.cachedGraph?.('exact', 'greedy').logitOf).toBeNull()
    const model = await readGgufModel(join(files, 'llama-256-Q8_0.gguf'))
    expect(model.cachedGraph?.('fast', 'greedy').logitOf).toBeNull()
  })
})
