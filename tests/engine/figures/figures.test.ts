import { describe, expect, it } from 'vitest'
import { cardFigure, layerStripFigure, positionFigure, projectionFigure, renderPng, siteLabels } from '../../../main/engine/figures'
import { categoryColors, palettes, rampColor } from '../../../main/engine/figures/figure-colors'
import { escapeText, shortened } from '../../../main/engine/figures/figure-text'
import type { CellCard, CodeLength, ErasedScore, Erasure, OnlineCode, PositionSweep, SweepSummary } from '../../../preload/contract'
import { sampleSweep } from './sample-sweep'

const HOSTILE = '</text><script>alert("&")</script>\u0000'
const strip = { theme: 'light', title: 'Is the statement true?' } as const
const xy = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i * 1.7) * (i % 2 === 0 ? 3 : 1))

/** Width and height of a PNG, from its first chunk. */
function pngSize(png: Uint8Array): readonly [number, number] {
  const view = new DataView(png.buffer, png.byteOffset)
  expect([...png.subarray(1, 4)]).toEqual([...Buffer.from('PNG')])
  return [view.getUint32(16), view.getUint32(20)]
}

describe('layerStripFigure', () => {
  it('names every line, both ends of depth, and the chosen layer with its test score', () => {
    const svg = layerStripFigure(sampleSweep([0.52, 0.6, 0.75, 0.873, 0.85, 0.83], 3), strip)
    for (const text of ['Probe', 'Text only', 'Shuffled labels', 'Majority class', 'embed', 'final', 'layer 2, test accuracy 87.3 % ± 2.4']) expect(svg).toContain(text)
  })

  it('draws a point where the scale says it is', () => {
    const svg = layerStripFigure(sampleSweep([0.5, 0.9], 1), { ...strip, width: 600, height: 400 })
    const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="2.75"/g)].map(match => Number(match[2]))
    const ticks = new Map([...svg.matchAll(/y="([\d.]+)"[^>]*text-anchor="end"[^>]*>(\d+) %</g)].map(match => [Number(match[2]), Number(match[1]) - 4]))
    expect(circles).toHaveLength(2)
    const [fifty, ninety] = [ticks.get(50), ticks.get(90)]
    expect(Math.abs((circles[0] ?? 0) - (fifty ?? 0))).toBeLessThan(0.2)
    expect(Math.abs((circles[1] ?? 0) - (ninety ?? 0))).toBeLessThan(0.2)
  })

  it('shows AUROC against chance, and leaves gaps where it is undefined', () => {
    const sweep = sampleSweep([0.52, 0.6, 0.75], 2)
    const broken = { ...sweep, sites: sweep.sites.map((result, i) => i === 1 ? { ...result, measures: result.measures.map(measure => measure.name === 'auroc' ? { ...measure, value: null, interval: null, baselines: [] } : measure) } : result) }
    const svg = layerStripFigure(broken, { ...strip, measure: 'auroc' })
    expect(svg).toContain('Chance')
    expect(svg).not.toContain('Majority class')
    expect(svg).not.toMatch(/NaN|null|undefined/)
  })

  it('says so when there is nothing to draw, and draws a single layer', () => {
    expect(layerStripFigure({ ...sampleSweep([], 0), chosen: null }, strip)).toContain('No layer has been probed yet.')
    expect(layerStripFigure(sampleSweep([0.7], 0), strip)).not.toMatch(/NaN|Infinity/)
  })

  it('draws other measures in their own units: R² under 0 at the foot of the axis, kilometres from 0', () => {
    const measured = (name: 'r2' | 'greatCircleKm', values: readonly number[]): SweepSummary => ({
      task: 'numeric', classes: [], targets: ['latitude'], coordinates: null, folds: 5, warnings: [], seconds: 1,
      sites: values.map((value, i) => ({
        kind: 'numeric', site: `blocks.${i}.hook_resid_post`, method: 'ridge', targets: [], validationScore: value, strength: 1, seconds: 1,
        measures: [{ name, value, interval: { lo: value * 0.95, hi: value * 1.05 }, baselines: [{ name: 'mean', value: name === 'r2' ? 0 : 6200 }] }]
      })),
      chosen: { site: 'blocks.1.hook_resid_post', method: 'ridge', measure: name, testScore: values[1]!, interval: { lo: values[1]! * 0.95, hi: values[1]! * 1.05 } }
    })
    const r2 = layerStripFigure(measured('r2', [-40, 0.62, 0.71]), strip)
    expect(r2).toContain('test R² .620 ± .031')
    expect(r2).toContain('Training mean')
    // Two ends of the axis: the foot for what is far below it.
    expect([...r2.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)" r="2.75"/g)].map(match => Number(match[1]))[0]).toBe(362)
    const far = layerStripFigure(measured('greatCircleKm', [5400, 2150, 2400]), strip)
    expect(far).toContain('test great-circle error 2,150 km ± 108 km')
    expect(far).toMatch(/>0 km<.*>6,000 km</s)
    for (const svg of [r2, far]) expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('keeps text text', () => {
    const svg = layerStripFigure(sampleSweep([0.5, 0.9], 1), { ...strip, title: HOSTILE })
    expect(svg).not.toContain('<script')
    expect(svg).not.toContain('\u0000')
  })
})

describe('cardFigure', () => {
  const { sites: [result] } = sampleSweep([0.75, 0.8], 0)
  const card = (detail: CellCard['detail'], classes: readonly string[]): CellCard => ({
    site: 'hook_embed', method: 'logistic', task: 'binary', classes, result: result!, rows: 120, groups: null, folds: [], chosen: null, cells: 2, detail, codeLength: null, erasure: null, cautions: [], notes: [],
    origin: {
      runId: null, model: { name: HOSTILE, hash: 'a' }, dataset: { name: 'b', hash: 'c' }, label: ['label'], positions: { kind: 'last' }, dtype: 'f32', provider: 'cpu', test: null, version: '0',
      plan: { task: 'classes', methods: [], split: 'folds', folds: 5, strengths: 4, seed: 0 }
    }
  })

  it('writes the counts of the confusion matrix and a dot for every bin with rows', () => {
    const bins = [0.05, 0.95].map((predicted, i) => ({ lo: i * 0.9, hi: i * 0.9 + 0.1, rows: 60, predicted, observed: i }))
    const svg = cardFigure(card({ kind: 'classes', confusion: Int32Array.of(41, 19, 7, 53), calibration: { of: 'class', bins, ece: 0.05, brier: 0.12 } }, ['no', HOSTILE]), null, 'light')!
    for (const count of ['41', '19', '7', '53']) expect(svg).toContain(`>${count}<`)
    expect(svg.match(/<circle/g)).toHaveLength(2)
    expect(svg).toContain('Expected calibration error 5.0 %')
    expect(svg).not.toContain('<script')
  })

  it('draws a point a held-out row of numbers, and nothing without figures', () => {
    const numbers = [{ name: 'height', predicted: Float32Array.of(1, 2, NaN), actual: Float32Array.of(1.5, 2.5, 3) }]
    const svg = cardFigure(card({ kind: 'numeric', targets: [] }, []), numbers, 'dark')!
    expect(svg.match(/h0/g)).toHaveLength(2)
    expect(svg).not.toMatch(/NaN|Infinity/)
    expect(cardFigure(card(null, []), null, 'light')).toBeNull()
  })

  it('draws the code length and the erasure of the site where they were computed', async () => {
    const code = (bits: number, blocks: readonly number[]): OnlineCode => ({ bits, compression: 100 / bits, strength: 1, blocks })
    const codeLength: CodeLength = {
      site: 'hook_embed', rows: 100, classes: 2, ends: [4, 20, 100], uniform: 100, naming: 2, seconds: 1,
      labels: code(40, [4, 8, 28]), shuffled: code(104, [4, 17, 83]), controlTask: null
    }
    const score = (directions: number, accuracy: number): ErasedScore => ({ directions, accuracy, interval: { lo: accuracy - 0.05, hi: accuracy + 0.05 }, variance: 0.1 })
    const erasure: Erasure = {
      site: 'hook_embed', rows: 100, majority: 0.5, before: { accuracy: 0.9, interval: { lo: 0.85, hi: 0.95 } }, leace: score(1, 0.5),
      inlp: [score(1, 0.7), score(2, 0.5)], reached: true, shuffled: { leace: score(1, 0.89), inlp: score(2, 0.88) }, seconds: 1
    }
    const both = cardFigure({ ...card({ kind: 'classes', confusion: Int32Array.of(41, 19, 7, 53), calibration: null }, ['no', 'yes']), codeLength, erasure }, null, 'light')!
    for (const text of ['40 bits, compression 2.50 ×; shuffled labels 0.96 ×', 'bits a label', 'uniform code', '90.0 % before, 50.0 % after LEACE; shuffled 89.0 %', 'INLP', 'directions taken out']) expect(both).toContain(`>${text}<`)
    expect(both).not.toMatch(/NaN|Infinity/)
    expect(pngSize(await renderPng(both, 1))).toEqual([960, 820])
    // The last block takes 28 bits for 80 labels: .35 bits each, on an axis that begins at 0 and has 1 bit for the uniform code.
    const [end, uniform, zero] = [/cx="408" cy="([\d.]+)" r="3.5"/, />uniform code</, />0</].map(pattern => pattern.exec(both))
    const yOf = (match: RegExpExecArray | null | undefined): number => Number(/y="([\d.]+)"/.exec(both.slice(both.lastIndexOf('<text', match!.index)))?.[1]) - 4
    expect((yOf(zero) - Number(end?.[1])) / (yOf(zero) - yOf(uniform))).toBeCloseTo(0.35, 1)
    // Alone the erasure stands where the first panel would.
    expect(pngSize(await renderPng(cardFigure({ ...card(null, []), erasure }, null, 'dark')!, 1))).toEqual([960, 416])
  })

  it('keeps forty classes within its frame', async () => {
    const classes = Array.from({ length: 40 }, (_, i) => `class ${i}`)
    const svg = cardFigure(card({ kind: 'classes', confusion: new Int32Array(1600).fill(3), calibration: null }, classes), null, 'light')!
    expect(pngSize(await renderPng(svg, 1))).toEqual([960, 480])
  })
})

describe('projectionFigure', () => {
  it('draws every row once, in the colours of its categories', () => {
    const codes = Int32Array.from({ length: 100 }, (_, i) => i % 3 === 2 ? -1 : i % 3)
    const svg = projectionFigure({ xy, colors: { kind: 'categorical', name: 'label', categories: ['false', 'true'], codes }, title: 'Layer 7', theme: 'light' })
    const marksOf = (color: string): number => [...svg.matchAll(new RegExp(`<path d="([^"]*)" fill="${color}" fill-opacity`, 'g'))].reduce((sum, match) => sum + (match[1]?.match(/M/g)?.length ?? 0), 0)
    expect(marksOf(palettes.light[1] ?? '')).toBe(34)
    expect(marksOf(palettes.light[0] ?? '')).toBe(33)
    expect(svg).toContain('no value')
  })

  it('keeps category names text and survives empty, single and coincident points', () => {
    const colors = { kind: 'categorical', name: HOSTILE, categories: [HOSTILE, 'b'], codes: new Int32Array(100) } as const
    expect(projectionFigure({ xy, colors, title: HOSTILE, theme: 'dark' })).not.toContain('<script')
    for (const points of [new Float32Array(), Float32Array.from([2, 3]), new Float32Array(20)]) {
      expect(projectionFigure({ xy: points, colors: null, title: 'x', theme: 'light' })).not.toMatch(/NaN|Infinity/)
    }
    const flat = { kind: 'numeric', values: Float32Array.from({ length: 100 }, (_, i) => i === 0 ? NaN : 4) } as const
    expect(projectionFigure({ xy, colors: flat, title: 'x', theme: 'light' })).not.toMatch(/NaN|Infinity/)
  })
})

describe('renderPng', () => {
  it('draws both figures at the scale asked for, hostile text included', async () => {
    const svg = layerStripFigure(sampleSweep([0.5, 0.7, 0.9], 2), { ...strip, title: HOSTILE, width: 640, height: 360 })
    expect(pngSize(await renderPng(svg, 2))).toEqual([1280, 720])
    const cloud = projectionFigure({ xy, colors: null, title: '\ud800 alone', theme: 'dark', width: 400, height: 300 })
    expect(pngSize(await renderPng(cloud, 1))).toEqual([400, 300])
  })

  it('sets text in Inter: the title leaves ink', async () => {
    const draw = (title: string): Promise<Uint8Array> => renderPng(projectionFigure({ xy, colors: null, title, theme: 'light' }), 1)
    expect(Buffer.compare(await draw('Layer'), await draw(''))).not.toBe(0)
  })

  it('refuses what is no SVG', async () => {
    await expect(renderPng('not a figure', 1)).rejects.toMatchObject({ report: { code: 'figure-unreadable' } })
  })
})

describe('parts', () => {
  it('shortens and escapes', () => {
    expect(escapeText('a<b & "c" \u0001\ud800')).toBe('a&#60;b &#38; &#34;c&#34; \ufffd')
    expect(escapeText('😀')).toBe('😀')
    expect(shortened('a\n  b😀😀😀', 5)).toBe('a b😀…')
  })

  it('labels sites by depth', () => {
    expect(siteLabels(['hook_embed', 'blocks.0.hook_resid_post', 'blocks.11.block_out', 'ln_final.hook_normalized'])).toEqual(['embed', '0', '11', 'final'])
    expect(siteLabels(['blocks.0.hook_resid_mid', 'blocks.0.hook_resid_post', 'blocks.1.hook_resid_post'])).toEqual(['0 mid', '0 post', '1'])
  })

  it('gives true blue and false orange whatever their order', () => {
    const [blue, orange] = palettes.light
    expect(categoryColors(['false', 'true'], 'light')).toEqual([orange, blue])
    expect(categoryColors(['1', '0'], 'light')).toEqual([blue, orange])
  })

  it('takes the ends of a ramp', () => {
    expect([rampColor('sequential', 0), rampColor('sequential', 1)]).toEqual(['#440154', '#fde725'])
  })
})

describe('positionFigure', () => {
  const at = (positions: PositionSweep['positions'], accuracies: readonly number[]): PositionSweep => ({ positions, rows: 100, leftOut: { count: 0, first: null }, readAt: null, sweep: sampleSweep(accuracies, 1), error: null })
  const sites = sampleSweep([0.5, 0.6, 0.9], 1).sites.map(({ site }) => site)
  const sweeps = [at({ kind: 'first' }, [0.5, 0.5, 0.5]), at({ kind: 'from-end', offset: 1 }, [0.51, 0.62, 0.731]), at({ kind: 'span', column: HOSTILE }, [0.5, 0.55, 0.9])]

  it('writes every cell with its colour, and the controls beside them', async () => {
    const svg = positionFigure(sweeps, sites, 'logistic', 'accuracy', { theme: 'light', title: 'Where truth appears' })
    for (const part of ['first', 'last − 1', 'embed', 'final', 'shuffled', 'majority', '>73.1<', '>90.0<']) expect(svg).toContain(part)
    // Nine cells and two controls a line; the highest has the end of the scale.
    expect([...svg.matchAll(/height="29"/g)]).toHaveLength(15)
    expect(svg).toContain(`fill="${rampColor('sequential', 1)}"`)
    expect(pngSize(await renderPng(svg, 2))[0]).toBeGreaterThan(800)
  })

  it('keeps names as text and a line that could not be probed empty', () => {
    const svg = positionFigure([...sweeps, { ...at({ kind: 'from-end', offset: 40 }, []), sweep: null }], sites, 'logistic', 'accuracy', { theme: 'dark', title: HOSTILE })
    expect(svg).not.toContain('<script>')
    expect(svg).toContain('last − 40')
    expect([...svg.matchAll(/height="29"/g)]).toHaveLength(20)
  })
})
