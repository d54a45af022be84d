import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { afterAll, describe, expect, it } from 'vitest'
import { LayerscopeError } from '../../../main/engine/errors'
import { loadTokenizer, tokenizerLimits } from '../../../main/engine/models/tokenizer'
import type { Tokenizer } from '../../../main/engine/models/open-model'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const minilm = join(root, 'resources/models/minilm')
const atlas = join(root, 'resources/models/atlas-lm')
const trained = join(root, 'tests/fixtures/tokenizers')
const zoo = join(root, '../shared/models/zoo')
if (!existsSync(zoo)) console.log('Skipped: ../shared is absent, the lengths of its models are not checked.')
const scratch = mkdtempSync(join(tmpdir(), 'layerscope-tokenizer-'))
afterAll(() => { rmSync(scratch, { recursive: true, force: true }) })

async function open(folder: string): Promise<Tokenizer> {
  const tokenizer = await loadTokenizer(folder)
  if (tokenizer === null) throw new Error(`no tokenizer in ${folder}`)
  return tokenizer
}

/** A folder with a tokenizer.json of the given content. */
function folderWith(name: string, tokenizer: string, more: Readonly<Record<string, object>> = {}): string {
  const folder = join(scratch, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'tokenizer.json'), tokenizer)
  for (const [file, content] of Object.entries(more)) writeFileSync(join(folder, file), JSON.stringify(content))
  return folder
}

describe('length', () => {
  it('is the model’s 512 positions, though tokenizer.json says 128 and pads to them', async () => {
    const tokenizer = await open(minilm)
    expect(tokenizer.maxLength).toBe(512)
    const short = tokenizer.encode('hello world')
    expect([Array.from(short.ids), short.truncated]).toEqual([[101, 7592, 2088, 102], 0])
    const exact = tokenizer.encode('hello '.repeat(510))
    expect([exact.ids.length, exact.truncated]).toEqual([512, 0])
    const long = tokenizer.encode('hello '.repeat(600))
    expect([long.ids.length, long.truncated, long.ids[0], long.ids[510], long.ids[511]]).toEqual([512, 90, 101, 7592, 102])
    expect(Array.from(long.offsets.slice(-4))).toEqual([509 * 6, 509 * 6 + 5, -1, -1])
  })

  it('can cut the left end', async () => {
    const folder = join(scratch, 'left')
    cpSync(atlas, folder, { recursive: true, filter: (path) => !path.includes('onnx') })
    writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ truncation_side: 'left' }))
    const tokenizer = await open(folder)
    const encoding = tokenizer.encode(`${'a '.repeat(400)}end.`)
    expect(encoding.ids.length).toBe(128)
    expect(tokenizer.tokenText(encoding.ids[127] ?? -1)).toBe('.')
  })

  it.each([
    [{ model_type: 'bert', max_position_embeddings: 512 }, {}, 512],
    [{ model_type: 'gpt2', n_positions: 1024 }, {}, 1024],
    [{ model_type: 'roberta', max_position_embeddings: 514, pad_token_id: 1 }, { model_max_length: 512 }, 512],
    [{ model_type: 'mpnet', max_position_embeddings: 514, pad_token_id: 1 }, {}, 512],
    [{ model_type: 'opt', max_position_embeddings: 2048, pad_token_id: 1 }, {}, 2048],
    [{ model_type: 'gemma3', text_config: { max_position_embeddings: 131072 } }, {}, 131072],
    [{ model_type: 't5' }, { model_max_length: 1e30 }, null],
    [null, { model_max_length: 77 }, 77],
    [null, null, null]
  ])('of %j', (config, tokenizerConfig, maxLength) => {
    expect(tokenizerLimits(config, tokenizerConfig).maxLength).toBe(maxLength)
  })

  it.skipIf(!existsSync(zoo)).each([['roberta', 127], ['mpnet', 126], ['bert', 128], ['gpt2', 128], ['gemma3', 128]])('of zoo/%s is %d', async (family, length) => {
    expect((await open(join(zoo, family))).maxLength).toBe(length)
  })
})

