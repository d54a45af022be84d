/** Models that are damaged, incomplete or of a kind that is not run: each says which file is at fault and what to do. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ErrorReport } from '../../../preload/contract'
import { LayerscopeError } from '../../../main/engine/errors'
import { describeModel } from '../../../main/engine/models/discovery/describe-model'
import { openModel, type TokenBatch } from '../../../main/engine/models'
import { readModel, withExternalData } from '../../fixtures/onnx-variants'
import { sharedExists, sharedFolder } from '../../fixtures/reference'
import { writeSparseGguf } from '../../fixtures/sparse-files'

const zoo = join(sharedFolder, 'models/zoo')
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

let root = ''
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'layerscope-refused-')) })
afterEach(() => { rmSync(root, { recursive: true }) })

/** What opening the path ends in; an error without a remedy fails here. */
async function refusal(path: string): Promise<ErrorReport> {
  try {
    await (await openModel(path)).close()
  } catch (error) {
    if (!(error instanceof LayerscopeError)) throw error
    expect(error.report.hint ?? '').toMatch(/\w+ .*\.$/)
    return error.report
  }
  throw new Error(`${path} was opened`)
}

/** A copy of a zoo model's folder to damage. */
function copyOf(family: string): string {
  const folder = join(root, family)
  mkdirSync(folder)
  for (const file of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']) cpSync(join(zoo, family, file), join(folder, file), { errorOnExist: false, force: true })
  return folder
}

function changeJson(file: string, change: (content: Record<string, unknown>) => Record<string, unknown>): void {
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)))
}

/** Where a tensor's bytes begin in a safetensors file. */
function offsetOf(bytes: Buffer, tensor: string): number {
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, { readonly data_offsets: readonly [number, number] }>
  const [begin] = header[tensor]?.data_offsets ?? [NaN]
  return 8 + length + begin
}

describe.skipIf(!sharedExists)('a folder of safetensors', () => {
  it('whose weights hold a NaN opens with a failed check that says from where on', async () => {
    const folder = copyOf('llama')
    const file = join(folder, 'model.safetensors')
    const bytes = readFileSync(file)
    bytes.writeFloatLE(NaN, offsetOf(bytes, 'model.layers.1.mlp.down_proj.weight'))
    writeFileSync(file, bytes)
    const model = await openModel(folder)
    try {
      const finite = model.summary.checks.find(({ name }) => name === 'finite')
      expect(finite?.ok).toBe(false)
      // Block 0 is whole, the MLP of block 1 is the first to read the weight.
      expect(finite?.detail).toMatch(/^Not finite from blocks\.1\.hook_mlp_out on .*model\.safetensors.*download it again/)
    } finally {
      await model.close()
    }
  })

  it('with a shard missing names it', async () => {
    const folder = copyOf('llama')
    cpSync(join(folder, 'model.safetensors'), join(folder, 'model-00001-of-00002.safetensors'))
    rmSync(join(folder, 'model.safetensors'))
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: { 'model.embed_tokens.weight': 'model-00001-of-00002.safetensors', 'model.norm.weight': 'model-00002-of-00002.safetensors' } }))
    expect(await refusal(folder)).toMatchObject({ code: 'shard-missing', message: 'The weights file model-00002-of-00002.safetensors is missing.', file: join(folder, 'model-00002-of-00002.safetensors') })
  })

  it('of another model than config.json says names tensor, file and both shapes', async () => {
    const folder = copyOf('llama')
    changeJson(join(folder, 'config.json'), config => ({ ...config, intermediate_size: 4 * Number(config['intermediate_size']) }))
    const report = await refusal(folder)
    expect(report).toMatchObject({ code: 'weights-contradict-config', file: join(folder, 'model.safetensors') })
    expect(report.message).toMatch(/^The tensor model\.layers\.0\.mlp\.\w+\.weight has the shape \[.*\]; config\.json leads to \[.*\]\.$/)
  })

  it('without a tokenizer opens with a warning; a text is refused with what to put where', async () => {
    const folder = copyOf('llama')
    rmSync(join(folder, 'tokenizer.json'))
    const model = await openModel(folder)
    try {
      expect(model.summary.warnings).toEqual([expect.stringContaining('No tokenizer.json')])
      expect(() => model.tokenizer).toThrow(expect.objectContaining({ report: expect.objectContaining({ code: 'tokenizer-missing', file: join(folder, 'model.safetensors'), hint: expect.stringContaining('tokenizer.json') as string }) as ErrorReport }) as Error)
    } finally {
      await model.close()
    }
  })

  it('whose tokenizer has more tokens than the embedding rows warns, and names the tokenizer where such a token is run', async () => {
    const folder = copyOf('llama')
    const whole = await openModel(folder)
    const { vocab } = whole.summary
    expect(whole.summary.warnings).toEqual([])
    await whole.close()
    const spare = vocab ?? 0
    changeJson(join(folder, 'tokenizer.json'), file => ({ ...file, added_tokens: [...file['added_tokens'] as unknown[], { id: spare, content: '<one too many>', special: true, single_word: false, lstrip: false, rstrip: false, normalized: false }] }))
    const model = await openModel(folder)
    try {
      expect(model.summary.warnings).toEqual([expect.stringMatching(new RegExp(`^tokenizer\\.json has ${String(spare + 1)} tokens, the model’s embedding ${String(spare)} rows`))])
      const { ids } = model.tokenizer.encode('<one too many>')
      expect([...ids]).toContain(spare)
      const batch: TokenBatch = { rows: 1, length: ids.length, inputIds: ids, attentionMask: new Uint8Array(ids.length).fill(1) }
      await expect(model.run(batch, ['hook_embed'], { kind: 'whole' })).rejects.toMatchObject({
        report: { code: 'token-outside-vocabulary', message: expect.stringContaining(String(spare)) as string, file: join(folder, 'tokenizer.json'), hint: expect.stringContaining('tokenizer.json') as string }
      })
    } finally {
      await model.close()
    }
  })
})

