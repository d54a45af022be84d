import type { RunSummary } from '../../preload/contract'
import { measures, writeMeasure } from '../../preload/measures'
import { positionName } from '../../preload/positions'
import { siteName } from '../layers'
import { showRun } from '../state/run'
import { useWorkbench } from '../state/workbench'

/** The runs of the session, newest first; a click shows one. */
export function RunList({ runs, shown }: { readonly runs: readonly RunSummary[]; readonly shown: string | null }): React.JSX.Element {
  const busy = useWorkbench(({ run }) => run?.progress != null)
  // Runs of several models, such as the checkpoints of one, are told apart by the model; those of several datasets by the dataset.
  const several = { models: new Set(runs.map(({ model }) => model.hash)).size > 1, datasets: new Set(runs.map(({ dataset }) => dataset.hash)).size > 1 }
  const detail = (run: RunSummary): string =>
    [...several.datasets ? [run.dataset.name.replace(/\.[a-z]+$/i, '')] : [], ...several.models ? [run.model.name] : []].join(' in ') || (run.probePlan.task === 'tree' ? '' : positionName(run.extractionPlan.positions))
  return (
    <section className="RunList" aria-label="Runs so far">
      <h3>Runs so far</h3>
      <ul>
        {runs.map((run, index) => ({ run, number: index + 1 })).reverse().map(({ run, number }) => (
          <li key={run.runId}>
            <button type="button" aria-current={run.runId === shown || undefined} disabled={busy && run.runId !== shown} onClick={() => showRun(run)} title={`${run.dataset.name} in ${run.model.name}, ${new Date(run.startedAt).toLocaleString()}`}>
              <span className="RunList-number tabular">{number}</span>
              <span className="RunList-name">{run.probePlan.task === 'tree' ? 'parse trees' : run.dataset.roles.label ?? 'no label'}{detail(run) !== '' && <small>{detail(run)}</small>}</span>
              <span className="RunList-outcome tabular">{outcome(run)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function outcome(run: RunSummary): string {
  if (run.status === 'running') return 'on'
  if (run.status === 'failed') return 'failed'
  if (run.status === 'cancelled') return 'cancelled'
  const chosen = run.sweep?.chosen
  if (!chosen) return 'done'
  const score = writeMeasure(chosen.measure, chosen.testScore)
  return `${chosen.measure === 'accuracy' ? score : `${measures[chosen.measure].label} ${score}`} · ${siteName(chosen.site)}`
}
