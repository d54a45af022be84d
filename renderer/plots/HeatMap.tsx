import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { toHex, useDataTheme } from '../palette'
import { besideValues, BESIDE_CELL, cellAt, heatMapLayout, shareOf, shortened, stepCell, valueAt, type HeatMapData, type HeatMapLayout, type HeatMapPlace } from './heat-map'
import { inkOn } from './heat-map-figure'
import { useSize } from './use-size'
import { writtenTicks } from './written-ticks'
import './HeatMap.css'

export interface HeatMapProps {
  readonly data: HeatMapData
  /** The line or cell that is selected elsewhere: its names stand in the accent colour. */
  readonly selected?: HeatMapPlace
  readonly onSelect?: (row: number, column: number) => void
  /** By Enter and by a double click; Enter selects where there is nothing to open. */
  readonly onOpen?: (row: number, column: number) => void
  /** More lines about a cell, under its value. */
  readonly notes?: (row: number, column: number) => readonly { readonly name: string; readonly value: string }[]
  /** Cells with a mark in their corner, such as what validation chose. */
  readonly marked?: (row: number, column: number) => boolean
  /** Cells keep square, for matrices of like with like. */
  readonly square?: boolean
}

type Cell = { readonly row: number; readonly column: number }

/**
 * A matrix as colours with numbers where they fit. One stop of the tab key: arrows move from cell to cell, Space selects, Enter opens.
 * Exact values stand in a tip at the pointer or the cell in focus.
 */
export function HeatMap({ data, selected = { row: null, column: null }, onSelect, onOpen, notes, marked, square = false }: HeatMapProps): React.JSX.Element {
  const [size, measure] = useSize()
  const [hovered, setHovered] = useState<Cell | null>(null)
  const [active, setActive] = useState<Cell | null>(null)
  const [focused, setFocused] = useState(false)
  const grid = useRef<HTMLDivElement>(null)
  const id = useId()
  const layout = useMemo(() => heatMapLayout(data, size, square), [data, size, square])
  const inside = active && active.row < data.rows.labels.length && active.column < data.columns.labels.length ? active : null
  const shown = hovered ?? (focused ? inside : null)

  // What has focus stays in sight where the map is larger than its room.
  useEffect(() => {
    if (focused && inside) document.getElementById(cellId(id, inside))?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [focused, inside, id])

  const under = (event: React.PointerEvent): Cell | null => {
    const box = event.currentTarget.getBoundingClientRect()
    return cellAt(layout, data, event.clientX - box.left, event.clientY - box.top)
  }
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const from = inside ?? { row: selected.row ?? 0, column: selected.column ?? 0 }
    if (event.key === 'Enter' && onOpen) onOpen(from.row, from.column)
    else if (event.key === 'Enter' || event.key === ' ') onSelect?.(from.row, from.column)
    else {
      const next = stepCell(data, from, event.key)
      if (next === null) return
      setActive(next)
      setHovered(null)
    }
    event.preventDefault()
  }

  return (
    <div ref={measure} className="HeatMap">
      <div ref={grid} className="HeatMap-grid" role="grid" tabIndex={0} aria-label={data.title} aria-rowcount={data.rows.labels.length} aria-colcount={data.columns.labels.length}
        aria-activedescendant={focused && inside ? cellId(id, inside) : undefined} data-pointed={onSelect !== undefined || undefined}
        onFocus={() => { setFocused(true); setActive((before) => before ?? { row: selected.row ?? 0, column: selected.column ?? 0 }) }}
        onBlur={() => setFocused(false)} onKeyDown={onKeyDown}
        style={{ width: layout.width, height: layout.height }}
        onPointerMove={(event) => setHovered(under(event))} onPointerLeave={() => setHovered(null)}
        onClick={(event) => {
          const cell = under(event as unknown as React.PointerEvent)
          if (cell === null) return
          setActive(cell)
          onSelect?.(cell.row, cell.column)
        }}
        onDoubleClick={(event) => {
          const cell = under(event as unknown as React.PointerEvent)
          if (cell !== null) onOpen?.(cell.row, cell.column)
        }}>
        {size.width > 80 && size.height > 60 && <HeatMapDrawing {...{ id, data, layout, selected, marked, focus: focused ? inside : null, hovered }} />}
        {shown && <HeatMapTip data={data} layout={layout} cell={shown} room={size} lines={notes?.(shown.row, shown.column) ?? []} />}
      </div>
    </div>
  )
}

