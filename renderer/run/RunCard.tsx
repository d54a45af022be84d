import { Play, Square } from 'lucide-react'
import type { ModelSummary } from '../../preload/contract'
import type { ExtractionPlan, Positions, ProbePlan } from '../../preload/recipe'
import { Button, Card, Disclosure, ErrorNotice, Field, formatQuantity, NumberInput, SegmentedControl, Select } from '../components'
import { withSiteNames } from '../layers'
import { cancelRun, isResumable, runObstacle, startRun } from '../state/run'
import { useWorkbench, workbench } from '../state/workbench'
import { PlanField } from './PlanLine'
import { ProbesChoice } from './ProbesChoice'
import { RunList } from './RunList'
import { RunProgressView } from './RunProgressView'
import { SitesChoice } from './SitesChoice'
import './RunCard.css'

function setExtraction(change: Partial<ExtractionPlan>): void {
  workbench.set({ extraction: { ...workbench.get().extraction, ...change } })
}

function setProbe(change: Partial<ProbePlan>): void {
  workbench.set({ probe: { ...workbench.get().probe, ...change } })
}

/** What a run reads and how, and the runs so far. */
export function RunCard(): React.JSX.Element {
  const model = useWorkbench(({ model }) => (model.kind === 'ready' ? model.value : null))
  const shown = useWorkbench(({ run }) => run?.summary ?? null)
  const warnings = useWorkbench(({ run }) => run?.sweep?.warnings)
  const sites = useWorkbench(({ run }) => run?.sweep?.sites)
  const obstacle = useWorkbench(runObstacle)
  const runs = useWorkbench(({ session }) => session?.runs)
  return (
    <Card title="Run" icon={Play} className="RunCard">
      <Plan model={model} />
      {shown?.status === 'failed' && shown.error && <ErrorNotice error={shown.error} action={<Button size="small" disabled={obstacle !== null} onClick={() => void startRun()}>Run again</Button>} />}
      {warnings && warnings.length > 0 && (
        <Disclosure label={`${formatQuantity(warnings.length, 'note')} on this run`}>
          <ul className="RunCard-notes selectable">{warnings.map((warning) => <li key={warning}>{withSiteNames(warning, sites?.map(({ site }) => site) ?? [])}</li>)}</ul>
        </Disclosure>
      )}
      {runs && runs.length > 0 && <RunList runs={runs} shown={shown?.runId ?? null} />}
    </Card>
  )
}

/** The Run button, or how far the run is: always in sight below the cards. */
export function RunAction(): React.JSX.Element {
  const resumable = useWorkbench(isResumable)
  const progress = useWorkbench(({ run }) => run?.progress ?? null)
  const obstacle = useWorkbench(runObstacle)
  if (progress) {
    return (
      <div className="RunAction" data-tour="run">
        <RunProgressView progress={progress} />
        <Button icon={Square} shortcut="Mod+." onClick={cancelRun}>Cancel</Button>
      </div>
    )
  }
  const note = obstacle !== null ? `${obstacle}.` : resumable ? 'What was done is kept: the run goes on from there.' : null
  return (
    <div className="RunAction" data-tour="run">
      {note !== null && <p className="CardQuiet" id="run-note">{note}</p>}
      <Button variant="primary" className="RunAction-run" shortcut="Mod+Enter" disabled={obstacle !== null} aria-describedby={note === null ? undefined : 'run-note'} onClick={() => void startRun()}>
        {resumable ? 'Continue run' : 'Run'}
      </Button>
    </div>
  )
}

/** The token of a text, or the tokens of a word, whose vector is read. */
const positionChoices: readonly { readonly value: Positions['kind']; readonly label: string; readonly detail: string }[] = [
  { value: 'last', label: 'Last', detail: 'The last token of the text' },
  { value: 'first', label: 'First', detail: 'The first token, special ones included' },
  { value: 'from-end', label: 'Before the last', detail: 'A token counted back from the last' },
  { value: 'from-start', label: 'After the first', detail: 'A token counted on from the first' },
  { value: 'mean', label: 'Mean', detail: 'The mean over all tokens' },
  { value: 'span', label: 'Span', detail: 'The last token of a column’s value in the text' },
  { value: 'word', label: 'Word', detail: 'The mean over the tokens of each word' },
  // Chosen by recipes alone.
  { value: 'all', label: 'Every token', detail: 'Stores all of them; nothing is probed' }
]