describe.skipIf(!sharedExists)('a folder without a model that is opened says what it holds instead', () => {
  const folderOf = (change: (folder: string) => void): string => {
    const folder = copyOf('llama')
    change(folder)
    return folder
  }
  const rename = (from: string, to: string) => (folder: string): void => { renameSync(join(folder, from), join(folder, to)) }
  it.each([
    ['a pickled checkpoint', rename('model.safetensors', 'pytorch_model.bin'), 'model-format', /^pytorch_model\.bin is in a format that can run code/, /\.safetensors files .*save_pretrained/],
    ['shards without an index', rename('model.safetensors', 'model-00001-of-00002.safetensors'), 'shard-missing', /no model\.safetensors\.index\.json/, /index\.json/],
    ['an adapter', rename('model.safetensors', 'adapter_model.safetensors'), 'model-format', /an adapter \(adapter_model\.safetensors\)/, /merge_and_unload/],
    ['a configuration alone', folder => { rmSync(join(folder, 'model.safetensors')) }, 'model-unreadable', /a config\.json and no weights/, /Download model\.safetensors/],
    ['weights without a configuration', folder => { rmSync(join(folder, 'config.json')) }, 'model-config-missing', /^There is no config\.json beside model\.safetensors/, /config\.json/],
    ['a configuration that names no family', folder => { changeJson(join(folder, 'config.json'), ({ model_type: _type, architectures: _classes, ...config }) => config) }, 'model-config-invalid', /^The field model_type of config\.json is missing/, /config\.json/],
    ['nothing', folder => { for (const file of readdirSync(folder)) rmSync(join(folder, file)) }, 'model-unreadable', /neither safetensors, GGUF nor ONNX/, /Choose the folder/]
  ] as const satisfies readonly (readonly [string, (folder: string) => void, string, RegExp, RegExp])[])('%s', async (_, change, code, message, hint) => {
    expect(await refusal(folderOf(change))).toMatchObject({ code, message: expect.stringMatching(message) as string, hint: expect.stringMatching(hint) as string })
  })

  it.each([
    ['a single safetensors file of another name', rename('model.safetensors', 'model.fp32.safetensors')],
    ['a repository of the Hugging Face cache', folder => {
      const snapshot = join(folder, 'snapshots', 'abc')
      mkdirSync(snapshot, { recursive: true })
      for (const file of readdirSync(folder)) if (file !== 'snapshots') renameSync(join(folder, file), join(snapshot, file))
    }],
    ['a configuration that names its class alone', folder => { changeJson(join(folder, 'config.json'), ({ model_type: _type, ...config }) => ({ ...config, architectures: ['LlamaForCausalLM'] })) }]
  ] as const satisfies readonly (readonly [string, (folder: string) => void])[])('opens %s', async (_, change) => {
    const model = await openModel(folderOf(change))
    await model.close()
    expect(model.summary).toMatchObject({ format: 'safetensors', layers: 3 })
  })
})

/** A GGUF file of one block, zeros throughout, with these entries about its tokenizer. */
function writeSmallGguf(path: string, tokenizer: Readonly<Record<string, string>> = {}): void {
  const matrices = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'].map(name => [`blk.0.${name}.weight`, [256, 256]] as const)
  const tensors = [['token_embd.weight', [600, 256]], ...matrices, ['blk.0.attn_norm.weight', [256]], ['blk.0.ffn_norm.weight', [256]], ['output_norm.weight', [256]]] as const
  writeSparseGguf(path, 'Q8_0', tensors, { block_count: 1, context_length: 64, embedding_length: 256, feed_forward_length: 256, 'attention.head_count': 4 }, tokenizer)
}

