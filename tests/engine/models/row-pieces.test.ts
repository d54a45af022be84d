/** Weights too large for one allocation: held in pieces they give the same numbers, and no piece is over the limit. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import onnxProto from 'onnx-proto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSafetensorsModel } from '../../../main/engine/models/generated'
import { PIECE_BYTES, rowPieces } from '../../../main/engine/models/generated/row-pieces'
import { writeTransformerGraph } from '../../../main/engine/models/generated/graph/transformer-graph'
import { cachedGeneration } from '../../../main/engine/models/worker/generate'
import { readGgufModel } from '../../../main/engine/models/gguf'
import { ggufModel } from '../../../main/engine/models/gguf/gguf-families'
import { readGguf } from '../../../main/engine/models/gguf/gguf-file'
import { GgufWeights } from '../../../main/engine/models/gguf/gguf-weights'
import type { ReadableModel } from '../../../main/engine/models/readable-model'
import { ModelSessions, type RawOutputs } from '../../../main/engine/models/worker/sessions'
import type { TokenBatch } from '../../../main/engine/models'
import { sharedExists, sharedFolder } from '../../fixtures/reference'
import { uint64, writeSparse, writeSparseGguf } from '../../fixtures/sparse-files'

const { onnx } = onnxProto
/** Splits every matrix of the small models, the embedding into dozens. */
const SMALL = 8192
const ELECTRON_LIMIT = 2 ** 31
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

it('gives each row once, in pieces that stay within the limit', () => {
  expect(rowPieces(10, 4, 48)).toEqual([{ from: 0, to: 3 }, { from: 3, to: 6 }, { from: 6, to: 9 }, { from: 9, to: 10 }])
  expect(rowPieces(10, 4, 160)).toEqual([{ from: 0, to: 10 }])
  // A row is never divided.
  expect(rowPieces(2, 100, 8)).toEqual([{ from: 0, to: 1 }, { from: 1, to: 2 }])
})

const zoo = (family: string) => async (pieceBytes?: number): Promise<ReadableModel> => readSafetensorsModel(join(sharedFolder, 'models/zoo', family, 'model.safetensors'), join(sharedFolder, 'models/zoo', family, 'config.json'), pieceBytes)
const gguf = (file: string) => async (pieceBytes?: number): Promise<ReadableModel> => readGgufModel(join(sharedFolder, 'models/gguf', `${file}.gguf`), pieceBytes)

describe.skipIf(!sharedExists).each([
  ['safetensors llama', zoo('llama')], ['safetensors qwen2 (biases)', zoo('qwen2')], ['safetensors mpnet (no logits)', zoo('mpnet')],
  ['GGUF Q8_0 (widened)', gguf('llama-256-Q8_0')], ['GGUF Q4_0 (blocks)', gguf('llama-256-Q4_0')], ['GGUF Q4_K (blocks with offsets)', gguf('llama-256-Q4_K_M')],
  ['GGUF Q8_0 with biases', gguf('qwen2-Q8_0')], ['GGUF Q8_0, learned positions', gguf('gpt2-Q8_0')], ['GGUF F16 (mapped)', gguf('llama-256-F16')]
] as const)('%s in pieces', (_, read) => {
  const batch: TokenBatch = { rows: 2, length: 5, inputIds: Int32Array.of(3, 60, 17, 40, 1, 9, 33, 2, 0, 0), attentionMask: Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 1, 0, 0) }
  const hints = { kvHeads: null, headDim: null }

  async function outputs(model: ReadableModel): Promise<RawOutputs> {
    const sessions = new ModelSessions(model, 'cpu', hints)
    try {
      return new Map(await sessions.run(batch, [...new Set(model.sites.map(({ source }) => source))]))
    } finally {
      await sessions.close()
    }
  }

  it('gives every site as the whole matrices do', async () => {
    const [whole, split] = [await read(), await read(SMALL)]
    expect(initializers(split)).toBeGreaterThan(initializers(whole) + 10)
    const [expected, found] = [await outputs(whole), await outputs(split)]
    expect(found.size).toBe(expected.size)
    expect(expected.size).toBeGreaterThan(10)
    for (const [source, { data, dims }] of expected) {
      expect(found.get(source)?.dims).toEqual(dims)
      // Products of other widths may take their sums in another order.
      expect(largestGap(found.get(source)?.data, data), source).toBeLessThan(1e-5)
    }
    // What is looked up is only copied.
    expect(found.get('hook_embed')?.data).toEqual(expected.get('hook_embed')?.data)
  })

  it('gives the same gradient, and the same next token with a cache', async () => {
    const [whole, split] = [await read(), await read(SMALL)]
    const of = whole.gradientGraph?.of ?? ''
    const width = whole.declared?.sites.find(({ name }) => name === of)?.width ?? 0
    const cotangent = Float32Array.from({ length: 10 * width }, (_value, at) => Math.floor(at / width) < 8 ? Math.sin(at) : 0)
    const gradients = await Promise.all([whole, split].map(async model => {
      const sessions = new ModelSessions(model, 'cpu', hints)
      const { data } = await sessions.gradient(batch, whole.sites.find(({ name }) => /^blocks\.0\.hook_resid_pre$/.test(name))?.source ?? '', cotangent, width)
      const own = data.slice()
      await sessions.close()
      return own
    }))
    const scale = Math.max(...(gradients[0] ?? []).map(Math.abs))
    expect(scale).toBeGreaterThan(0)
    expect(largestGap(gradients[1], gradients[0] ?? new Float32Array(0)) / scale).toBeLessThan(1e-5)
    if (whole.cachedGraph === null || split.cachedGraph === null) return
    for (const arithmetic of ['exact', 'fast'] as const) {
      const [one, other] = [await cachedGeneration(whole.cachedGraph(arithmetic, 'sampled')), await cachedGeneration(split.cachedGraph(arithmetic, 'sampled'))]
      for (const ids of [[3, 60, 17], [40]]) {
        const [expected, found] = [await one.append(ids), await other.append(ids)]
        if (expected.kind !== 'logits' || found.kind !== 'logits') throw new Error('The graph gave no logits.')
        expect(largestGap(found.logits, expected.logits)).toBeLessThan(1e-5)
      }
      await one.close()
      await other.close()
    }
  })
})

