import type { PlotlyModule } from 'plotly.js/dist/plotly-basic.min.js'

let loading: Promise<PlotlyModule> | null = null

/** Plotly, loaded when the first figure needs it: it is larger than the rest of the page. */
export function loadPlotly(): Promise<PlotlyModule> {
  return loading ??= (async () => {
    keepOutStyles()
    const module = await import('plotly.js/dist/plotly-basic.min.js')
    return module.default
  })()
}

/**
 * Plotly writes its rules into a style element of its own, which the page's policy refuses.
 * An element of that id and class tells it that the rules stand in a style sheet: Plot.css.
 */
function keepOutStyles(): void {
  const id = 'plotly.js-style-global'
  if (document.getElementById(id)) return
  const mark = document.createElement('meta')
  mark.id = id
  mark.className = 'no-inline-styles'
  document.head.append(mark)
}

/** A figure as plotly takes it, with the size it is exported at. */
export interface Figure {
  readonly data: readonly object[]
  readonly layout: object
  readonly width: number
  readonly height: number
}

/** The figure as an SVG document, or as a PNG at twice its size. */
export async function renderFigure({ data, layout, width, height }: Figure, format: 'svg' | 'png'): Promise<Uint8Array> {
  const Plotly = await loadPlotly()
  const url = await Plotly.toImage({ data, layout, config: { staticPlot: true } }, { format, width, height, scale: format === 'png' ? 2 : 1 })
  return dataUrlBytes(url)
}

/** The bytes of a `data:` URL, percent- or base64-encoded. */
export function dataUrlBytes(url: string): Uint8Array {
  const comma = url.indexOf(',')
  const body = url.slice(comma + 1)
  if (!/;base64$/.test(url.slice(0, comma))) return new TextEncoder().encode(decodeURIComponent(body))
  return Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))
}
