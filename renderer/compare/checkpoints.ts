import type { MeasureName, RunSummary } from '../../preload/contract'

/** The training step that a checkpoint's name tells: the last number of `step00560`, `checkpoint-500`; null where it has none. */
export function stepOf(name: string): number | null {
  const found = /(?:step|checkpoint|ckpt|iter|global_step)[-_ ]?0*(\d+)/i.exec(name)
  return found === null ? null : Number(found[1])
}

/** One probe over the checkpoints of a model: rows in the order of their steps, the model without a step last. */
export interface CheckpointGrid {
  readonly runs: readonly RunSummary[]
  /** Sites that any of the runs has, in depth order. */
  readonly sites: readonly string[]
  readonly method: string
  readonly measure: MeasureName
  /** [runs × sites]; null where a run has no such probe. */
  readonly values: readonly (number | null)[]
}

/** The finished runs that ask the same of the same data as `anchor`, of whatever model; the latest run of each model counts. */
export function checkpointGrid(anchor: RunSummary, runs: readonly RunSummary[]): CheckpointGrid | null {
  const asked = ({ dataset, extractionPlan: { positions } }: RunSummary): string => JSON.stringify([dataset.hash, dataset.roles, positions])
  const [first] = anchor.sweep?.sites ?? []
  if (first === undefined) return null
  const method = anchor.sweep?.chosen?.method ?? first.method
  const measure = anchor.sweep?.chosen?.measure ?? first.measures[0]?.name
  if (measure === undefined) return null
  const byModel = new Map<string, RunSummary>()
  for (const run of runs) if (run.status === 'complete' && run.sweep !== null && asked(run) === asked(anchor)) byModel.set(run.model.hash, run)
  const ordered = [...byModel.values()].sort((a, b) => (stepOf(a.model.name) ?? Infinity) - (stepOf(b.model.name) ?? Infinity))
  const sites = [...new Set(ordered.flatMap((run) => run.sweep?.sites.map(({ site }) => site) ?? []))]
  return {
    runs: ordered, sites, method, measure,
    values: ordered.flatMap((run) => sites.map((site) =>
      run.sweep?.sites.find((result) => result.site === site && result.method === method)?.measures.find(({ name }) => name === measure)?.value ?? null))
  }
}
