import { formatClock, formatCount, ProgressBar } from '../components'
import type { RunProgress } from '../state/workbench-state'

const stages: Readonly<Record<RunProgress['stage'], string>> = {
  loading: 'Loading the model', tokenizing: 'Splitting texts into tokens', extracting: 'Reading activations', baselines: 'Fitting the text-only baselines', probing: 'Fitting probes', saving: 'Saving'
}

export function stageName(stage: RunProgress['stage']): string {
  return stages[stage]
}

/** What a run is doing, how far it is, and how long it will take. */
export function RunProgressView({ progress }: { readonly progress: RunProgress }): React.JSX.Element {
  const { stage, done, total, rowsPerSecond, secondsLeft } = progress
  const unit = stage === 'probing' ? 'sites' : 'rows'
  return (
    <div className="RunProgressView">
      <div className="RunProgressView-line"><span aria-live="polite">{stages[stage]}</span>{secondsLeft !== null && <span className="tabular">{formatClock(secondsLeft)} left</span>}</div>
      <ProgressBar label={stages[stage]} value={total > 0 ? done / total : null} />
      <div className="RunProgressView-line CardQuiet tabular">
        <span>{total > 0 ? `${formatCount(done)} of ${formatCount(total)} ${unit}` : '\u00a0'}</span>
        {rowsPerSecond !== null && <span>{formatCount(rowsPerSecond)} rows/s</span>}
      </div>
    </div>
  )
}
