import type { CodeLength } from '../../preload/contract'
import { placeLabels } from '../../preload/label-places'
import { rangeTicks } from '../../preload/measures'
import { codeCurve, namedCodes } from '../../preload/site-curves'
import { formatCompact, formatCount } from '../components'
import { useSize } from '../plots'

const [left, top, height, right] = [38, 10, 168, 92]

/** Bits a label of every block against the rows its probe had seen, on a logarithmic axis, beside the uniform code. */
export function CodeCurve({ codeLength }: { readonly codeLength: CodeLength }): React.JSX.Element {
  const [{ width }, measured] = useSize()
  const { lines, uniform, most, seen: [first, last], ticks, ends } = codeCurve(codeLength)
  const x = (seen: number): number => left + (Math.max(120, width) - left - right) * (last > first ? Math.log(seen / first) / Math.log(last / first) : 0.5)
  const y = (bits: number): number => top + height * (1 - Math.min(bits, most) / most)
  const heights = placeLabels(ends.map(({ value }) => y(value)), 13, top + 2, top + height)
  return (
    <div ref={measured} className="SiteCurve">
      {width > 160 && (
        <svg width={width} height={top + height + 38} role="img" aria-label={`Bits a label by rows seen, of ${formatCount(codeLength.rows)} rows: ${lines.map(({ name, points }) => `${name} ${points.at(-1)?.bits.toFixed(2) ?? ''} in the last block`).join(', ')}, uniform code ${uniform.toFixed(2)}`}>
          {rangeTicks([0, most], 5).map((tick) => (
            <g key={tick}>
              <line className="SiteCurve-grid" x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} />
              <text x={left - 6} y={y(tick)} dy="0.35em" textAnchor="end">{String(Number(tick.toPrecision(3)))}</text>
            </g>
          ))}
          {ticks.map((tick) => <text key={tick} x={x(tick)} y={top + height + 16} textAnchor="middle">{formatCompact(tick)}</text>)}
          <line className="SiteCurve-line" data-kind="reference" x1={left} x2={width - right} y1={y(uniform)} y2={y(uniform)} />
          {[...lines].reverse().map(({ name, points, kind }) => (
            <g key={name}>
              <polyline className="SiteCurve-line" data-kind={kind} points={points.map(({ seen, bits }) => `${x(seen)},${y(bits)}`).join(' ')} />
              {points.map(({ seen, sent, bits }) => (
                <circle key={seen} className="SiteCurve-point" data-kind={kind} cx={x(seen)} cy={y(bits)} r={kind === 'result' ? 3.5 : 2.5}>
                  <title>{`${name}: ${bits.toFixed(3)} bits a label over ${formatCount(sent)} rows, ${formatCount(seen)} seen`}</title>
                </circle>
              ))}
            </g>
          ))}
          {ends.map(({ name, kind }, i) => <text key={name} x={width - right + 8} y={heights[i]} dy="0.35em" data-kind={kind}>{name}</text>)}
          <text x={(left + width - right) / 2} y={top + height + 33} textAnchor="middle">rows seen</text>
          <text transform={`translate(10,${top + height / 2}) rotate(-90)`} textAnchor="middle">bits a label</text>
        </svg>
      )}
    </div>
  )
}

/** The curve's twin. */
export function CodeTable({ codeLength }: { readonly codeLength: CodeLength }): React.JSX.Element {
  const { ends } = codeLength
  const codes = namedCodes(codeLength)
  return (
    <div className="SiteSection-table">
      <table className="CardTable">
        <thead><tr><th scope="col">Rows seen</th><th scope="col">Rows sent</th>{codes.map(({ name }) => <th key={name} scope="col">{name}, bits each</th>)}</tr></thead>
        <tbody>{ends.map((end, block) => {
          const from = ends[block - 1] ?? 0
          return <tr key={end}><th scope="row">{formatCount(from)}</th><td>{formatCount(end - from)}</td>{codes.map(({ name, code }) => <td key={name}>{((code.blocks[block] ?? 0) / (end - from)).toFixed(3)}</td>)}</tr>
        })}</tbody>
      </table>
    </div>
  )
}
