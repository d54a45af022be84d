import type { Worker } from 'node:worker_threads'
import type { ModelCheck } from '../../../preload/contract'
import { LayerscopeError } from '../errors'
import { startWorker } from '../workers'
import type { ArchitectureHints } from './config'
import type { ModelFiles } from './locate'
import type { Gather, Intervention, RunResult, SamplingOptions, Tensor, TokenBatch } from './open-model'
import type { OpenedGraph, WorkerReply, WorkerRequest } from './worker/worker-messages'

interface Waiting { readonly resolve: (reply: WorkerReply) => void; readonly reject: (error: Error) => void; readonly on: (reply: WorkerReply) => void }

/** A request before its id: `Omit` that keeps the union apart. */
type Request = Exclude<WorkerRequest, { kind: 'rehearse' }> extends infer R ? (R extends WorkerRequest ? Omit<R, 'id'> : never) : never

/** A worker that waits for a model with its modules loaded; null where none was asked for. */
let spare: Worker | null = null

/**
 * Starts a worker ahead of the next model, so that opening it waits for nothing but the model.
 * The process may end with it; asked again, one that waits already is enough.
 */
export function prepareModelThread(): void {
  if (spare !== null) return
  const worker = startWorker('model-worker')
  const gone = (): void => { if (spare === worker) spare = null }
  worker.on('error', gone)
  worker.on('exit', gone)
  worker.unref()
  worker.postMessage({ kind: 'rehearse' } satisfies WorkerRequest)
  spare = worker
}

function takeWorker(): Worker {
  const worker = spare ?? startWorker('model-worker')
  spare = null
  worker.ref()
  return worker
}

/** The engine's end of a model's worker thread. */
export class ModelThread {
  private readonly worker: Worker
  private readonly waiting = new Map<number, Waiting>()
  private nextId = 1
  private ended: Error | null = null
  /** Whether the thread holds copies of the weights in the layout that multiplies fastest. */
  prepacked = false

  constructor() {
    this.worker = takeWorker()
    this.worker.on('message', (reply: WorkerReply) => { this.receive(reply) })
    this.worker.on('error', error => { this.fail(error) })
    this.worker.on('exit', () => { this.fail(new LayerscopeError({ code: 'model-closed', message: 'The thread of this model has ended.', hint: 'Open the model again.' })) })
  }

  async open(files: Pick<ModelFiles, 'format' | 'graph' | 'config'>, provider: string, hints: ArchitectureHints, on: { stage(text: string): void; check(check: ModelCheck): void; ready(opened: OpenedGraph): void }): Promise<OpenedGraph> {
    const reply = await this.ask({ kind: 'open', files: { format: files.format, graph: files.graph, config: files.config }, provider, hints }, event => {
      if (event.kind === 'stage') on.stage(event.stage)
      else if (event.kind === 'check') on.check(event.check)
      else if (event.kind === 'ready') on.ready(event.opened)
    })
    if (reply.kind !== 'opened') throw unexpected(reply)
    return reply.opened
  }

  async run(batch: TokenBatch, sites: readonly string[], gather: Gather, interventions: readonly Intervention[] = []): Promise<RunResult> {
    const reply = await this.ask({ kind: 'run', batch, sites, gather, interventions })
    if (reply.kind !== 'tensors') throw unexpected(reply)
    return Object.assign(new Map(reply.tensors), { computedTokens: reply.computedTokens })
  }

  async gradient(batch: TokenBatch, wrt: string, cotangent: Float32Array): Promise<Tensor> {
    const reply = await this.ask({ kind: 'gradient', batch, wrt, cotangent })
    if (reply.kind !== 'gradient') throw unexpected(reply)
    return reply.tensor
  }

  /** Generates until the end, a stop id or the signal; `onToken` is called for each id as it comes. */
  async generate(prompt: readonly number[], options: SamplingOptions, arithmetic: 'exact' | 'fast', limit: number | null, onToken: (id: number) => void, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const id = this.nextId
    const stop = (): void => { this.worker.postMessage({ kind: 'stop', id } satisfies WorkerRequest) }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      await this.ask({ kind: 'generate', prompt, options, arithmetic, limit }, event => { if (event.kind === 'token') onToken(event.token) })
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Releases the sessions, then ends the thread. */
  async close(): Promise<void> {
    if (this.ended !== null) return
    await this.ask({ kind: 'close' }).catch(() => undefined)
    await this.worker.terminate()
  }

  /** Ends the thread at once, whatever it is doing. */
  async stop(): Promise<void> {
    await this.worker.terminate()
  }

  private ask(request: Request, on: (reply: WorkerReply) => void = () => undefined): Promise<WorkerReply> {
    if (this.ended !== null) return Promise.reject(this.ended)
    const id = this.nextId++
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, on })
      this.worker.postMessage({ ...request, id })
    })
  }

  private receive(reply: WorkerReply): void {
    if (reply.kind === 'prepacked') this.prepacked = reply.prepacked
    const waiting = this.waiting.get(reply.id)
    if (waiting === undefined) return
    if (reply.kind === 'stage' || reply.kind === 'check' || reply.kind === 'ready' || reply.kind === 'token') {
      waiting.on(reply)
      return
    }
    this.waiting.delete(reply.id)
    if (reply.kind === 'error') waiting.reject(new LayerscopeError(reply.error))
    else waiting.resolve(reply)
  }

  private fail(error: Error): void {
    this.ended ??= error
    for (const { reject } of this.waiting.values()) reject(error)
    this.waiting.clear()
  }
}

function unexpected(reply: WorkerReply): Error {
  return new Error(`Unexpected reply of the model's thread: ${reply.kind}`)
}