/** Initializers of the graph of all sites. */
function initializers(model: ReadableModel): number {
  const { bytes } = model.graphFor([...new Set(model.sites.map(({ source }) => source))], false)
  return onnx.ModelProto.decode(bytes).graph?.initializer?.filter(({ externalData }) => (externalData?.length ?? 0) > 0).length ?? 0
}

function largestGap(found: Float32Array | undefined, expected: Float32Array): number {
  return found?.length === expected.length ? expected.reduce((largest, value, at) => Math.max(largest, Math.abs(value - (found[at] ?? NaN))), 0) : Infinity
}

describe('a table of 262,144 × 3,840', () => {
  let folder = ''
  beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'layerscope-pieces-')) })
  afterAll(() => { rmSync(folder, { recursive: true }) })
  const [vocab, hidden] = [262_144, 3840]
  /** Name and shape, [out, in], of a one-block decoder. */
  const decoder = (names: { embedding: string; block: string; norms: readonly string[]; square: readonly string[]; final: string }): [string, number[]][] => [
    [names.embedding, [vocab, hidden]], [names.final, [hidden]], ...names.norms.map((name): [string, number[]] => [`${names.block}.${name}.weight`, [hidden]]),
    ...names.square.map((name): [string, number[]] => [`${names.block}.${name}.weight`, [hidden, hidden]])
  ]

  it.each(['Q8_0', 'Q4_0', 'Q6_K'] as const)('as %s is decoded in pieces under 2 GiB', async type => {
    const path = join(folder, `${type}.gguf`)
    const tensors = decoder({ embedding: 'token_embd.weight', final: 'output_norm.weight', block: 'blk.0', norms: ['attn_norm', 'ffn_norm'], square: ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'] })
    writeSparseGguf(path, type, tensors, { block_count: 1, context_length: 2048, embedding_length: hidden, feed_forward_length: hidden, 'attention.head_count': 30 })
    const file = await readGguf(path)
    expect(file.tensors.get('token_embd.weight')?.length).toBeGreaterThan(2 ** 29)
    const { architecture, names } = await ggufModel(file)
    for (const arithmetic of ['exact', 'fast', 'widened'] as const) {
      const weights = new GgufWeights(file, () => null)
      writeTransformerGraph(architecture, names, weights, { sites: ['hook_embed', 'logits'], arithmetic })
      const planned = [...weights.planned.values()]
      expect(Math.max(...planned)).toBeLessThanOrEqual(PIECE_BYTES)
      // The table is there, as float32 for its rows.
      expect(planned.reduce((total, bytes) => total + bytes, 0)).toBeGreaterThan(4 * vocab * hidden)
      const whole = new GgufWeights(file, () => null, Infinity)
      writeTransformerGraph(architecture, names, whole, { sites: ['hook_embed', 'logits'], arithmetic })
      expect(Math.max(...whole.planned.values())).toBeGreaterThan(ELECTRON_LIMIT)
    }
  })

  it.each(['F32', 'BF16'] as const)('as %s safetensors is multiplied in pieces under 2 GiB', async type => {
    const weights = join(folder, 'model.safetensors')
    const width = type === 'F32' ? 4 : 2
    const tensors = decoder({
      embedding: 'model.embed_tokens.weight', final: 'model.norm.weight', block: 'model.layers.0', norms: ['input_layernorm', 'post_attention_layernorm'],
      square: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.o_proj', 'mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj']
    })
    let end = 0
    const header = Buffer.from(JSON.stringify(Object.fromEntries(tensors.map(([name, shape]) => {
      const begin = end
      end += width * shape.reduce((product, dim) => product * dim, 1)
      return [name, { dtype: type, shape, data_offsets: [begin, end] }]
    }))))
    writeSparse(weights, Buffer.concat([uint64(header.length), header]), 8 + header.length + end)
    const config = join(folder, 'config.json')
    writeSparse(config, Buffer.from(JSON.stringify({ model_type: 'llama', hidden_size: hidden, num_hidden_layers: 1, num_attention_heads: 30, intermediate_size: hidden, vocab_size: vocab, max_position_embeddings: 2048, tie_word_embeddings: true })))
    const model = await readSafetensorsModel(weights, config)
    const { graph } = onnx.ModelProto.decode(model.graphFor(['hook_embed', 'logits'], false).bytes)
    const multiplied = new Set(graph?.node?.flatMap(({ opType, input }) => opType === 'Gemm' || opType === 'Cast' ? input ?? [] : []))
    const copied = graph?.initializer?.filter(({ name }) => multiplied.has(name ?? '')).map(({ dims }) => (dims ?? []).reduce<number>((product, dim) => product * Number(dim), 4)) ?? []
    expect(copied.length).toBeGreaterThan(4)
    expect(Math.max(...copied)).toBeLessThanOrEqual(PIECE_BYTES)
    // Every row of the table is in one of them.
    expect(graph?.initializer?.filter(({ name }) => name?.startsWith('model.embed_tokens.weight/rows_')).reduce((rows, { dims }) => rows + Number(dims?.[0]), 0)).toBe(vocab)
  })
})
