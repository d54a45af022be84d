import { openStore } from '../../engine/activations/index'
import { probeFolder } from '../../engine/probe-folder'
import { resolvedPlan } from '../../engine/probe-plan'
import { flatteringBest } from '../../engine/report/index'
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
    const summary = await probeFolder(store, roles, plan, {
      signal,
      onStage(stage) { terminal.stage(`${stage}…`) },
      onSite(result, done, total) { terminal.progress(`${done} of ${total}: ${result.site} ${result.method} ${headline(result)}`) }
    }, sites)
    const best = await flatteringBest({ finished: { folder, runId: null, roles, plan, sweep: summary }, store }, signal)
    terminal.result(sweepDocument(summary, best))
    for (const warning of summary.warnings) terminal.warn(warning)
    terminal.print(sweepTable(summary, best))
  } finally {
    await store.close()
  }
}
