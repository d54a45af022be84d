import type { Worker } from 'node:worker_threads'
import type { ProjectionPlan } from '../../../preload/recipe'
import type { Matrix } from '../activations/matrix'
import { LayerscopeError } from '../errors'
import { startWorker } from '../workers'
import { isDotLayout } from './degenerate-input'
import type { NeighborTable } from './neighbors/exact-neighbors'
import { CANCELLED, FRAME_CREDIT, type LayerProjection, type LayoutEngine, type ProjectionReply, type ProjectionRequest, type ProjectionStage } from './projection-messages'

export type LayerProjectionEvent =
  | { readonly kind: 'stage'; readonly site: string; readonly stage: ProjectionStage; readonly note?: string }
  /** Positions while optimising, already aligned to the reference layer; epoch 0 is the start. */
  | { readonly kind: 'frame'; readonly site: string; readonly epoch: number; readonly epochs: number; readonly xy: Float32Array }
  | { readonly kind: 'layer'; readonly result: LayerProjection }

export interface ProjectLayersRequest {
  /** Computed in this order: the selected layer first, then outward. */
  readonly sites: readonly string[]
  /** Every site by depth; says which computed layer is nearest. */
  readonly depthOrder: readonly string[]
  /** Reads one site whole, [rows, width]; called once per site. A matrix over a SharedArrayBuffer is not copied. */
  readSite(site: string): Promise<Matrix>
  readonly plan: ProjectionPlan
  /** Layouts of earlier calls by site, [rows, 2] each; they serve as references. */
  readonly done?: ReadonlyMap<string, Float32Array>
  /** Identity of the activations: under it the worker keeps neighbour tables for the next call. */
  readonly cacheKey?: string
  readonly signal?: AbortSignal
  readonly engine?: LayoutEngine
  onEvent(event: LayerProjectionEvent): void
  /** Whether the last frame has been drawn; until then frames are dropped. Left out, a frame counts as drawn once `onEvent` returns. */
  acknowledged?(): boolean
}

export interface NeighborsRequest {
  readonly site: string
  /** The row itself among them. */
  readonly k: number
  readonly cacheKey: string
  /** Called only where the table is not kept already. */
  readSite(site: string): Promise<Matrix>
}

/** A worker thread that projects, and keeps neighbour tables between calls. */
export interface Projector {
  /**
   * Projects the sites in the order given, each started from and aligned to its nearest computed layer in depth.
   * @throws LayerscopeError `activations-not-finite`, `site-unknown`, `projection-stopped`; an AbortError when cancelled
   */
  projectLayers(request: ProjectLayersRequest): Promise<void>
  neighborsOf(request: NeighborsRequest): Promise<NeighborTable>
  close(): Promise<void>
}

/** How soon after the last frame was drawn the next may come. */
const ACKNOWLEDGE_POLL_MS = 8

type Listener = (reply: ProjectionReply) => void

/** Starts the worker. `cacheBytes` bounds the neighbour tables it keeps (a table of 10,000 rows takes 1.2 MB). */
export function openProjector(options: { readonly cacheBytes?: number } = {}): Projector {
  return new WorkerProjector(startWorker('projection-worker', { cacheBytes: options.cacheBytes ?? 128 * 2 ** 20 }))
}

/** `Projector.projectLayers` in a worker of its own. */
export async function projectLayers(request: ProjectLayersRequest): Promise<void> {
  request.signal?.throwIfAborted()
  const projector = openProjector({ cacheBytes: 0 })
  try {
    await projector.projectLayers(request)
  } finally {
    await projector.close()
  }
}

class WorkerProjector implements Projector {
  readonly #worker: Worker
  readonly #listeners = new Map<number, Listener>()
  #stopped: LayerscopeError | null = null
  #nextId = 1

  constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (reply: ProjectionReply) => { this.#listeners.get(reply.id)?.(reply) })
    worker.on('error', error => { this.#stop(error.message) })
    worker.on('exit', () => { this.#stop('its thread ended') })
  }

  async projectLayers(request: ProjectLayersRequest): Promise<void> {
    const layouts = new Map([...request.done ?? []].filter(([, xy]) => !isDotLayout(xy, request.plan.seed)))
    for (const site of request.sites) {
      request.signal?.throwIfAborted()
      const started = performance.now()
      request.onEvent({ kind: 'stage', site, stage: 'reading' })
      const matrix = await request.readSite(site)
      request.signal?.throwIfAborted()
      const reference = nearestLayout(request, layouts, site, matrix.rows)
      const result = { ...await this.#projectSite(request, site, matrix, reference), seconds: (performance.now() - started) / 1000 }
      if (!isDotLayout(result.xy, request.plan.seed)) layouts.set(site, result.xy)
      request.onEvent({ kind: 'layer', result })
    }
  }

  async neighborsOf(request: NeighborsRequest): Promise<NeighborTable> {
    const { site, k, cacheKey } = request
    const ask = async (matrix: Matrix | null): Promise<NeighborTable | null> => {
      const reply = await this.#request({ kind: 'neighbors', id: this.#nextId++, site, k, cacheKey, matrix }, () => {})
      return reply.kind === 'neighbors' ? reply.table : null
    }
    const table = await ask(null) ?? await ask(await request.readSite(site))
    if (table === null) throw new Error('The projection worker answered without neighbours.')
    return table
  }

  async close(): Promise<void> {
    this.#stopped ??= stopped('it was closed')
    await this.#worker.terminate()
  }

  async #projectSite(request: ProjectLayersRequest, site: string, matrix: Matrix, reference: Float32Array | null): Promise<Omit<LayerProjection, 'seconds'>> {
    const { signal, plan } = request
    const buffer = new SharedArrayBuffer(8)
    const control = new Int32Array(buffer)
    // True while a frame is with the listener and not yet acknowledged; it may be the last one of the previous site.
    let waiting = request.acknowledged?.() === false
    control[FRAME_CREDIT] = waiting ? 0 : 1
    const cancel = (): void => { Atomics.store(control, CANCELLED, 1) }
    signal?.addEventListener('abort', cancel)
    const poll = request.acknowledged === undefined ? null : setInterval(() => {
      if (!waiting || request.acknowledged?.() !== true) return
      waiting = false
      Atomics.store(control, FRAME_CREDIT, 1)
    }, ACKNOWLEDGE_POLL_MS)
    try {
      const reply = await this.#request({
        kind: 'project', id: this.#nextId++, site, matrix, plan, reference,
        engine: request.engine ?? 'flat', cacheKey: request.cacheKey ?? null, control: buffer
      }, event => {
        if (signal?.aborted === true) return
        if (event.kind === 'stage') request.onEvent({ kind: 'stage', site, stage: event.stage, ...(event.note === null ? {} : { note: event.note }) })
        if (event.kind === 'frame') {
          waiting = true
          request.onEvent({ kind: 'frame', site, epoch: event.epoch, epochs: event.epochs, xy: event.xy })
          if (request.acknowledged === undefined) Atomics.store(control, FRAME_CREDIT, 1)
        }
      })
      signal?.throwIfAborted()
      if (reply.kind !== 'layer') throw new Error('The projection worker answered without a layout.')
      return reply.result
    } finally {
      signal?.removeEventListener('abort', cancel)
      if (poll !== null) clearInterval(poll)
    }
  }

  /** Sends one request; resolves with its last reply, the ones before it go to `onEvent`. */
  #request(message: ProjectionRequest, onEvent: Listener): Promise<ProjectionReply> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== null) {
        reject(this.#stopped)
        return
      }
      this.#listeners.set(message.id, reply => {
        if (reply.kind === 'stage' || reply.kind === 'frame') {
          onEvent(reply)
          return
        }
        this.#listeners.delete(message.id)
        if (reply.kind !== 'failed') resolve(reply)
        else if (reply.error.code === 'cancelled') reject(new DOMException('Cancelled.', 'AbortError'))
        else reject(new LayerscopeError(reply.error))
      })
      this.#worker.postMessage(message)
    })
  }

  #stop(reason: string): void {
    this.#stopped ??= stopped(reason)
    const error = this.#stopped
    const waiting = [...this.#listeners]
    this.#listeners.clear()
    for (const [id, listener] of waiting) listener({ kind: 'failed', id, error: error.report })
  }
}

function stopped(reason: string): LayerscopeError {
  return new LayerscopeError({
    code: 'projection-stopped',
    message: `The projection stopped: ${reason}.`,
    hint: 'Start it again; layers that were done are kept. If memory ran out, project fewer rows.'
  })
}

/** The layout of the computed site nearest in depth, the shallower of two equally near; null where none fits. */
function nearestLayout(request: ProjectLayersRequest, layouts: ReadonlyMap<string, Float32Array>, site: string, rows: number): Float32Array | null {
  const depth = request.depthOrder.indexOf(site)
  if (depth < 0) throw new LayerscopeError({ code: 'site-unknown', message: `${site} is not among the sites of this run.`, field: site, hint: 'Choose one of the extracted sites.' })
  let nearest: Float32Array | null = null
  let smallest = Infinity
  request.depthOrder.forEach((other, at) => {
    const xy = layouts.get(other)
    if (other === site || xy === undefined || xy.length !== 2 * rows || Math.abs(at - depth) >= smallest) return
    smallest = Math.abs(at - depth)
    nearest = xy
  })
  return nearest
}