function Plan({ model }: { readonly model: ModelSummary | null }): React.JSX.Element {
  const { positions, provider, dtype, limit } = useWorkbench(({ extraction }) => extraction)
  const { split, folds, strengths, seed } = useWorkbench(({ probe }) => probe)
  const grouped = useWorkbench(({ roles }) => roles?.group != null)
  const providers = useWorkbench(({ providers }) => providers)
  const columns = useWorkbench(({ dataset }) => (dataset.kind === 'ready' ? dataset.value.columns : null))
  const hasWords = useWorkbench(({ dataset }) => dataset.kind === 'ready' && dataset.value.suggestedPositions?.kind === 'word')
  const choosePosition = (kind: Positions['kind']): void => {
    const column = columns?.find(({ type }) => type === 'text')?.name ?? columns?.[0]?.name ?? ''
    setExtraction({ positions: kind === 'span' ? { kind, column } : kind === 'from-end' || kind === 'from-start' ? { kind, offset: 1 } : { kind } })
  }
  return (
    <div className="RunCard-plan">
      <div>
        <PlanField label={positions.kind === 'word' ? 'Tokens' : 'Token'}>
          {(id) => (
            <Select id={id} label="Positions" size="small" value={positions.kind} onChange={choosePosition}
              options={positionChoices.filter(({ value }) => value === positions.kind || (value === 'word' ? hasWords : value !== 'all')).map((choice) => ({ ...choice, disabled: choice.value === 'span' && !columns }))} />
          )}
        </PlanField>
        {(positions.kind === 'from-end' || positions.kind === 'from-start') && (
          <PlanField label="How far">
            {(id) => <NumberInput id={id} value={positions.offset} min={1} max={10_000} onChange={(offset) => setExtraction({ positions: { kind: positions.kind, offset } })} />}
          </PlanField>
        )}
        {positions.kind === 'span' && columns && (
          <PlanField label="Span of">
            {(id) => (
              <Select id={id} label="Span column" size="small" value={positions.column === '' ? null : positions.column} onChange={(column) => setExtraction({ positions: { kind: 'span', column } })}
                options={columns.map(({ name }) => ({ value: name, label: name }))} />
            )}
          </PlanField>
        )}
        <SitesChoice model={model} />
        <ProbesChoice />
        <PlanField label="Runs on">
          {(id) => (
            <Select id={id} label="Provider" size="small" value={provider} onChange={(next) => setExtraction({ provider: next })}
              options={(providers ?? [{ name: provider, ok: true }]).map(({ name, ok, reason }) => ({ value: name, label: providerName(name), disabled: !ok, detail: reason }))} />
          )}
        </PlanField>
      </div>
      <Disclosure label="Advanced" detail={`${split === 'folds' ? `${folds} folds` : 'each group held out'} · ${strengths} strengths`}>
        <div className="RunCard-advanced">
          <div className="Field RunCard-wide">
            <span className="Field-label">Held out in turn</span>
            <SegmentedControl label="Held out" size="small" fill value={split} onChange={(next) => setProbe({ split: next })}
              options={[{ value: 'folds', label: 'A fold' }, { value: 'leave-one-group-out', label: 'One group', disabled: !grouped }]} />
            <p className="Field-hint">{grouped ? 'Folds keep groups whole.' : 'With a group column each group can be held out by itself.'}</p>
          </div>
          <Field label="Folds">{(id) => <NumberInput id={id} value={folds} min={2} max={50} onChange={(value) => setProbe({ folds: value })} />}</Field>
          <Field label="Strengths">{(id) => <NumberInput id={id} value={strengths} min={1} max={50} onChange={(value) => setProbe({ strengths: value })} />}</Field>
          <Field label="Seed">{(id) => <NumberInput id={id} value={seed} min={0} max={2 ** 31 - 1} onChange={(value) => setProbe({ seed: value })} />}</Field>
          <Field label="Rows at most" hint="0 takes all">{(id) => <NumberInput id={id} value={limit ?? 0} min={0} max={2 ** 31 - 1} onChange={(value) => setExtraction({ limit: value === 0 ? null : value })} />}</Field>
          <div className="Field RunCard-wide">
            <span className="Field-label">Activations on disk</span>
            <SegmentedControl label="Precision" size="small" fill value={dtype} onChange={(next) => setExtraction({ dtype: next })} options={[{ value: 'f32', label: 'float32' }, { value: 'f16', label: 'float16' }]} />
          </div>
        </div>
      </Disclosure>
    </div>
  )
}

const providerNames: Readonly<Record<string, string>> = {
  cpu: 'Processor (CPU)', cuda: 'NVIDIA (CUDA)', tensorrt: 'NVIDIA (TensorRT)', webgpu: 'Graphics (WebGPU)', dml: 'Graphics (DirectML)', coreml: 'Apple (Core ML)'
}

/** ONNX Runtime's short names in words. */
export function providerName(name: string): string {
  return providerNames[name] ?? name
}
