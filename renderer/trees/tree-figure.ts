import type { SentenceTree } from '../../preload/contract'
import type { DataTheme } from '../palette'
import { escapeXml } from '../plots'
import { arcPath, treeHeights, type TreeLayout } from './tree-layout'

/** The sentence with both trees for papers and slides, as an SVG document with its size. */
export function treeSvg({ words }: SentenceTree, layout: TreeLayout, theme: DataTheme, title: string, statement: string): { readonly svg: string; readonly width: number; readonly height: number } {
  const header = 72
  const heights = treeHeights(layout, 420)
  const width = Math.ceil(Math.max(layout.width + 2 * 16, 480))
  const height = Math.ceil(heights.height + header + 16)
  const n = (value: number): string => value.toFixed(1)
  const x = (word: number): number => layout.x[word] ?? 0
  const root = (word: number, base: number, rise: number, color: string, dash: string): string[] => word < 0 ? [] : [
    `<path d="M${n(x(word))} ${n(base)}V${n(base + rise)}" stroke="${color}"${dash}/>`,
    `<text x="${n(x(word) + 5)}" y="${n(base + rise + (rise < 0 ? 8 : 0))}" font-size="10" fill="${color}" stroke="none">root</text>`
  ]
  const rootRight = layout.goldRoot === layout.predictedRoot
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="13">`,
    `<title>${escapeXml(title)}</title>`, `<rect width="100%" height="100%" fill="${theme.surface}"/>`,
    `<text x="24" y="32" font-size="16" font-weight="600" fill="${theme.text}">${escapeXml(title)}</text>`,
    `<text x="24" y="52" font-size="12" fill="${theme.textSecondary}">${escapeXml(statement)}</text>`,
    `<g transform="translate(16,${header})" fill="none" stroke-width="1.25">`,
    ...layout.gold.map(({ word, head, level }) => `<path d="${arcPath(x(head), x(word), heights.top, -level * heights.level)}" stroke="${theme.control}"/>`),
    ...root(layout.goldRoot, heights.top, -layout.above * heights.level - 12, theme.control, ''),
    ...layout.predicted.map(({ word, head, level, right }) => `<path d="${arcPath(x(head), x(word), heights.bottom, level * heights.level)}" stroke="${right ? theme.accent : theme.control}"${right ? ' stroke-width="1.75"' : ' stroke-dasharray="4 3"'}/>`),
    ...root(layout.predictedRoot, heights.bottom, layout.below * heights.level + 12, rootRight ? theme.accent : theme.control, rootRight ? '' : ' stroke-dasharray="4 3"'),
    '</g>', `<g transform="translate(16,${header})" text-anchor="middle">`,
    ...words.flatMap(({ form, tag, punctuation }, word) => [
      `<text x="${n(x(word))}" y="${n(heights.top + 19)}" fill="${punctuation ? theme.textTertiary : theme.text}">${escapeXml(form)}</text>`,
      ...tag === null ? [] : [`<text x="${n(x(word))}" y="${n(heights.top + 34)}" font-size="10" fill="${theme.textTertiary}">${escapeXml(tag)}</text>`]
    ]),
    '</g>', '</svg>'
  ]
  return { svg: parts.join('\n'), width, height }
}
