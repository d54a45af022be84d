import type { RowScores as ScoresOfRow } from '../../preload/contract'
import { siteName, siteTick } from '../layers'

export interface RowScoresProps {
  readonly scores: Extract<ScoresOfRow, { kind: 'classes' }>['at']
  readonly selected: string | null
  /** What the score is the probability of. */
  readonly of: string
  /** Drawn as a thin line; null where there is none. */
  readonly baseRate: number | null
  readonly onSelect: (site: string) => void
}

const WIDTH = 288
const HEIGHT = 84
const pad = { left: 26, right: 10, top: 8, bottom: 18 }

/** The probe's score of one row through the layers. Click a layer to go there. */
export function RowScores({ scores, selected, of, baseRate, onSelect }: RowScoresProps): React.JSX.Element {
  const step = (WIDTH - pad.left - pad.right) / Math.max(1, scores.length)
  const x = (index: number): number => pad.left + step * (index + 0.5)
  const y = (score: number): number => pad.top + (HEIGHT - pad.top - pad.bottom) * (1 - score)
  const at = scores.findIndex(({ site }) => site === selected)
  const few = scores.length <= 24
  return (
    <figure className="RowScores">
      <figcaption>probability of {of} by layer</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={scores.map(({ site, score }) => `${siteName(site)}: ${score.toFixed(2)}`).join(', ')}>
        {[0, 0.5, 1].map((tick) => (
          <g key={tick}>
            <line className="RowScores-grid" x1={pad.left} x2={WIDTH - pad.right} y1={y(tick)} y2={y(tick)} data-middle={tick === 0.5 || undefined} />
            <text x={pad.left - 6} y={y(tick)} dy="0.35em" textAnchor="end">{tick === 0.5 ? '.5' : tick}</text>
          </g>
        ))}
        {at >= 0 && <rect className="RowScores-selected" x={x(at) - Math.max(step, 8) / 2} y={pad.top - 4} width={Math.max(step, 8)} height={HEIGHT - pad.top - pad.bottom + 8} rx={3} />}
        {baseRate !== null && <line className="RowScores-base" x1={pad.left} x2={WIDTH - pad.right} y1={y(baseRate)} y2={y(baseRate)} />}
        <polyline className="RowScores-line" points={scores.map(({ score }, index) => `${x(index)},${y(score)}`).join(' ')} />
        {scores.map(({ site, score }, index) => (few || index === at) && <circle key={site} className="RowScores-dot" data-selected={index === at || undefined} cx={x(index)} cy={y(score)} r={index === at ? 4 : 2.5} />)}
        {scores.map(({ site }, index) => (index === 0 || index === scores.length - 1 || index === at) && (
          <text key={site} x={x(index)} y={HEIGHT - 6} textAnchor={index === 0 && scores.length > 8 ? 'start' : index === scores.length - 1 && scores.length > 8 ? 'end' : 'middle'} data-selected={index === at || undefined}>{siteTick(site)}</text>
        ))}
        {scores.map(({ site, score }, index) => (
          <rect key={site} className="RowScores-target" x={x(index) - step / 2} y={0} width={step} height={HEIGHT} onClick={() => onSelect(site)}><title>{`${siteName(site)}: ${score.toFixed(2)}`}</title></rect>
        ))}
      </svg>
    </figure>
  )
}
