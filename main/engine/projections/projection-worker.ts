import { parentPort, workerData } from 'node:worker_threads'
import { errorReport } from '../errors'
import { exactNeighbors } from './neighbors/exact-neighbors'
import { projectLayer, type LayerSurroundings } from './layer-projection'
import { openMatrixProducts, type MatrixProducts } from './matrix-products'
import { NeighborCache } from './neighbors/neighbor-cache'
import { CANCELLED, FRAME_CREDIT, type ProjectionReply, type ProjectionRequest } from './projection-messages'

/** Frames come no faster than a screen can show a change of thousands of points. */
const FRAME_INTERVAL_MS = 33

const port = parentPort
if (port === null) throw new Error('projection-worker runs as a worker thread only')
const cache = new NeighborCache((workerData as { readonly cacheBytes: number }).cacheBytes)
const products: Promise<MatrixProducts> = openMatrixProducts()

const reply = (message: ProjectionReply, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(message, transfer)

async function answer(request: ProjectionRequest): Promise<void> {
  try {
    if (request.kind === 'project') await project(request)
    else await neighbors(request)
  } catch (error) {
    reply({ kind: 'failed', id: request.id, error: errorReport(error) })
  }
}

async function project(request: Extract<ProjectionRequest, { kind: 'project' }>): Promise<void> {
  const { id, site, cacheKey } = request
  const control = new Int32Array(request.control)
  const keyOf = (k: number): string | null => cacheKey === null ? null : cacheKeyOf(cacheKey, site, k)
  let lastFrame = -Infinity
  const around: LayerSurroundings = {
    products: await products,
    recall(k) {
      const key = keyOf(k)
      return key === null ? null : cache.get(key)
    },
    keep(table) {
      const key = keyOf(table.k)
      if (key !== null) cache.set(key, table)
    },
    onStage(stage, note) { reply({ kind: 'stage', id, stage, note }) },
    // Shared words, not messages: this thread reads no messages while it optimises.
    wantsFrame() { return Atomics.load(control, FRAME_CREDIT) > 0 && performance.now() - lastFrame >= FRAME_INTERVAL_MS },
    onFrame(epoch, epochs, xy) {
      Atomics.sub(control, FRAME_CREDIT, 1)
      lastFrame = performance.now()
      reply({ kind: 'frame', id, epoch, epochs, xy }, [xy.buffer as ArrayBuffer])
    },
    checkCancelled() {
      if (Atomics.load(control, CANCELLED) !== 0) throw new DOMException('Cancelled.', 'AbortError')
    }
  }
  const result = await projectLayer(request, around)
  reply({ kind: 'layer', id, result })
}

async function neighbors(request: Extract<ProjectionRequest, { kind: 'neighbors' }>): Promise<void> {
  const key = cacheKeyOf(request.cacheKey, request.site, request.k)
  let table = cache.get(key)
  if (table === null && request.matrix !== null) {
    table = await exactNeighbors(request.matrix, request.k, await products)
    cache.set(key, table)
  }
  reply({ kind: 'neighbors', id: request.id, table })
}

function cacheKeyOf(data: string, site: string, k: number): string {
  return JSON.stringify([data, site, k])
}

// One request at a time: each uses every core.
let queue = Promise.resolve()
port.on('message', (request: ProjectionRequest) => {
  queue = queue.then(() => answer(request))
})
