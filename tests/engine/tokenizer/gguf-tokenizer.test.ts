/** Tokenizers rebuilt from what a GGUF file says of them, against Hugging Face's ids under the published pipeline that the file only names. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { GgufValue } from '../../../main/engine/models/gguf/gguf-file'
import { cuttingRules } from '../../../main/engine/models/gguf/cutting-rules'
import { ggufTokenizer } from '../../../main/engine/models/gguf/gguf-tokenizer'
import type { Tokenizer } from '../../../main/engine/models/open-model'
import { AlignedText } from '../../../main/engine/models/tokenizer/aligned-text'
import { createPreTokenizer } from '../../../main/engine/models/tokenizer/pre-tokenizers'
import type { ErrorReport } from '../../../preload/contract'

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const read = <T>(file: string): T => JSON.parse(readFileSync(join(fixtures, file), 'utf8')) as T
const { texts } = read<{ readonly texts: readonly string[] }>('tokenizer-offsets.json')
// Made by tests/fixtures/gguf-tokenizers.py.
const expected = read<Readonly<Record<string, { readonly vocabulary: string; readonly ids: readonly (readonly number[])[] }>>>('gguf-tokenizers.json')

// Made by tests/fixtures/cutting-rules.py: the lengths of every text's pieces under each rule.
const { further, cuts } = read<{ readonly further: readonly string[]; readonly cuts: Readonly<Record<string, readonly (readonly number[])[]>> }>('cutting-rules.json')
/** Each rule of the fixture with the names that cut alike in llama.cpp. */
const ALIASES: readonly (readonly string[])[] = [
  ['gpt-2', 'mpt', 'olmo', 'phi-2', 'jina-es', 'jina-de', 'jina-v2-es', 'jina-v2-de', 'gigachat', 'a.x-4.0', 'mellum', 'modern-bert', 'exaone4', 'jais', 'trillion', 'granite-docling', 'roberta-bpe', 'jina-v1-en', 'jina-v2-code'],
  ['smollm', 'starcoder', 'refact', 'codeshell', 'exaone', 'minerva-7b', 'mellum2', 'command-r'],
  ['stablelm2', 'qwen2', 'deepseek-r1-qwen', 'megrez', 'kormo', 'f2llmv2', 'hunyuan', 'solar-open', 'grok-2'],
  ['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe', 'llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2', 'jina-v5-nano'],
  ['tekken'], ['gpt-4o', 'llama4', 'kanana2', 'talkie', 'minimax-m2', 'granite-embed-multi-97m'], ['deepseek-coder'], ['deepseek-llm'],
  ['deepseek-v3', 'hunyuan-dense', 'joyai-llm', 'hy_v4'], ['spark2_5'], ['bloom', 'poro-chat', 'gpt3-finnish'], ['viking'], ['default'],
  ['bailingmoe', 'bailingmoe2', 'llada-moe'], ['seed-coder'], ['ufakzeka'], ['laguna'], ['minicpm5'], ['qwen35'], ['exaone-moe'], ['jais-2'], ['youtu']
]

interface Source {
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[]
  readonly normalizer: { readonly normalizers?: readonly { readonly precompiled_charsmap?: string }[] } | null
  readonly model: { readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[]; readonly merges?: readonly (string | readonly string[])[] }
}

/** The metadata that llama.cpp's converter writes of a tokenizer.json, as far as it tells the tokenizer. */
function metadataOf({ added_tokens: added, normalizer, model }: Source, pre: string | null, further: Readonly<Record<string, GgufValue>>): Map<string, GgufValue> {
  const pieces = Array.isArray(model.vocab) ? model.vocab as readonly (readonly [string, number])[] : null
  const tokens = pieces ? pieces.map(([token]) => token) : Object.entries(model.vocab).sort((a, b) => Number(a[1]) - Number(b[1])).map(([token]) => token)
  const special = new Set(added.filter(token => token.special).map(token => token.content))
  const types = tokens.map(token => token === '<unk>' ? 2 : special.has(token) ? 3 : 1)
  const charsmap = normalizer?.normalizers?.[0]?.precompiled_charsmap
  const entries: Record<string, GgufValue> = {
    tokens, token_type: types, bos_token_id: 1, eos_token_id: 2, unknown_token_id: 0, ...further,
    ...(pre === null ? {} : { pre }),
    ...(pieces ? { scores: pieces.map(([, score]) => score) } : { merges: (model.merges ?? []).map(merge => typeof merge === 'string' ? merge : merge.join(' ')) }),
    // Some writers take the bytes for signed numbers.
    ...(charsmap === undefined ? {} : { precompiled_charsmap: [...Int8Array.from(Buffer.from(charsmap, 'base64'))] })
  }
  return new Map(Object.entries(entries).map(([key, value]) => [`tokenizer.ggml.${key}`, value]))
}

