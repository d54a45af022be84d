/** Generation: with the cache as without it, and as Hugging Face generates. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openModel, type OpenModel } from '../../../main/engine/models'
import { sample } from '../../../main/engine/models/worker/generate'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

const zoo = join(sharedFolder, 'models/zoo')
const encoders = new Set(['bert', 'distilbert', 'mpnet', 'roberta'])
const decoders = sharedExists ? readdirSync(zoo).filter(family => !encoders.has(family)) : []
const bundled = join(sharedFolder, 'models/smollm2-135m-instruct')
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

const greedy = { temperature: 0, topP: 1, seed: 0, arithmetic: 'exact' } as const

async function generated(model: OpenModel, prompt: readonly number[], maxTokens: number, options: Partial<Parameters<OpenModel['generate']>[1]> = {}): Promise<number[]> {
  const ids: number[] = []
  await model.generate(prompt, { ...greedy, maxTokens, stopIds: [], ...options }, id => ids.push(id))
  return ids
}

describe('sampling', () => {
  const logits = Float32Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.15), Math.log(0.05))

  it('takes the most probable token at temperature 0, the lowest id on a tie', () => {
    expect(sample(Float32Array.of(1, 3, 3, 2), { temperature: 0, topP: 1 }, () => 0.99)).toBe(1)
  })

  it('draws in proportion, and only from the smallest set that reaches top-p', () => {
    const at = (point: number, topP: number): number => sample(logits, { temperature: 1, topP }, () => point)
    expect([0.49, 0.51, 0.79, 0.81, 0.96].map(point => at(point, 1))).toEqual([0, 1, 1, 2, 3])
    // 0.5 + 0.3 reach 0.75: the rest never comes, whatever the draw.
    expect([0.6, 0.63, 0.9999].map(point => at(point, 0.75))).toEqual([0, 1, 1])
  })
})

describe.skipIf(!sharedExists)('generating', () => {
  it.each(decoders)('%s: a token after a cached prefix is the one after the whole prefix', async family => {
    const model = await openModel(join(zoo, family, 'model.safetensors'))
    try {
      const vocab = model.summary.vocab ?? 0
      const prompt = [7, 19, 23, 101, 57]
      const ids = await generated(model, prompt, 24)
      expect(ids).toHaveLength(24)
      const whole = [...prompt, ...ids]
      const logits = (await model.run({ rows: 1, length: whole.length, inputIds: Int32Array.from(whole), attentionMask: new Uint8Array(whole.length).fill(1) }, ['logits'], { kind: 'whole' })).get('logits')?.data ?? new Float32Array(0)
      ids.forEach((id, made) => {
        const row = logits.subarray((prompt.length + made - 1) * vocab, (prompt.length + made) * vocab)
        const best = row.reduce((highest, logit) => Math.max(highest, logit), -Infinity)
        expect(best - (row[id] ?? -Infinity)).toBeLessThan(1e-4)
      })
    } finally {
      await model.close()
    }
  })

  it('an encoder says that it cannot', async () => {
    const model = await openModel(join(zoo, 'bert/model.safetensors'))
    await expect(generated(model, [5], 3)).rejects.toMatchObject({ report: { code: 'model-no-logits' } })
    await model.close()
  })

  it('answers a chat as Hugging Face does, stops at the end, repeats itself for a seed and ends when told to', async () => {
    const model = await openModel(join(bundled, 'SmolLM2-135M-Instruct.Q4_1.gguf'))
    try {
      const { chat } = JSON.parse(readFileSync(join(bundled, 'reference.json'), 'utf8')) as { chat: { rendered: string; ids: number[] } }
      expect(model.renderChat('What is the capital of France?')).toBe(chat.rendered)
      const prompt = [...model.tokenizer.encode(chat.rendered).ids]
      expect(prompt).toEqual(chat.ids.slice(0, prompt.length))
      // The reference ends with the end-of-turn token, which is where generation stops.
      expect(await generated(model, prompt, 32, { stopIds: model.stopIds })).toEqual(chat.ids.slice(prompt.length, -1))
      expect(model.stopIds).toContain(chat.ids.at(-1))

      const warm = { temperature: 0.8, topP: 0.9, seed: 7 }
      const first = await generated(model, prompt, 6, warm)
      expect(await generated(model, prompt, 6, warm)).toEqual(first)

      const stop = new AbortController()
      const kept: number[] = []
      await model.generate(prompt, { ...greedy, maxTokens: 500, stopIds: [] }, id => {
        kept.push(id)
        if (kept.length === 3) stop.abort()
      }, stop.signal)
      expect(kept.length).toBeGreaterThanOrEqual(3)
      expect(kept.length).toBeLessThan(500)
    } finally {
      await model.close()
    }
  })
})
