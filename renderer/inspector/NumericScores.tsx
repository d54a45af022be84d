import type { RowScores } from '../../preload/contract'
import { formatNumber } from '../components'
import { siteName, siteTick } from '../layers'

export interface NumericScoresProps {
  readonly scores: Extract<RowScores, { kind: 'numeric' }>
  readonly selected: string | null
  readonly onSelect: (site: string) => void
}

const WIDTH = 288
const HEIGHT = 84
const pad = { left: 44, right: 10, top: 8, bottom: 18 }

/** What the held-out probe predicts for one row through the layers, target by target, with the actual value as a line. Click a layer to go there. */
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
  const span = high - low || 1
  const step = (WIDTH - pad.left - pad.right) / Math.max(1, values.length)
  const x = (index: number): number => pad.left + step * (index + 0.5)
  const y = (value: number): number => pad.top + 4 + (HEIGHT - pad.top - pad.bottom - 8) * (high - value) / span
  const at = values.findIndex(({ site }) => site === selected)
  const own = values[at]?.value ?? NaN
  const few = values.length <= 24
  return (
    <figure className="RowScores">
      <figcaption>{name} predicted by layer{Number.isNaN(own) ? '' : `: ${formatNumber(own)} here`}{Number.isNaN(actual) ? '' : `, actual ${formatNumber(actual)}`}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={values.map(({ site, value }) => `${siteName(site)}: ${formatNumber(value)}`).join(', ')}>
        {[low, high].map((tick) => <text key={tick} x={pad.left - 6} y={y(tick)} dy="0.35em" textAnchor="end">{formatNumber(tick)}</text>)}
        {at >= 0 && <rect className="RowScores-selected" x={x(at) - Math.max(step, 8) / 2} y={pad.top - 4} width={Math.max(step, 8)} height={HEIGHT - pad.top - pad.bottom + 8} rx={3} />}
        {!Number.isNaN(actual) && <line className="RowScores-base" x1={pad.left} x2={WIDTH - pad.right} y1={y(actual)} y2={y(actual)} />}
        <polyline className="RowScores-line" points={values.flatMap(({ value }, index) => Number.isNaN(value) ? [] : [`${x(index)},${y(value)}`]).join(' ')} />
        {values.map(({ site, value }, index) => !Number.isNaN(value) && (few || index === at) && <circle key={site} className="RowScores-dot" data-selected={index === at || undefined} cx={x(index)} cy={y(value)} r={index === at ? 4 : 2.5} />)}
        {values.map(({ site }, index) => (index === 0 || index === values.length - 1 || index === at) && (
          <text key={site} x={x(index)} y={HEIGHT - 6} textAnchor="middle" data-selected={index === at || undefined}>{siteTick(site)}</text>
        ))}
        {values.map(({ site, value }, index) => (
          <rect key={site} className="RowScores-target" x={x(index) - step / 2} y={0} width={step} height={HEIGHT} onClick={() => onSelect(site)}><title>{`${siteName(site)}: ${formatNumber(value)}`}</title></rect>
        ))}
      </svg>
    </figure>
  )
}
