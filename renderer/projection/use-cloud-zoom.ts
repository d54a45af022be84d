import { select } from 'd3-selection'
import { zoom, zoomIdentity, ZoomTransform, type D3ZoomEvent, type ZoomBehavior } from 'd3-zoom'
import { easeCubicOut } from 'd3-ease'
import { useEffect, useLayoutEffect, useMemo, useRef, type RefObject } from 'react'
import { motionMs } from './motion'
import type { CloudTransform } from './point-cloud'

export interface CloudZoom {
  /** Glides to a place. */
  goTo(transform: CloudTransform): void
  reset(): void
}

/** Wheel and drag pan and zoom; `pans` says whether a press drags the cloud (with other tools it draws). */
export function useCloudZoom(root: RefObject<HTMLElement | null>, pans: (event: MouseEvent) => boolean, onTransform: (transform: CloudTransform) => void): CloudZoom {
  const behaviour = useRef<ZoomBehavior<HTMLElement, unknown> | null>(null)
  const latest = useRef({ pans, onTransform })
  useLayoutEffect(() => { latest.current = { pans, onTransform } })
  const glide = useRef(0)

  useEffect(() => {
    const element = root.current
    if (!element) return
    const own = zoom<HTMLElement, unknown>()
      .scaleExtent([0.5, 200])
      .filter((event: MouseEvent | WheelEvent) => event.type === 'wheel' || event.button === 1 || latest.current.pans(event))
      .on('start', () => cancelAnimationFrame(glide.current))
      .on('zoom', ({ transform }: D3ZoomEvent<HTMLElement, unknown>) => latest.current.onTransform(transform))
    behaviour.current = own
    select<HTMLElement, unknown>(element).call(own).on('dblclick.zoom', null)
    return () => {
      cancelAnimationFrame(glide.current)
      select(element).on('.zoom', null)
    }
  }, [root])

  return useMemo(() => {
    const goTo = ({ k, x, y }: CloudTransform): void => {
      const element = root.current
      const own = behaviour.current
      if (!element || !own) return
      cancelAnimationFrame(glide.current)
      const selection = select<HTMLElement, unknown>(element)
      const from = element as HTMLElement & { __zoom?: ZoomTransform }
      const { k: k0, x: x0, y: y0 } = from.__zoom ?? zoomIdentity
      const duration = motionMs()
      const began = performance.now()
      const frame = (): void => {
        const t = duration === 0 ? 1 : easeCubicOut(Math.min(1, (performance.now() - began) / duration))
        // Scale geometrically and let the middle of the view travel straight.
        const scale = k0 * (k / k0) ** t
        const share = k === k0 ? t : (1 / k0 - 1 / scale) / (1 / k0 - 1 / k)
        const at = (a0: number, a1: number): number => -scale * (-a0 / k0 + (-a1 / k + a0 / k0) * share)
        own.transform(selection, new ZoomTransform(scale, at(x0, x), at(y0, y)))
        if (t < 1) glide.current = requestAnimationFrame(frame)
      }
      frame()
    }
    return { goTo, reset: () => goTo({ k: 1, x: 0, y: 0 }) }
  }, [root])
}
