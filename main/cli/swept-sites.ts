import { openStore } from '../engine/activations/index'
import { openFinishedSweep, type SweptStore } from '../engine/report/index'
import type { AnalysisWatch } from '../engine/run-analyses'
import { sweptSites } from './sites'
import type { Terminal } from './terminal'

/** Which sites of which finished sweep; the one that validation chose where no patterns are given. */
export interface SweptSitesOptions {
  readonly run?: string
  readonly sites?: string
}

/** Asks one question at each site of a finished sweep, with progress. @throws LayerscopeError `site-unknown`, and those of the sweep and the question */
export async function askSweptSites<T>(
  folder: string, { run, sites: patterns }: SweptSitesOptions, terminal: Terminal, signal: AbortSignal, ask: (swept: SweptStore, site: string, watch: AnalysisWatch) => Promise<T>
): Promise<{ readonly results: readonly T[]; readonly seconds: number }> {
  const began = performance.now()
  const finished = await openFinishedSweep(folder, run ?? null)
  const store = await openStore(finished.folder)
  try {
    const results: T[] = []
    const sites = sweptSites(finished.sweep, patterns)
    for (const [at, site] of sites.entries()) {
      results.push(await ask({ finished, store }, site, { signal, onProgress(done, total) { terminal.progress(`${at + 1} of ${sites.length}: ${site} ${Math.floor(100 * done / total)} %`) } }))
    }
    return { results, seconds: (performance.now() - began) / 1000 }
  } finally {
    await store.close()
  }
}
