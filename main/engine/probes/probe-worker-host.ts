import type { Worker } from 'node:worker_threads'
import { LayerscopeError } from '../errors'
import { startWorker } from '../workers'
import type { FoldPlan } from './folds'
import type { RegressionOutcome, RegressionStart } from './regression/site-regression'
import type { TreeOutcome, TreeStart } from './structural/site-trees'
import type { Matrix, StoredMatrix } from './sweep-types'
import type { Baselines, FittedSite, FromProbeWorker, ProbeWorkerData, SweepStart, ToProbeWorker } from './worker-protocol'

interface Asker { resolve(message: FromProbeWorker): void; reject(error: Error): void }

/** The calling side of `probe-worker`: questions are answered, or failed, in their order. */
export class ProbeWorker {
  private readonly worker: Worker
  private readonly cancelled = new Int32Array(new SharedArrayBuffer(4))
  private readonly onAbort = (): void => { Atomics.store(this.cancelled, 0, 1) }
  private readonly waiting: Asker[] = []
  private ended: Error | null = null

  /** `signal` stops the worker at its next iteration; the question under way then fails with code `cancelled`. */
  constructor(private readonly signal: AbortSignal | undefined) {
    this.worker = startWorker('probe-worker', { cancelled: this.cancelled } satisfies ProbeWorkerData)
    this.worker.on('message', (message: FromProbeWorker) => {
      const asker = this.waiting.shift()
      if (message.kind === 'failed') asker?.reject(new LayerscopeError(message.report))
      else asker?.resolve(message)
    })
    this.worker.on('error', error => { this.end(error) })
    this.worker.on('exit', code => { this.end(new Error(`The probe worker ended with code ${code}.`)) })
    signal?.addEventListener('abort', this.onAbort, { once: true })
  }

  async start(message: SweepStart): Promise<void> {
    const answer = await this.ask(message, [])
    if (answer.kind !== 'started') throw new Error(`the probe worker answered ${answer.kind} to start`)
  }

  /** After `start`. `texts` runs over all activation rows. */
  async baselines(texts: readonly string[]): Promise<Baselines> {
    const answer = await this.ask({ kind: 'baselines', texts }, [])
    if (answer.kind !== 'baselines') throw new Error(`the probe worker answered ${answer.kind} to baselines`)
    return answer.baselines
  }

  async startNumeric(message: RegressionStart): Promise<void> {
    const answer = await this.ask(message, [])
    if (answer.kind !== 'numeric-baselines') throw new Error(`the probe worker answered ${answer.kind} to start`)
  }

  /** As `fit`, after `startNumeric`. */
  async regress(site: string, matrix: Matrix): Promise<readonly RegressionOutcome[]> {
    const answer = await this.fitWhole(site, matrix)
    if (answer.kind !== 'numeric-site') throw new Error(`the probe worker answered ${answer.kind} to a site`)
    return answer.outcomes
  }

  async startTrees(message: TreeStart): Promise<void> {
    const answer = await this.ask(message, [])
    if (answer.kind !== 'tree-baselines') throw new Error(`the probe worker answered ${answer.kind} to start`)
  }

  /** As `fit`, after `startTrees`. */
  async probeTrees(site: string, matrix: Matrix): Promise<readonly TreeOutcome[]> {
    const answer = await this.fitWhole(site, matrix)
    if (answer.kind !== 'tree-site') throw new Error(`the probe worker answered ${answer.kind} to a site`)
    return answer.outcomes
  }

  /** Mean R² at a site on other folds than those of the sweep. */
  async r2WithPlan(site: string, matrix: Matrix, plan: FoldPlan): Promise<number> {
    const answer = await this.ask({ kind: 'other-folds', site, matrix, plan }, [])
    if (answer.kind !== 'other-folds') throw new Error(`the probe worker answered ${answer.kind} to other folds`)
    return answer.r2
  }

  /** Takes a matrix over: its buffer moves to the worker where it is not a part of a larger one. */
  async fit(site: string, matrix: Matrix | StoredMatrix): Promise<readonly FittedSite[]> {
    const answer = await ('path' in matrix ? this.ask({ kind: 'site', site, matrix }, []) : this.fitWhole(site, matrix))
    if (answer.kind !== 'site') throw new Error(`the probe worker answered ${answer.kind} to a site`)
    return answer.outcomes
  }

  private fitWhole(site: string, { data, rows, columns }: Matrix): Promise<FromProbeWorker> {
    const whole = data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength ? data : Float32Array.from(data)
    return this.ask({ kind: 'site', site, matrix: { data: whole, rows, columns } }, [whole.buffer as ArrayBuffer])
  }

  /** Releases the sessions and ends the worker; what is under way is stopped first. */
  async close(): Promise<void> {
    this.signal?.removeEventListener('abort', this.onAbort)
    if (this.ended) return
    this.onAbort()
    await this.ask({ kind: 'close' }, []).catch(() => null)
    await this.worker.terminate()
  }

  private ask(message: ToProbeWorker, transfer: readonly ArrayBuffer[]): Promise<FromProbeWorker> {
    return new Promise((resolve, reject) => {
      if (this.ended) {
        reject(this.ended)
        return
      }
      this.waiting.push({ resolve, reject })
      this.worker.postMessage(message, [...transfer])
    })
  }

  private end(error: Error): void {
    this.ended ??= error
    for (const asker of this.waiting.splice(0)) asker.reject(error)
  }
}
