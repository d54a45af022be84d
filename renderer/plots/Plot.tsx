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
    const element = root.current
    if (!element) return
    let current = true
    let frame = 0
    // With the frame, not with the change: what React renders for new results and what plotly draws of them are two tasks,
    // neither of which holds the page.
    void loadPlotly().then((Plotly) => {
      if (current) frame = requestAnimationFrame(() => void Plotly.react(element, data, layout, { staticPlot: true, displayModeBar: false }))
    })
    return () => {
      current = false
      cancelAnimationFrame(frame)
    }
  }, [data, layout])
  useEffect(() => {
    const element = root.current
    return () => { if (element) void loadPlotly().then((Plotly) => Plotly.purge(element)) }
  }, [])
  return <div ref={root} className={className} aria-hidden />
}
