import { EventEmitter } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EngineMessage } from '../../../preload/contract'

/** Electron's `MessagePortMain` over a real port: messages come as events with `data`. */
function hostPort(port: MessagePort): object {
  return {
    postMessage: (message: unknown) => { port.postMessage(message) },
    on: (event: string, listener: (event: { data: unknown }) => void) => port.on(event, (data: unknown) => { listener({ data }) }),
    start: () => { port.start() },
    close: () => { port.close() }
  }
}

describe('the entry of the engine process', () => {
  let root = ''
  const told: unknown[] = []
  const parentPort = Object.assign(new EventEmitter(), { postMessage: (message: unknown) => { told.push(message) } })
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'engine-'))
    Object.assign(process, { parentPort })
    await import('../../../main/engine/index')
  })
  afterAll(async () => {
    Reflect.deleteProperty(process, 'parentPort')
    await rm(root, { recursive: true })
  })

  it('serves a port and opens only what was granted, below the grant too', async () => {
    await writeFile(join(root, 'data.csv'), 'text,label\na,1\nb,0\n')
    const { port1, port2 } = new MessageChannel()
    parentPort.emit('message', { data: { kind: 'init', temporaryRoot: join(root, 'temporary') }, ports: [] })
    parentPort.emit('message', { data: { kind: 'connect' }, ports: [hostPort(port2)] })
    const ask = (id: number): Promise<EngineMessage> => new Promise(resolve => {
      port1.once('message', resolve)
      port1.postMessage({ kind: 'request', id, name: 'dataset.open', params: { path: join(root, 'data.csv') } })
    })
    expect(await ask(1)).toMatchObject({ kind: 'error', id: 1, error: { code: 'path-not-granted', file: join(root, 'data.csv') } })
    parentPort.emit('message', { data: { kind: 'grant', path: root }, ports: [] })
    expect(await ask(2)).toMatchObject({ kind: 'result', id: 2, result: { rows: 2, name: 'data.csv' } })
    port1.close()
  })

  it('lists models below granted folders alone and offers main those that open', async () => {
    const gguf = fileURLToPath(new URL('../../../resources/models/smollm2-135m-instruct', import.meta.url))
    const { port1, port2 } = new MessageChannel()
    parentPort.emit('message', { data: { kind: 'connect' }, ports: [hostPort(port2)] })
    const answers: EngineMessage[] = []
    port1.on('message', (message: EngineMessage) => { answers.push(message) })
    const ask = async (id: number, folder: string): Promise<EngineMessage | undefined> => {
      port1.postMessage({ kind: 'request', id, name: 'models.list', params: { folders: [folder] } })
      await expect.poll(() => answers.some(message => message.id === id && message.kind !== 'event'), { timeout: 20_000 }).toBe(true)
      return answers.find(message => message.id === id && message.kind !== 'event')
    }
    expect(await ask(1, gguf)).toMatchObject({ kind: 'error', error: { code: 'path-not-granted' } })
    expect(told).toEqual([])
    parentPort.emit('message', { data: { kind: 'grant', path: gguf }, ports: [] })
    await writeFile(join(root, 'broken.gguf'), 'GGUF')
    const file = join(gguf, 'SmolLM2-135M-Instruct.Q4_1.gguf')
    expect(await ask(2, gguf)).toMatchObject({ kind: 'result', result: { models: expect.arrayContaining([expect.objectContaining({ path: file, place: gguf, precision: 'Q4_1', openable: true })]) } })
    expect(await ask(3, root)).toMatchObject({ kind: 'result', result: { models: expect.arrayContaining([expect.objectContaining({ path: join(root, 'broken.gguf'), openable: false })]) } })
    const offered = told.flatMap(message => (message as { readonly paths: readonly string[] }).paths)
    expect(offered).toContain(file)
    expect(offered).not.toContain(join(root, 'broken.gguf'))
    port1.close()
  })
})
