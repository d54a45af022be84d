import { formatNumber } from '../components'
import type { Legend } from '../palette'
import { escapeXml } from '../plots'
import { shapePaths } from './ShapeMark'

/** A cloud as a figure: everything that is drawn, in pixels of the figure. */
export interface CloudFigure {
  readonly width: number
  readonly height: number
  readonly title: string
  readonly note: string
  /** [points, 2], pixels within the plot; NaN leaves a point out. */
  readonly xy: Float32Array
  readonly colors: Uint8Array
  readonly shapes: Uint8Array
  readonly opacity: Float32Array
  readonly diameter: number
  readonly legend: Legend
  readonly axes: readonly [x: string, y: string] | null
  readonly surface: string
  readonly text: string
  readonly quiet: string
}

/** More circles make an SVG that no program opens gladly: beyond this the points are one embedded picture. */
export const MOST_CIRCLES = 20_000

const TOP = 56
const BOTTOM = 40
const LEGEND = 190

/** Outer size of the figure around a plot. */
export function figureSize({ width, height }: Pick<CloudFigure, 'width' | 'height'>): { readonly width: number; readonly height: number } {
  return { width: width + LEGEND, height: height + TOP + BOTTOM }
}

/** The figure as an SVG document. `raster` is a data URL with the points drawn, used where there are too many for circles. */
export function figureSvg(figure: CloudFigure, raster: string | null): string {
  const { width, height, title, note, xy, colors, shapes, opacity, diameter, axes, surface, text, quiet } = figure
  const outer = figureSize(figure)
  const parts: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${outer.width}" height="${outer.height}" viewBox="0 0 ${outer.width} ${outer.height}" font-family="Inter, Helvetica, Arial, sans-serif">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="100%" height="100%" fill="${surface}"/>`,
    `<text x="24" y="34" font-size="16" font-weight="600" fill="${text}">${escapeXml(title)}</text>`
  ]
  if (raster !== null) parts.push(`<image x="0" y="${TOP}" width="${width}" height="${height}" href="${raster}"/>`)
  else {
    parts.push(`<g transform="translate(0,${TOP})">`)
    const r = diameter / 2
    for (let i = 0; i < xy.length / 2; i++) {
      const [x, y] = [xy[i * 2] as number, xy[i * 2 + 1] as number]
      if (!(x >= 0 && x <= width && y >= 0 && y <= height)) continue
      const fill = `#${[0, 1, 2].map((part) => (colors[i * 3 + part] as number).toString(16).padStart(2, '0')).join('')}`
      const see = (opacity[i] as number).toFixed(2)
      parts.push((shapes[i] as number) === 0
        ? `<circle cx="${x.toFixed(2)}" cy="${y.toFixed(2)}" r="${r.toFixed(2)}" fill="${fill}" fill-opacity="${see}"/>`
        : `<path d="${shapePaths[shapes[i] as number] ?? ''}" transform="translate(${x.toFixed(2)},${y.toFixed(2)}) scale(${r.toFixed(2)})" fill="${fill}" fill-opacity="${see}" fill-rule="evenodd"/>`)
    }
    parts.push('</g>')
  }
  if (axes) {
    parts.push(`<text x="${width / 2}" y="${TOP + height + 24}" font-size="12" text-anchor="middle" fill="${quiet}">${escapeXml(axes[0])}</text>`)
    parts.push(`<text transform="translate(16,${TOP + height / 2}) rotate(-90)" font-size="12" text-anchor="middle" fill="${quiet}">${escapeXml(axes[1])}</text>`)
  }
  parts.push(`<text x="24" y="${TOP + height + 24}" font-size="11" fill="${quiet}">${escapeXml(note)}</text>`)
  parts.push(legendSvg(figure, width + 8, TOP + 8), '</svg>')
  return parts.join('\n')
}

function legendSvg({ legend, text, quiet, height }: CloudFigure, x: number, y: number): string {
  if (legend.kind === 'none') return ''
  const lines = [`<g transform="translate(${x},${y})" font-size="12"><text font-weight="600" fill="${text}">${escapeXml(legend.title)}</text>`]
  if (legend.kind === 'scale') {
    for (let i = 0; i < 36; i++) lines.push(`<rect x="${i * 4}" y="12" width="4.5" height="10" fill="${legend.color(i / 35)}"/>`)
    lines.push(`<text y="38" fill="${quiet}">${formatNumber(legend.min)}</text><text x="144" y="38" text-anchor="end" fill="${quiet}">${formatNumber(legend.max)}</text>`)
  } else {
    const room = Math.floor((height - 24) / 20)
    legend.entries.slice(0, room).forEach(({ text: name, color, shape, count }, i) => {
      const short = name.length > 20 ? `${name.slice(0, 19)}…` : name
      lines.push(`<g transform="translate(0,${24 + i * 20})"><path d="${shapePaths[shape] ?? ''}" transform="translate(5,-4) scale(5)" fill="${color}" fill-rule="evenodd"/><text x="18" fill="${text}">${escapeXml(short)} <tspan fill="${quiet}">${count.toLocaleString('en-US')}</tspan></text></g>`)
    })
    if (legend.entries.length > room) lines.push(`<text y="${24 + room * 20}" fill="${quiet}">and ${legend.entries.length - room} more</text>`)
  }
  lines.push('</g>')
  return lines.join('\n')
}