function cellId(map: string, { row, column }: Cell): string {
  return `${map}-${row}-${column}`
}

interface DrawingProps {
  readonly id: string
  readonly data: HeatMapData
  readonly layout: HeatMapLayout
  readonly selected: HeatMapPlace
  readonly marked: ((row: number, column: number) => boolean) | undefined
  readonly focus: Cell | null
  readonly hovered: Cell | null
}

function HeatMapDrawing({ id, data, layout, selected, marked, focus, hovered }: DrawingProps): React.JSX.Element {
  const { left, top, right, end, cellWidth, cellHeight, slanted } = layout
  const { rows, columns } = data
  const bottom = top + cellHeight * rows.labels.length
  const rowsWritten = writtenTicks(rows.labels.map(() => ''), cellHeight, selected.row ?? -1, 0, 13)
  const columnsWritten = slanted ? writtenTicks(columns.labels.map(() => ''), cellWidth, selected.column ?? -1, 0, 15) : writtenTicks(columns.labels, cellWidth, selected.column ?? -1)
  return (
    <svg className="HeatMap-drawing" width={layout.width} height={layout.height} role="presentation">
      <HeatMapCells id={id} data={data} layout={layout} marked={marked} />
      {rows.labels.map((label, row) => rowsWritten[row] && (
        <text key={row} className="HeatMap-label" data-selected={row === selected.row || undefined} x={left - 8} y={top + (row + 0.5) * cellHeight} dy="0.35em" textAnchor="end">{shortened(label, layout.rowCharacters)}</text>
      ))}
      {columns.labels.map((label, column) => columnsWritten[column] && (
        <text key={column} className="HeatMap-label" data-selected={column === selected.column || undefined} textAnchor={slanted ? 'end' : 'middle'}
          transform={`translate(${left + (column + 0.5) * cellWidth + (slanted ? 4 : 0)},${bottom + 13})${slanted ? ' rotate(-36)' : ''}`} dy="0.35em">{shortened(label, layout.columnCharacters)}</text>
      ))}
      <text className="HeatMap-title" x={(left + right) / 2} y={layout.titleAt} textAnchor="middle">{columns.title}</text>
      <text className="HeatMap-title" transform={`translate(14,${(top + bottom) / 2}) rotate(-90)`} textAnchor="middle">{rows.title}</text>
      {data.beside?.labels.map((label, column) => <text key={label} className="HeatMap-label" x={layout.besideLeft + (column + 0.5) * BESIDE_CELL} y={bottom + 13} dy="0.35em" textAnchor="middle">{label}</text>)}
      <ColourScale data={data} x={end + 14} y={top} height={Math.min(140, bottom - top)} />
      {selected.column !== null && selected.column >= 0 && <rect className="HeatMap-line" x={left + selected.column * cellWidth - 1} y={top - 1} width={cellWidth + 1} height={bottom - top + 1} rx={2} />}
      {selected.row !== null && selected.row >= 0 && <rect className="HeatMap-line" x={left - 1} y={top + selected.row * cellHeight - 1} width={right - left + 1} height={cellHeight + 1} rx={2} />}
      {[hovered, focus].map((cell, index) => cell && (
        <rect key={index} className={index === 0 ? 'HeatMap-hover' : 'HeatMap-focus'} x={left + cell.column * cellWidth - 0.5} y={top + cell.row * cellHeight - 0.5} width={cellWidth} height={cellHeight} rx={2} />
      ))}
    </svg>
  )
}

