import type { BaselineName } from '../../preload/contract'
import { placeLabels } from '../../preload/label-places'
import { baselineNames, measures, methodName, rangeTicks, writeHalf, writeMeasure } from '../../preload/measures'
import { toHex, type DataTheme, type Rgb } from '../palette'
import type { Figure } from '../plots'
import { siteTick } from './site-axis'
import { stripTitle, type StripLine, type StripSeries } from './strip-series'

interface LineStyle { readonly width: number; readonly dash: string }

/** What a result is compared with, drawn thin: told apart by dashes and by name, never coloured like a result. */
const controlStyles: Readonly<Record<BaselineName, LineStyle>> = {
  textOnly: { width: 1.25, dash: '6px,3px' }, controlTask: { width: 1.25, dash: '8px,3px,2px,3px' }, shuffled: { width: 1.25, dash: '2px,2px' },
  linearTree: { width: 1.25, dash: '6px,3px' }, majority: { width: 1, dash: 'solid' }, mean: { width: 1, dash: 'solid' }, chance: { width: 1, dash: 'solid' }
}

/** Methods take the eight data colours from those that do not stand for true and false elsewhere. */
const methodSlots = [3, 2, 4, 6, 5, 7, 0, 1]

/** The colour of a line: ink for the only method, its own for one of several, grey for a control. */
export function lineColor({ kind, slot }: Pick<StripLine, 'kind' | 'slot'>, methods: number, theme: DataTheme): string {
  if (kind === 'control') return theme.control
  return methods === 1 ? theme.result : toHex(theme.categories[methodSlots[slot % 8] as number] as Rgb)
}

/** How each line is drawn, on screen and in figures: the result strong, what it is compared with thin. */
function lineStyle({ id, kind }: StripLine): LineStyle {
  if (kind === 'control') return controlStyles[id.slice('baseline:'.length) as BaselineName]
  return kind === 'result' ? { width: 2.25, dash: 'solid' } : { width: 1.5, dash: 'solid' }
}

function trace(line: StripLine, color: string, surface: string, marker: boolean): object {
  const { width, dash } = lineStyle(line)
  return {
    type: 'scatter', mode: marker ? 'lines+markers' : 'lines', name: line.name, y: line.values, x: line.values.map((_, i) => i),
    line: { color, width, dash, simplify: false }, connectgaps: false, hoverinfo: 'skip',
    ...(marker ? { marker: { size: 6, color: surface, line: { color, width: 1.75 } } } : {})
  }
}

/** Band, lines and markers. */
export function stripTraces({ lines, lo, hi, methods }: StripSeries, theme: DataTheme): readonly object[] {
  const ink = lines[0] ? lineColor(lines[0], methods, theme) : theme.result
  const color = `${ink}${theme.dark ? '2a' : methods === 1 ? '1a' : '26'}`
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
  const draw = (line: StripLine, marker: boolean): object => trace(line, lineColor(line, methods, theme), theme.surface, marker)
  const [probe, ...others] = lines
  const below = [...others.filter(({ kind }) => kind === 'control'), ...others.filter(({ kind }) => kind === 'other')]
  return [...bands, ...below.map((line) => draw(line, false)), ...(probe ? [draw(probe, few)] : [])]
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

/** The whole figure for papers and slides: axes, direct labels, the chosen layer. `about` says what was run on what. */
export function stripFigure(series: StripSeries, theme: DataTheme, about: string): Figure {
  const { sites, lines, range, chosen, measure, methods } = series
  const { unit, phrase, better } = measures[measure]
  const width = 900
  const height = 380
  const last = sites.length - 1
  const ends = lines.map((line) => {
    const at = line.values.findLastIndex((value) => value !== null)
    return { line, value: at < 0 ? null : line.values[at] ?? null }
  }).filter((end): end is typeof end & { value: number } => end.value !== null)
  // Labels in pixels from the top of the plot, moved apart, and back to values.
  const inner = height - 64 - 56
  const pixels = placeLabels(ends.map(({ value }) => inner * (1 - (value - range[0]) / (range[1] - range[0]))), 15, 0, inner)
  const labelAt = pixels.map((pixel) => range[0] + (1 - pixel / inner) * (range[1] - range[0]))
  const right = 30 + 6.4 * Math.max(...ends.map(({ line }) => line.name.length), baselineNames.majority.length)
  const written = sites.map((_, i) => sites.length <= 32 || i % 4 === 0 || i === last)
  return {
    width, height, data: stripTraces(series, theme),
    layout: {
      width, height, margin: { l: 64, r: right, t: 64, b: 56 }, showlegend: false, autosize: false,
      paper_bgcolor: theme.surface, plot_bgcolor: theme.surface,
      font: { family: 'Inter, system-ui, sans-serif', size: 12, color: theme.text },
      title: { text: escapeMarkup(`${stripTitle(measure)} · ${about}`), x: 64 / width, xanchor: 'left', font: { size: 15 } },
      xaxis: {
        range: [-0.5, last + 0.5], tickvals: sites.map((_, i) => i).filter((i) => written[i]),
        ticktext: sites.filter((_, i) => written[i]).map((site) => escapeMarkup(siteTick(site))),
        title: { text: 'layer', standoff: 8 }, showgrid: false, zeroline: false, linecolor: theme.line, tickcolor: theme.line
      },
      yaxis: {
        range: [...range], tickvals: rangeTicks(range, 7), tickformat: { share: '.0%', coefficient: '.2f', kilometres: ',d', ratio: '.1f' }[unit],
        title: { text: `${phrase} on held-out rows${unit === 'kilometres' ? ' (km)' : ''}${better === 'lower' ? ', lower is better' : ''}` }, gridcolor: theme.grid, zeroline: false
      },
      annotations: [
        ...ends.map(({ line, value }, i) => ({
          xref: 'paper', x: 1.01, xanchor: 'left', y: labelAt[i] ?? value, yanchor: 'middle', showarrow: false, text: escapeMarkup(line.name),
          font: { color: lineColor(line, methods, theme), size: 11 }
        })),
        ...(chosen ? [{
          x: chosen.index, y: range[1], yanchor: 'bottom', showarrow: false, font: { size: 11, color: theme.textSecondary },
          text: escapeMarkup(`${methods > 1 ? `${methodName(chosen.method)}, ` : ''}chosen on validation rows · test ${writeMeasure(chosen.measure, chosen.test)} ${writeHalf(chosen.measure, chosen.half)}`)
        }] : [])
      ]
    }
  }
}

/** Plotly reads a few tags and entities in its texts; names of models and sites are not to be read so. */
function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