describe.skipIf(!sharedExists)('a GGUF file takes the tokenizer.json beside it', () => {
  const vocabulary = async (path: string): Promise<number | null> => {
    const model = await openModel(path)
    await model.close()
    return model.summary.tokenizer === null ? null : model.tokenizer.vocabSize
  }

  it('where it has no tokenizer', async () => {
    const path = join(root, 'bare.gguf')
    writeSmallGguf(path)
    expect(await vocabulary(path)).toBeNull()
    cpSync(join(zoo, 'llama', 'tokenizer.json'), join(root, 'tokenizer.json'))
    expect(await vocabulary(path)).toBe(600)
  })

  it.each([
    ['cuts text by rules', { model: 'gpt2', pre: 'kimi-k2' }, 'tokenizer.ggml.pre', /by the rules “kimi-k2”/], ['is of a kind', { model: 'rwkv' }, 'tokenizer.ggml.model', /of the kind “rwkv”/]
  ] as const)('where its own %s that nobody knows; without one it is refused, in the list too', async (_, tokenizer, field, message) => {
    const path = join(root, 'unknown.gguf')
    writeSmallGguf(path, tokenizer)
    const report = await refusal(path)
    expect(report).toMatchObject({ code: 'tokenizer-unsupported', file: path, field, message: expect.stringMatching(message) as string, hint: expect.stringContaining('tokenizer.json') as string })
    expect(await describeModel(path, 'gguf')).toMatchObject({ openable: false, reason: report.message })
    cpSync(join(zoo, 'llama', 'tokenizer.json'), join(root, 'tokenizer.json'))
    expect(await vocabulary(path)).toBe(600)
    expect(await describeModel(path, 'gguf')).toMatchObject({ openable: true })
  })
})

it('a GGUF file of experts is refused as one', async () => {
  const path = join(root, 'experts.gguf')
  writeSparseGguf(path, 'Q8_0', [['token_embd.weight', [512, 256]]], { block_count: 1, context_length: 64, embedding_length: 256, feed_forward_length: 256, 'attention.head_count': 4, expert_count: 8 })
  expect(await refusal(path)).toMatchObject({ code: 'model-family-unknown', file: path, message: expect.stringContaining('mixture of 8 experts') as string })
})

it.each(['Q4_0_4_4', 'Q8_K'] as const)('a GGUF file of %s is refused by that name', async type => {
  const path = join(root, `model-${type}.gguf`)
  writeSparseGguf(path, type, [['token_embd.weight', [512, 256]], ['output_norm.weight', [256]]], { block_count: 1, context_length: 64, embedding_length: 256, feed_forward_length: 256, 'attention.head_count': 4 })
  expect(await refusal(path)).toMatchObject({ code: 'precision-unsupported', file: path, field: 'token_embd.weight', message: `The tensor token_embd.weight is stored as ${type}, a format Layerscope does not run yet.` })
})

it.each([['block_count', 50_000_000], ['attention.key_length', 1_000_000_007], ['rope.dimension_count', 1_000_000_006], ['attention.head_count_kv', 0]] as const)('a GGUF file whose %s is %d is refused at once', async (field, value) => {
  const path = join(root, 'absurd.gguf')
  writeSparseGguf(path, 'Q8_0', [['token_embd.weight', [512, 256]]], { block_count: 1, context_length: 64, embedding_length: 256, feed_forward_length: 256, 'attention.head_count': 4, [field]: value })
  expect(await refusal(path)).toMatchObject({ code: 'gguf-invalid', file: path, field: `qwen2.${field}`, message: expect.stringContaining(`qwen2.${field} is ${String(value)}, not a whole number`) as string })
})

describe.skipIf(!sharedExists)('weights outside the folder of an exported graph are not followed', () => {
  it.each(['../model.onnx_data', 'data/../../model.onnx_data', '/tmp/model.onnx_data'])('%s', async location => {
    const folder = join(root, 'model')
    mkdirSync(folder)
    const path = withExternalData(readModel(join(zoo, 'llama/onnx/model.onnx')), folder, 'model.onnx', location)
    // It is there, and whole.
    renameSync(join(folder, 'model.onnx_data'), join(root, 'model.onnx_data'))
    expect(await refusal(path)).toMatchObject({ code: 'model-data-outside', file: path, message: expect.stringContaining(location) as string, hint: expect.stringContaining('model.onnx_data') as string })
  })
})
