import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel, type OpenModel } from '../../../main/engine/models'
import { mostProbable } from '../../../main/engine/prompt'
import { Client } from './client'

const models = fileURLToPath(new URL('../../../resources/models', import.meta.url))
const ATLAS = join(models, 'atlas-lm')
const SMOL = join(models, 'smollm2-135m-instruct')

let root = ''
let client: Client
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'prompt-'))
  client = Client.connect({ temporaryRoot: root, isGranted: () => true })
})
afterAll(async () => {
  await client.server.close()
  await rm(root, { recursive: true })
})

const code = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => 'none', (error: unknown) => (error as { report?: { code: string } }).report?.code ?? String(error))

it('lists the largest entries of a softmax', () => {
  // Odds 1 : 2 : 4 : 8 and one that cannot come.
  const logits = Float32Array.of(Math.log(2), -Infinity, Math.log(8), Math.log(1), Math.log(4))
  const top = mostProbable(logits, 3)
  expect(top.map(({ id }) => id)).toEqual([2, 4, 0])
  top.forEach(({ probability }, place) => { expect(probability).toBeCloseTo([8, 4, 2][place] as number / 15, 6) })
  // Logits beyond what exp can hold, and a tie.
  expect(mostProbable(Float32Array.of(1000, 1000, 0), 2)).toEqual([{ id: 0, probability: 0.5 }, { id: 1, probability: 0.5 }])
})

describe('a prompt to a small language model', () => {
  let modelId = ''
  let direct: OpenModel
  beforeAll(async () => {
    modelId = (await client.get('model.open', { path: ATLAS })).modelId
    direct = await openModel(ATLAS)
  })
  afterAll(() => direct.close())

  it('has the distribution of its last position, and adds up to one', async () => {
    const text = '<|end|>The capital of France is'
    const { tokens, top, other } = await client.get('model.next', { modelId, text })
    const { ids } = direct.tokenizer.encode(text)
    expect(tokens.map(({ id }) => id)).toEqual([...ids])
    expect(tokens[0]).toMatchObject({ text: '<|end|>', special: true, bytes: [...Buffer.from('<|end|>')] })
    expect(tokens.map(({ bytes }) => Buffer.from(bytes ?? []).toString()).join('')).toBe(text)
    expect(top).toHaveLength(10)
    expect(top[0]?.text).toBe(' Paris')
    expect(top.reduce((sum, { probability }) => sum + probability, other)).toBeCloseTo(1, 9)
    const { data } = (await direct.run({ rows: 1, length: ids.length, inputIds: ids, attentionMask: new Uint8Array(ids.length).fill(1) }, ['logits'], { kind: 'tokens' })).get('logits') ?? { data: new Float32Array(0) }
    const last = Array.from(data.subarray(data.length - (direct.summary.vocab ?? 0)))
    const total = last.reduce((sum, logit) => sum + Math.exp(logit), 0)
    for (const { id, probability } of top) expect(probability).toBeCloseTo(Math.exp(last[id] as number) / total, 5)
  })

  it('says greedily what the distribution puts first, step by step', async () => {
    const prompt = '<|end|>The capital of France is'
    const asked = client.ask('model.generate', { modelId, prompt, maxTokens: 5 })
    const { text, tokens, ended } = await asked.answer
    expect(asked.events.map((event) => event.text).join('')).toBe(text)
    expect(asked.events).toHaveLength(tokens)
    let so = prompt
    for (const { id } of asked.events) {
      const [first] = (await client.get('model.next', { modelId, text: so })).top
      expect(id).toBe(first?.id)
      so += first?.text ?? ''
    }
    expect(so).toBe(prompt + text)
    expect(['end', 'length']).toContain(ended)
  })

  it('samples the same text for a seed', async () => {
    const generate = (seed: number): Promise<string> => client.get('model.generate', { modelId, prompt: '<|end|>', temperature: 1.5, seed, maxTokens: 24 }).then(({ text }) => text)
    const [one, again, other] = [await generate(1), await generate(1), await generate(2)]
    expect(again).toBe(one)
    expect(other).not.toBe(one)
  })

  it('refuses what it cannot read', async () => {
    expect(await code(client.get('model.generate', { modelId, prompt: '' }))).toBe('text-empty')
    expect(await code(client.get('model.generate', { modelId, prompt: 'a', temperature: -1 }))).toBe('params-invalid')
    expect(await code(client.get('model.next', { modelId: 'gone', text: 'a' }))).toBe('model-not-open')
    expect(await code(client.get('model.next', { modelId, text: 'a', chat: true }))).toBe('chat-template-missing')
    expect((await client.get('model.next', { modelId, text: '' })).top).toEqual([])
  })
})

describe('a prompt to a chat model', () => {
  it('streams, stops when asked, and keeps what came', async () => {
    const { modelId, ...summary } = await client.get('model.open', { path: SMOL })
    expect(summary).toMatchObject({ chatTemplate: true, tokenizer: 'byte-level BPE', promptObstacle: null })
    const asked = client.ask('model.generate', { modelId, prompt: 'Count from one to a hundred.', chat: true, maxTokens: 400 }, (_, generation) => { if (generation.events.length === 3) generation.cancel() })
    const result = await asked.answer
    expect(result.ended).toBe('cancelled')
    expect(result.tokens).toBeGreaterThanOrEqual(3)
    expect(result.tokens).toBeLessThan(100)
    expect(result.text.startsWith(asked.events.map(({ text }) => text).join(''))).toBe(true)
    // The model answers again after it was stopped; characters of several tokens come whole.
    const emoji = await client.get('model.next', { modelId, text: 'Hello 🦜!' })
    const bytes = emoji.tokens.flatMap((token) => token.bytes ?? [])
    expect(Buffer.from(bytes).toString()).toBe('Hello 🦜!')
  }, 60_000)

  it('gives an encoder\'s tokens, and says why there is nothing after them', async () => {
    const { modelId, promptObstacle } = await client.get('model.open', { path: join(models, 'minilm') })
    expect(promptObstacle).toMatch(/encoder/)
    const { tokens, top } = await client.get('model.next', { modelId, text: 'Hello world' })
    expect(tokens.map(({ text }) => text)).toEqual(['[CLS]', 'hello', 'world', '[SEP]'])
    expect(top).toEqual([])
    expect(await code(client.get('model.generate', { modelId, prompt: 'Hello' }))).toBe('model-no-logits')
  })
})
