import { forwardRef, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ColumnValues } from '../../preload/contract'
import { formatCount } from '../components'
import type { DataTheme } from '../palette'
import { useSize } from '../plots'
import { motionMs } from '../projection/motion'
import { useRowText } from '../projection/row-text'
import { useCloudZoom } from '../projection/use-cloud-zoom'
import { hasRow } from '../state/row-set'
import { useView } from '../state/view'
import { niceTicks } from './fit-figure'
import { isInFrame, nearestPoint, placement, tipPlace, writeLatitude, writeLongitude, writeNumber, type FitPoints, type Placement } from './fit-points'
import type { HeldOutGroup } from './held-out-groups'
import { coastlines } from './land'

export interface FitCanvasHandle { reset(): void }

export interface FitCanvasProps {
  readonly points: FitPoints
  /** Error at the far end of the colours. */
  readonly worst: number
  readonly theme: DataTheme
  /** Group of each dataset row: the group of the row under the pointer is shown as held out together. */
  readonly groups: ColumnValues | null
  readonly groupName: string | null
  /** Whether folds keep groups whole; a test column may cut through them. */
  readonly groupsWhole: boolean
  readonly targetName: string
  /** The group that is brought out while nothing is pointed at; null for none. */
  readonly marked: HeldOutGroup | null
}

const identity = { k: 1, x: 0, y: 0 }

