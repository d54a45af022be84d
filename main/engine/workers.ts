import { Worker } from 'node:worker_threads'

/** Worker entries, built beside the engine (see `electron.vite.config.ts`). */
export type WorkerName = 'discovery-worker' | 'model-worker' | 'probe-worker' | 'projection-worker' | 'analysis-worker'

/**
 * Starts a built worker. Code that runs from source (the tests) uses the workers of the last build,
 * which the test set-up makes afresh.
 */
export function startWorker(name: WorkerName, workerData?: unknown): Worker {
  const built = import.meta.url.endsWith('.ts') ? new URL('../../out/main/', import.meta.url) : new URL('./', import.meta.url)
  return new Worker(new URL(`${name}.js`, built), { workerData, name })
}
