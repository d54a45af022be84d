import { availableParallelism } from 'node:os'
import { ProbeWorker } from './probe-worker-host'
import { classMeasures } from './site-scores'
import type { SweepInput } from './sweep-types'
import { wordText } from './words'
import type { Baselines, FittedSite, SiteOutcome, SweepStart } from './worker-protocol'

export interface SitesListener {
  readonly onStage: ((stage: 'baselines' | 'probing') => void) | undefined
  /** Called in depth order, one call at a time. */
  onSite(outcome: SiteOutcome): Promise<void>
}

/**
 * Fits every site, several at once where `input.sitesAtOnce` allows: a product of a few problems is too small to be shared
 * by cores, sites are not. One worker begins with the baselines while the others fit, so the first site does not wait for them.
 * @throws what a worker or the listener throws; `cancelled` after `signal`
 */
export async function fitSites(input: SweepInput, start: Omit<SweepStart, 'threads'>, listener: SitesListener, signal: AbortSignal | undefined): Promise<void> {
  const { sites } = input
  const texts = input.words?.map(wordText) ?? input.texts
  const size = Math.max(1, Math.min(input.sitesAtOnce ?? 1, sites.length))
  const workers = Array.from({ length: size }, () => new ProbeWorker(signal))
  let reports = Promise.resolve()
  try {
    listener.onStage?.('baselines')
    const threads = size === 1 ? 0 : Math.max(1, Math.floor(availableParallelism() / size))
    await Promise.all(workers.map(worker => worker.start({ ...start, threads })))
    const baselines = input.baselines ? Promise.resolve(input.baselines) : (workers[0] as ProbeWorker).baselines(texts)
    const fitted: (readonly FittedSite[])[] = []
    let reported = 0
    const report = async (): Promise<void> => {
      const beside = await baselines
      for (let done = fitted[reported]; done; done = fitted[++reported]) {
        for (const site of done) await listener.onSite(siteOutcome(site, beside, start.classes))
      }
    }
    let next = 0
    let stopped = false
    const then = (step: () => Promise<void>): void => {
      reports = reports.then(step)
      // Its error is thrown at the end; no further site is begun before that.
      reports.catch(() => { stopped = true })
    }
    then(async () => {
      await baselines
      listener.onStage?.('probing')
    })
    const work = async (worker: ProbeWorker, at: number): Promise<void> => {
      if (at === 0) await baselines
      for (let index = next++; index < sites.length && !stopped && !signal?.aborted; index = next++) {
        const site = sites[index] as string
        fitted[index] = await worker.fit(site, await input.readSite(site))
        then(report)
      }
      await reports
    }
    await Promise.all(workers.map(work))
  } finally {
    await Promise.all(workers.map(worker => worker.close()))
    // A site that was done when another failed is still told of before the caller closes its files.
    await reports.catch(() => undefined)
  }
}

/** A fitted site beside what it is to be read against. */
function siteOutcome(fitted: FittedSite, baselines: Baselines, classes: number): SiteOutcome {
  const { site, method, metrics, shuffled, control, validationScore, strength, remarks, seconds, ...heldOut } = fitted
  const controls = { shuffled: shuffled.accuracy, textOnly: baselines.textOnly, majority: baselines.majority }
  const aurocControls = shuffled.auroc === null || baselines.textOnlyAuroc === null ? null : { shuffled: shuffled.auroc, textOnly: baselines.textOnlyAuroc }
  return {
    result: {
      kind: 'classes', site, method, measures: classMeasures(metrics, controls, aurocControls, classes, control), metrics, controls, aurocControls, validationScore, strength,
      ...(remarks ? { remarks } : {}), seconds
    },
    ...heldOut
  }
}