function rebuilt(name: string, further: Readonly<Record<string, GgufValue>> = {}): Tokenizer | null {
  const source = read<Source>(`tokenizers/${expected[name]?.vocabulary ?? ''}/tokenizer.json`)
  const unigram = name === 'unigram'
  return ggufTokenizer({ path: `${name}.gguf`, files: [], folder: '', bytes: 0, tensors: new Map(), metadata: metadataOf(source, unigram ? null : name, { model: unigram ? 't5' : 'gpt2', ...further }) }, 512)
}

const idsOf = (tokenizer: Tokenizer | null): (readonly number[])[] => texts.map(text => [...tokenizer?.encode(text).ids ?? []])

describe('tokenizers of GGUF files', () => {
  it.each([
    ['llama-bpe', {}], ['tekken', {}], ['roberta-bpe', {}], ['gpt-4o', {}], ['deepseek-coder', { add_bos_token: true }], ['unigram', { add_bos_token: true, add_eos_token: true }]
  ])('%s has the ids of the source', (name, further) => {
    const found = idsOf(rebuilt(name, further))
    texts.forEach((text, at) => { expect(found[at], JSON.stringify(text)).toEqual(expected[name]?.ids[at]) })
  })

  it('adds no beginning where the file says so', () => {
    expect(idsOf(rebuilt('llama-bpe', { add_bos_token: false }))).toEqual(expected['llama-bpe']?.ids.map(([, ...rest]) => rest))
  })

  it.each(ALIASES.flatMap(names => names.map(name => [name, names[0] ?? ''] as const)))('%s cuts as published', (name, published) => {
    const { split } = createPreTokenizer(cuttingRules(name, 'm.gguf').split)
    const all = [...texts, ...further]
    expect(cuts[published]).toHaveLength(all.length)
    all.forEach((text, at) => {
      const lengths = split([new AlignedText(text, 0)]).map(piece => [...piece.text].length)
      expect(lengths, JSON.stringify(text)).toEqual(cuts[published]?.[at])
    })
  })

  it('falcon cuts by the steps of its tokenizer.json', () => {
    const steps = (component: { readonly type: string; readonly pretokenizers?: unknown }): unknown => component.pretokenizers
    const source = read<{ readonly pre_tokenizer: { readonly type: string } }>('tokenizers/falcon/tokenizer.json').pre_tokenizer
    // Offsets are the tokenizer's own affair.
    expect(JSON.parse(JSON.stringify(steps(cuttingRules('falcon', 'm.gguf').split)).replaceAll('"trim_offsets":false', '"trim_offsets":true'))).toEqual(steps(source))
  })

  it.each(['kimi-k2', 'afmoe', 'superbpe', 'tiny_aya', 'cohere2moe', 'chameleon', 'gemma4', 'granite-embed-multi-311m', 'sarvam-moe', 'whitespace'])('refuses %s, and says what to do', name => {
    expect(() => cuttingRules(name, 'm.gguf')).toThrow(expect.objectContaining({ report: expect.objectContaining({
      code: 'tokenizer-unsupported', file: 'm.gguf', message: expect.stringContaining(`by the rules “${name}”`) as string, hint: expect.stringContaining('tokenizer.json') as string
    }) as ErrorReport }) as Error)
  })

  it.each([
    ['rules', { pre: 'nobody-knows' }, 'splits text by the rules “nobody-knows”'], ['kinds', { model: 'rwkv' }, 'of the kind “rwkv”']
  ])('refuses unknown %s by name', (_, further, words) => {
    const metadata = metadataOf(read<Source>('tokenizers/qwen/tokenizer.json'), null, { model: 'gpt2', ...further })
    expect(() => ggufTokenizer({ path: 'm.gguf', files: [], folder: '', bytes: 0, tensors: new Map(), metadata }, 512)).toThrow(words)
  })
})
