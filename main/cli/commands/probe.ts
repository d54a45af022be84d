import { join } from 'node:path'
import { openStore } from '../../engine/activations/index'
import { writeFileAtomically } from '../../engine/atomic-file'
import { resolvedPlan } from '../../engine/probe-plan'
import { writePlan } from '../../engine/report/index'
import { heldOutLayout, probeStore } from '../../engine/run'
import { discardAnalyses, HeldOutFile, HELD_OUT_FILE, ProbesFile, PROBES_FILE, SWEEP_FILE } from '../../engine/sessions/index'
import { probePlanSchema, type ProbePlan, type ProbeTask } from '../../../preload/recipe'
import { headline, sweepDocument, sweepTable } from '../sweep-table'
import { matchSites } from '../sites'
import type { Terminal } from '../terminal'

export interface ProbeOptions {
  /** Not asked for where trees are predicted. */
  readonly label?: string
  readonly also?: readonly string[]
  readonly task: ProbeTask
  readonly group?: string
  readonly methods: readonly string[]
  readonly sites?: string
  readonly split: ProbePlan['split']
  readonly folds: number
  readonly strengths: number
  readonly seed: number
  readonly test?: string
  readonly pair?: string
  readonly polarity?: string
  readonly topic?: string
}

/** Sweep with controls over extracted activations; `sweep.json`, the held-out values and the trained probes stay beside them. */
export async function probe(folder: string, options: ProbeOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const store = await openStore(folder)
  try {
    const { task, methods, split, folds, strengths, seed } = options
    const roles = { label: options.label ?? null, moreTargets: [...options.also ?? []], group: options.group ?? null, test: options.test ?? null, pair: options.pair ?? null, polarity: options.polarity ?? null, topic: options.topic ?? null }
    const plan = resolvedPlan(probePlanSchema.parse({ task, methods, split, folds, strengths, seed }), roles, await store.columns())
    const sites = options.sites === undefined ? store.sites : matchSites(store.sites, options.sites)
    await discardAnalyses(folder)
    const heldOut = await HeldOutFile.create(join(folder, HELD_OUT_FILE), heldOutLayout(roles, plan), sites, plan.methods, store.rows.length)
    const probes = await ProbesFile.create(join(folder, PROBES_FILE), sites, plan.methods)
    try {
      const { summary, actual, fold, folds: sizes } = await probeStore(store, roles, plan, {
        signal,
        onStage(stage) { terminal.stage(`${stage}…`) },
        async onSite(result, values, done, total) {
          await heldOut.writeSite(result.site, result.method, values)
          if (values.probes !== null) await probes.writeSite(result.site, result.method, values.probes)
          terminal.progress(`${done} of ${total}: ${result.site} ${result.method} ${headline(result)}`)
        }
      }, sites)
      await heldOut.writeActual(actual)
      await probes.finish(fold, sizes)
      await writePlan(folder, roles, plan)
      await writeFileAtomically(join(folder, SWEEP_FILE), `${JSON.stringify(summary, null, 2)}\n`)
      terminal.result(sweepDocument(summary))
      for (const warning of summary.warnings) terminal.warn(warning)
      terminal.print(sweepTable(summary))
    } catch (error) {
      await probes.discard()
      throw error
    } finally {
      await heldOut.close()
    }
  } finally {
    await store.close()
  }
}
