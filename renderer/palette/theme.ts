import { useSyncExternalStore } from 'react'
import { parseHex, toHex, truthScale, viridis, type Rgb, type Scale } from './color'

/** The colours of the design system that data is drawn in, as numbers for WebGL, canvas and plotly. */
export interface DataTheme {
  readonly dark: boolean
  readonly categories: readonly Rgb[]
  readonly trueColor: Rgb
  readonly falseColor: Rgb
  readonly missing: Rgb
  readonly truth: Scale
  readonly sequential: Scale
  readonly surface: string
  readonly text: string
  readonly textSecondary: string
  readonly textTertiary: string
  readonly line: string
  readonly grid: string
  readonly accent: string
  readonly result: string
  readonly control: string
  readonly font: string
}

/** Reads the tokens in force now. */
export function readTheme(): DataTheme {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string): string => style.getPropertyValue(name).trim()
  const surface = token('--surface')
  const [red, green, blue] = parseHex(surface)
  const dark = red + green + blue < 384
  const categories = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => parseHex(token(`--data-${n}`)))
  const trueColor = categories[0] as Rgb
  const falseColor = categories[1] as Rgb
  return {
    dark, categories, trueColor, falseColor, surface,
    missing: parseHex(token('--data-missing')),
    // White would vanish on a white surface: the middle is a shade off it.
    truth: truthScale(falseColor, dark ? [236, 236, 236] : [214, 215, 220], trueColor),
    sequential: viridis,
    text: token('--text'),
    textSecondary: token('--text-secondary'),
    textTertiary: token('--text-tertiary'),
    line: token('--line'),
    grid: token('--chart-grid'),
    accent: token('--accent'),
    result: token('--data-result'),
    control: token('--data-control'),
    font: token('--font')
  }
}

let current: DataTheme | null = null
const listeners = new Set<() => void>()

function themeChanged(): void {
  current = null
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', themeChanged)
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    matchMedia('(prefers-color-scheme: dark)').removeEventListener('change', themeChanged)
    observer.disconnect()
    current = null
  }
}

const observer = typeof MutationObserver === 'undefined' ? { observe: () => undefined, disconnect: () => undefined } : new MutationObserver(themeChanged)

/** The data colours of the theme in force; the component renders again when it changes. */
export function useDataTheme(): DataTheme {
  return useSyncExternalStore(subscribe, () => current ??= readTheme())
}

/** A colour for CSS and SVG. */
export const css = toHex
