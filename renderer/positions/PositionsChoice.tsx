import { useState } from 'react'
import type { ErrorReport } from '../../preload/contract'
import { writePositions } from '../../preload/positions'
import type { Positions } from '../../preload/recipe'
import { Button, Checkbox, formatQuantity, NumberInput, ProgressBar, Select } from '../components'
import { positionsObstacle, readPositions, type PositionsProgress } from '../state/positions'
import { useWorkbench } from '../state/workbench'

export interface PositionsChoiceProps {
  /** Of the run itself. */
  readonly own: Positions
  /** Short forms of those that are there. */
  readonly read: readonly string[]
  readonly progress: PositionsProgress | null
  readonly error: ErrorReport | null
}

/** Tokens that are counted back from the last at first, and at most. */
const usual = 8
const most = 40

const stages: Readonly<Record<PositionsProgress['stage'], string>> = { extracting: 'Reading all positions in one pass', probing: 'Fitting probes on the folds of the run' }

/** Which further positions are read, or how far that is. */
export function PositionsChoice({ own, read, progress, error }: PositionsChoiceProps): React.JSX.Element {
  const obstacle = useWorkbench(positionsObstacle)
  const columns = useWorkbench(({ dataset }) => dataset.kind === 'ready' ? dataset.value.columns : null)
  const [back, setBack] = useState(usual)
  const [first, setFirst] = useState(true)
  const [mean, setMean] = useState(true)
  const [span, setSpan] = useState('')
  if (progress) {
    return (
      <footer className="PositionsChoice">
        <span className="PositionsChoice-stage" aria-live="polite">{stages[progress.stage]}</span>
        <ProgressBar label={stages[progress.stage]} value={progress.share} />
        <span className="tabular PositionsChoice-share" aria-hidden>{progress.share === null ? '' : `${Math.floor(progress.share * 100)} %`}</span>
        <Button size="small" onClick={progress.cancel}>Cancel</Button>
      </footer>
    )
  }
  if (obstacle !== null) return <footer className="PositionsChoice"><p>{obstacle}</p></footer>
  const wanted: readonly Positions[] = [
    ...Array.from({ length: back }, (_, offset): Positions => offset === 0 ? { kind: 'last' } : { kind: 'from-end', offset }),
    ...first ? [{ kind: 'first' } as const] : [], ...mean ? [{ kind: 'mean' } as const] : [], ...span === '' ? [] : [{ kind: 'span', column: span } as const]
  ]
  const missing = wanted.filter((one) => !read.includes(writePositions(one)) && writePositions(one) !== writePositions(own))
  const texts = columns?.filter(({ type }) => type === 'text') ?? []
  return (
    <footer className="PositionsChoice">
      {error && <p className="PositionsChoice-error" role="alert">{error.message}{error.hint === undefined ? '' : ` ${error.hint}`}</p>}
      <label className="PositionsChoice-count">Last <NumberInput label="Tokens counted back from the last" value={back} min={1} max={most} onChange={setBack} /> tokens</label>
      <Checkbox checked={first} onChange={setFirst}>First</Checkbox>
      <Checkbox checked={mean} onChange={setMean}>Mean</Checkbox>
      {texts.length > 0 && (
        <Select label="End of" prefix size="small" value={span} onChange={setSpan} options={[{ value: '', label: 'none' }, ...texts.map(({ name }) => ({ value: name, label: name, detail: 'The last token of its value in the text' }))]} />
      )}
      <Button size="small" variant={read.length < 2 ? 'primary' : 'secondary'} disabled={missing.length === 0} onClick={() => void readPositions(missing)}>
        {missing.length === 0 ? 'All read' : `Read ${formatQuantity(missing.length, read.length < 2 ? 'position' : 'more position')}`}
      </Button>
    </footer>
  )
}
