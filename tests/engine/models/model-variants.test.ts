/** What the configurations of a family can ask for, against Hugging Face's numbers; the models are made here, from a formula. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel, type OpenModel } from '../../../main/engine/models'
import { modelVariants, writeVariant, type ModelVariant } from '../../fixtures/model-variants'

const TOLERANCE = 1e-4
const variants = modelVariants()
const named = (name: string): ModelVariant => {
  const found = variants.find(variant => variant.name === name)
  if (!found) throw new Error(`no variant ${name}`)
  return found
}
let folder = ''
let made = 0
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'layerscope-variants-')) })
afterAll(() => { rmSync(folder, { recursive: true }) })

async function withVariant(variant: ModelVariant, use: (model: OpenModel) => Promise<void>, ...written: [rename?: (name: string) => string, shards?: number]): Promise<void> {
  const model = await openModel(writeVariant(join(folder, String(made++)), variant, ...written))
  try {
    await use(model)
  } finally {
    await model.close()
  }
}

/** Farthest from Hugging Face's final hidden states and last logits, run padded whole and packed by tokens. */
async function furthest(model: OpenModel, { batch, expected, config }: ModelVariant): Promise<number> {
  const site = `hf.hidden_states.${String(model.summary.layers)}`
  const { rows, length, attentionMask } = batch
  let largest = gap((await model.run(batch, [site], { kind: 'tokens' })).get(site)?.data, expected.hidden?.data)
  if (expected.logits === undefined) return largest
  const vocab = Number(config['vocab_size'])
  const logits = (await model.run(batch, ['logits'], { kind: 'whole' })).get('logits')?.data ?? new Float32Array(0)
  for (let row = 0; row < rows; row++) {
    const last = attentionMask.subarray(row * length, (row + 1) * length).lastIndexOf(1)
    largest = Math.max(largest, gap(logits.subarray((row * length + last) * vocab, (row * length + last + 1) * vocab), expected.logits.data.subarray(row * vocab, (row + 1) * vocab)))
  }
  return largest
}

function gap(found: ArrayLike<number> | undefined, expected: ArrayLike<number | bigint> | undefined): number {
  if (found === undefined || expected === undefined || found.length !== expected.length) return Infinity
  let largest = 0
  for (let at = 0; at < found.length; at++) {
    const difference = Math.abs((found[at] ?? NaN) - Number(expected[at]))
    if (!(difference <= largest)) largest = difference
  }
  return largest
}

describe('variants of the families', () => {
  it.each(variants)('$name', async variant => {
    await withVariant(variant, async model => {
      expect(await furthest(model, variant)).toBeLessThan(TOLERANCE)
      expect(model.summary.checks.filter(check => !check.ok)).toEqual([])
    })
  })

  it.each([
    ['without the prefix of its class', 'llama, tied, biases everywhere', (name: string) => name.replace(/^model\./, ''), 1],
    ['with the names of TensorFlow\'s norms', 'bert, masked language model', (name: string) => name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'), 1],
    ['in shards', 'gemma2, caps off', undefined, 3]
  ] as const)('a checkpoint %s', async (_, name, rename, shards) => {
    await withVariant(named(name), async model => { expect(await furthest(model, named(name))).toBeLessThan(TOLERANCE) }, rename, shards)
  })

  it.each([
    ['an untied model saved without its head gives no logits', 'llama, linear', (name: string) => name === 'lm_head.weight' ? 'score.weight' : name, false],
    ['a tied one gives those of its embedding', 'llama, tied, biases everywhere', undefined, true]
  ] as const)('%s', async (_, name, rename, gives) => {
    await withVariant(named(name), model => {
      expect(model.sites.some(site => site.name === 'logits')).toBe(gives)
      return Promise.resolve()
    }, rename)
  })

  it.each(['phi3, long factors, partial rotation', 'mistral, sliding', 'gemma3, linear on the global base'])('%s: generating with a cache is generating without', async name => {
    const variant = named(name)
    const prompt = [...variant.batch.inputIds.subarray(0, 5)]
    await withVariant(variant, async model => {
      const ids: number[] = []
      await model.generate(prompt, { temperature: 0, topP: 1, seed: 0, arithmetic: 'exact', maxTokens: 10, stopIds: [] }, id => ids.push(id))
      expect(ids).toHaveLength(10)
      for (const [at, id] of ids.entries()) {
        const before = Int32Array.from([...prompt, ...ids.slice(0, at)])
        const logits = (await model.run({ rows: 1, length: before.length, inputIds: before, attentionMask: new Uint8Array(before.length).fill(1) }, ['logits'], { kind: 'whole' })).get('logits')?.data ?? new Float32Array(0)
        const last = logits.subarray(logits.length - Number(variant.config['vocab_size']))
        expect(Math.max(...last) - (last[id] ?? -Infinity)).toBeLessThan(TOLERANCE)
      }
    })
  })

  it.each([
    ['weights that a quantiser packed', 'llama, linear', { quantization_config: { quant_method: 'gptq' } }, 'packed by gptq', (tensor: string) => tensor.replace('q_proj.weight', 'q_proj.qweight')],
    ['relative positions', 'bert, decoder', { position_embedding_type: 'relative_key' }, 'position_embedding_type'],
    ['an activation nobody knows', 'llama, linear', { hidden_act: 'xielu' }, 'xielu'],
    ['a rotation nobody knows', 'llama, linear', { rope_parameters: { rope_type: 'spiral', rope_theta: 1e4 } }, 'spiral'],
    ['a vocabulary larger than the embedding', 'llama, linear', { vocab_size: 200 }, 'has 100 rows'],
    ['more positions than the table has rows', 'gpt2, scores divided by depth', { n_positions: 128 }, 'has 64 rows'],
    ['another hidden size', 'llama, linear', { hidden_size: 64 }, 'is 32 wide'],
    ['another number of key heads', 'llama, linear', { num_key_value_heads: 4 }, 'k_proj']
  ] as const)('%s: refused by name', async (_, name, change, words, rename?: (tensor: string) => string) => {
    const variant = named(name)
    await expect(withVariant({ ...variant, config: { ...variant.config, ...change } }, () => Promise.resolve(), rename)).rejects.toMatchObject({ report: { message: expect.stringContaining(words) as string } })
  })
})