/** The points on a canvas with pan and zoom; they glide when the layer changes. Arrow up and down walk the rows from the largest error. */
export const FitCanvas = forwardRef<FitCanvasHandle, FitCanvasProps>(function FitCanvas({ points, worst, theme, groups, groupName, groupsWhole, targetName, marked }, ref) {
  const root = useRef<HTMLDivElement>(null)
  const element = useRef<HTMLCanvasElement>(null)
  const [{ width, height }, measure] = useSize()
  const [transform, setTransform] = useState(identity)
  const [hovered, setHovered] = useState<number | null>(null)
  const { selection, focusedRow, focusRow, select } = useView()
  const zoom = useCloudZoom(root, () => true, setTransform)
  useImperativeHandle(ref, () => ({ reset: () => zoom.goTo(identity) }), [zoom])
  const drawn = useGlide(points)

  const place = useMemo(() => placement(points, width, height), [points, width, height])
  const screen = useMemo(() => {
    const result = new Float32Array(drawn.length)
    for (let i = 0; i < drawn.length; i += 2) {
      result[i] = transform.x + transform.k * place.x(drawn[i] as number)
      result[i + 1] = transform.y + transform.k * place.y(drawn[i + 1] as number)
    }
    return result
  }, [drawn, place, transform])
  // Axes cut a plot off, the edge of the view a map.
  const frame = points.kind === 'map' ? { left: 0, right: width, top: 0, bottom: height } : place
  const shownRow = hovered ?? focusedRow
  const shown = shownRow === null ? -1 : points.rows.indexOf(shownRow)
  const groupOf = (row: number): number => groups?.kind === 'categorical' ? groups.codes[row] ?? -1 : -1
  const together = shown < 0 ? marked?.code ?? -1 : groupOf(points.rows[shown] as number)

  useLayoutEffect(() => {
    const canvas = element.current
    const context = canvas?.getContext('2d')
    if (!canvas || !context || width === 0) return
    const ratio = window.devicePixelRatio
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, height)
    const x = (value: number): number => transform.x + transform.k * place.x(value)
    const y = (value: number): number => transform.y + transform.k * place.y(value)
    if (points.kind === 'map') drawLand(context, theme, x, y)
    else {
      drawAxes(context, theme, place, transform, targetName)
      context.beginPath()
      context.rect(place.left, place.top, place.right - place.left, place.bottom - place.top)
      context.clip()
      drawDiagonal(context, theme, points, x, y)
    }
    const order = Array.from(points.rows.keys()).sort((a, b) => (points.error[a] as number) - (points.error[b] as number))
    const chosen = (i: number): boolean => together >= 0 ? groupOf(points.rows[i] as number) === together : selection.length === 0 || hasRow(selection, points.rows[i] as number)
    const apart = together >= 0 || selection.length > 0
    // What is brought out lies over the rest.
    const layered = apart ? [...order.filter((i) => !chosen(i)), ...order.filter(chosen)] : order
    for (const i of layered) {
      const [red, green, blue] = theme.sequential(0.85 * Math.min(1, (points.error[i] as number) / worst))
      const color = `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`
      const strong = chosen(i)
      const [px, py] = [screen[2 * i] as number, screen[2 * i + 1] as number]
      if (points.kind === 'map' && strong) {
        context.globalAlpha = apart ? 0.6 : points.rows.length > 4000 ? 0.12 : points.rows.length > 400 ? 0.22 : 0.4

        context.strokeStyle = color
        context.lineWidth = together >= 0 ? 1.25 : 0.75
        context.beginPath()
        context.moveTo(x(points.actual[2 * i] as number), y(points.actual[2 * i + 1] as number))
        context.lineTo(px, py)
        context.stroke()
      }
      context.globalAlpha = strong ? 0.9 : 0.12
      context.fillStyle = color
      context.beginPath()
      context.arc(px, py, together >= 0 && strong ? 3.5 : points.rows.length > 4000 ? 1.75 : 2.75, 0, 2 * Math.PI)
      context.fill()
    }
    context.globalAlpha = 1
    if (shown < 0 && marked && points.kind === 'map') drawName(context, theme, marked.name.replaceAll('_', ' '), x(marked.centre[0]), y(marked.centre[1]))
    if (shown >= 0) {
      const [px, py] = [screen[2 * shown] as number, screen[2 * shown + 1] as number]
      const [tx, ty] = [x(points.actual[2 * shown] as number), y(points.actual[2 * shown + 1] as number)]
      context.strokeStyle = theme.accent
      context.lineWidth = 1.5
      context.beginPath()
      context.moveTo(px, py)
      context.lineTo(tx, ty)
      context.stroke()
      context.fillStyle = theme.surface
      for (const [cx, cy, radius] of [[px, py, 5], [tx, ty, 3.5]] as const) {
        context.beginPath()
        context.arc(cx, cy, radius, 0, 2 * Math.PI)
        if (radius < 5) context.fill()
        context.stroke()
      }
    }
  })

  const at = (event: React.PointerEvent | React.MouseEvent): number => {
    const box = root.current?.getBoundingClientRect()
    return box ? nearestPoint(screen, event.clientX - box.left, event.clientY - box.top, frame) : -1
  }
  const byError = useMemo(() => Array.from(points.rows.keys()).sort((a, b) => (points.error[b] as number) - (points.error[a] as number)), [points])
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const now = byError.indexOf(shown)
      const next = byError[Math.max(0, Math.min(byError.length - 1, now + (event.key === 'ArrowDown' ? 1 : -1)))]
      if (next !== undefined) focusRow(points.rows[next] as number)
    } else if (event.key === '0') zoom.goTo(identity)
    else if (event.key === '+' || event.key === '-') {
      const k = Math.min(200, Math.max(0.5, transform.k * (event.key === '+' ? 1.5 : 1 / 1.5)))
      zoom.goTo({ k, x: width / 2 - (width / 2 - transform.x) * k / transform.k, y: height / 2 - (height / 2 - transform.y) * k / transform.k })
    } else if (event.key === 'Escape') focusRow(null)
  }
  return (
    <div ref={(node) => { root.current = node; return measure(node) }} className="FitCanvas" tabIndex={0} role="group"
      aria-label={`${points.kind === 'map' ? 'Map' : 'Plot'} of ${points.rows.length} held-out rows. Arrow down and up walk them from the largest error.`}
      onPointerMove={(event) => { if (event.buttons === 0) { const i = at(event); setHovered(i < 0 ? null : points.rows[i] as number) } }}
      onPointerLeave={() => setHovered(null)}
      onClick={(event) => {
        const i = at(event)
        if (i < 0) return
        const row = points.rows[i] as number
        if (event.ctrlKey || event.metaKey || event.shiftKey) select([row], hasRow(selection, row) ? 'subtract' : 'add')
        else focusRow(row)
      }}
      onKeyDown={onKeyDown}>
      <canvas ref={element} style={{ width, height }} />
      {shown >= 0 && isInFrame(frame, screen[2 * shown] as number, screen[2 * shown + 1] as number) && (
        <FitTip row={points.rows[shown] as number} points={points} at={shown} x={screen[2 * shown] as number} y={screen[2 * shown + 1] as number} room={{ width, height }}
          group={groups?.kind === 'categorical' && together >= 0 && groupName !== null ? `${groupsWhole ? 'held out with ' : ''}${groupName} ${groups.categories[together] ?? ''}` : null} />
      )}
    </div>
  )
})

interface FitTipProps {
  readonly row: number
  readonly points: FitPoints
  readonly at: number
  readonly x: number
  readonly y: number
  readonly room: { readonly width: number; readonly height: number }
  readonly group: string | null
}

/** What the point is: its text, its held-out group, true and predicted. */
function FitTip({ row, points, at, x, y, room, group }: FitTipProps): React.JSX.Element {
  const text = useRowText(row)
  const value = (values: Float32Array, axis: 0 | 1): number => values[2 * at + axis] as number
  const [size, measure] = useSize()
  const place = tipPlace(size, { x, y }, room)
  const degrees = (values: Float32Array): string => `${writeLatitude(value(values, 1))}, ${writeLongitude(value(values, 0))}`
  return (
    <div ref={measure} className="FitTip" style={{ transform: `translate(${place.left}px, ${place.top}px)`, visibility: size.width === 0 ? 'hidden' : undefined }} role="status">
      <p className="FitTip-text">{text ?? `row ${formatCount(row + 1)}`}</p>
      <p>{points.kind === 'map'
        ? <><span>predicted <b>{degrees(points.predicted)}</b></span><br /><span>true <b>{degrees(points.actual)}</b></span></>
        : <>predicted <b>{writeNumber(value(points.predicted, 1), 'fit')}</b> · actual <b>{writeNumber(value(points.predicted, 0), 'fit')}</b></>}</p>
      <p>off by <b>{writeNumber(points.error[at] as number, points.kind)}</b>{group !== null && <> · {group}</>}</p>
    </div>
  )
}

