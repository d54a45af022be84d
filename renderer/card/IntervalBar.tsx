import type { Measure } from '../../preload/contract'
import { baselineName, measureRange, rangeTicks, writeMeasure, writeTick } from '../../preload/measures'
import { useSize } from '../plots'

/** The headline with its interval on the measure's axis, and what it is to be read against as ticks on the same line. */
export function IntervalBar({ measure: { name, value, interval, baselines } }: { readonly measure: Measure }): React.JSX.Element {
  const [{ width }, measured] = useSize()
  const shown = [value, interval?.lo ?? null, interval?.hi ?? null, ...baselines.map((baseline) => baseline.value)].filter((one) => one !== null)
  const range = measureRange(name, shown)
  const [left, right, middle] = [8, width - 8, 34]
  const x = (at: number): number => left + (right - left) * Math.max(0, Math.min(1, (at - range[0]) / (range[1] - range[0])))
  const named = namesOf(baselines.map((baseline) => ({ name: baselineName(baseline.name, name), x: x(baseline.value) })))
  const said = `${writeMeasure(name, value)}${interval ? `, 95 % interval ${writeMeasure(name, interval.lo)} to ${writeMeasure(name, interval.hi)}` : ''}; ${baselines.map((baseline) => `${baselineName(baseline.name, name)} ${writeMeasure(name, baseline.value)}`).join(', ')}`
  return (
    <div ref={measured} className="IntervalBar" role="img" aria-label={said}>
      {width > 80 && (
        <svg width={width} height={66} aria-hidden>
          <line className="IntervalBar-axis" x1={left} x2={right} y1={middle} y2={middle} />
          {rangeTicks(range, Math.max(3, Math.floor(width / 72))).map((tick) => (
            <g key={tick}>
              <line className="IntervalBar-tick" x1={x(tick)} x2={x(tick)} y1={middle} y2={middle + 4} />
              <text x={x(tick)} y={middle + 17} textAnchor={x(tick) > right - 16 ? 'end' : x(tick) < left + 16 ? 'start' : 'middle'}>{writeTick(name, tick)}</text>
            </g>
          ))}
          {baselines.map((baseline) => <line key={baseline.name} className="IntervalBar-baseline" x1={x(baseline.value)} x2={x(baseline.value)} y1={middle - 9} y2={middle + 5} />)}
          {named.map(({ name: own, x: at }) => <text key={own} x={at > width / 2 ? at + 2 : at - 2} y={middle - 15} textAnchor={at > width / 2 ? 'end' : 'start'}>{own}</text>)}
          {interval && <line className="IntervalBar-interval" x1={x(interval.lo)} x2={x(interval.hi)} y1={middle} y2={middle} />}
          {value !== null && <circle className="IntervalBar-value" cx={x(value)} cy={middle} r={5} />}
        </svg>
      )}
    </div>
  )
}

/** Names over their ticks; those of neighbours without room for two stand as one, at the first of them. */
function namesOf(baselines: readonly { readonly name: string; readonly x: number }[]): readonly { readonly name: string; readonly x: number }[] {
  const joined: { name: string; x: number; end: number }[] = []
  for (const { name, x } of [...baselines].sort((a, b) => a.x - b.x)) {
    const last = joined.at(-1)
    if (last && x < last.end) Object.assign(last, { name: `${last.name}, ${name}`, end: last.end + 6.2 * (name.length + 2) })
    else joined.push({ name, x, end: x + 6.2 * (name.length + 2) })
  }
  return joined
}
