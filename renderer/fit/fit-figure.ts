import { toHex, type DataTheme } from '../palette'
import { escapeXml } from '../plots'
import { placement, type FitPoints } from './fit-points'
import { coastlines } from './land'

/** Round values across a range, at most `most` of them. */
export function niceTicks([low, high]: readonly [number, number], most: number): readonly number[] {
  const rough = (high - low) / most
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? 10 * power
  const ticks: number[] = []
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(Number(tick.toPrecision(12)))
  return ticks
}

/** The map or the plot for papers and slides, as an SVG document with its size. */
export function fitSvg(points: FitPoints, theme: DataTheme, worst: number, title: string, statement: string, name: string): { readonly svg: string; readonly width: number; readonly height: number } {
  const [width, height, header] = points.kind === 'map' ? [1080, 540, 68] : [720, 760, 68]
  const place = placement(points, width, height - header)
  const n = (value: number): string => value.toFixed(1)
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="11">`,
    `<title>${escapeXml(title)}</title>`, `<rect width="100%" height="100%" fill="${theme.surface}"/>`,
    `<text x="24" y="32" font-size="16" font-weight="600" fill="${theme.text}">${escapeXml(title)}</text>`,
    `<text x="24" y="52" font-size="12" fill="${theme.textSecondary}">${escapeXml(statement)}</text>`,
    `<g transform="translate(0,${header})">`
  ]
  if (points.kind === 'map') {
    parts.push(`<path fill="${theme.grid}" fill-opacity="0.35" fill-rule="evenodd" stroke="${theme.line}" d="${coastlines.map((line) => line.map(([longitude, latitude], i) => `${i === 0 ? 'M' : 'L'}${n(place.x(longitude))} ${n(place.y(latitude))}`).join('')).join('')}"/>`)
  } else {
    for (const tick of niceTicks(points.domain.x, 7)) {
      parts.push(
        `<path stroke="${theme.grid}" d="M${n(place.x(tick))} ${n(place.top)}V${n(place.bottom)}M${n(place.left)} ${n(place.y(tick))}H${n(place.right)}"/>`,
        `<text x="${n(place.x(tick))}" y="${n(place.bottom + 16)}" text-anchor="middle" fill="${theme.textTertiary}">${tick}</text>`,
        `<text x="${n(place.left - 8)}" y="${n(place.y(tick) + 4)}" text-anchor="end" fill="${theme.textTertiary}">${tick}</text>`
      )
    }
    const [low, high] = points.domain.x
    parts.push(
      `<path stroke="${theme.control}" stroke-dasharray="4 3" d="M${n(place.x(low))} ${n(place.y(low))}L${n(place.x(high))} ${n(place.y(high))}"/>`,
      `<text x="${n((place.left + place.right) / 2)}" y="${n(place.bottom + 36)}" text-anchor="middle" fill="${theme.textSecondary}">actual ${escapeXml(name)}</text>`,
      `<text transform="translate(${n(place.left - 46)},${n((place.top + place.bottom) / 2)}) rotate(-90)" text-anchor="middle" fill="${theme.textSecondary}">predicted ${escapeXml(name)}</text>`
    )
  }
  const order = Array.from(points.rows.keys()).sort((a, b) => (points.error[a] as number) - (points.error[b] as number))
  for (const i of order) {
    const color = toHex(theme.sequential(0.85 * Math.min(1, (points.error[i] as number) / worst)))
    const [x, y] = [n(place.x(points.predicted[2 * i] as number)), n(place.y(points.predicted[2 * i + 1] as number))]
    if (points.kind === 'map') parts.push(`<path stroke="${color}" stroke-opacity="0.4" stroke-width="0.75" d="M${n(place.x(points.actual[2 * i] as number))} ${n(place.y(points.actual[2 * i + 1] as number))}L${x} ${y}"/>`)
    parts.push(`<circle cx="${x}" cy="${y}" r="2.4" fill="${color}" fill-opacity="0.9"/>`)
  }
  parts.push('</g>', '</svg>')
  return { svg: parts.join('\n'), width, height }
}
