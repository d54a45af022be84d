/** Text as XML character data: never markup, whatever a dataset or model holds; characters that XML forbids are dropped. */
export function escapeText(text: string): string {
  return text
    // In Unicode mode only surrogates without their partner match.
    .replace(/\p{Surrogate}/gu, '\ufffd')
     
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

/** The first `limit` characters (whole code points) of a text on one line, with an ellipsis where it was longer. */
export function shortened(text: string, limit: number): string {
  const characters = [...text.replace(/\s+/g, ' ').trim()]
  return characters.length <= limit ? characters.join('') : `${characters.slice(0, Math.max(0, limit - 1)).join('').trimEnd()}…`
}

export interface TextStyle {
  readonly fill: string
  readonly size?: number
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly weight?: 400 | 600
  readonly rotate?: number
}

/** A line of text; `y` is its baseline. */
export function textElement(x: number, y: number, text: string, style: TextStyle): string {
  const rotate = style.rotate === undefined ? '' : ` transform="rotate(${style.rotate} ${coordinate(x)} ${coordinate(y)})"`
  return `<text x="${coordinate(x)}" y="${coordinate(y)}" font-size="${style.size ?? 12}" font-weight="${style.weight ?? 400}" text-anchor="${style.anchor ?? 'start'}" fill="${style.fill}"${rotate}>${escapeText(text)}</text>`
}

/** Width of a text in Inter, estimated: wide enough to leave room, not exact. */
export function estimatedWidth(text: string, size: number): number {
  // Full-width scripts take a whole em.
  return [...text].reduce((width, character) => width + size * ((character.codePointAt(0) ?? 0) > 0x2e7f ? 1 : 0.58), 0)
}

/** A number of an SVG attribute, to a twentieth of a pixel. */
export function coordinate(value: number): string {
  return String(Math.round(value * 20) / 20)
}

/** A straight line of one pixel. */
export function segment(x1: number, y1: number, x2: number, y2: number, color: string): string {
  return `<line x1="${coordinate(x1)}" y1="${coordinate(y1)}" x2="${coordinate(x2)}" y2="${coordinate(y2)}" stroke="${color}"/>`
}

/** 0.873 as "87.3 %". */
export function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`
}

/** The svg element with its background, and Inter or what the reader has. */
export function svgDocument(width: number, height: number, background: string, label: string, content: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(label)}" font-family="Inter, 'Helvetica Neue', Arial, sans-serif">`,
    `<rect width="${width}" height="${height}" fill="${background}"/>`,
    ...content,
    '</svg>',
    ''
  ].join('\n')
}
