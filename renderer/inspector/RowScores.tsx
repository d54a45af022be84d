import type { RowScores as ScoresOfRow } from '../../preload/contract'
import { LayerCurve } from './LayerCurve'

export interface RowScoresProps {
  readonly scores: Extract<ScoresOfRow, { kind: 'classes' }>['at']
  readonly selected: string | null
  /** What the score is the probability of. */
  readonly of: string
  /** What one would say without looking; null where that is not known. */
  readonly baseRate: number | null
  readonly onSelect: (site: string) => void
}

const ticks = [{ value: 0, text: '0', grid: 'line' }, { value: 0.5, text: '.5', grid: 'middle' }, { value: 1, text: '1', grid: 'line' }] as const

/** The probe's score of one row through the layers. */
export function RowScores({ scores, selected, of, baseRate, onSelect }: RowScoresProps): React.JSX.Element {
  return (
    <LayerCurve caption={`probability of ${of} by layer`} values={scores.map(({ site, score }) => ({ site, value: score }))} selected={selected}
      domain={[0, 1]} ticks={ticks} reference={baseRate} write={(score) => score.toFixed(2)} onSelect={onSelect} />
  )
}
