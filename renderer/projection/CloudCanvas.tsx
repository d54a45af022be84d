import KDBush from 'kdbush'
import { useCallback, useEffect, useImperativeHandle, useMemo, useRef, useState, type Ref } from 'react'
import { toHex, type PointCoding, type Rgb } from '../palette'
import { useSize } from '../plots'
import { useNeighbors } from '../state/engine-data'
import { hasRow } from '../state/row-set'
import { useView, type SelectMode } from '../state/view'
import { boundsOf, nearestInDirection, pointsInPolygon } from './cloud-geometry'
import { drawn } from './clouds'
import { CloudOverlay, type CloudMark } from './CloudOverlay'
import { CloudTip } from './CloudTip'
import { motionMs } from './motion'
import type { PointCloud } from './point-cloud'
import { pointState } from './point-state'
import { useCloudZoom } from './use-cloud-zoom'
import { usePointCloud } from './use-point-cloud'

/** The cloud on show, points in an order that stays the same through the layers of a run. */
export interface ShownCloud {
  readonly site: string
  readonly rows: Int32Array
  /** [points, 2] in the square from −1 to 1. */
  readonly xy: Float32Array
  /** Whether this is a frame on the way to the settled cloud. */
  readonly onItsWay: boolean
}

/** What the frame around the canvas can ask of it. */
export interface CloudHandle {
  zoomToSelection(): void
  resetView(): void
  cloud(): PointCloud | null
  states(): Uint8Array
}

export interface CloudCanvasProps {
  readonly shown: ShownCloud | null
  readonly coding: PointCoding | null
  readonly ref: Ref<CloudHandle>
  readonly onSettled: (() => void) | undefined
}

/** A press that moves less than this is a click. */
const CLICK_PX = 4

