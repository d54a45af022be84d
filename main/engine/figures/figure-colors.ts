export type FigureTheme = 'light' | 'dark'

export interface ThemeColors {
  readonly background: string
  readonly text: string
  readonly quietText: string
  readonly hairline: string
  readonly probe: string
  readonly shuffled: string
  readonly textOnly: string
  readonly majority: string
  /** Points without a value. */
  readonly missing: string
}

export const themes: Readonly<Record<FigureTheme, ThemeColors>> = {
  light: { background: '#ffffff', text: '#1c1e21', quietText: '#5c626a', hairline: '#e4e6e9', probe: '#0067a5', shuffled: '#74797f', textOnly: '#a34d00', majority: '#74797f', missing: '#aab0b6' },
  dark: { background: '#17181a', text: '#eceef0', quietText: '#a3a9b0', hairline: '#303338', probe: '#5ab4ec', shuffled: '#949aa1', textOnly: '#eda04a', majority: '#949aa1', missing: '#6b7178' }
}

/** Eight colours told apart with every common colour vision (after Okabe & Ito 2008), blue and orange first. */
export const palettes: Readonly<Record<FigureTheme, readonly string[]>> = {
  light: ['#0072b2', '#e08a00', '#009e73', '#cc79a7', '#56b4e9', '#c1440e', '#8a7a00', '#2b2d31'],
  dark: ['#3d9fe0', '#f0a23a', '#2fbf94', '#e09ac0', '#8fd0f5', '#e8703f', '#d9cc4a', '#f4f5f6']
}

const TRUE_WORDS = new Set(['true', '1', 'yes', 't', 'y'])
const FALSE_WORDS = new Set(['false', '0', 'no', 'f', 'n'])

/** A colour per category: true is blue and false orange wherever both names say so, the palette in order otherwise. */
export function categoryColors(categories: readonly string[], theme: FigureTheme): readonly string[] {
  const palette = palettes[theme]
  const words = categories.map(category => category.trim().toLowerCase())
  if (words.length === 2 && words.some(word => TRUE_WORDS.has(word)) && words.some(word => FALSE_WORDS.has(word))) {
    return words.map(word => palette[TRUE_WORDS.has(word) ? 0 : 1] ?? '')
  }
  return categories.map((_, i) => palette[i % palette.length] ?? '')
}

const VIRIDIS = ['#440154', '#482878', '#3e4989', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b', '#fde725']
const DIVERGING = ['#d97400', '#f0b266', '#f2ede6', '#7fb6dc', '#0067a5']

export type NumericScale = 'sequential' | 'diverging'

/** The colour at `share` in [0, 1]: viridis, or orange through white to blue. */
export function rampColor(scale: NumericScale, share: number): string {
  const stops = scale === 'sequential' ? VIRIDIS : DIVERGING
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1)
  const at = Math.min(stops.length - 2, Math.floor(place))
  const [from, to] = [channels(stops[at] ?? ''), channels(stops[at + 1] ?? '')]
  const mixed = from.map((value, i) => Math.round(value + (place - at) * ((to[i] ?? 0) - value)))
  return `#${mixed.map(value => value.toString(16).padStart(2, '0')).join('')}`
}

function channels(hex: string): readonly number[] {
  return [1, 3, 5].map(start => Number.parseInt(hex.slice(start, start + 2), 16))
}
