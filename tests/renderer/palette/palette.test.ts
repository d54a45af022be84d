/// <reference types="node" />
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  categoricalCoding, columnCoding, otherText, parseHex, probeCoding, scaleCoding, toHex, truthScale, viridis, type DataTheme, type Rgb
} from '../../../renderer/palette'

/** Dichromacy at full severity, linear RGB: Machado, Oliveira and Fernandes (2009), table 1. */
const visions: Readonly<Record<string, readonly Rgb[]>> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
}

const linear = (part: number): number => part <= 10.31475 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4

/** OKLab (Ottosson 2020) × 100 of a colour as one kind of vision sees it. */
function seen(hex: string, vision: readonly Rgb[]): readonly [number, number, number] {
  const from = parseHex(hex).map(linear)
  const [r, g, b] = vision.map((row) => Math.min(1, Math.max(0, row[0] * (from[0] ?? NaN) + row[1] * (from[1] ?? NaN) + row[2] * (from[2] ?? NaN)))) as [number, number, number]
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    100 * (0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s),
    100 * (1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s),
    100 * (0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s)
  ]
}

function luminance(hex: string): number {
  const [r, g, b] = parseHex(hex).map(linear) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

const tokens = readFileSync(new URL('../../../renderer/components/tokens.css', import.meta.url), 'utf8')
/** The eight category colours of each block of the tokens: light, dark by the system, dark by hand. */
const blocks = tokens.split(/:root/).slice(1).filter((block) => block.includes('--data-1:'))
  .map((block) => [1, 2, 3, 4, 5, 6, 7, 8].map((n) => new RegExp(`--data-${n}: (#[0-9a-f]{6})`).exec(block)?.[1] ?? ''))

describe('category colours', () => {
  it('are the same in both dark blocks', () => {
    expect(blocks).toHaveLength(3)
    expect(blocks[2]).toEqual(blocks[1])
  })

  for (const [theme, colors, surface] of [['light', blocks[0] ?? [], '#ffffff'], ['dark', blocks[1] ?? [], '#17181b']] as const) {
    for (const [vision, matrix] of Object.entries(visions)) {
      it(`stay apart: ${theme}, ${vision}`, () => {
        let closest = Infinity
        let pair = ''
        colors.forEach((a, i) => colors.slice(i + 1).forEach((b) => {
          const [x, y] = [seen(a, matrix), seen(b, matrix)]
          const distance = Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2])
          if (distance < closest) [closest, pair] = [distance, `${a} ${b}`]
        }))
        // 2 is a just noticeable difference side by side; small points far apart need several times that.
        expect(closest, pair).toBeGreaterThan(7)
      })
    }
    it(`stand out from the surface: ${theme}`, () => {
      for (const color of colors) {
        const [a, b] = [luminance(color) + 0.05, luminance(surface) + 0.05]
        expect(Math.max(a, b) / Math.min(a, b), color).toBeGreaterThan(2.5)
      }
    })
  }
})

const theme: DataTheme = {
  dark: false, categories: (blocks[0] ?? []).map(parseHex), trueColor: [0, 0, 255], falseColor: [255, 128, 0], missing: [9, 9, 9],
  truth: truthScale([255, 128, 0], [255, 255, 255], [0, 0, 255]), sequential: viridis,
  surface: '', text: '', textSecondary: '', textTertiary: '', line: '', grid: '', accent: '', result: '', control: '', font: ''
}
const colorAt = (colors: Uint8Array, point: number): string => toHex([(colors[point * 3] ?? NaN), (colors[point * 3 + 1] ?? NaN), (colors[point * 3 + 2] ?? NaN)])

describe('coding', () => {
  it('paints the true one of two classes blue and the false one orange, whatever their order', () => {
    for (const names of [['false', 'true'], ['true', 'false'], ['0', '1'], ['animal', 'plant']]) {
      const yes = names.findIndex((name) => ['true', '1', 'plant'].includes(name))
      const coding = categoricalCoding('label', names, Int32Array.of(yes, 1 - yes), theme)
      expect([colorAt(coding.colors, 0), colorAt(coding.colors, 1)]).toEqual([blocks[0]?.[0], blocks[0]?.[1]])
      // The legend keeps the order that the dataset's card and the table of a selection have.
      expect(coding.legend).toMatchObject({ entries: names.map((text) => ({ text })) })
    }
  })

  it('counts categories, marks the missing and changes shape after eight colours', () => {
    const names = Array.from({ length: 10 }, (_, i) => `c${i}`)
    const coding = categoricalCoding('x', names, Int32Array.of(0, 8, 8, -1), theme)
    expect(coding.legend).toMatchObject({ kind: 'categories', entries: [{ text: 'c0', count: 1, shape: 0 }, { text: 'c8', count: 2 }, { text: '(missing)', count: 1 }] })
    const all = categoricalCoding('x', names, Int32Array.from(names, (_, i) => i), theme)
    expect([all.shapes[0], all.shapes[8]]).toEqual([0, 1])
    expect(colorAt(all.colors, 0)).toBe(colorAt(all.colors, 8))
  })

  it('gathers what cannot be told apart under one entry', () => {
    const names = Array.from({ length: 60 }, (_, i) => `c${i}`)
    const coding = categoricalCoding('x', names, Int32Array.from({ length: 120 }, (_, i) => i % 60), theme)
    if (coding.legend.kind !== 'categories') throw new Error('not a list')
    expect(coding.legend.entries).toHaveLength(48)
    expect(coding.legend.entries.at(-1)).toMatchObject({ text: otherText, count: 26 })
    expect(coding.categories[59]).toBe(47)
  })

  it('puts numbers on the scale and greys what is not a number', () => {
    const coding = scaleCoding('p', Float32Array.of(0, 0.5, 1, NaN), { min: 0, max: 1, middle: 0.5 }, theme.truth, theme)
    expect([0, 1, 2, 3].map((point) => colorAt(coding.colors, point))).toEqual(['#ff8000', '#ffffff', '#0000ff', '#090909'])
    expect(coding.legend).toMatchObject({ missing: 1 })
  })

  it('reads columns by dataset row and takes the order of the classes', () => {
    const coding = columnCoding('label', { kind: 'categorical', categories: ['b', 'a', 'c'], codes: Int32Array.of(0, 1, 2, -1) }, Int32Array.of(3, 2, 1), theme, ['a', 'b', 'c'])
    expect(coding.legend).toMatchObject({ entries: [{ text: 'a', count: 1 }, { text: 'c', count: 1 }, { text: '(missing)' }] })
    expect([...coding.categories]).toEqual([2, 1, 0])
  })

  it('tells right from wrong and leaves rows without a test fold out', () => {
    const values = { kind: 'classes' as const, rows: Int32Array.of(10, 11, 12), score: Float32Array.of(0.9, 0.2, 0.4), predicted: Int32Array.of(1, 0, -1), confidence: null, actual: Int32Array.of(1, 1, 0) }
    const coding = probeCoding('correct', values, ['0', '1'], Int32Array.of(10, 11, 12, 99), theme)
    if (coding.legend.kind !== 'categories') throw new Error('not a list')
    const entries = coding.legend.entries
    expect(Array.from(coding.categories, (entry) => entries[entry]?.text)).toEqual(['correct', 'wrong', '(missing)', '(missing)'])
    const score = probeCoding('score', values, ['0', '1'], Int32Array.of(11, 12), theme)
    expect(colorAt(score.colors, 1)).toBe('#090909')
  })
})
