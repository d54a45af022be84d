/** Finding models in made-up folders as the usual programs lay them out. */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { discoverModels, openModel } from '../../../main/engine/models'
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
  const discover = async (folders: readonly string[] = []): ReturnType<typeof discoverModels> => await discoverModels({ home, environment: {}, folders })

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
    expect(found).toEqual([{ path: join(home, repository, 'snapshots/new'), format: 'safetensors', family: 'llama', bytes: found[0]?.bytes, openable: true }])
    const model = await openModel(found[0]?.path ?? '')
    expect(model.summary).toMatchObject({ name: 'llama', family: 'llama' })
    await model.close()
  })

  it('GGUF files of LM Studio, without projectors and later parts', async () => {
    const path = put(join(models, 'gguf/qwen3-Q8_0.gguf'), '.lmstudio/models/some/qwen3/qwen3-Q8_0.gguf')
    put(join(models, 'gguf/qwen3-Q8_0.gguf'), '.lmstudio/models/some/qwen3/mmproj-qwen3.gguf')
    put(join(models, 'gguf/qwen3-Q8_0.gguf'), '.lmstudio/models/some/big/big-00002-of-00003.gguf')
    expect(await discover()).toMatchObject([{ path, family: 'qwen3', format: 'gguf', openable: true }])
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
    expect(await discover()).toMatchObject([{ path, family: 'llama', format: 'gguf', openable: true }])
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
    const found = await discover([join(home, 'mine'), join(home, 'mine')])
    expect(found.map(({ path, format, family, openable }) => ({ path: path.slice(home.length), format, family, openable }))).toEqual([
      { path: '/mine/bert/onnx/model.onnx', format: 'onnx', family: 'bert', openable: true },
      { path: '/mine/broken.gguf', format: 'gguf', family: null, openable: false },
      { path: '/mine/unknown', format: 'safetensors', family: 'llame', openable: false }
    ])
    expect(found[1]?.reason).toMatch(/version/)
    expect(found[2]?.reason).toMatch(/nearest one it knows is "llama"/)
  })
})