export function CloudCanvas({ shown, coding, ref, onSettled }: CloudCanvasProps): React.JSX.Element {
  const root = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [size, measure] = useSize()
  const renderer = usePointCloud(canvas, size)
  const cloud = renderer.kind === 'ready' ? renderer.cloud : null
  const { selection, focusedRow, hidden, tool, select, focusRow } = useView()
  const [hovered, setHovered] = useState<number | null>(null)
  const [outline, setOutline] = useState<readonly number[] | null>(null)
  const neighbors = useNeighbors(focusedRow).value
  const rows = shown?.rows ?? null
  const pointOf = useMemo(() => {
    const index = new Map<number, number>()
    rows?.forEach((row, point) => index.set(row, point))
    return index
  }, [rows])

  // ── What is drawn ──────────────────────────────────────────────────────────────────────────────

  const states = useMemo(() => {
    const out = new Uint8Array(rows?.length ?? 0)
    if (!rows) return out
    const off = new Set(hidden)
    const entries = coding?.legend.kind === 'categories' ? coding.legend.entries : []
    const offEntry = entries.map(({ text }) => off.has(text))
    for (let point = 0; point < rows.length; point++) {
      if (offEntry[coding?.categories[point] ?? -1]) out[point] = pointState.hidden
      else if (selection.length > 0) out[point] = hasRow(selection, rows[point] as number) ? pointState.selected : pointState.dimmed
    }
    return out
  }, [rows, hidden, coding, selection])

  useEffect(() => { if (cloud && rows) cloud.setCount(rows.length) }, [cloud, rows])
  useEffect(() => {
    if (!cloud || !coding || coding.colors.length !== cloud.points * 3) return
    cloud.setColors(coding.colors)
    cloud.setShapes(coding.shapes)
  }, [cloud, rows, coding])
  useEffect(() => { cloud?.setStates(states) }, [cloud, rows, states])
  useEffect(() => {
    if (!cloud || !shown) return
    cloud.moveTo(shown.xy, shown.onItsWay ? Math.min(motionMs(), 160) : motionMs())
    cloud.whenSettled(shown.onItsWay ? null : onSettled ?? null)
    const timer = requestAnimationFrame(() => drawn())
    return () => cancelAnimationFrame(timer)
  }, [cloud, shown, onSettled])

  const index = useRef<{ readonly xy: Float32Array; readonly tree: KDBush } | null>(null)
  /** The visible point nearest to a place in CSS pixels, within reach of a pointer. */
  const pointAt = useCallback((x: number, y: number): number | null => {
    if (!cloud || !shown) return null
    if (index.current?.xy !== shown.xy) {
      const tree = new KDBush(shown.xy.length / 2, 64, Float32Array)
      for (let i = 0; i < shown.xy.length; i += 2) tree.add(shown.xy[i] as number, shown.xy[i + 1] as number)
      tree.finish()
      index.current = { xy: shown.xy, tree }
    }
    const [px, py] = cloud.fromScreen(x, y)
    let best: number | null = null
    let bestDistance = Infinity
    for (const point of index.current.tree.within(px, py, Math.max(7, cloud.diameter / 2 + 3) / cloud.pixelsPerUnit)) {
      if (states[point] === pointState.hidden) continue
      // A dimmed point yields to any selected one.
      const distance = Math.hypot((shown.xy[point * 2] as number) - px, (shown.xy[point * 2 + 1] as number) - py) * (states[point] === pointState.dimmed ? 3 : 1)
      if (distance < bestDistance) [best, bestDistance] = [point, distance]
    }
    return best
  }, [cloud, shown, states])

  // ── Pointer ────────────────────────────────────────────────────────────────────────────────────

  const pans = (event: MouseEvent): boolean => tool === 'pan' && !event.shiftKey && event.button === 0
  const zoomer = useCloudZoom(root, pans, (transform) => {
    cloud?.setTransform(transform)
    setHovered(null)
  })
  const press = useRef<{ readonly x: number; readonly y: number; readonly draws: boolean; moved: boolean } | null>(null)
  const place = (event: React.PointerEvent | React.MouseEvent): readonly [number, number] => {
    const box = event.currentTarget.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  const modeOf = (event: { readonly shiftKey: boolean; readonly altKey: boolean }): SelectMode => event.altKey ? 'subtract' : event.shiftKey && tool !== 'pan' ? 'add' : 'replace'

  const onPointerDown = (event: React.PointerEvent): void => {
    if (event.button !== 0) return
    const [x, y] = place(event)
    const draws = tool !== 'pan' || event.shiftKey
    press.current = { x, y, draws, moved: false }
    if (draws) event.currentTarget.setPointerCapture(event.pointerId)
  }
  const onPointerMove = (event: React.PointerEvent): void => {
    const [x, y] = place(event)
    const from = press.current
    if (!from) return setHovered(pointAt(x, y))
    if (!from.moved && Math.hypot(x - from.x, y - from.y) < CLICK_PX) return
    from.moved = true
    setHovered(null)
    if (!from.draws) return
    if (tool === 'lasso') setOutline((before) => [...(before ?? [from.x, from.y]), x, y])
    else setOutline([from.x, from.y, x, from.y, x, y, from.x, y])
  }
  const onPointerUp = (event: React.PointerEvent): void => {
    const from = press.current
    press.current = null
    if (!from || !shown || !cloud) return setOutline(null)
    if (from.moved && from.draws && outline) {
      const corners: number[] = []
      for (let i = 0; i < outline.length; i += 2) corners.push(...cloud.fromScreen(outline[i] as number, outline[i + 1] as number))
      const inside = pointsInPolygon(shown.xy, corners, (point) => states[point] === pointState.hidden)
      select(inside.map((point) => shown.rows[point] as number), modeOf(event))
    } else if (!from.moved) {
      const point = pointAt(...place(event))
      const row = point === null ? null : shown.rows[point] as number
      if (row !== null && (event.shiftKey || event.ctrlKey || event.metaKey)) select([row], hasRow(selection, row) ? 'subtract' : 'add')
      else if (row !== null) focusRow(row)
      else if (selection.length > 0 && tool !== 'pan') select([])
      else focusRow(null)
    }
    setOutline(null)
  }

  // ── Keys ───────────────────────────────────────────────────────────────────────────────────────

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (!shown || !cloud) return
    const skip = (point: number): boolean => states[point] === pointState.hidden
    const from = focusedRow === null ? undefined : pointOf.get(focusedRow)
    const arrows = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' } as const
    const direction = event.key in arrows ? arrows[event.key as keyof typeof arrows] : null
    if (direction && from !== undefined && !event.metaKey && !event.ctrlKey) {
      event.preventDefault()
      const next = nearestInDirection(shown.xy, from, direction, skip)
      if (next !== null) focusRow(shown.rows[next] as number)
    } else if (event.key === 'Enter' && from === undefined) {
      // The point nearest to the middle of the view: keys go on from there.
      event.preventDefault()
      const [x, y] = cloud.fromScreen(size.width / 2, size.height / 2)
      let best = -1
      let bestDistance = Infinity
      for (let i = 0; i < shown.rows.length; i++) {
        const distance = Math.hypot((shown.xy[i * 2] as number) - x, (shown.xy[i * 2 + 1] as number) - y)
        if (distance < bestDistance && !skip(i)) [best, bestDistance] = [i, distance]
      }
      if (best >= 0) focusRow(shown.rows[best] as number)
    } else if (event.key === ' ' && focusedRow !== null) {
      event.preventDefault()
      select([focusedRow], hasRow(selection, focusedRow) ? 'subtract' : 'add')
    } else if (event.key === '+' || event.key === '=' || event.key === '-') {
      const [x, y] = cloud.fromScreen(size.width / 2, size.height / 2)
      const half = Math.min(size.width, size.height) * 0.4 / cloud.pixelsPerUnit
      zoomer.goTo(cloud.transformAround(x, y, event.key === '-' ? half * 1.6 : half / 1.6))
    }
  }

  useImperativeHandle(ref, () => ({
    zoomToSelection: () => {
      if (!cloud || !shown) return
      const points = selection.length > 0 ? Array.from(selection, (row) => pointOf.get(row) ?? -1) : focusedRow !== null ? [pointOf.get(focusedRow) ?? -1, ...(neighbors ?? []).map(({ row }) => pointOf.get(row) ?? -1)] : []
      const bounds = boundsOf(shown.xy, points.filter((point) => point >= 0))
      if (bounds) zoomer.goTo(cloud.transformAround(bounds.x, bounds.y, Math.max(bounds.half * 1.1, 0.02)))
    },
    resetView: () => zoomer.reset(),
    cloud: () => cloud,
    states: () => states
  }))

  const marks = useMemo<readonly CloudMark[]>(() => {
    const out: CloudMark[] = []
    const focus = focusedRow === null ? undefined : pointOf.get(focusedRow)
    if (focus !== undefined) {
      for (const { row } of neighbors ?? []) {
        const point = pointOf.get(row)
        if (point !== undefined) out.push({ kind: 'neighbor', point, from: focus })
      }
      out.push({ kind: 'focus', point: focus, from: null })
    }
    if (hovered !== null && hovered !== focus) out.push({ kind: 'hover', point: hovered, from: null })
    return out
  }, [focusedRow, pointOf, neighbors, hovered])

  const at = hovered === null || !cloud ? null : cloud.screenOf(hovered)
  const colorOf = (point: number): string => coding ? toHex([0, 1, 2].map((part) => coding.colors[point * 3 + part] ?? 0) as unknown as Rgb) : 'transparent'
  return (
    <div ref={root} className="CloudCanvas" tabIndex={0} role="application" data-tool={tool} data-own-arrows={focusedRow !== null || undefined}
      aria-label={shown ? `Cloud of ${shown.rows.length} rows. Enter goes to a point, arrow keys move to the next, Space selects it. The table holds the same rows.` : 'Cloud'}
      onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={onPointerUp} onPointerLeave={() => setHovered(null)}
      onPointerCancel={() => { press.current = null; setOutline(null) }} onLostPointerCapture={() => { press.current = null; setOutline(null) }} onDoubleClick={() => zoomer.reset()} onKeyDown={onKeyDown}>
      <div ref={measure} className="CloudCanvas-measure" />
      <canvas ref={canvas} />
      {cloud && <CloudOverlay cloud={cloud} marks={marks} outline={outline} size={size} />}
      {at && hovered !== null && shown && <CloudTip row={shown.rows[hovered] as number} x={at[0]} y={at[1]} view={size} color={colorOf(hovered)} />}
      {renderer.kind === 'missing' && (
        <div className="CloudCanvas-missing" role="alert">
          <p>Points cannot be drawn: this machine offers no WebGL 2.</p>
          <p>Update the graphics driver, or start Layerscope with <code>--enable-unsafe-swiftshader</code> to draw in software. The layer strip, table and inspector work as they are.</p>
        </div>
      )}
    </div>
  )
}
