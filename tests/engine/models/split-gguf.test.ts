import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openModel, type OpenModel, type TokenBatch } from '../../../main/engine/models'
import { discoverModels } from '../../../main/engine/models/discovery/discover'
import { sharedExists, sharedFolder } from '../../fixtures/reference'
import { splitGguf } from '../../fixtures/split-gguf'

const gguf = (name: string): string => join(sharedFolder, 'models/gguf', name)
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

let root = ''
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'layerscope-split-')) })
afterEach(() => { rmSync(root, { recursive: true }) })

async function logits(path: string, use: (model: OpenModel) => void = () => undefined): Promise<Float32Array> {
  const model = await openModel(path)
  try {
    use(model)
    const batch: TokenBatch = { rows: 1, length: 4, inputIds: Int32Array.of(5, 40, 41, 99), attentionMask: Uint8Array.of(1, 1, 1, 1) }
    return (await model.run(batch, ['logits'], { kind: 'whole' })).get('logits')?.data ?? new Float32Array(0)
  } finally {
    await model.close()
  }
}

describe.skipIf(!sharedExists)('a GGUF file split into parts', () => {
  it.each([['mapped', 'llama-spm-F16.gguf'], ['decoded', 'qwen3-Q4_0.gguf']])('%s, is the whole file, opened by any part or by its folder', async (_, name) => {
    const whole = await logits(gguf(name))
    const parts = await splitGguf(gguf(name), root, 'tiny', 3)
    for (const path of [parts[0] ?? '', parts[2] ?? '', root]) {
      expect(await logits(path, model => {
        expect(model.summary.checks.filter(check => !check.ok)).toEqual([])
        expect(model.tokenizer.vocabSize).toBeGreaterThan(100)
      })).toEqual(whole)
    }
  })

  it('is found once, with the size of all parts, behind the links of a Hugging Face cache', async () => {
    const parts = await splitGguf(gguf('llama-spm-F16.gguf'), root, 'tiny', 3)
    const [snapshot, blobs] = [join(root, 'hub/models--someone--tiny/snapshots/abc'), join(root, 'hub/models--someone--tiny/blobs')]
    mkdirSync(snapshot, { recursive: true })
    mkdirSync(blobs)
    for (const [at, part] of parts.entries()) {
      renameSync(part, join(blobs, `blob${String(at)}`))
      symlinkSync(`../../blobs/blob${String(at)}`, join(snapshot, part.slice(root.length + 1)))
    }
    const { models } = await discoverModels({ home: join(root, 'home'), environment: { HF_HUB_CACHE: join(root, 'hub') } })
    expect(models).toMatchObject([{ name: 'someone/tiny/tiny', openable: true, family: 'llama' }])
    expect(models[0]?.bytes).toBeGreaterThan(290_000)
    expect(await logits(models[0]?.path ?? '')).toEqual(await logits(gguf('llama-spm-F16.gguf')))
  })

  it.each([
    ['a part that is missing', (parts: readonly string[]) => { rmSync(parts[1] ?? '') }, 'shard-missing', 'tiny-00002-of-00003.gguf is missing'],
    ['a name without the numbers', (parts: readonly string[]) => { renameSync(parts[0] ?? '', join(root, 'renamed.gguf')) }, 'gguf-invalid', 'one of 3 parts'],
    ['a part of another model', (parts: readonly string[]) => { rmSync(parts[2] ?? ''); symlinkSync(parts[1] ?? '', parts[2] ?? '') }, 'gguf-invalid', 'and should hold']
  ] as const)('%s is named', async (_, change, code, words) => {
    const parts = await splitGguf(gguf('qwen3-Q4_0.gguf'), root, 'tiny', 3)
    change(parts)
    await expect(openModel(code === 'gguf-invalid' && words.startsWith('one') ? join(root, 'renamed.gguf') : parts[0] ?? '')).rejects.toMatchObject({ report: { code, message: expect.stringContaining(words) as string } })
  })
})
