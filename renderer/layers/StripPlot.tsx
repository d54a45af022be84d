import { useMemo, useState } from 'react'
import { placeLabels } from '../../preload/label-places'
import { methodName, rangeTicks, unitOf, writeHalf, writeMeasure, writeTick } from '../../preload/measures'
import { useDataTheme } from '../palette'
import { Plot, useSize, writtenTicks } from '../plots'
import { nearestSite, siteName, siteTick } from './site-axis'
import { lineColor, screenLayout, stripTraces } from './strip-figure'
import type { StripLine, StripSeries } from './strip-series'

export interface StripPlotProps {
  readonly series: StripSeries
  readonly selected: number
  /** Sites that are being probed have no value yet but keep their place. */
  readonly waiting: boolean
  readonly onSelect: (index: number) => void
  readonly onPick: (method: string) => void
  /** By a double click or Enter on the selected layer. */
  readonly onOpen: () => void
}

const margins = { left: 52, top: 12, bottom: 28 }
const labelHeight = 15

/** Room for the names at the right: as wide as the longest, but no more than a quarter of a wide strip, or than any but the longest methods takes. */
function labelRoom(lines: readonly StripLine[], width: number): number {
  const longest = Math.max(...lines.map(({ name }) => name.length), 0)
  return Math.min(Math.max(148, 72 + longest * 6.2), Math.max(172, width / 4))
}

