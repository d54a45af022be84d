import { useState } from 'react'
import { formatCount, formatNumber } from '../components'
import type { Legend, LegendEntry } from '../palette'
import { useView } from '../state/view'
import { ShapeMark } from './ShapeMark'

/** What the colours stand for, with counts. Click an entry to hide it, Alt-click to see it alone. */
export function CloudLegend({ legend }: { readonly legend: Legend }): React.JSX.Element | null {
  const { hidden, setHidden } = useView()
  const [all, setAll] = useState(false)
  if (legend.kind === 'none') return null
  if (legend.kind === 'scale') return <ScaleLegend legend={legend} />

  const toggle = ({ text }: LegendEntry, alone: boolean): void => {
    const others = legend.entries.map((entry) => entry.text).filter((name) => name !== text)
    if (alone) {
      const isAlone = others.every((name) => hidden.includes(name)) && !hidden.includes(text)
      return setHidden(isAlone ? [] : others)
    }
    setHidden(hidden.includes(text) ? hidden.filter((name) => name !== text) : [...hidden, text])
  }
  const shown = all || legend.entries.length <= 12 ? legend.entries : legend.entries.slice(0, 11)
  return (
    <div className="CloudLegend" role="group" aria-label={`Legend: ${legend.title}`}>
      <p className="CloudLegend-title">{legend.title}</p>
      <ul>
        {shown.map((entry) => (
          <li key={entry.text}>
            <button type="button" aria-pressed={!hidden.includes(entry.text)} title="Click to hide or show, Alt-click to see alone" onClick={(event) => toggle(entry, event.altKey)}>
              <ShapeMark shape={entry.shape} color={entry.color} />
              <span className="CloudLegend-name">{entry.text === '' ? '(empty)' : entry.text}</span>
              <span className="CloudLegend-count">{formatCount(entry.count)}</span>
            </button>
          </li>
        ))}
      </ul>
      {shown.length < legend.entries.length && <button type="button" className="CloudLegend-more" onClick={() => setAll(true)}>{legend.entries.length - shown.length} more</button>}
      {all && legend.entries.length > 12 && <button type="button" className="CloudLegend-more" onClick={() => setAll(false)}>Fewer</button>}
    </div>
  )
}

function ScaleLegend({ legend }: { readonly legend: Extract<Legend, { kind: 'scale' }> }): React.JSX.Element {
  const stops = Array.from({ length: 24 }, (_, i) => legend.color(i / 23))
  return (
    <div className="CloudLegend" role="group" aria-label={`Legend: ${legend.title}`}>
      <p className="CloudLegend-title">{legend.title}</p>
      <svg className="CloudLegend-scale" width={144} height={8} aria-hidden>
        {stops.map((color, i) => <rect key={i} x={i * 6} width={6.5} height={8} fill={color} />)}
      </svg>
      <p className="CloudLegend-ends"><span>{formatNumber(legend.min)}</span>{legend.middle !== null && <span>{formatNumber(legend.middle)}</span>}<span>{formatNumber(legend.max)}</span></p>
      {legend.missing > 0 && <p className="CloudLegend-missing">{formatCount(legend.missing)} without a value</p>}
    </div>
  )
}
