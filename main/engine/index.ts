/**
 * Entry of the engine process (an Electron `utilityProcess`): one server a window, on the ports that main hands over.
 */
import { constants, setPriority } from 'node:os'
import { z } from 'zod'
import type { EngineMessage } from '../../preload/contract'
import { prepareModelThread } from './models/index'
import { createServer, EngineShared, type EnginePort, type EngineServer } from './server'
import { isBelow } from './workplace'

/** Electron's MessagePortMain, as far as it is used here. */
interface HostPort {
  postMessage(message: EngineMessage): void
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown
  on(event: 'close', listener: () => void): unknown
  start(): void
  close(): void
}

/** `process.parentPort` of a utilityProcess. */
interface ParentPort {
  on(event: 'message', listener: (event: { readonly data: unknown; readonly ports: readonly HostPort[] }) => void): unknown
  postMessage(message: unknown): void
}

const hostMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('init'), temporaryRoot: z.string().min(1) }),
  z.object({ kind: z.literal('connect') }),
  z.object({ kind: z.literal('grant'), path: z.string().min(1) }),
  /** The application quits: let go of every session, then end. */
  z.object({ kind: z.literal('stop') })
])

function serve(parent: ParentPort): void {
  const shared = new EngineShared(prepareSoon)
  const granted = new Set<string>()
  const servers = new Set<EngineServer>()
  let temporaryRoot: string | null = null
  parent.on('message', ({ data, ports }) => {
    const message = hostMessageSchema.parse(data)
    switch (message.kind) {
      case 'init':
        temporaryRoot = message.temporaryRoot
        return
      case 'grant':
        granted.add(message.path)
        return
      case 'stop':
        void Promise.allSettled([...[...servers].map(server => server.close()), ...shared.closing]).then(() => { process.exit(0) })
        return
      case 'connect': {
        const [port] = ports
        if (port === undefined || temporaryRoot === null) throw new Error('a window was connected without a port, or before init')
        prepareSoon()
        servers.add(createServer(enginePort(port), {
          temporaryRoot, shared,
          isGranted: path => [...granted].some(root => isBelow(root, path)),
          offer(paths) { parent.postMessage({ kind: 'offer', paths }) }
        }))
      }
    }
  })
}

/** Lets what was asked for come first: a window being drawn, a model that was just opened being run. */
const PREPARE_AFTER_MS = 1500
let preparing: NodeJS.Timeout | undefined

/** Has a thread wait for the next model. */
function prepareSoon(): void {
  clearTimeout(preparing)
  preparing = setTimeout(prepareModelThread, PREPARE_AFTER_MS)
}

function enginePort(port: HostPort): EnginePort {
  return {
    postMessage(message) { port.postMessage(message) },
    onMessage(listener) {
      port.on('message', ({ data }) => { listener(data) })
      port.start()
    },
    onClose(listener) { port.on('close', listener) },
    close() { port.close() }
  }
}

// A promise that nobody awaited is a defect of one job; the other windows go on.
process.on('unhandledRejection', reason => { console.error('unhandled rejection:', reason) })

// The window comes first: where every core computes, its thread must not wait for one. Threads started from here on inherit it.
try {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
} catch {
  // A system that does not let go of it keeps all equal.
}

const { parentPort } = process as unknown as { readonly parentPort?: ParentPort }
if (parentPort === undefined) throw new Error('The engine runs in an Electron utility process; the command line is cli.js.')
serve(parentPort)
