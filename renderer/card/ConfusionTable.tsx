import { useMemo } from 'react'
import { formatCount, formatPercent } from '../components'
import { HeatMap, type HeatMapData } from '../plots'

/** More classes than this have no room for a table of counts; from the other number on it is a dense one. */
const [mostWritten, dense] = [20, 9]

/** A longer name stands upright over the narrow columns of a dense table. */
const mostAcross = 4

/** Rows by true and predicted class: right ones in the colour of true, errors in that of false, the stronger the larger their share of the true class. */
export function ConfusionTable({ classes, confusion }: { readonly classes: readonly string[]; readonly confusion: Int32Array }): React.JSX.Element {
  if (classes.length > mostWritten) return <ConfusionMap classes={classes} confusion={confusion} />
  const count = (actual: number, predicted: number): number => confusion[actual * classes.length + predicted] ?? 0
  const total = (actual: number): number => classes.reduce((sum, _, predicted) => sum + count(actual, predicted), 0)
  return (
    <div className="ConfusionTable" data-dense={classes.length >= dense || undefined} data-upright={classes.length >= dense && classes.some((name) => name.length > mostAcross) || undefined}>
      <table>
        <colgroup><col style={{ width: 84 }} />{classes.map((name) => <col key={name} />)}<col style={{ width: 64 }} /></colgroup>
        <thead>
          <tr><td /><th scope="colgroup" colSpan={classes.length}>predicted</th><td /></tr>
          <tr><th scope="col">actual</th>{classes.map((name) => <th key={name} scope="col" title={name}><span>{name}</span></th>)}<th scope="col">recall</th></tr>
        </thead>
        <tbody>
          {classes.map((name, actual) => (
            <tr key={name}>
              <th scope="row" title={name}>{name}</th>
              {classes.map((other, predicted) => {
                const share = total(actual) > 0 ? count(actual, predicted) / total(actual) : 0
                return (
                  <td key={other} data-right={actual === predicted || undefined} style={{ '--share': `${Math.round(share * 52)}%` } as React.CSSProperties} data-none={count(actual, predicted) === 0 || undefined} title={`${formatPercent(share)} of ${name}`}>
                    {formatCount(count(actual, predicted))}
                  </td>
                )
              })}
              <td className="ConfusionTable-recall">{total(actual) > 0 ? formatPercent(count(actual, actual) / total(actual)) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function ConfusionMap({ classes, confusion }: { readonly classes: readonly string[]; readonly confusion: Int32Array }): React.JSX.Element {
  const data = useMemo((): HeatMapData => {
    const size = classes.length
    const totals = classes.map((_, actual) => confusion.subarray(actual * size, (actual + 1) * size).reduce((sum, own) => sum + own, 0))
    return {
      title: 'Share of each true class by predicted class', valueName: 'share of the true class', range: [0, 1],
      rows: { title: 'actual', labels: classes }, columns: { title: 'predicted', labels: classes },
      values: Array.from(confusion, (own, at) => { const total = totals[Math.floor(at / size)] ?? 0; return total > 0 ? own / total : null }),
      write: formatPercent, writeShort: (value) => (value * 100).toFixed(0)
    }
  }, [classes, confusion])
  const notes = (row: number, column: number): readonly { readonly name: string; readonly value: string }[] => [{ name: 'rows', value: formatCount(confusion[row * classes.length + column] ?? 0) }]
  return <div className="ConfusionTable-map"><HeatMap data={data} notes={notes} square /></div>
}
