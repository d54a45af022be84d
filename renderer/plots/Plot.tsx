import { useEffect, useRef } from 'react'
import { loadPlotly } from './plotly'
import './Plot.css'

export interface PlotProps {
  readonly data: readonly object[]
  readonly layout: object
  readonly className?: string
}

/** A still plotly figure that follows its props. What can be pointed at is drawn over it. */
export function Plot({ data, layout, className = '' }: PlotProps): React.JSX.Element {
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    let current = true
    const element = root.current
    if (element) void loadPlotly().then((Plotly) => { if (current) return Plotly.react(element, data, layout, { staticPlot: true, displayModeBar: false }) })
    return () => { current = false }
  }, [data, layout])
  useEffect(() => {
    const element = root.current
    return () => { if (element) void loadPlotly().then((Plotly) => Plotly.purge(element)) }
  }, [])
  return <div ref={root} className={className} aria-hidden />
}
