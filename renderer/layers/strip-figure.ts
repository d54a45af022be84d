import type { DataTheme } from '../palette'
import type { Figure } from '../plots'
import { placeLabels } from './label-places'
import { siteTick } from './site-axis'
import { valueTicks, writeHalf, writeValue, type Metric, type StripLine, type StripSeries } from './strip-series'

/** How each line is drawn, on screen and in figures: the result strong, what it is compared with thin. */
export const lineStyles: Readonly<Record<string, { readonly width: number; readonly dash: string }>> = {
  probe: { width: 2, dash: 'solid' },
  textOnly: { width: 1.25, dash: '6px,3px' },
  shuffled: { width: 1.25, dash: '2px,2px' },
  majority: { width: 1, dash: 'solid' }
}

function trace(line: StripLine, theme: DataTheme, marker: boolean): object {
  const { width, dash } = lineStyles[line.id] ?? { width: 1.5, dash: '8px,3px' }
  const color = line.kind === 'result' ? theme.result : theme.control
  return {
    type: 'scatter', mode: marker ? 'lines+markers' : 'lines', name: line.name, y: line.values, x: line.values.map((_, i) => i),
    line: { color, width, dash, simplify: false }, connectgaps: false, hoverinfo: 'skip',
    ...(marker ? { marker: { size: 6, color: theme.surface, line: { color, width: 1.75 } } } : {})
  }
}

/** Band, lines and markers. */
export function stripTraces({ lines, lo, hi }: StripSeries, theme: DataTheme): readonly object[] {
  const color = theme.dark ? 'rgba(236,236,239,0.14)' : 'rgba(27,28,33,0.10)'
  const few = lo.length <= 40
  // Runs of sites with an interval, each its own polygon: a gap stays a gap.
  const bands: object[] = []
  for (let from = 0; from < lo.length; from++) {
    if (lo[from] == null) continue
    let to = from
    while (to + 1 < lo.length && lo[to + 1] != null) to++
    const xs = Array.from({ length: to - from + 1 }, (_, i) => from + i)
    // A lone site still shows its interval: a narrow box.
    const around = xs.length === 1 ? [from - 0.06, from + 0.06] : xs
    const at = (values: readonly (number | null)[], x: number): number | null => values[Math.round(x)] ?? null
    bands.push({
      type: 'scatter', mode: 'lines', x: [...around, ...[...around].reverse()], y: [...around.map((x) => at(hi, x)), ...[...around].reverse().map((x) => at(lo, x))],
      fill: 'toself', fillcolor: color, line: { width: 0 }, hoverinfo: 'skip', showlegend: false
    })
    from = to
  }
  const [probe, ...others] = lines
  return [...bands, ...others.map((line) => trace(line, theme, false)), ...(probe ? [trace(probe, theme, few)] : [])]
}

/** Inside of the plot in pixels: the same margins for plotly and for what is drawn over it. */
export interface StripFrame { readonly width: number; readonly height: number; readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }

/** On screen plotly draws the data alone; axes, labels and selection lie over it. */
export function screenLayout({ width, height, left, right, top, bottom }: StripFrame, { range, sites }: StripSeries): object {
  const quiet = { visible: false, fixedrange: true, zeroline: false, showgrid: false }
  return {
    width, height, margin: { l: left, r: right, t: top, b: bottom, pad: 0 }, autosize: false, showlegend: false,
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
    xaxis: { ...quiet, range: [-0.5, sites.length - 0.5] }, yaxis: { ...quiet, range: [...range] }
  }
}

/** The whole figure for papers and slides: axes, direct labels, the chosen layer. */
export function stripFigure(series: StripSeries, metric: Metric, theme: DataTheme, title: string): Figure {
  const { sites, lines, range, chosen } = series
  const width = 900
  const height = 380
  const last = sites.length - 1
  const ends = lines.map(({ values, name, kind }) => {
    const at = values.findLastIndex((value) => value !== null)
    return { name, kind, at, value: at < 0 ? null : values[at] ?? null }
  }).filter((end): end is typeof end & { value: number } => end.value !== null)
  // Labels in pixels from the top of the plot, moved apart, and back to values.
  const inner = height - 64 - 56
  const pixels = placeLabels(ends.map(({ value }) => inner * (1 - (value - range[0]) / (range[1] - range[0]))), 15, 0, inner)
  const labelAt = pixels.map((pixel) => range[0] + (1 - pixel / inner) * (range[1] - range[0]))
  return {
    width, height, data: stripTraces(series, theme),
    layout: {
      width, height, margin: { l: 64, r: 150, t: 64, b: 56 }, showlegend: false, autosize: false,
      paper_bgcolor: theme.surface, plot_bgcolor: theme.surface,
      font: { family: 'Inter, system-ui, sans-serif', size: 12, color: theme.text },
      title: { text: escapeMarkup(title), x: 64 / width, xanchor: 'left', font: { size: 15 } },
      xaxis: {
        range: [-0.5, last + 0.5], tickvals: sites.map((_, i) => i).filter((i) => sites.length <= 32 || i % 4 === 0 || i === last),
        ticktext: sites.map((site, i) => ({ text: siteTick(site), i })).filter(({ i }) => sites.length <= 32 || i % 4 === 0 || i === last).map(({ text }) => escapeMarkup(text)),
        title: { text: 'layer', standoff: 8 }, showgrid: false, zeroline: false, linecolor: theme.line, tickcolor: theme.line
      },
      yaxis: {
        range: [...range], tickvals: valueTicks(range, 7), tickformat: metric === 'accuracy' ? '.0%' : '.2f',
        title: { text: metric === 'accuracy' ? 'accuracy on held-out rows' : 'AUROC on held-out rows' }, gridcolor: theme.grid, zeroline: false
      },
      annotations: [
        ...ends.map(({ name, kind, value }, i) => ({
          xref: 'paper', x: 1.01, xanchor: 'left', y: labelAt[i] ?? value, yanchor: 'middle', showarrow: false, text: escapeMarkup(name),
          font: { color: kind === 'result' ? theme.result : theme.control, size: 11 }
        })),
        ...(chosen ? [{
          x: chosen.index, y: range[1], yanchor: 'bottom', showarrow: false, font: { size: 11, color: theme.textSecondary },
          text: `chosen on validation rows · test ${writeValue(chosen.test, 'accuracy')} ${writeHalf(chosen.half, 'accuracy')}`
        }] : [])
      ]
    }
  }
}

/** Plotly reads a few tags and entities in its texts; names of models and sites are not to be read so. */
function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
