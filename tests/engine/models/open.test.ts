import { appendFileSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelCheck } from '../../../preload/contract'
import { openModel } from '../../../main/engine/models'
import { largestDifference, readReference, sharedExists, sharedFolder } from '../../fixtures/reference'

const models = join(sharedFolder, 'models')
let folder = ''
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'layerscope-open-')) })
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

describe.skipIf(!sharedExists)('MiniLM', () => {
  it('opens from its folder with every site of its reference', async () => {
    const stages: string[] = []
    const checks: ModelCheck[] = []
    const model = await openModel(join(models, 'minilm'), { onStage: stage => stages.push(stage), onCheck: check => checks.push(check) })
    const { batch, sites } = readReference(join(models, 'minilm/reference.safetensors'))
    try {
      const { summary } = model
      expect(summary).toMatchObject({
        name: 'minilm', family: 'bert', format: 'onnx', precision: 'int8', layers: 6, hidden: 384, heads: 12, kvHeads: 12, headDim: 32,
        vocab: 30522, maxPositions: 512, license: 'Apache-2.0', bytes: 22928619,
        defaultSites: ['hook_embed', ...[0, 1, 2, 3, 4, 5].map(layer => `blocks.${String(layer)}.block_out`)]
      })
      expect(summary.sites.find(site => site.name === 'blocks.2.attn.hook_q')).toEqual({ name: 'blocks.2.attn.hook_q', kind: 'attention', layer: 2, shape: ['batch', 'position', 12, 32], width: 384 })
      expect(summary.sites.find(site => site.name === 'blocks.2.attn.hook_pattern')).toMatchObject({ shape: ['batch', 12, 'position', 'position'], width: null })
      expect(stages.length).toBeGreaterThan(1)
      expect(checks).toEqual(summary.checks)
      expect(checks.map(check => check.name)).toEqual(['finite', 'identity', 'batched-equals-unbatched', 'output-unchanged'])
      expect(checks.every(check => check.ok)).toBe(true)

      const tensors = await model.run(batch, [...sites.keys()], { kind: 'whole' })
      for (const [site, expected] of sites) {
        const found = tensors.get(site)
        expect(found === undefined ? Infinity : largestDifference(found, expected, batch), site).toBeLessThan(1e-4)
      }
    } finally {
      await model.close()
    }
  })

  it('keeps a token, a mean of tokens, or every real token', async () => {
    const model = await openModel(join(models, 'minilm'))
    const { batch } = readReference(join(models, 'minilm/reference.safetensors'))
    try {
      const site = 'blocks.3.block_out'
      const whole = (await model.run(batch, [site], { kind: 'whole' })).get(site)
      const at = (row: number, position: number, column: number): number => whole?.data[(row * batch.length + position) * 384 + column] ?? NaN
      const positions = Array.from({ length: batch.rows }, (_, row) => row === 0 ? Int32Array.of(1, 3, 4) : Int32Array.of(2))
      const kept = (await model.run(batch, [site], { kind: 'positions', positions })).get(site)
      expect(kept?.shape).toEqual([batch.rows, 384])
      expect(kept?.data[7]).toBeCloseTo((at(0, 1, 7) + at(0, 3, 7) + at(0, 4, 7)) / 3, 5)
      expect(kept?.data[384 + 7]).toBe(at(1, 2, 7))
      const tokens = (await model.run(batch, [site], { kind: 'tokens' })).get(site)
      const real = batch.attentionMask.reduce((total, value) => total + value, 0)
      expect(tokens?.shape).toEqual([real, 384])
      const firstRow = batch.attentionMask.subarray(0, batch.length).reduce((total, value) => total + value, 0)
      expect(tokens?.data[firstRow * 384 + 5]).toBe(at(1, 0, 5))
    } finally {
      await model.close()
    }
  })

  it('refuses an unknown site, a pattern per token, and ids of another tokenizer', async () => {
    const model = await openModel(join(models, 'minilm'))
    const batch = { rows: 1, length: 2, inputIds: Int32Array.of(101, 102), attentionMask: Uint8Array.of(1, 1) }
    try {
      await expect(model.run(batch, ['blocks.9.block_out'], { kind: 'whole' })).rejects.toMatchObject({ report: { code: 'site-unknown' } })
      await expect(model.run(batch, ['blocks.0.attn.hook_pattern'], { kind: 'tokens' })).rejects.toMatchObject({ report: { code: 'site-not-per-token' } })
      await expect(model.run({ ...batch, inputIds: Int32Array.of(101, 40000) }, ['hook_embed'], { kind: 'whole' })).rejects.toMatchObject({ report: { code: 'token-outside-vocabulary' } })
    } finally {
      await model.close()
    }
  })
})

describe.skipIf(!sharedExists)('Atlas-LM', () => {
  it('opens with every site of a Llama and its identities hold', async () => {
    const model = await openModel(join(models, 'atlas-lm'))
    const { summary } = model
    await model.close()
    expect(summary).toMatchObject({ family: 'llama', layers: 6, hidden: 192, heads: 6, kvHeads: 2, headDim: 32, vocab: 4096, maxPositions: 128 })
    expect(summary.defaultSites).toEqual(['hook_embed', ...[0, 1, 2, 3, 4, 5].map(layer => `blocks.${String(layer)}.hook_resid_post`), 'ln_final.hook_out'])
    for (const part of ['hook_resid_pre', 'hook_resid_mid', 'hook_resid_post', 'hook_attn_out', 'hook_mlp_out', 'attn.hook_q', 'attn.hook_k', 'attn.hook_v', 'attn.hook_z', 'attn.hook_pattern', 'mlp.hook_pre', 'mlp.hook_post']) {
      expect(summary.sites.filter(site => site.name.endsWith(`.${part}`)).map(site => site.layer), part).toEqual([0, 1, 2, 3, 4, 5])
    }
    expect(summary.checks.every(check => check.ok)).toBe(true)
    expect(summary.warnings.filter(warning => !warning.includes('tokenizer'))).toEqual([])
  })
})

