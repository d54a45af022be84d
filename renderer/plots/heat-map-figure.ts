import { toHex, type DataTheme } from '../palette'
import { besideValues, BESIDE_CELL, heatMapLayout, shareOf, shortened, valueAt, type HeatMapData } from './heat-map'
import { escapeXml, svgToPng } from './svg-document'
import { writtenTicks } from './written-ticks'

/** Text on a colour of the scale: white or black, whichever stands out more. */
export function inkOn([red, green, blue]: readonly [number, number, number]): '#ffffff' | '#000000' {
  const linear = (part: number): number => part <= 10.31475 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  // Contrast with white and with black (WCAG 2): the greater is at least 4.58 on any colour.
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000'
}

/** The heat map for papers and slides, as an SVG document with its size. */
export function heatMapSvg(data: HeatMapData, theme: DataTheme, square: boolean): { readonly svg: string; readonly width: number; readonly height: number } {
  const title = 56
  const layout = heatMapLayout(data, { width: 880, height: Math.min(760, Math.max(280, data.rows.labels.length * 30 + 120)) }, square)
  const { left, top, right, end, cellWidth, cellHeight, inCells, slanted } = layout
  const write = data.writeShort ?? data.write
  const width = Math.ceil(Math.max(end + 80, 24 + data.title.length * 8.2))
  const height = Math.ceil(layout.height + title)
  const bottom = top + cellHeight * data.rows.labels.length
  const text = (x: number, y: number, content: string, more = ''): string => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" dy="0.35em" ${more}>${escapeXml(content)}</text>`
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="11">`,
    `<title>${escapeXml(data.title)}</title>`,
    `<rect width="100%" height="100%" fill="${theme.surface}"/>`,
    `<text x="24" y="34" font-size="16" font-weight="600" fill="${theme.text}">${escapeXml(data.title)}</text>`,
    `<g transform="translate(0,${title})">`
  ]
  data.rows.labels.forEach((_, row) => {
    data.columns.labels.forEach((__, column) => {
      const value = valueAt(data, row, column)
      const [x, y] = [left + column * cellWidth, top + row * cellHeight]
      const color = value === null ? theme.missing : theme.sequential(shareOf(data, value))
      parts.push(`<rect x="${x.toFixed(2)}" y="${y.toFixed(2)}" width="${(cellWidth - 1).toFixed(2)}" height="${(cellHeight - 1).toFixed(2)}" fill="${toHex(color)}"${value === null ? ' fill-opacity="0.25"' : ''}/>`)
      if (value !== null && inCells) parts.push(text(x + cellWidth / 2, y + cellHeight / 2, write(value), `text-anchor="middle" fill="${inkOn(color)}"`))
    })
    besideValues(data, row).forEach((value, column) => {
      const [x, y] = [layout.besideLeft + column * BESIDE_CELL, top + row * cellHeight]
      const color = value === null ? theme.missing : theme.sequential(shareOf(data, value))
      parts.push(`<rect x="${x.toFixed(2)}" y="${y.toFixed(2)}" width="${BESIDE_CELL - 1}" height="${(cellHeight - 1).toFixed(2)}" fill="${toHex(color)}"${value === null ? ' fill-opacity="0.25"' : ''}/>`)
      if (value !== null && cellHeight >= 15) parts.push(text(x + BESIDE_CELL / 2, y + cellHeight / 2, write(value), `text-anchor="middle" fill="${inkOn(color)}"`))
    })
  })
  const rowsWritten = writtenTicks(data.rows.labels.map(() => ''), cellHeight, -1, 0, 13)
  data.rows.labels.forEach((label, row) => {
    if (rowsWritten[row]) parts.push(text(left - 8, top + (row + 0.5) * cellHeight, shortened(label, layout.rowCharacters), `text-anchor="end" fill="${theme.textSecondary}"`))
  })
  const columnsWritten = slanted ? null : writtenTicks(data.columns.labels, cellWidth, -1)
  data.columns.labels.forEach((label, column) => {
    if (columnsWritten && !columnsWritten[column]) return
    const x = left + (column + 0.5) * cellWidth
    parts.push(slanted
      ? `<text transform="translate(${x.toFixed(1)},${bottom + 12}) rotate(-36)" text-anchor="end" fill="${theme.textSecondary}">${escapeXml(shortened(label, layout.columnCharacters))}</text>`
      : text(x, bottom + 13, label, `text-anchor="middle" fill="${theme.textSecondary}"`))
  })
  data.beside?.labels.forEach((label, column) => { parts.push(text(layout.besideLeft + (column + 0.5) * BESIDE_CELL, bottom + 13, label, `text-anchor="middle" fill="${theme.textSecondary}"`)) })
  parts.push(`<text x="${(left + right) / 2}" y="${layout.titleAt}" text-anchor="middle" fill="${theme.textTertiary}">${escapeXml(data.columns.title)}</text>`)
  parts.push(`<text transform="translate(16,${(top + bottom) / 2}) rotate(-90)" text-anchor="middle" fill="${theme.textTertiary}">${escapeXml(data.rows.title)}</text>`)
  const tall = Math.min(160, bottom - top)
  for (let i = 0; i < 40; i++) parts.push(`<rect x="${end + 16}" y="${(top + tall * (39 - i) / 40).toFixed(2)}" width="8" height="${(tall / 40 + 0.5).toFixed(2)}" fill="${toHex(theme.sequential(i / 39))}"/>`)
  parts.push(text(end + 30, top + 5, data.write(data.range[1]), `fill="${theme.textTertiary}"`), text(end + 30, top + tall - 5, data.write(data.range[0]), `fill="${theme.textTertiary}"`))
  parts.push('</g>', '</svg>')
  return { svg: parts.join('\n'), width, height }
}

/** The same as the bytes of a file. */
export async function renderHeatMap(data: HeatMapData, theme: DataTheme, square: boolean, format: 'svg' | 'png'): Promise<Uint8Array> {
  const figure = heatMapSvg(data, theme, square)
  return format === 'svg' ? new TextEncoder().encode(figure.svg) : svgToPng(figure.svg, figure)
}
