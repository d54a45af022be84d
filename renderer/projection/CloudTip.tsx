import { useLayoutEffect, useRef, useState } from 'react'
import { formatCount } from '../components'
import { useClassValues } from '../state/engine-data'
import { probeOfRow } from '../state/probe-row'
import { useWorkbench } from '../state/workbench'
import { useRowText } from './row-text'

export interface CloudTipProps {
  readonly row: number
  /** Where the point is, in CSS pixels of the view. */
  readonly x: number
  readonly y: number
  readonly color: string
  readonly view: { readonly width: number; readonly height: number }
}

/** What the point under the pointer is: its text, label, prediction and score. Never leaves the view. */
export function CloudTip({ row, x, y, color, view }: CloudTipProps): React.JSX.Element {
  const text = useRowText(row)
  const values = useClassValues()
  const classes = useWorkbench(({ run }) => run?.sweep?.classes ?? null)
  const root = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 280, height: 64 })
  useLayoutEffect(() => {
    const element = root.current
    if (element && (element.offsetWidth !== size.width || element.offsetHeight !== size.height)) setSize({ width: element.offsetWidth, height: element.offsetHeight })
  })
  const left = x + 14 + size.width <= view.width - 8 ? x + 14 : Math.max(8, x - 14 - size.width)
  const top = Math.max(8, Math.min(y - size.height / 2, view.height - size.height - 8))
  const probe = values && classes ? probeOfRow(values, classes, row) : null
  return (
    <div ref={root} className="CloudTip" style={{ transform: `translate(${Math.round(left)}px, ${Math.round(top)}px)` }} role="presentation">
      <p className="CloudTip-text">{text ?? '…'}</p>
      <p className="CloudTip-facts">
        <svg width={8} height={8} aria-hidden><circle cx={4} cy={4} r={4} fill={color} /></svg>
        <span>row {formatCount(row + 1)}</span>
        {probe?.actual && <span>label <b>{probe.actual}</b></span>}
        {probe?.predicted && <span>predicted <b>{probe.predicted}</b></span>}
        {probe?.score != null && <span><b>{probe.score.toFixed(2).replace(/^0/, '')}</b></span>}
      </p>
    </div>
  )
}
