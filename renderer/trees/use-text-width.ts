import { useMemo } from 'react'

/** Measures texts in a font, in pixels. */
export function useTextWidth(font: string): (text: string) => number {
  return useMemo(() => {
    const context = document.createElement('canvas').getContext('2d')
    if (context) context.font = font
    return (text) => context?.measureText(text).width ?? 7 * text.length
  }, [font])
}
