import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import { formatCount } from '../components'
import { useView } from '../state/view'
import { writeLatitude, writeLongitude, writeNumber, type FitPoints } from './fit-points'

const ROW = 26

/** The same points as a table, largest error first. */
export function FitTable({ points }: { readonly points: FitPoints }): React.JSX.Element {
  const scroller = useRef<HTMLDivElement>(null)
  const { focusedRow, focusRow } = useView()
  const order = useMemo(() => Array.from(points.rows.keys()).sort((a, b) => (points.error[b] as number) - (points.error[a] as number)), [points])
  const virtual = useVirtualizer({ count: order.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 })
  const place = (values: Float32Array, i: number): React.JSX.Element => points.kind === 'map'
    ? <span className="FitTable-place"><span>{writeLatitude(values[2 * i + 1] as number)}</span><span>{writeLongitude(values[2 * i] as number)}</span></span>
    : <span>{writeNumber(values[2 * i + 1] as number, 'fit')}</span>
  return (
    <div className="FitTable">
      <div className="FitTable-head"><span>row</span><span>predicted</span><span>{points.kind === 'map' ? 'true' : 'actual'}</span><span>error</span></div>
      <div ref={scroller} className="FitTable-body" tabIndex={0} role="region" aria-label="Rows by error">
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(({ index }) => {
            const i = order[index] as number
            const row = points.rows[i] as number
            return (
              <button key={row} type="button" className="FitTable-row" aria-current={row === focusedRow || undefined} style={{ transform: `translateY(${index * ROW}px)` }} onClick={() => focusRow(row)}>
                <span>{formatCount(row + 1)}</span>{place(points.predicted, i)}{place(points.actual, i)}<span>{writeNumber(points.error[i] as number, points.kind)}</span>
              </button>
            )
          })}
        </div>
      </div>
    </div>
  )
}