function HeatMapCells({ id, data, layout, marked }: Pick<DrawingProps, 'id' | 'data' | 'layout' | 'marked'>): React.JSX.Element {
  const theme = useDataTheme()
  return useMemo(() => {
    const { left, top, cellWidth, cellHeight, inCells } = layout
    const gap = Math.min(cellWidth, cellHeight) > 10 ? 1 : 0
    const write = data.writeShort ?? data.write
    return (
      <>
        {data.rows.labels.map((_, row) => (
          <g key={row} role="row">
            {data.columns.labels.map((__, column) => {
              const value = valueAt(data, row, column)
              const color = value === null ? null : theme.sequential(shareOf(data, value))
              const [x, y] = [left + column * cellWidth, top + row * cellHeight]
              return (
                <g key={column} id={cellId(id, { row, column })} role="gridcell" aria-label={cellName(data, row, column)}>
                  <rect className={color ? undefined : 'HeatMap-none'} x={x} y={y} width={cellWidth - gap} height={cellHeight - gap} fill={color ? toHex(color) : undefined} />
                  {color && value !== null && inCells && <text className="HeatMap-value" x={x + cellWidth / 2} y={y + cellHeight / 2} dy="0.35em" textAnchor="middle" fill={inkOn(color)}>{write(value)}</text>}
                  {marked?.(row, column) && <path d={`M${x},${y} h7 l-7,7 z`} fill={color ? inkOn(color) : theme.textSecondary} />}
                </g>
              )
            })}
            {besideValues(data, row).map((value, column) => {
              const color = value === null ? null : theme.sequential(shareOf(data, value))
              const [x, y] = [layout.besideLeft + column * BESIDE_CELL, top + row * cellHeight]
              return (
                <g key={`beside ${column}`} aria-hidden>
                  <rect className={color ? undefined : 'HeatMap-none'} x={x} y={y} width={BESIDE_CELL - gap} height={cellHeight - gap} fill={color ? toHex(color) : undefined} />
                  {color && value !== null && cellHeight >= 15 && <text className="HeatMap-value" x={x + BESIDE_CELL / 2} y={y + cellHeight / 2} dy="0.35em" textAnchor="middle" fill={inkOn(color)}>{write(value)}</text>}
                </g>
              )
            })}
          </g>
        ))}
      </>
    )
  }, [id, data, layout, marked, theme])
}

function cellName(data: HeatMapData, row: number, column: number): string {
  const value = valueAt(data, row, column)
  return `${data.rows.title} ${(data.rows.names ?? data.rows.labels)[row] ?? ''}, ${data.columns.title} ${(data.columns.names ?? data.columns.labels)[column] ?? ''}: ${value === null ? 'no value' : data.write(value)}`
}

/** What the colours stand for: the two ends in numbers. */
function ColourScale({ data, x, y, height }: { readonly data: HeatMapData; readonly x: number; readonly y: number; readonly height: number }): React.JSX.Element {
  const theme = useDataTheme()
  const steps = 32
  return (
    <g aria-hidden>
      {Array.from({ length: steps }, (_, i) => (
        <rect key={i} x={x} y={y + height * (steps - 1 - i) / steps} width={8} height={height / steps + 0.5} fill={toHex(theme.sequential(i / (steps - 1)))} />
      ))}
      <text className="HeatMap-end" x={x + 13} y={y + 5} dy="0.35em">{data.write(data.range[1])}</text>
      {height > 30 && <text className="HeatMap-end" x={x + 13} y={y + height - 5} dy="0.35em">{data.write(data.range[0])}</text>}
    </g>
  )
}

interface TipProps {
  readonly data: HeatMapData
  readonly layout: HeatMapLayout
  readonly cell: Cell
  readonly room: { readonly width: number; readonly height: number }
  readonly lines: readonly { readonly name: string; readonly value: string }[]
}

/** Exact value and names of a cell, beside it on the side with room. */
function HeatMapTip({ data, layout, cell: { row, column }, room, lines }: TipProps): React.JSX.Element {
  const x = layout.left + (column + 1) * layout.cellWidth
  const toLeft = x + 10 + 264 > Math.max(room.width, layout.width)
  const y = layout.top + (row + 0.5) * layout.cellHeight
  const value = valueAt(data, row, column)
  const across = toLeft ? { right: layout.width - (x - layout.cellWidth) + 8 } : { left: x + 8 }
  return (
    <div className="HeatMapTip" style={{ ...across, ...(y > room.height / 2 ? { bottom: layout.height - y - 14 } : { top: y - 14 }) }} role="presentation">
      <dl>
        <div data-kind="value"><dt>{data.valueName}</dt><dd>{value === null ? 'no value' : data.write(value)}</dd></div>
        <div><dt>{data.rows.title}</dt><dd>{(data.rows.names ?? data.rows.labels)[row]}</dd></div>
        <div><dt>{data.columns.title}</dt><dd>{(data.columns.names ?? data.columns.labels)[column]}</dd></div>
        {lines.map((line) => <div key={line.name}><dt>{line.name}</dt><dd>{line.value}</dd></div>)}
      </dl>
    </div>
  )
}
