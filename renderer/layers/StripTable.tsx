import { writeHalf, writeMeasure } from '../../preload/measures'
import { siteName } from './site-axis'
import type { StripSeries } from './strip-series'

export interface StripTableProps {
  readonly series: StripSeries
  readonly selected: number
  readonly onSelect: (index: number) => void
}

/** The chart's twin: the same numbers, layer by layer. */
export function StripTable({ series, selected, onSelect }: StripTableProps): React.JSX.Element {
  const { sites, lines, lo, hi, chosen, measure } = series
  return (
    <div className="StripTable" tabIndex={0}>
      <table>
        <thead>
          <tr><th scope="col">Layer</th>{lines.map((line) => <th key={line.id} scope="col" data-kind={line.kind}>{line.name}</th>)}<th scope="col">interval (95 %)</th></tr>
        </thead>
        <tbody>
          {sites.map((site, index) => {
            const low = lo[index] ?? null
            const high = hi[index] ?? null
            return (
              <tr key={site} aria-selected={index === selected} onClick={() => onSelect(index)}>
                <th scope="row"><button type="button" onClick={() => onSelect(index)}>{siteName(site)}</button>{chosen?.index === index && <span>chosen</span>}</th>
                {lines.map((line) => {
                  const value = line.values[index] ?? null
                  return <td key={line.id} data-kind={line.kind}>{writeMeasure(measure, value)}{line.kind === 'result' && low !== null && high !== null && <small>{writeHalf(measure, (high - low) / 2)}</small>}</td>
                })}
                <td>{low === null || high === null ? '–' : `${writeMeasure(measure, low)} to ${writeMeasure(measure, high)}`}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