describe.skipIf(!sharedExists)('files and folders', () => {
  const source = join(models, 'zoo/bert/onnx/model.onnx')

  it('prefers full precision, and finds graphs at the top and in onnx/', async () => {
    const top = join(folder, 'top')
    mkdirSync(top)
    copyFileSync(join(models, 'zoo/bert/onnx/model_quantized.onnx'), join(top, 'model_quantized.onnx'))
    const quantised = await openModel(top)
    await quantised.close()
    expect(quantised.summary).toMatchObject({ precision: 'int8', name: 'top', family: 'encoder', maxPositions: null })
    expect(() => quantised.tokenizer).toThrow(/tokenizer/)
    copyFileSync(source, join(top, 'model.onnx'))
    const plain = await openModel(top)
    await plain.close()
    expect(plain.summary.precision).toBe('float32')
    expect(plain.summary.hash).not.toBe(quantised.summary.hash)
  })

  it('follows links, as a Hugging Face cache is made of them', async () => {
    const snapshot = join(folder, 'models--someone--tiny/snapshots/abc/onnx')
    mkdirSync(snapshot, { recursive: true })
    mkdirSync(join(folder, 'models--someone--tiny/blobs'))
    copyFileSync(source, join(folder, 'models--someone--tiny/blobs/0123'))
    symlinkSync('../../../blobs/0123', join(snapshot, 'model.onnx'))
    const model = await openModel(join(folder, 'models--someone--tiny/snapshots/abc'))
    await model.close()
    expect(model.summary).toMatchObject({ name: 'tiny', layers: 3 })
  })

  it('the hash follows content, not place', async () => {
    const moved = join(folder, 'moved elsewhere')
    cpSync(join(models, 'zoo/bert/onnx'), join(moved, 'onnx'), { recursive: true })
    for (const file of ['config.json', 'tokenizer.json']) copyFileSync(join(models, 'zoo/bert', file), join(moved, file))
    const hashes: string[] = []
    for (const path of [join(models, 'zoo/bert/onnx/model.onnx'), moved]) {
      const model = await openModel(path)
      await model.close()
      hashes.push(model.summary.hash)
    }
    expect(hashes[1]).toBe(hashes[0])
    appendFileSync(join(moved, 'tokenizer.json'), '\n')
    const edited = await openModel(moved)
    await edited.close()
    expect(edited.summary.hash).not.toBe(hashes[0])
  })

  it.each([
    ['a file cut short', 'model-truncated', (): Buffer => readFileSync(source).subarray(0, 200_000)],
    ['an empty file', 'model-unreadable', (): Buffer => Buffer.alloc(0)],
    ['text', 'model-unreadable', (): Buffer => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n')],
    ['a picture', 'model-unreadable', (): Buffer => Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(500, 7)])],
    ['zeros', 'model-unreadable', (): Buffer => Buffer.alloc(4096)]
  ] as const)('%s gives %s', async (_, code, bytes) => {
    const path = join(folder, `${code}.onnx`)
    writeFileSync(path, bytes())
    await expect(openModel(path)).rejects.toMatchObject({ name: 'LayerscopeError', report: { code, file: path } })
  })

  it('tells what is missing', async () => {
    await expect(openModel(join(folder, 'nowhere'))).rejects.toMatchObject({ report: { code: 'model-missing' } })
    mkdirSync(join(folder, 'void'))
    await expect(openModel(join(folder, 'void'))).rejects.toMatchObject({ report: { code: 'model-unreadable' } })
    writeFileSync(join(folder, 'pytorch_model.bin'), 'PK')
    await expect(openModel(join(folder, 'pytorch_model.bin'))).rejects.toMatchObject({ report: { code: 'model-format' } })
  })

  it('a graph without a tokenizer opens, and says what it lacks once a text is to be read', async () => {
    const bare = join(folder, 'bare')
    mkdirSync(bare)
    copyFileSync(source, join(bare, 'model.onnx'))
    const model = await openModel(join(bare, 'model.onnx'))
    try {
      expect(model.summary.tokenizer).toBeNull()
      expect(() => model.tokenizer).toThrowError(expect.objectContaining({ report: expect.objectContaining({ code: 'tokenizer-missing', file: join(bare, 'model.onnx') }) }))
    } finally {
      await model.close()
    }
  })

  it('tells that a model can run before it has proven itself', async () => {
    const heard: string[] = []
    const model = await openModel(join(models, 'zoo/llama/model.safetensors'), {
      onReady: summary => heard.push(`ready ${summary.family}`), onCheck: check => heard.push(check.name)
    })
    await model.close()
    expect(heard).toEqual(['ready llama', 'finite', 'identity', 'batched-equals-unbatched'])
    expect(model.summary.checks.every(check => check.ok)).toBe(true)
  })

  it('stops when asked to', async () => {
    const stop = new AbortController()
    await expect(openModel(source, { signal: stop.signal, onStage: () => { stop.abort() } })).rejects.toMatchObject({ name: 'AbortError' })
  })
})
