import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { createServer, type EnginePort, type EngineServer, type ServerOptions } from '../../../main/engine/server'
import type { EngineMessage, ErrorReport, EventOf, RequestName, RequestParams, RequestResults } from '../../../preload/contract'

export interface Asked<N extends RequestName> {
  readonly id: number
  readonly events: EventOf<N>[]
  /** The result; rejects with the error report. */
  readonly answer: Promise<RequestResults[N]>
  cancel(): void
  acknowledge(): void
}

/** A window as the engine meets it: a real message port, with structured clones on the way. */
export class Client {
  private nextId = 1
  private readonly waiting = new Map<number, (message: EngineMessage) => void>()

  private constructor(private readonly port: MessagePort, readonly server: EngineServer) {
    port.on('message', (message: EngineMessage) => this.waiting.get(message.id)?.(message))
  }

  static connect(options: ServerOptions): Client {
    const { port1, port2 } = new MessageChannel()
    return new Client(port1, createServer(portOf(port2), options))
  }

  /** Sends anything; resolves with the next message of that id. */
  raw(message: { readonly kind: string; readonly id: number; readonly name?: string; readonly params?: unknown }): Promise<EngineMessage> {
    return new Promise(resolve => {
      this.waiting.set(message.id, resolve)
      this.port.postMessage(message)
    })
  }

  ask<N extends RequestName>(name: N, params: RequestParams<N>, onEvent: (event: EventOf<N>, asked: Asked<N>) => void = () => undefined): Asked<N> {
    const id = this.nextId++
    const events: EventOf<N>[] = []
    const answer = new Promise<RequestResults[N]>((resolve, reject) => {
      this.waiting.set(id, message => {
        if (message.kind === 'event') {
          events.push(message.event as EventOf<N>)
          onEvent(message.event as EventOf<N>, asked)
        } else if (message.kind === 'result') resolve(message.result as RequestResults[N])
        else reject(new RequestError(message.error))
      })
    })
    const asked: Asked<N> = {
      id, events, answer,
      cancel: () => { this.port.postMessage({ kind: 'cancel', id }) },
      acknowledge: () => { this.port.postMessage({ kind: 'ack', id }) }
    }
    this.port.postMessage({ kind: 'request', id, name, params })
    return asked
  }

  get<N extends RequestName>(name: N, params: RequestParams<N>): Promise<RequestResults[N]> {
    return this.ask(name, params).answer
  }

  /** The window closes, as a page that is reloaded. */
  close(): void {
    this.port.close()
  }
}

export class RequestError extends Error {
  constructor(readonly report: ErrorReport) { super(report.message) }
}

export function portOf(port: MessagePort): EnginePort {
  return {
    postMessage(message) { port.postMessage(message) },
    onMessage(listener) { port.on('message', listener) },
    onClose(listener) { port.on('close', listener) },
    close() { port.close() }
  }
}
