import type { ErasedScore, Erasure } from '../../preload/contract'
import { placeLabels } from '../../preload/label-places'
import { rangeTicks, writeMeasure, writeTick } from '../../preload/measures'
import { erasureCurve } from '../../preload/site-curves'
import { useSize } from '../plots'

const [left, top, height, right] = [38, 10, 168, 100]

/** How many directions, which folds may differ in. */
export function writeDirections(directions: number): string {
  return String(Math.round(directions * 10) / 10)
}

/** Held-out accuracy after every projection of INLP with its interval, LEACE, the controls and the majority class, by directions taken out. */
export function ErasureCurve({ erasure }: { readonly erasure: Erasure }): React.JSX.Element {
  const [{ width }, measured] = useSize()
  const { steps, leace, control, majority, most, range, ends } = erasureCurve(erasure)
  const x = (directions: number): number => left + (Math.max(120, width) - left - right) * directions / most
  const y = (accuracy: number): number => top + height * (1 - (accuracy - range[0]) / (range[1] - range[0]))
  const heights = placeLabels(ends.map(({ value }) => y(value)), 13, top + 2, top + height)
  const said = (name: string, { accuracy, directions }: Pick<ErasedScore, 'accuracy' | 'directions'>): string => `${name}, ${writeDirections(directions)} ${directions === 1 ? 'direction' : 'directions'}: ${writeMeasure('accuracy', accuracy)}`
  return (
    <div ref={measured} className="SiteCurve">
      {width > 160 && (
        <svg width={width} height={top + height + 38} role="img" aria-label={`Accuracy by directions taken out. ${said('LEACE', leace)}; ${steps.map((step) => said('INLP', step)).join('; ')}; majority class ${writeMeasure('accuracy', majority)}`}>
          {rangeTicks(range, 5).map((tick) => (
            <g key={tick}>
              <line className="SiteCurve-grid" x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} />
              <text x={left - 6} y={y(tick)} dy="0.35em" textAnchor="end">{writeTick('accuracy', tick)}</text>
            </g>
          ))}
          {rangeTicks([0, most], 6).filter(Number.isInteger).map((tick) => <text key={tick} x={x(tick)} y={top + height + 16} textAnchor="middle">{tick}</text>)}
          <line className="SiteCurve-line" data-kind="reference" x1={left} x2={width - right} y1={y(majority)} y2={y(majority)} />
          <polygon className="SiteCurve-band" points={[...steps.map(({ directions, interval }) => `${x(directions)},${y(interval.hi)}`), ...[...steps].reverse().map(({ directions, interval }) => `${x(directions)},${y(interval.lo)}`)].join(' ')} />
          <polyline className="SiteCurve-line" data-kind="result" points={steps.map(({ directions, accuracy }) => `${x(directions)},${y(accuracy)}`).join(' ')} />
          {steps.map((step, k) => <circle key={k} className="SiteCurve-point" data-kind="result" cx={x(step.directions)} cy={y(step.accuracy)} r={3}><title>{said(k === 0 ? 'Before' : 'INLP', step)}</title></circle>)}
          <circle className="SiteCurve-point" data-kind="open" cx={x(control.directions)} cy={y(control.accuracy)} r={3.5}><title>{said('Shuffled labels', control)}</title></circle>
          <path className="SiteCurve-point" data-kind="result" d={`M${x(leace.directions)},${y(leace.accuracy)}m0,-6l6,6l-6,6l-6,-6z`}><title>{said('LEACE', leace)}</title></path>
          {/* Under the mark, where INLP's line never comes, as long as there is room. */}
          <text x={x(leace.directions)} y={y(leace.accuracy) + (y(leace.accuracy) + 20 < top + height ? 18 : -12)} textAnchor="middle" data-kind="result">LEACE</text>
          {ends.map(({ name, kind }, i) => <text key={name} x={width - right + 8} y={heights[i]} dy="0.35em" data-kind={kind}>{name}</text>)}
          <text x={(left + width - right) / 2} y={top + height + 33} textAnchor="middle">directions taken out</text>
          <text transform={`translate(10,${top + height / 2}) rotate(-90)`} textAnchor="middle">accuracy, %</text>
        </svg>
      )}
    </div>
  )
}
