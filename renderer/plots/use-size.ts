import { useCallback, useState } from 'react'

export interface Size { readonly width: number; readonly height: number }

/** The size of an element in CSS pixels, and the ref that measures it. Zero before the first layout. */
export function useSize(): readonly [size: Size, ref: (element: HTMLElement | null) => (() => void) | undefined] {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 })
  const ref = useCallback((element: HTMLElement | null) => {
    if (!element) return undefined
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return
      const { width, height } = entry.contentRect
      setSize((before) => before.width === width && before.height === height ? before : { width, height })
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [size, ref]
}
