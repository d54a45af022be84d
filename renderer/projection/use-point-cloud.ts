import { useEffect, useState, type RefObject } from 'react'
import { parseHex, useDataTheme } from '../palette'
import type { Size } from '../plots'
import type { PointCloud } from './point-cloud'

export type CloudRenderer =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly cloud: PointCloud }
  /** The machine has no WebGL 2. */
  | { readonly kind: 'missing' }

/** The renderer and three.js, apart from the page because of their size. */
export function loadPointCloud(): Promise<typeof import('./point-cloud')> {
  return import('./point-cloud')
}

/** The WebGL renderer of a canvas, loaded when the canvas is there. */
export function usePointCloud(canvas: RefObject<HTMLCanvasElement | null>, size: Size): CloudRenderer {
  const theme = useDataTheme()
  const [renderer, setRenderer] = useState<CloudRenderer>({ kind: 'loading' })
  useEffect(() => {
    let current = true
    let made: PointCloud | null = null
    void loadPointCloud().then(({ PointCloud }) => {
      if (!current || !canvas.current) return
      try {
        made = new PointCloud(canvas.current)
        setRenderer({ kind: 'ready', cloud: made })
      } catch {
        setRenderer({ kind: 'missing' })
      }
    })
    return () => {
      current = false
      made?.dispose()
    }
  }, [canvas])
  const cloud = renderer.kind === 'ready' ? renderer.cloud : null
  useEffect(() => { cloud?.setSurface(parseHex(theme.surface)) }, [cloud, theme])
  useEffect(() => { if (size.width > 0 && size.height > 0) cloud?.setSize(size.width, size.height, window.devicePixelRatio) }, [cloud, size])
  return renderer
}
