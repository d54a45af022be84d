import { Worker } from 'node:worker_threads'

/**
 * From 1.30 on ONNX Runtime for Linux and macOS reports its use to Microsoft, under an identifier it keeps in the user's cache folder, unless this
 * says no. Set here, on the main thread, because a worker's `process.env` is a copy that the library does not see.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1'

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
