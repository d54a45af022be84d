/** Finding models in made-up folders as the usual programs lay them out. */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { discoverModels, listModels, openModel } from '../../../main/engine/models'
import type { FoundModel } from '../../../preload/contract'
import { modelVariants, writeVariant } from '../../fixtures/model-variants'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

describe.skipIf(!sharedExists)('what is on this machine', () => {
  const models = join(sharedFolder, 'models')
  let home: string
  beforeEach(() => { home = mkdtempSync(join(tmpdir(), 'layerscope-home-')) })
  afterEach(() => { rmSync(home, { recursive: true }) })
  const put = (from: string, to: string): string => {
    mkdirSync(dirname(join(home, to)), { recursive: true })
    copyFileSync(from, join(home, to))
    return join(home, to)
  }
  const write = (to: string, content: string): void => {
    mkdirSync(dirname(join(home, to)), { recursive: true })
    writeFileSync(join(home, to), content)
  }
  const discover = async (folders: readonly string[] = []): Promise<readonly FoundModel[]> => (await discoverModels({ home, environment: {}, folders })).models

  it('nothing, where there is nothing', async () => {
    expect(await discover()).toEqual([])
  })

  it('the current snapshot of a Hugging Face repository, through its links', async () => {
    const repository = '.cache/huggingface/hub/models--some--llama'
    const blobs = ['model.safetensors', 'config.json'].map(name => put(join(models, 'zoo/llama', name), `${repository}/blobs/${name === 'config.json' ? 'c0' : 'b0'}`))
    for (const commit of ['old', 'new']) {
      mkdirSync(join(home, repository, 'snapshots', commit), { recursive: true })
      symlinkSync(blobs[0] ?? '', join(home, repository, 'snapshots', commit, 'model.safetensors'))
      symlinkSync(blobs[1] ?? '', join(home, repository, 'snapshots', commit, 'config.json'))
    }
    write(`${repository}/refs/main`, 'new\n')
    const found = await discover()
    expect(found).toEqual([{
      path: join(home, repository, 'snapshots/new'), place: join(home, '.cache/huggingface/hub'), name: 'some/llama',
      format: 'safetensors', family: 'llama', precision: 'float32', bytes: found[0]?.bytes, openable: true
    }])
    const model = await openModel(found[0]?.path ?? '')
    expect(model.summary).toMatchObject({ name: 'llama', family: 'llama' })
    await model.close()
  })

  it('GGUF files of LM Studio, without projectors and later parts', async () => {
    const path = put(join(models, 'gguf/qwen3-Q8_0.gguf'), '.lmstudio/models/some/qwen3/qwen3-Q8_0.gguf')
    put(join(models, 'gguf/qwen3-Q8_0.gguf'), '.lmstudio/models/some/qwen3/mmproj-qwen3.gguf')
    put(join(models, 'gguf/qwen3-Q8_0.gguf'), '.lmstudio/models/some/big/big-00002-of-00003.gguf')
    expect(await discover()).toMatchObject([{ path, name: 'some/qwen3-Q8_0', family: 'qwen3', format: 'gguf', precision: 'Q8_0', openable: true }])
  })

  it('the blobs that Ollama\'s manifests name, and they open', async () => {
    const digest = createHash('sha256').update('made up').digest('hex')
    const path = put(join(models, 'gguf/llama-256-Q4_0.gguf'), `.ollama/models/blobs/sha256-${digest}`)
    write('.ollama/models/manifests/registry.ollama.ai/library/tiny/latest', JSON.stringify({ layers: [
      { mediaType: 'application/vnd.ollama.image.license', digest: `sha256:${'0'.repeat(64)}` },
      { mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${digest}` },
      { mediaType: 'application/vnd.ollama.image.model', digest: 'sha256:../../../../secret' }
    ] }))
    write('.ollama/models/manifests/registry.ollama.ai/library/broken/latest', 'no json')
    expect(await discover()).toMatchObject([{ path, name: 'tiny:latest', family: 'llama', format: 'gguf', openable: true }])
    const model = await openModel(path)
    expect(model.summary.format).toBe('gguf')
    await model.close()
  })

  it('folders the person adds, each refusal with its reason, a file once', async () => {
    put(join(models, 'zoo/bert/onnx/model.onnx'), 'mine/bert/onnx/model.onnx')
    put(join(models, 'zoo/bert/config.json'), 'mine/bert/config.json')
    put(join(models, 'zoo/llama/model.safetensors'), 'mine/unknown/model.safetensors')
    write('mine/unknown/config.json', JSON.stringify({ model_type: 'llame', vocab_size: 3 }))
    write('mine/broken.gguf', `GGUF\u0063\0\0\0${'\0'.repeat(32)}`)
    write('mine/cut/model.onnx', 'not a graph')
    write('mine/pickled/config.json', JSON.stringify({ model_type: 'gpt2' }))
    write('mine/pickled/pytorch_model.bin', 'weights')
    // Where another format lies beside it, that one is opened and the first is not worth a line.
    write('mine/bert/pytorch_model.bin', 'weights')
    const found = await discover([join(home, 'mine'), join(home, 'mine')])
    expect(found.map(({ path, name, format, family, precision, openable }) => ({ path: path.slice(home.length), name, format, family, precision, openable }))).toEqual([
      { path: '/mine/bert/onnx/model.onnx', name: 'bert', format: 'onnx', family: 'bert', precision: 'float32', openable: true },
      { path: '/mine/broken.gguf', name: 'broken', format: 'gguf', family: null, precision: null, openable: false },
      { path: '/mine/cut/model.onnx', name: 'cut', format: 'onnx', family: null, precision: null, openable: false },
      { path: '/mine/pickled', name: 'pickled', format: 'pytorch', family: 'gpt2', precision: null, openable: false },
      { path: '/mine/unknown', name: 'unknown', format: 'safetensors', family: 'llame', precision: null, openable: false }
    ])
    expect(found[1]?.reason).toMatch(/version/)
    expect(found[3]?.reason).toMatch(/can run code/)
    expect(found[4]?.reason).toMatch(/nearest one it knows is “llama”/)
  })

  it('folders whose weights a quantiser packed are not offered, nor cut ones', async () => {
    const folder = join(home, 'mine/packed')
    const variant = modelVariants().find(({ name }) => name === 'llama, linear')
    if (!variant) throw new Error('no such variant')
    writeVariant(folder, { ...variant, config: { ...variant.config, quantization_config: { quant_method: 'gptq' } } }, tensor => tensor.replace('q_proj.weight', 'q_proj.qweight'))
    const whole = put(join(models, 'zoo/llama/model.safetensors'), 'mine/whole/model.safetensors')
    put(join(models, 'zoo/llama/config.json'), 'mine/whole/config.json')
    put(join(models, 'zoo/llama/config.json'), 'mine/cut/config.json')
    write('mine/cut/model.safetensors', 'short')
    expect(await discover([join(home, 'mine')])).toMatchObject([
      { name: 'cut', openable: false, reason: expect.stringContaining('shorter than 8 bytes') as string },
      { name: 'packed', openable: false, reason: expect.stringContaining('packed by gptq') as string },
      { name: 'whole', openable: true, precision: 'float32', bytes: statSync(whole).size }
    ])
  })

  it('tells where it looks, then each model, from a thread that can be stopped', async () => {
    const path = put(join(models, 'gguf/qwen3-Q8_0.gguf'), 'mine/qwen3.gguf')
    const events: string[] = []
    const listen = { onPlaces: () => { events.push('places') }, onFound: ({ path: found }: FoundModel) => { if (found.startsWith(home)) events.push(found) } }
    const { places, models: found } = await listModels({ folders: [join(home, 'mine')] }, listen, new AbortController().signal)
    expect(events).toEqual(['places', path])
    expect(places.map(({ kind }) => kind)).toEqual(['hugging-face', 'lm-studio', 'ollama', 'folder'])
    expect(places.at(-1)).toEqual({ kind: 'folder', path: join(home, 'mine'), there: true })
    expect(found.at(-1)).toMatchObject({ path, name: 'qwen3', place: join(home, 'mine') })

    const stop = new AbortController()
    const stopped = listModels({ folders: [join(home, 'mine')] }, {}, stop.signal)
    stop.abort()
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
  })
})
