import type { Calibration } from '../../preload/contract'
import { formatCount } from '../components'
import { useSize } from '../plots'

const tick = (value: number): string => value === 0 || value === 1 ? String(value) : value.toFixed(1).replace(/^0/, '')
const two = (value: number | null): string => value === null ? '–' : value.toFixed(2).replace(/^0\./, '.')

/** The reliability curve: what was said against what came true, a dot a bin, its area by its rows, the counts in bars under it. */
export function CalibrationPlot({ calibration: { bins, of }, className }: { readonly calibration: Calibration; readonly className: string | null }): React.JSX.Element {
  const [{ width }, measured] = useSize()
  const bars = 34
  const [left, top, side] = [34, 8, Math.max(80, Math.min(width - 46, 208))]
  const [x, y] = [(value: number): number => left + value * side, (value: number): number => top + (1 - value) * side]
  const most = Math.max(1, ...bins.map(({ rows }) => rows))
  const filled = bins.filter((bin): bin is typeof bin & { predicted: number; observed: number } => bin.predicted !== null && bin.observed !== null)
  const floor = top + side + 10 + bars
  return (
    <div ref={measured} className="CalibrationPlot">
      {width > 100 && (
        <svg width={width} height={floor + 34} role="img" aria-label={filled.map((bin) => `said ${two(bin.predicted)}, came true ${two(bin.observed)}, ${formatCount(bin.rows)} rows`).join('; ')}>
          {[0, 0.5, 1].map((at) => (
            <g key={at}>
              <line className="CalibrationPlot-grid" x1={x(at)} x2={x(at)} y1={y(1)} y2={y(0)} />
              <line className="CalibrationPlot-grid" x1={x(0)} x2={x(1)} y1={y(at)} y2={y(at)} />
              <text x={left - 6} y={y(at)} dy="0.35em" textAnchor="end">{tick(at)}</text>
              <text x={x(at)} y={floor + 14} textAnchor="middle">{tick(at)}</text>
            </g>
          ))}
          <line className="CalibrationPlot-ideal" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
          <polyline className="CalibrationPlot-curve" points={filled.map((bin) => `${x(bin.predicted)},${y(bin.observed)}`).join(' ')} />
          {filled.map((bin) => (
            <circle key={bin.lo} className="CalibrationPlot-bin" cx={x(bin.predicted)} cy={y(bin.observed)} r={2.5 + 4 * Math.sqrt(bin.rows / most)}>
              <title>{`said ${two(bin.predicted)}, came true ${two(bin.observed)} · ${formatCount(bin.rows)} rows`}</title>
            </circle>
          ))}
          {bins.map((bin) => (
            <rect key={bin.lo} className="CalibrationPlot-bar" x={x(bin.lo) + 1} width={Math.max(1, side / bins.length - 2)} y={floor - bars * bin.rows / most} height={bars * bin.rows / most}>
              <title>{`${two(bin.lo)} to ${two(bin.hi)}: ${formatCount(bin.rows)} rows`}</title>
            </rect>
          ))}
          <line className="CalibrationPlot-grid" x1={x(0)} x2={x(1)} y1={floor} y2={floor} />
          <text x={x(0.5)} y={floor + 29} textAnchor="middle">{of === 'class' ? `probability of ${className ?? 'class 1'}` : 'probability of the predicted class'}</text>
          <text transform={`translate(11,${y(0.5)}) rotate(-90)`} textAnchor="middle">{of === 'class' ? 'share that is' : 'share that is right'}</text>
        </svg>
      )}
    </div>
  )
}

/** The curve's twin. */
export function CalibrationTable({ calibration: { bins } }: { readonly calibration: Calibration }): React.JSX.Element {
  return (
    <table className="CardTable">
      <thead><tr><th scope="col">Bin</th><th scope="col">Rows</th><th scope="col">Said</th><th scope="col">Came true</th></tr></thead>
      <tbody>{bins.map(({ lo, hi, rows, predicted, observed }) => <tr key={lo}><th scope="row">{two(lo)} to {hi === 1 ? '1' : two(hi)}</th><td>{formatCount(rows)}</td><td>{two(predicted)}</td><td>{two(observed)}</td></tr>)}</tbody>
    </table>
  )
}
