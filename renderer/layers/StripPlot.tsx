import { useMemo, useState } from 'react'
import { useDataTheme } from '../palette'
import { Plot, useSize, writtenTicks } from '../plots'
import { placeLabels } from './label-places'
import { nearestSite, siteName, siteTick } from './site-axis'
import { screenLayout, stripTraces } from './strip-figure'
import { valueTicks, writeHalf, writeValue, type Metric, type StripSeries } from './strip-series'

export interface StripPlotProps {
  readonly series: StripSeries
  readonly metric: Metric
  readonly selected: number
  /** Sites that are being probed have no value yet but keep their place. */
  readonly waiting: boolean
  readonly onSelect: (index: number) => void
}

const margins = { left: 52, right: 148, top: 12, bottom: 28 }

/** The chart itself: plotly's lines and band, and over them what can be read and pointed at. */
export function StripPlot({ series, metric, selected, waiting, onSelect }: StripPlotProps): React.JSX.Element {
  const theme = useDataTheme()
  const [size, measure] = useSize()
  const [hovered, setHovered] = useState<number | null>(null)
  const { sites, lines, range, chosen } = series
  const frame = useMemo(() => ({ width: size.width, height: size.height, ...margins }), [size])
  const data = useMemo(() => stripTraces(series, theme), [series, theme])
  const layout = useMemo(() => screenLayout(frame, series), [frame, series])
  const drawn = size.width > 240 && size.height > 80

  const inner = { width: Math.max(0, size.width - margins.left - margins.right), height: Math.max(0, size.height - margins.top - margins.bottom) }
  const step = inner.width / Math.max(1, sites.length)
  const firstX = margins.left + step / 2
  const x = (index: number): number => firstX + index * step
  const y = (value: number): number => margins.top + inner.height * (1 - (value - range[0]) / (range[1] - range[0]))
  const ticks = useMemo(() => sites.map(siteTick), [sites])
  const written = useMemo(() => writtenTicks(ticks, step, selected), [ticks, step, selected])

  const ends = lines.map((line) => {
    const at = line.values.findLastIndex((value) => value !== null)
    return { line, at, value: at < 0 ? null : line.values[at] ?? null }
  }).filter((end): end is typeof end & { value: number } => end.value !== null)
  const places = placeLabels(ends.map(({ value }) => y(value)), 15, margins.top + 4, margins.top + inner.height)

  const siteUnder = (event: React.PointerEvent): number => nearestSite(event.clientX - event.currentTarget.getBoundingClientRect().left, firstX, step, sites.length)
  const probe = lines[0]
  const half = (index: number): number | null => series.lo[index] != null && series.hi[index] != null ? ((series.hi[index] as number) - (series.lo[index] as number)) / 2 : null

  return (
    <div ref={measure} className="StripPlot"
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        onSelect(siteUnder(event))
      }}
      onPointerMove={(event) => {
        const index = siteUnder(event)
        setHovered(index)
        if (event.buttons & 1 && event.currentTarget.hasPointerCapture(event.pointerId)) onSelect(index)
      }}
      onPointerLeave={() => setHovered(null)}>
      {drawn && (
        <>
          <svg className="StripPlot-under" width={size.width} height={size.height} aria-hidden>
            {selected >= 0 && <rect className="StripPlot-selected" x={x(selected) - Math.min(step, 56) / 2} y={margins.top - 8} width={Math.min(step, 56)} height={inner.height + 8} rx={4} />}
            {valueTicks(range, Math.max(3, Math.floor(inner.height / 26))).map((tick) => (
              <g key={tick}>
                <line className="StripPlot-grid" x1={margins.left} x2={margins.left + inner.width} y1={Math.round(y(tick)) + 0.5} y2={Math.round(y(tick)) + 0.5} />
                <text className="StripPlot-tick" x={margins.left - 8} y={y(tick)} dy="0.35em" textAnchor="end">{metric === 'accuracy' ? `${Math.round(tick * 100)}` : tick.toFixed(2).replace(/^0/, '')}{metric === 'accuracy' && tick === 1 ? ' %' : ''}</text>
              </g>
            ))}
            {waiting && sites.map((_, index) => probe?.values[index] == null && (
              <circle key={index} className="StripPlot-waiting" cx={x(index)} cy={y(range[0]) } r={2} />
            ))}
          </svg>
          <Plot className="StripPlot-data" data={data} layout={layout} />
          <svg className="StripPlot-over" width={size.width} height={size.height} aria-hidden>
            {ends.map(({ line, at, value }, index) => {
              const from = { x: Math.min(x(at) + 5, margins.left + inner.width), y: y(value) }
              const to = { x: margins.left + inner.width + 14, y: places[index] as number }
              return (
                <g key={line.id} className={`StripPlot-label StripPlot-label-${line.kind}`}>
                  <path d={`M${from.x},${from.y} C${to.x - 8},${from.y} ${to.x - 12},${to.y} ${to.x - 4},${to.y}`} />
                  <text x={to.x} y={to.y} dy="0.35em">{line.name}<tspan className="StripPlot-labelValue" dx={6}>{writeValue(value, metric)}</tspan></text>
                </g>
              )
            })}
            {chosen && (
              <g className="StripPlot-chosen" transform={`translate(${x(chosen.index)},${margins.top - 7})`}>
                <path d="M0,7 L-4.5,0 L4.5,0 Z" />
              </g>
            )}
            {selected >= 0 && probe?.values[selected] != null && <circle className="StripPlot-selectedDot" cx={x(selected)} cy={y(probe.values[selected] as number)} r={4.5} />}
            {hovered !== null && hovered !== selected && <line className="StripPlot-hover" x1={x(hovered)} x2={x(hovered)} y1={margins.top} y2={margins.top + inner.height} />}
            {ticks.map((tick, index) => written[index] && (
              <g key={index} className="StripPlot-site" data-selected={index === selected || undefined} transform={`translate(${x(index)},${margins.top + inner.height + 16})`}>
                {index === selected && <rect x={-(tick.length * 7 + 14) / 2} y={-9.5} width={tick.length * 7 + 14} height={19} rx={9.5} />}
                <text dy="0.35em" textAnchor="middle">{tick}</text>
              </g>
            ))}
            {ticks.map((_, index) => !written[index] && <line key={index} className="StripPlot-tickMark" x1={x(index)} x2={x(index)} y1={margins.top + inner.height + 11} y2={margins.top + inner.height + 15} />)}
          </svg>
          {hovered !== null && (
            <StripTip x={x(hovered)} width={size.width} title={siteName(sites[hovered] as string)} site={sites[hovered] as string} chosen={chosen?.index === hovered}
              rows={lines.map((line) => ({ name: line.name, kind: line.kind, value: writeValue(line.values[hovered] ?? null, metric), half: line.id === 'probe' && half(hovered) !== null ? writeHalf(half(hovered) as number, metric) : '' }))} />
          )}
        </>
      )}
    </div>
  )
}

interface StripTipProps {
  readonly x: number
  readonly width: number
  readonly title: string
  readonly site: string
  readonly chosen: boolean
  readonly rows: readonly { readonly name: string; readonly kind: string; readonly value: string; readonly half: string }[]
}

/** Exact values at the layer under the pointer, on the side with room. */
function StripTip({ x, width, title, site, chosen, rows }: StripTipProps): React.JSX.Element {
  const left = x + 16 + 224 > width
  return (
    <div className="StripTip" style={left ? { right: width - x + 16 } : { left: x + 16 }} role="presentation">
      <p className="StripTip-title">{title}<span>{site}</span></p>
      <dl>
        {rows.map(({ name, kind, value, half }) => (
          <div key={name} data-kind={kind}><dt>{name}</dt><dd>{value}{half && <span>{half}</span>}</dd></div>
        ))}
      </dl>
      {chosen && <p className="StripTip-note">chosen on validation rows</p>}
    </div>
  )
}
