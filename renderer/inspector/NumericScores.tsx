import type { RowScores } from '../../preload/contract'
import { formatNumber } from '../components'
import { LayerCurve } from './LayerCurve'

export interface NumericScoresProps {
  readonly scores: Extract<RowScores, { kind: 'numeric' }>
  readonly selected: string | null
  readonly onSelect: (site: string) => void
}

/** What the held-out probe predicts for one row through the layers, target by target, with the actual value as a line. */
export function NumericScores({ scores, selected, onSelect }: NumericScoresProps): React.JSX.Element {
  return <>{scores.targets.map((target, index) => <TargetScores key={target.name} target={target} values={scores.at.map(({ site, predicted }) => ({ site, value: predicted[index] ?? NaN }))} selected={selected} onSelect={onSelect} />)}</>
}

interface TargetScoresProps {
  readonly target: { readonly name: string; readonly actual: number }
  readonly values: readonly { readonly site: string; readonly value: number }[]
  readonly selected: string | null
  readonly onSelect: (site: string) => void
}

function TargetScores({ target: { name, actual }, values, selected, onSelect }: TargetScoresProps): React.JSX.Element {
  const known = [...values.map(({ value }) => value), actual].filter((value) => !Number.isNaN(value))
  const [low, high] = known.length === 0 ? [0, 1] : [Math.min(...known), Math.max(...known)]
  const own = values.find(({ site }) => site === selected)?.value ?? NaN
  return (
    <LayerCurve caption={`${name} predicted by layer${Number.isNaN(own) ? '' : `: ${formatNumber(own)} here`}${Number.isNaN(actual) ? '' : `, actual ${formatNumber(actual)}`}`}
      values={values} selected={selected} domain={[low, high]} ticks={(low === high ? [low] : [low, high]).map((value) => ({ value, text: formatNumber(value) }))}
      reference={Number.isNaN(actual) ? null : actual} write={formatNumber} onSelect={onSelect} />
  )
}
