import { useMemo } from 'react'
import type { NumericValues } from '../../preload/contract'
import { rangeTicks } from '../../preload/measures'
import { useSize } from '../plots'

/** Held-out predictions of one column of numbers against its actual values, and the diagonal they would lie on. */
export function FitScatter({ values, target }: { readonly values: NumericValues; readonly target: number }): React.JSX.Element {
  const [{ width }, measured] = useSize()
  const points = useMemo(() => {
    const own = values.targets[target]
    const known = own === undefined ? [] : Array.from(own.actual, (actual, i) => [actual, own.predicted[i] ?? NaN] as const).filter(([actual, predicted]) => !Number.isNaN(actual) && !Number.isNaN(predicted))
    let [low, high] = [Infinity, -Infinity]
    for (const pair of known) for (const value of pair) [low, high] = [Math.min(low, value), Math.max(high, value)]
    const margin = (high - low || 1) * 0.03
    return { known, range: known.length === 0 ? [0, 1] as const : [low - margin, high + margin] as const }
  }, [values, target])
  const [left, top, side] = [46, 8, Math.max(80, Math.min(width - 60, 250))]
  const { known, range } = points
  const at = (value: number): number => side * (value - range[0]) / (range[1] - range[0])
  const ticks = rangeTicks(range, 5)
  return (
    <div ref={measured} className="FitScatter">
      {width > 100 && (
        <svg width={width} height={side + 52} role="img" aria-label={`${known.length} held-out rows, predicted against actual`}>
          {ticks.map((tick) => (
            <g key={tick}>
              <line className="CalibrationPlot-grid" x1={left + at(tick)} x2={left + at(tick)} y1={top} y2={top + side} />
              <line className="CalibrationPlot-grid" x1={left} x2={left + side} y1={top + side - at(tick)} y2={top + side - at(tick)} />
              <text x={left - 6} y={top + side - at(tick)} dy="0.35em" textAnchor="end">{tick.toLocaleString('en-US').replace('-', '−')}</text>
              <text x={left + at(tick)} y={top + side + 15} textAnchor="middle">{tick.toLocaleString('en-US').replace('-', '−')}</text>
            </g>
          ))}
          <line className="CalibrationPlot-ideal" x1={left} y1={top + side} x2={left + side} y2={top} />
          <path className="FitScatter-points" d={known.map(([actual, predicted]) => `M${(left + at(actual)).toFixed(1)},${(top + side - at(predicted)).toFixed(1)}h0`).join('')} />
          <text x={left + side / 2} y={top + side + 33} textAnchor="middle">actual</text>
          <text transform={`translate(10,${top + side / 2}) rotate(-90)`} textAnchor="middle">predicted</text>
        </svg>
      )}
    </div>
  )
}