describe('tokens for people', () => {
  it('have text, spans and marks', async () => {
    const tokens = (await open(minilm)).describe('Łódź 🙂 re-read [SEP]')
    expect(tokens.map((token) => [token.text, token.span, token.special])).toEqual([
      ['[CLS]', null, true], ['łodz', [0, 4], false], ['[UNK]', [5, 7], true], ['re', [8, 10], false], ['-', [10, 11], false], ['read', [11, 15], false], ['[SEP]', [16, 21], true], ['[SEP]', null, true]
    ])
  })

  it('spell out bytes that are a part of a character, each over the whole of it', async () => {
    const tokenizer = await open(atlas)
    const tokens = tokenizer.describe('a 🙂')
    expect(tokens.slice(1).map((token) => token.text).join('')).toBe(' <0xF0><0x9F><0x99><0x82>')
    for (const token of tokens.slice(-4)) expect(token.span?.[1]).toBe(4)
    expect(tokenizer.decode(tokens.map((token) => token.id))).toBe('a 🙂')
  })

  it('are found by name or by text', async () => {
    const tokenizer = await open(atlas)
    const id = tokenizer.idOf(' True')
    expect(id).toBeDefined()
    expect(tokenizer.idOf('ĠTrue')).toBe(id)
    expect(tokenizer.tokenText(id ?? -1)).toBe(' True')
    expect(tokenizer.idOf('<|end|>')).toBe(0)
    expect(tokenizer.idOf('no such token at all')).toBeUndefined()
    expect(tokenizer.vocabSize).toBe(4096)
  })
})

describe('long pieces', () => {
  it('merge as another implementation merges them', async () => {
    // No pre-tokenizer: the whole text is one piece of thousands of symbols, merged by the heap.
    const folder = join(trained, 'spm-bpe')
    const library = new LibraryTokenizer(JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as object, {})
    const text = Array.from({ length: 300 }, (_, index) => ['Paris', 'France', 'leading', 'combining', 'statement', 'don’t'][(index * index) % 6] ?? '').join(' ')
    expect(Array.from((await open(folder)).encode(text).ids)).toEqual(library.encode(text).ids)
  })

  it('take no more than linear time or so', async () => {
    const tokenizer = await open(join(trained, 'spm-bpe'))
    const started = performance.now()
    const { ids, offsets } = tokenizer.encode('The city of Paris is in France. '.repeat(10_000))
    expect(offsets[ids.length * 2 - 1]).toBe(320_000)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('files that cannot be used', () => {
  const usable = JSON.parse(readFileSync(join(trained, 'words/tokenizer.json'), 'utf8')) as Record<string, unknown>
  const changed = (change: object): string => JSON.stringify({ ...usable, ...change })

  it('is null where there is none', async () => {
    expect(await loadTokenizer(join(scratch, 'nowhere'))).toBeNull()
  })

  it.each([
    ['cut', '{"model": {"type": "BPE", "vocab": {"a":', 'tokenizer-unreadable', /not valid JSON/],
    ['other', '{"name": "not a tokenizer"}', 'tokenizer-unreadable', /not a tokenizer of the Hugging Face format/],
    ['list', '[]', 'tokenizer-unreadable', /not a tokenizer/],
    ['no-vocab', '{"model": {"type": "BPE", "vocab": {}, "merges": []}}', 'tokenizer-unreadable', /vocabulary/],
    ['bad-ids', '{"model": {"type": "WordLevel", "vocab": {"a": -1}}}', 'tokenizer-unreadable', /vocabulary/],
    ['bad-merge', '{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}}', 'tokenizer-unreadable', /Merge 1 .* not in the vocabulary/],
    ['new-normalizer', changed({ normalizer: { type: 'Quantum' } }), 'tokenizer-unsupported', /normalizer of type Quantum/],
    ['new-model', changed({ model: { type: 'Diffusion', vocab: { a: 0 } } }), 'tokenizer-unsupported', /model of type Diffusion/],
    ['bad-step', changed({ normalizer: { type: 'Prepend' } }), 'tokenizer-unreadable', /normalizer in tokenizer\.json is malformed/],
    ['bad-table', changed({ normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAECAw==' } }), 'tokenizer-unreadable', /cut short/]
  ] as const)('%s', async (name, content, code, message) => {
    const folder = folderWith(name, content)
    const failure = await loadTokenizer(folder).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(LayerscopeError)
    const { report } = failure as LayerscopeError
    expect(report).toMatchObject({ code, file: join(folder, 'tokenizer.json') })
    expect(report.message).toMatch(message)
  })
})
