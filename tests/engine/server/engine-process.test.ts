import { EventEmitter } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  const parentPort = new EventEmitter()
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
})
