/**
 * Answers one window: every request of the contract, validated on arrival, with events, cancellation and one result or error.
 */
import { z } from 'zod'
import {
  pageMessageSchema, requestSchemas,
  type EngineMessage, type ErrorReport, type EventOf, type ParsedParams, type RequestName, type RequestResults
} from '../../preload/contract'
import { LayerscopeError, errorReport } from './errors'
import { quoted } from './quoted'
import { ModelPool } from './model-pool'
import { Workplace } from './workplace'
import { requestHandlers } from './request-handlers'

/** The engine's end of a window's channel. */
export interface EnginePort {
  postMessage(message: EngineMessage): void
  onMessage(listener: (data: unknown) => void): void
  onClose(listener: () => void): void
  close(): void
}

/** What the windows of one engine have in common. */
export class EngineShared {
  readonly models: ModelPool
  /** Windows that are letting go of their sessions. */
  readonly closing = new Set<Promise<void>>()

  /** @param onModelOpened called whenever the opening of a model has ended */
  constructor(onModelOpened?: () => void) {
    this.models = new ModelPool(onModelOpened)
  }
}

export interface ServerOptions {
  /** Folder of sessions that were never saved; always open to requests. */
  readonly temporaryRoot: string
  /** Whether the person pointed at this path. */
  isGranted(path: string): boolean
  /** Told of models that were found: main grants one when the person picks it. */
  offer?(paths: readonly string[]): void
  readonly shared?: EngineShared
}

/** What a handler knows of its request. */
export interface RequestContext<N extends RequestName> {
  readonly signal: AbortSignal
  send(event: EventOf<N>): void
  /** Sends a drawn frame; the next one waits until this one is acknowledged. */
  sendFrame(event: EventOf<N>): void
  acknowledged(): boolean
}

export type RequestHandlers = {
  readonly [N in RequestName]: (params: ParsedParams<N>, context: RequestContext<N>) => Promise<RequestResults[N]>
}

export interface EngineServer {
  /** Cancels what is on and lets go of models, datasets and sessions. */
  close(): Promise<void>
}

interface Job { readonly abort: AbortController; frameOut: boolean }

/** Serves `port` until it closes. */
export function createServer(port: EnginePort, options: ServerOptions): EngineServer {
  const shared = options.shared ?? new EngineShared()
  const workplace = new Workplace(options, shared)
  const handlers = requestHandlers(workplace)
  const jobs = new Map<number, Job>()
  const ended = new Set<Promise<void>>()
  let closed: Promise<void> | null = null

  const post = (message: EngineMessage): void => {
    if (closed === null) port.postMessage(message)
  }

  async function answer<N extends RequestName>(id: number, name: N, params: ParsedParams<N>, job: Job): Promise<void> {
    const send = (event: EventOf<N>): void => { post({ kind: 'event', id, event: ownBuffers(event) }) }
    const result = await handlers[name](params, {
      signal: job.abort.signal,
      send,
      sendFrame(event) {
        job.frameOut = true
        send(event)
      },
      acknowledged: () => !job.frameOut
    })
    post({ kind: 'result', id, result: ownBuffers(result) })
  }

  async function request(id: number, name: string, params: unknown): Promise<void> {
    if (jobs.has(id)) {
      post({ kind: 'error', id, error: { code: 'request-repeated', message: `Request ${id} is being answered already.` } })
      return
    }
    const job: Job = { abort: new AbortController(), frameOut: false }
    jobs.set(id, job)
    try {
      if (!isRequestName(name)) throw new LayerscopeError({ code: 'request-unknown', message: `The engine knows no request ${quoted(name, 100)}.` })
      await answer(id, name, parseParams(name, params), job)
    } catch (error) {
      const report = errorReport(error)
      if (report.code === 'internal') console.error(`${name}:`, error)
      post({ kind: 'error', id, error: report })
    } finally {
      jobs.delete(id)
    }
  }

  port.onMessage(data => {
    const message = pageMessageSchema.safeParse(data)
    if (!message.success) {
      const id = z.object({ id: z.int() }).safeParse(data)
      if (id.success) post({ kind: 'error', id: id.data.id, error: { code: 'message-malformed', message: 'The engine was sent a message it cannot read.' } })
      return
    }
    switch (message.data.kind) {
      case 'request': {
        const job = request(message.data.id, message.data.name, message.data.params)
        ended.add(job)
        void job.finally(() => ended.delete(job))
        return
      }
      case 'cancel':
        jobs.get(message.data.id)?.abort.abort()
        return
      case 'ack': {
        const job = jobs.get(message.data.id)
        if (job !== undefined) job.frameOut = false
      }
    }
  })

  const close = (): Promise<void> => {
    if (closed !== null) return closed
    const closing = (async () => {
      for (const job of jobs.values()) {
        job.abort.abort()
        job.frameOut = false
      }
      await Promise.allSettled(ended)
      await workplace.close()
    })()
    closed = closing
    shared.closing.add(closing)
    return closing.finally(() => {
      shared.closing.delete(closing)
      port.close()
    })
  }
  port.onClose(() => { close().catch((error: unknown) => { console.error('closing a window:', error) }) })
  return { close }
}

function isRequestName(name: string): name is RequestName {
  return Object.hasOwn(requestSchemas, name)
}

function parseParams<N extends RequestName>(name: N, params: unknown): ParsedParams<N> {
  const schema: z.ZodType<ParsedParams<N>> = requestSchemas[name] as unknown as z.ZodType<ParsedParams<N>>
  const parsed = schema.safeParse(params)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  const report: ErrorReport = { code: 'params-invalid', message: `${name} was asked with parameters it cannot use: ${issue?.message ?? 'another shape'}.`, ...(field === '' ? {} : { field }) }
  throw new LayerscopeError(report)
}

/** Typed arrays that are views into a larger buffer, copied out of it: a port would send the whole buffer. */
export function ownBuffers<T>(value: T): T {
  return own(value, 4) as T
}

function own(value: unknown, depth: number): unknown {
  if (ArrayBuffer.isView(value)) {
    return !(value instanceof DataView) && 'slice' in value && typeof value.slice === 'function' && (value.byteLength !== value.buffer.byteLength || !(value.buffer instanceof ArrayBuffer)) ? value.slice() : value
  }
  if (typeof value !== 'object' || value === null || depth === 0 || Array.isArray(value)) return value
  const entries = Object.entries(value)
  return entries.some(([, part]) => typeof part === 'object' && part !== null)
    ? Object.fromEntries(entries.map(([name, part]) => [name, own(part, depth - 1)]))
    : value
}