/** The chart itself: plotly's lines and band, and over them what can be read and pointed at. */
export function StripPlot({ series, selected, waiting, onSelect, onPick, onOpen }: StripPlotProps): React.JSX.Element {
  const theme = useDataTheme()
  const [size, measured] = useSize()
  const [hovered, setHovered] = useState<number | null>(null)
  const { sites, lines, range, chosen, measure, methods } = series
  const right = labelRoom(lines, size.width)
  const frame = useMemo(() => ({ width: size.width, height: size.height, right, ...margins }), [size, right])
  const data = useMemo(() => stripTraces(series, theme), [series, theme])
  const layout = useMemo(() => screenLayout(frame, series), [frame, series])
  const drawn = size.width > 240 && size.height > 60

  const inner = { width: Math.max(0, size.width - margins.left - right), height: Math.max(0, size.height - margins.top - margins.bottom) }
  const step = inner.width / Math.max(1, sites.length)
  const firstX = margins.left + step / 2
  const x = (index: number): number => firstX + index * step
  // What lies under the axis (a fit worse than useless) is drawn at its end.
  const y = (value: number): number => margins.top + inner.height * (1 - Math.max(0, Math.min(1, (value - range[0]) / (range[1] - range[0]))))
  const ticks = useMemo(() => sites.map(siteTick), [sites])
  const written = useMemo(() => writtenTicks(ticks, step, selected), [ticks, step, selected])

  const ends = lines.map((line) => {
    const at = line.values.findLastIndex((value) => value !== null)
    return { line, at, value: at < 0 ? null : line.values[at] ?? null }
  }).filter((end): end is typeof end & { value: number } => end.value !== null)
  const places = placeLabels(ends.map(({ value }) => y(value)), labelHeight, margins.top + 4, margins.top + inner.height)

  const siteUnder = (event: React.PointerEvent): number => nearestSite(event.clientX - event.currentTarget.getBoundingClientRect().left, firstX, step, sites.length)
  const probe = lines[0]
  const half = (index: number): number | null => series.lo[index] != null && series.hi[index] != null ? ((series.hi[index] as number) - (series.lo[index] as number)) / 2 : null
  const valueTicks = rangeTicks(range, Math.max(3, Math.floor(inner.height / 26)))

  return (
    <div ref={measured} className="StripPlot" role="slider" tabIndex={selected < 0 ? -1 : 0} aria-label="Layer" aria-orientation="horizontal" aria-valuemin={0} aria-valuemax={sites.length - 1}
      aria-valuenow={Math.max(0, selected)} aria-valuetext={selected < 0 ? 'none' : `${siteName(sites[selected] as string)}${probe?.values[selected] == null ? '' : `, ${writeMeasure(measure, probe.values[selected])}`}`}
      onKeyDown={(event) => { if (event.key === 'Enter' && event.target === event.currentTarget) onOpen() }} onDoubleClick={onOpen}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        onSelect(siteUnder(event))
      }}
      onPointerMove={(event) => {
        const index = siteUnder(event)
        setHovered(event.clientX - event.currentTarget.getBoundingClientRect().left > margins.left + inner.width + 8 ? null : index)
        if (event.buttons & 1 && event.currentTarget.hasPointerCapture(event.pointerId)) onSelect(index)
      }}
      onPointerLeave={() => setHovered(null)} onContextMenu={() => setHovered(null)}>
      {drawn && (
        <>
          <svg className="StripPlot-under" width={size.width} height={size.height} aria-hidden>
            {selected >= 0 && <rect className="StripPlot-selected" x={x(selected) - Math.min(step, 56) / 2} y={margins.top - 8} width={Math.min(step, 56)} height={inner.height + 8} rx={4} />}
            {valueTicks.map((tick, index) => (
              <g key={tick}>
                <line className="StripPlot-grid" x1={margins.left} x2={margins.left + inner.width} y1={Math.round(y(tick)) + 0.5} y2={Math.round(y(tick)) + 0.5} />
                <text className="StripPlot-tick" x={margins.left - 8} y={y(tick)} dy="0.35em" textAnchor="end">{writeTick(measure, tick)}{index === valueTicks.length - 1 && unitOf(measure)}</text>
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
              return <path key={line.id} className="StripPlot-lead" d={`M${from.x},${from.y} C${to.x - 8},${from.y} ${to.x - 12},${to.y} ${to.x - 4},${to.y}`} />
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
          {ends.map(({ line, value }, index) => (
            <StripLabel key={line.id} line={line} value={writeMeasure(measure, value)} color={line.kind === 'control' || methods === 1 ? null : lineColor(line, methods, theme)}
              left={margins.left + inner.width + 14} top={(places[index] as number) - labelHeight / 2} width={right - 18} onPick={methods > 1 && line.method !== null ? onPick : null} />
          ))}
          {hovered !== null && (
            <StripTip x={x(hovered)} width={size.width} title={siteName(sites[hovered] as string)} site={sites[hovered] as string}
              note={chosen?.index === hovered ? `${methods > 1 ? `${methodName(chosen.method)}, ` : ''}chosen on validation rows` : null}
              rows={lines.map((line) => ({
                name: line.name, kind: line.kind, color: line.kind === 'control' || methods === 1 ? null : lineColor(line, methods, theme), value: writeMeasure(measure, line.values[hovered] ?? null),
                half: line.kind === 'result' && half(hovered) !== null ? writeHalf(measure, half(hovered) as number) : ''
              }))} />
          )}
        </>
      )}
    </div>
  )
}

interface StripLabelProps {
  readonly line: StripLine
  readonly value: string
  /** Of the dot that ties the name to its line; null for none. */
  readonly color: string | null
  readonly left: number
  readonly top: number
  readonly width: number
  /** Null where there is nothing to choose. */
  readonly onPick: ((method: string) => void) | null
}

/** A line's name at its end. One of several methods can be picked by it. */
function StripLabel({ line, value, color, left, top, width, onPick }: StripLabelProps): React.JSX.Element {
  const inside = (
    <>
      {color !== null && <svg width={8} height={8} aria-hidden><circle cx={4} cy={4} r={4} fill={color} /></svg>}
      <span className="StripLabel-name">{line.name}</span>
      <span className="StripLabel-value">{value}</span>
    </>
  )
  const common = { className: 'StripLabel', 'data-kind': line.kind, title: line.name, style: { left, top, width, height: labelHeight } }
  if (onPick === null || line.method === null) return <div {...common}>{inside}</div>
  const { method } = line
  // The strip under it would take the press for a layer.
  return <button type="button" {...common} aria-pressed={line.kind === 'result'} onPointerDown={(event) => event.stopPropagation()} onClick={() => onPick(method)}>{inside}</button>
}

interface StripTipProps {
  readonly x: number
  readonly width: number
  readonly title: string
  readonly site: string
  readonly note: string | null
  readonly rows: readonly { readonly name: string; readonly kind: string; readonly color: string | null; readonly value: string; readonly half: string }[]
}

/** Exact values at the layer under the pointer, on the side with room. */
function StripTip({ x, width, title, site, note, rows }: StripTipProps): React.JSX.Element {
  const left = x + 16 + 240 > width
  return (
    <div className="StripTip" style={left ? { right: width - x + 16 } : { left: x + 16 }} role="presentation">
      <p className="StripTip-title">{title}<span>{site}</span></p>
      <dl>
        {rows.map(({ name, kind, color, value, half }) => (
          <div key={`${kind} ${name}`} data-kind={kind}>
            <dt>{color !== null && <svg width={8} height={8} aria-hidden><circle cx={4} cy={4} r={4} fill={color} /></svg>}{name}</dt>
            <dd>{value}{half && <span>{half}</span>}</dd>
          </div>
        ))}
      </dl>
      {note !== null && <p className="StripTip-note">{note}</p>}
    </div>
  )
}
