import { useCallback, useLayoutEffect, useRef } from 'react'
import type { Size } from '../plots'
import type { PointCloud } from './point-cloud'

/** Something laid over a point: a ring, and for neighbours a line from the focused point. */
export interface CloudMark {
  readonly kind: 'focus' | 'hover' | 'neighbor'
  readonly point: number
  readonly from: number | null
}

export interface CloudOverlayProps {
  readonly cloud: PointCloud
  readonly marks: readonly CloudMark[]
  /** What is being drawn with lasso or box, x, y interleaved in CSS pixels. */
  readonly outline: readonly number[] | null
  readonly size: Size
}

/** Rings, lines and the lasso. Follows the points frame by frame without rendering anew. */
export function CloudOverlay({ cloud, marks, outline, size }: CloudOverlayProps): React.JSX.Element {
  const group = useRef<SVGGElement>(null)
  const latest = useRef(marks)
  useLayoutEffect(() => { latest.current = marks })
  const place = useCallback(() => {
    const children = group.current?.children
    if (!children) return
    latest.current.forEach(({ point, from }, i) => {
      const element = children[i]
      const at = cloud.screenOf(point)
      if (!element || !at) return
      const ring = element.lastElementChild
      ring?.setAttribute('cx', String(at[0]))
      ring?.setAttribute('cy', String(at[1]))
      const start = from === null ? null : cloud.screenOf(from)
      if (!start) return
      const line = element.firstElementChild
      line?.setAttribute('x1', String(start[0]))
      line?.setAttribute('y1', String(start[1]))
      line?.setAttribute('x2', String(at[0]))
      line?.setAttribute('y2', String(at[1]))
    })
  }, [cloud])
  useLayoutEffect(() => {
    cloud.whenDrawn(place)
    return () => cloud.whenDrawn(null)
  }, [cloud, place])
  useLayoutEffect(place)

  const radius = cloud.diameter / 2
  return (
    <svg className="CloudOverlay" width={size.width} height={size.height} aria-hidden>
      <g ref={group}>
        {marks.map(({ kind, point, from }) => (
          <g key={`${kind} ${point}`} className={`CloudOverlay-${kind}`}>
            {from !== null && <line />}
            <circle r={radius + (kind === 'neighbor' ? 2.5 : 4)} />
          </g>
        ))}
      </g>
      {outline && <polygon className="CloudOverlay-outline" points={outline.join(' ')} />}
    </svg>
  )
}
