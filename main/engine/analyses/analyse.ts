import { LayerscopeError } from '../errors'
import { startWorker } from '../workers'
import type { AnalysisJob, AnalysisOutcomes, AnalysisWorkerData, FromAnalysisWorker } from './analysis-protocol'

/**
 * Runs one analysis in a worker of its own. @throws LayerscopeError those of the analysis, `cancelled` after `signal`
 */
export async function analyse<J extends AnalysisJob>(
  job: J, { signal, onProgress }: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (done: number, total: number) => void } = {}
): Promise<AnalysisOutcomes[J['kind']]> {
  signal?.throwIfAborted()
  const cancelled = new Int32Array(new SharedArrayBuffer(4))
  const worker = startWorker('analysis-worker', { job, cancelled } satisfies AnalysisWorkerData)
  const onAbort = (): void => { Atomics.store(cancelled, 0, 1) }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', (message: FromAnalysisWorker) => {
        if (message.kind === 'progress') onProgress?.(message.done, message.total)
        else if (message.kind === 'done') resolve(message.outcome as AnalysisOutcomes[J['kind']])
        else reject(new LayerscopeError(message.report))
      })
      worker.on('error', reject)
      worker.on('exit', code => { reject(new Error(`The analysis worker ended with code ${code}.`)) })
    })
  } finally {
    signal?.removeEventListener('abort', onAbort)
    await worker.terminate()
  }
}
