/** A sweep whose results lie beside the activations it read: the folder of `layerscope probe`, and of every position of a run's texts. */
import { join } from 'node:path'
import type { SiteResult, SweepSummary } from '../../preload/contract'
import type { ProbePlan } from '../../preload/recipe'
import type { ActivationStore } from './activations/index'
import { writeFileAtomically } from './atomic-file'
import { writePlan } from './report/index'
import { heldOutLayout, probeStore, type ProbeRoles, type SweepBeside } from './run'
import { discardAnalyses, HeldOutFile, HELD_OUT_FILE, ProbesFile, PROBES_FILE, SWEEP_FILE } from './sessions/index'

export interface ProbeFolderListener {
  readonly signal?: AbortSignal | undefined
  onStage?(stage: 'baselines' | 'probing'): void
  onSite?(result: SiteResult, done: number, total: number): void
}

/**
 * Sweeps `sites` of a store and keeps plan, held-out values and probes in its folder, `sweep.json` last; what an earlier sweep left there is replaced.
 * @throws what `probeStore` throws
 */
export async function probeFolder(
  store: ActivationStore, roles: ProbeRoles, plan: ProbePlan, listener: ProbeFolderListener, sites: readonly string[] = store.sites, beside: SweepBeside = {}
): Promise<SweepSummary> {
  const { folder } = store
  await discardAnalyses(folder)
  const heldOut = await HeldOutFile.create(join(folder, HELD_OUT_FILE), heldOutLayout(roles, plan), sites, plan.methods, store.rows.length)
  const probes = await ProbesFile.create(join(folder, PROBES_FILE), sites, plan.methods)
  try {
    const { summary, actual, fold, folds } = await probeStore(store, roles, plan, {
      signal: listener.signal,
      onStage(stage) { listener.onStage?.(stage) },
      async onSite(result, values, done, total) {
        await heldOut.writeSite(result.site, result.method, values)
        if (values.probes !== null) await probes.writeSite(result.site, result.method, values.probes)
        listener.onSite?.(result, done, total)
      }
    }, sites, beside)
    await heldOut.writeActual(actual)
    await probes.finish(fold, folds)
    await writePlan(folder, roles, plan)
    await writeFileAtomically(join(folder, SWEEP_FILE), `${JSON.stringify(summary, null, 2)}\n`)
    return summary
  } catch (error) {
    await probes.discard()
    throw error
  } finally {
    await heldOut.close()
  }
}
