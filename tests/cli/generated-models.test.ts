/** Commands for models whose graph Layerscope writes, through the built command line. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSafetensors } from '../../main/engine/activations'
import { readReference, sharedExists, sharedFolder } from '../fixtures/reference'
import { readSafetensors } from '../fixtures/safetensors'

const cli = fileURLToPath(new URL('../../out/main/cli.js', import.meta.url))
const zoo = join(sharedFolder, 'models/zoo')
const bundled = join(sharedFolder, 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf')
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

function layerscope(...args: readonly string[]): { readonly code: number | null; readonly json: Record<string, unknown> } {
  const { status, stdout } = spawnSync(process.execPath, [cli, ...args, '--json'], { encoding: 'utf8' })
  return { code: status, json: JSON.parse(stdout) as Record<string, unknown> }
}

describe.skipIf(!sharedExists)('the command line', () => {
  let folder: string
  beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'layerscope-cli-')) })
  afterAll(() => { rmSync(folder, { recursive: true }) })

  it('generates, and says how fast', () => {
    const { code, json } = layerscope('generate', bundled, '--prompt', 'What is the capital of France?', '--chat', '--max-tokens', '16')
    expect(code).toBe(0)
    expect(json).toMatchObject({ text: 'The capital of France is Paris.', tokens: 7 })
    expect(json['tokensPerSecond']).toBeGreaterThan(1)
  })

  it('keeps what was generated before an interruption', async () => {
    const child = spawn(process.execPath, [cli, 'generate', bundled, '--prompt', 'Once upon a time', '--max-tokens', '2000'])
    let text = ''
    child.stdout.on('data', (data: Buffer) => {
      if (text === '') child.kill('SIGINT')
      text += data.toString()
    })
    const code = await new Promise(resolve => child.on('close', resolve))
    expect(code).toBe(4)
    expect(text.trim()).not.toBe('')
  })

  it('refuses options that make no sense', () => {
    expect(layerscope('generate', bundled, '--prompt', 'x', '--top-p', '2').code).toBe(2)
    expect(layerscope('generate', join(zoo, 'bert'), '--prompt', 'x')).toMatchObject({ code: 3, json: { error: { code: 'model-no-logits' } } })
    expect(layerscope('gradient', join(zoo, 'llama'), '--text', 'x', '--of', 'nonsense', '--wrt', 'hook_embed', '--out', join(folder, 'x'))).toMatchObject({ code: 2, json: { error: { code: 'arguments-invalid' } } })
  })

  it('writes the gradient of a file\'s cotangent', () => {
    const out = join(folder, 'gradient.safetensors')
    const { code, json } = layerscope(
      'gradient', join(zoo, 'gemma3'), '--ids', join(zoo, 'gemma3/reference.safetensors'),
      '--of', `logits·${join(zoo, 'gemma3/gradients.safetensors')}`, '--wrt', 'blocks.0.hook_resid_post', '--out', out
    )
    const expected = readSafetensors(join(zoo, 'gemma3/gradients.safetensors')).get('grad.blocks.0.hook_resid_post')
    expect(code).toBe(0)
    expect(json['shape']).toEqual(expected?.shape)
    const found = readSafetensors(out).get('grad.blocks.0.hook_resid_post')?.data as Float32Array
    const scale = Math.max(...Array.from(expected?.data as Float32Array, Math.abs))
    expect(Math.max(...Array.from(expected?.data as Float32Array, (value, at) => Math.abs(value - (found[at] ?? NaN)) / scale))).toBeLessThan(1e-4)
  })

  it('writes the gradient of one logit: nothing after its position matters', () => {
    const out = join(folder, 'logit.safetensors')
    expect(layerscope('gradient', join(zoo, 'llama'), '--text', 'The city of Paris is in France.', '--of', 'logit:7@1', '--wrt', 'hook_embed', '--out', out).code).toBe(0)
    const { data, shape: [, length = 0, width = 0] } = readSafetensors(out).get('grad.hook_embed') as { data: Float32Array; shape: number[] }
    const size = (position: number): number => Math.hypot(...data.subarray(position * width, (position + 1) * width))
    expect(length).toBeGreaterThan(3)
    expect(size(1)).toBeGreaterThan(0)
    expect(size(0)).toBeGreaterThan(0)
    expect(size(2)).toBe(0)
  })

  it('traces rows padded on the left as it traces them padded on the right', async () => {
    const { batch: { rows, length, inputIds, attentionMask } } = readReference(join(zoo, 'gpt2/reference.safetensors'))
    const ids = new BigInt64Array(rows * length)
    const mask = new BigInt64Array(rows * length)
    for (let row = 0; row < rows; row++) {
      const real = attentionMask.subarray(row * length, (row + 1) * length).reduce((total, one) => total + one, 0)
      for (let token = 0; token < real; token++) {
        ids[row * length + length - real + token] = BigInt(inputIds[row * length + token] ?? 0)
        mask[row * length + length - real + token] = 1n
      }
    }
    const left = join(folder, 'left.safetensors')
    await writeSafetensors(left, [{ name: 'input_ids', dtype: 'I64', shape: [rows, length], data: ids }, { name: 'attention_mask', dtype: 'I64', shape: [rows, length], data: mask }])
    const site = 'blocks.2.hook_resid_post'
    const out = join(folder, 'trace.safetensors')
    const expected = readSafetensors(join(zoo, 'gpt2/reference.safetensors')).get(site)?.data as Float32Array
    const width = expected.length / (rows * length)
    for (const model of ['gpt2', 'gpt2/onnx/model.onnx']) {
      expect(layerscope('trace', join(zoo, model), '--ids', left, '--sites', site, '--out', out).code).toBe(0)
      const found = readSafetensors(out).get(site)?.data as Float32Array
      let largest = 0
      for (let row = 0; row < rows; row++) {
        const real = attentionMask.subarray(row * length, (row + 1) * length).reduce((total, one) => total + one, 0)
        for (let at = 0; at < real * width; at++) {
          largest = Math.max(largest, Math.abs((expected[row * length * width + at] ?? 0) - (found[(row * length + length - real) * width + at] ?? NaN)))
        }
      }
      expect(largest, model).toBeLessThan(1e-4)
    }
  })

  it('says of damaged models which file it is and what to do', () => {
    const damaged = (name: string, files: Readonly<Record<string, string | Uint8Array>>): string => {
      const place = join(folder, name)
      mkdirSync(place)
      for (const [file, content] of Object.entries(files)) writeFileSync(join(place, file), content)
      return place
    }
    const config = readFileSync(join(zoo, 'llama/config.json'))
    const weights = readFileSync(join(zoo, 'llama/model.safetensors'))
    const version1 = Buffer.concat([Buffer.from('GGUF'), Buffer.from([1, 0, 0, 0]), Buffer.alloc(64)])
    const cases = [
      [damaged('torn', { 'config.json': config, 'model.safetensors': weights.subarray(0, weights.length / 2) }), 'safetensors-invalid', 'model.safetensors'],
      [damaged('incomplete', { 'config.json': config, 'model.safetensors.index.json': JSON.stringify({ weight_map: { a: 'model-00001-of-00002.safetensors' } }) }), 'shard-missing', 'model-00001-of-00002.safetensors'],
      [damaged('escaping', { 'config.json': config, 'model.safetensors.index.json': JSON.stringify({ weight_map: { a: '../torn/model.safetensors' } }) }), 'safetensors-invalid', 'model.safetensors.index.json'],
      [join(damaged('old', { 'old.gguf': version1 }), 'old.gguf'), 'gguf-unsupported', ''],
      [join(damaged('other', { 'other.gguf': Buffer.from('GGML and no more') }), 'other.gguf'), 'gguf-invalid', '']
    ] as const
    for (const [path, code, file] of cases) {
      expect(layerscope('info', path), path).toMatchObject({ code: 3, json: { error: { code, file: join(path, file), hint: expect.stringMatching(/\.$/) as string } } })
    }
  })
})
