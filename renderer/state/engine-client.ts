import type { EngineMessage, ErrorReport, EventOf, PageMessage, RequestName, RequestParams, RequestResults } from '../../preload/contract'

/** An engine request that ended in an error; `report` is what to show. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  constructor(readonly report: ErrorReport) {
    super(report.message)
  }
}

export interface RequestOptions<N extends RequestName> {
  readonly signal?: AbortSignal
  /** Called per event. Call `acknowledge` once a frame is drawn: the next frame waits for it. */
  readonly onEvent?: (event: EventOf<N>, acknowledge: () => void) => void
}

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
  readonly onEvent: ((event: unknown) => void) | undefined
}

/**
 * The page's end of the engine port. Requests made while the engine restarts wait for the new port;
 * those under way when it died are rejected with code `engine-stopped`.
 */
export class EngineClient {
  private port: MessagePort | null = null
  private nextId = 1
  private readonly pending = new Map<number, Pending>()
  private readonly waiting: PageMessage[] = []

  connect(port: MessagePort): void {
    this.port?.close()
    this.port = port
    port.onmessage = ({ data }: MessageEvent<EngineMessage>) => this.receive(data)
    port.start()
    for (const message of this.waiting.splice(0)) port.postMessage(message)
  }

  /** The engine died: everything under way fails, later requests wait. */
  disconnect(reason: string): void {
    this.port?.close()
    this.port = null
    const failed = [...this.pending.values()]
    this.pending.clear()
    // Their answers are not awaited any more: the next engine must not begin them.
    this.waiting.length = 0
    for (const { reject } of failed) reject(new EngineError({ code: 'engine-stopped', message: reason }))
  }

  /** @throws EngineError with the engine's report; `cancelled` when the signal fired. */
  request<N extends RequestName>(name: N, params: RequestParams<N>, options: RequestOptions<N> = {}): Promise<RequestResults[N]> {
    const id = this.nextId++
    const { signal, onEvent } = options
    const acknowledge = (): void => this.send({ kind: 'ack', id })
    return new Promise<RequestResults[N]>((resolve, reject) => {
      if (signal?.aborted) return reject(new EngineError({ code: 'cancelled', message: 'Cancelled.' }))
      this.pending.set(id, {
        resolve: (result) => resolve(result as RequestResults[N]),
        reject,
        onEvent: onEvent && ((event) => onEvent(event as EventOf<N>, acknowledge))
      })
      signal?.addEventListener('abort', () => this.send({ kind: 'cancel', id }), { once: true })
      this.send({ kind: 'request', id, name, params })
    })
  }

  private send(message: PageMessage): void {
    if (this.port) this.port.postMessage(message)
    else if (message.kind === 'request') this.waiting.push(message)
  }

  private receive(message: EngineMessage): void {
    const request = this.pending.get(message.id)
    if (!request) return
    if (message.kind === 'event') return request.onEvent?.(message.event)
    this.pending.delete(message.id)
    if (message.kind === 'result') request.resolve(message.result)
    else request.reject(new EngineError(message.error))
  }
}

/** The one client of this page. */
export const engine = new EngineClient()
