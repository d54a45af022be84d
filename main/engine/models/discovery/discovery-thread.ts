import type { FoundModel, ModelListing, ModelPlace } from '../../../../preload/contract'
import { startWorker } from '../../workers'
import type { DiscoverListener, DiscoverOptions } from './discover'

/** What the thread is asked: plain data. */
export type DiscoveryRequest = Pick<DiscoverOptions, 'folders'>

export type DiscoveryReply =
  | { readonly kind: 'places'; readonly places: readonly ModelPlace[]; readonly home: string }
  | { readonly kind: 'found'; readonly model: FoundModel }
  | { readonly kind: 'done'; readonly listing: ModelListing }

/** `discoverModels` in a thread of its own, which a signal ends. */
export async function listModels(request: DiscoveryRequest, listener: DiscoverListener, signal: AbortSignal): Promise<ModelListing> {
  signal.throwIfAborted()
  const worker = startWorker('discovery-worker', request)
  const stop = (): void => { void worker.terminate() }
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await new Promise<ModelListing>((resolve, reject) => {
      worker.on('message', (reply: DiscoveryReply) => {
        if (reply.kind === 'places') listener.onPlaces?.(reply.places, reply.home)
        else if (reply.kind === 'found') listener.onFound?.(reply.model)
        else resolve(reply.listing)
      })
      worker.on('error', reject)
      worker.on('exit', () => { reject(signal.aborted ? new DOMException('Cancelled.', 'AbortError') : new Error('The thread that looks for models has ended.')) })
    })
  } finally {
    signal.removeEventListener('abort', stop)
    await worker.terminate()
  }
}
