import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProjectionResult } from '../../preload/contract'
import { writeFileAtomically } from '../engine/atomic-file'
import { layerStripFigure, projectionFigure, renderPng, type FigureColors } from '../engine/figures/index'
import type { RunFolder } from '../engine/sessions/index'

/** Pixels to a unit of the figure: for print and for dense screens. */
const PNG_SCALE = 2
/** Labels beyond these share one grey: more colours cannot be told apart. */
const MOST_CATEGORIES = 12

/** Draws the layer strip and the projections into the run's `figures` folder, as SVG and PNG; returns their paths. */
export async function writeFigures(
  run: RunFolder, projections: readonly ProjectionResult[], { label, title }: { readonly label: string | null; readonly title: string }
): Promise<readonly string[]> {
  const folder = join(run.folder, 'figures')
  await mkdir(folder, { recursive: true })
  const drawn: { readonly name: string; readonly svg: string }[] = []
  const { sweep } = run.summary
  if (sweep !== null) drawn.push({ name: 'layer-strip', svg: layerStripFigure(sweep, { theme: 'light', title }) })
  const colors = projections.length === 0 || label === null ? null : await colorsBy(run, label)
  for (const { site, method, xy, trustworthiness, explained, rows } of projections) {
    const facts = [`${method === 'umap' ? 'UMAP' : 'PCA'} of ${rows.length} rows`, ...(trustworthiness === null ? [] : [`trustworthiness ${trustworthiness.toFixed(3)}`])]
    const axes = explained === null ? {} : { axes: [`PC 1 (${(100 * explained[0]).toFixed(1)} %)`, `PC 2 (${(100 * explained[1]).toFixed(1)} %)`] as const }
    drawn.push({ name: `projection-${site.replace(/[^A-Za-z0-9._-]/g, '_')}`, svg: projectionFigure({ xy, colors, title: `${title}: ${site}`, subtitle: facts.join(', '), theme: 'light', ...axes }) })
  }
  const paths: string[] = []
  for (const { name, svg } of drawn) {
    await writeFileAtomically(join(folder, `${name}.svg`), svg)
    await writeFileAtomically(join(folder, `${name}.png`), await renderPng(svg, PNG_SCALE))
    paths.push(join(folder, `${name}.svg`), join(folder, `${name}.png`))
  }
  return paths
}

/** Points coloured by the label, the commonest labels first. */
async function colorsBy(run: RunFolder, label: string): Promise<FigureColors> {
  const values = await (await run.activations()).textColumn(label)
  const counts = new Map<string, number>()
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
  const categories = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_CATEGORIES).map(([name]) => name)
  if (counts.size <= MOST_CATEGORIES) categories.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const codeOf = new Map(categories.map((name, code) => [name, code]))
  return { kind: 'categorical', name: label, categories, codes: Int32Array.from(values, value => value === null ? -1 : codeOf.get(value) ?? -1) }
}