/** Predicted points on their way from one layer to the next: same rows glide, others jump. */
function useGlide(points: FitPoints): Float32Array {
  const [drawn, setDrawn] = useState(points.predicted)
  const before = useRef({ rows: points.rows, xy: points.predicted })
  useEffect(() => {
    const from = before.current
    const same = from.rows.length === points.rows.length && from.rows.every((row, i) => row === points.rows[i])
    const ms = same ? motionMs() : 0
    const began = performance.now()
    let frame = 0
    const step = (): void => {
      const t = ms === 0 ? 1 : Math.min(1, (performance.now() - began) / ms)
      const eased = 1 - (1 - t) ** 3
      const next = t === 1 ? points.predicted : points.predicted.map((to, i) => (from.xy[i] as number) + (to - (from.xy[i] as number)) * eased)
      before.current = { rows: points.rows, xy: next }
      setDrawn(next)
      if (t < 1) frame = requestAnimationFrame(step)
    }
    step()
    return () => cancelAnimationFrame(frame)
  }, [points])
  return drawn.length === points.predicted.length ? drawn : points.predicted
}

function drawLand(context: CanvasRenderingContext2D, theme: DataTheme, x: (value: number) => number, y: (value: number) => number): void {
  context.strokeStyle = theme.grid
  context.lineWidth = 1
  context.beginPath()
  for (const line of coastlines) line.forEach(([longitude, latitude], i) => { context[i === 0 ? 'moveTo' : 'lineTo'](x(longitude), y(latitude)) })
  context.globalAlpha = 0.8
  context.fillStyle = theme.grid
  context.fill('evenodd')
  context.globalAlpha = 1
  context.strokeStyle = theme.line
  context.stroke()
}

function signed(tick: number): string {
  return tick.toLocaleString('en-US').replace('-', '−')
}

/** A name that stays readable over points. */
function drawName(context: CanvasRenderingContext2D, theme: DataTheme, name: string, x: number, y: number): void {
  context.font = `600 12px ${theme.font}`
  context.textAlign = 'center'
  context.lineJoin = 'round'
  context.lineWidth = 4
  context.strokeStyle = theme.surface
  context.strokeText(name, x, y - 10)
  context.fillStyle = theme.text
  context.fillText(name, x, y - 10)
}

/** Axes around a fixed frame, for what of the values is in it now. */
function drawAxes(context: CanvasRenderingContext2D, theme: DataTheme, place: Placement, { k, x: panX, y: panY }: typeof identity, name: string): void {
  const [middleX, middleY] = [(place.left + place.right) / 2, (place.top + place.bottom) / 2]
  const horizontal = niceTicks([place.valueX((place.left - panX) / k), place.valueX((place.right - panX) / k)], 7).map((tick) => ({ tick, at: panX + k * place.x(tick) }))
  const vertical = niceTicks([place.valueY((place.bottom - panY) / k), place.valueY((place.top - panY) / k)], 7).map((tick) => ({ tick, at: panY + k * place.y(tick) }))
  context.font = `11px ${theme.font}`
  context.strokeStyle = theme.grid
  context.lineWidth = 1
  context.beginPath()
  for (const { at } of horizontal) { context.moveTo(at, place.top); context.lineTo(at, place.bottom) }
  for (const { at } of vertical) { context.moveTo(place.left, at); context.lineTo(place.right, at) }
  context.stroke()
  context.fillStyle = theme.textTertiary
  context.textAlign = 'center'
  for (const { tick, at } of horizontal) context.fillText(signed(tick), at, place.bottom + 16)
  context.textAlign = 'right'
  for (const { tick, at } of vertical) context.fillText(signed(tick), place.left - 8, at + 4)
  context.fillStyle = theme.textSecondary
  context.textAlign = 'center'
  context.fillText(`actual ${name}`, middleX, place.bottom + 36)
  context.save()
  context.translate(place.left - 48, middleY)
  context.rotate(-Math.PI / 2)
  context.fillText(`predicted ${name}`, 0, 0)
  context.restore()
}

/** The diagonal: where predictions are right. */
function drawDiagonal(context: CanvasRenderingContext2D, theme: DataTheme, { domain: { x: [low, high] } }: FitPoints, x: (value: number) => number, y: (value: number) => number): void {
  context.strokeStyle = theme.control
  context.setLineDash([4, 3])
  context.beginPath()
  context.moveTo(x(low), y(low))
  context.lineTo(x(high), y(high))
  context.stroke()
  context.setLineDash([])
}
