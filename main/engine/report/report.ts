import { copyFile, link, mkdir, realpath, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CellCard, PositionSweep, ReportSummary, SiteResult, SweepSummary } from '../../../preload/contract'
import { writeParquetTable, writeSafetensors, type ActivationStore } from '../activations/index'
import { writeFileAtomically } from '../atomic-file'
import { LayerscopeError } from '../errors'
import { quoted } from '../quoted'
import { cardFigure, layerStripFigure, positionFigure, renderPng } from '../figures/index'
import type { HeldOutValues, ReadProbes } from '../sessions/index'
import { methodsCard } from './card'
import { cellCard } from './cell-card'
import { flatteringBest, type SweptStore } from './cell-comparison'
import { cellMaterial } from './cell-material'
import { heldOutScore, type HeldOutScore } from './held-out-score'
import { positionColumns } from './position-parts'
import { positionSweeps } from './position-sweeps'
import { reproduceScript } from './reproduce-script'
import { csvTable, sweepColumns } from './sweep-rows'

/** Pixels to a unit of the figure: for print and for dense screens. */
const PNG_SCALE = 2
const cardFiles = ['card.md', 'card.json', 'card.svg', 'card.png'] as const
const reportFiles = ['sweep.csv', 'sweep.parquet', 'layers.svg', 'layers.png', 'positions.csv', 'positions.svg', 'positions.png', 'direction.safetensors', 'activations.safetensors', 'reproduce.py'] as const
type FileName = (typeof cardFiles)[number] | (typeof reportFiles)[number]

export interface ReportRequest {
  /** Null takes what validation chose: of the sweep, of the site's methods, or of the method's sites. */
  readonly site: string | null
  readonly method: string | null
  /** `card`: the card with its figure alone. */
  readonly parts: 'report' | 'card'
}

/**
 * Writes the report of one site and method, or its card alone, into the folder `out`, in place of an earlier one there.
 * @throws LayerscopeError `result-unknown`, `report-in-place`, `store-…`
 */
export async function writeReport(swept: SweptStore, out: string, { site, method, parts }: ReportRequest, signal?: AbortSignal): Promise<ReportSummary> {
  const { finished: { folder, sweep }, store } = swept
  const named = reportedResult(sweep, site, method)
  const material = await cellMaterial(swept.finished, named.site, named.method)
  const { result, values, kept } = material
  await mkdir(out, { recursive: true })
  if (await realpath(out) === await realpath(folder)) {
    throw new LayerscopeError({ code: 'report-in-place', message: 'A report goes into a folder of its own, not among the run\'s files.', file: out, hint: 'Name another folder.' })
  }
  for (const name of parts === 'card' ? cardFiles : [...cardFiles, ...reportFiles]) await rm(join(out, name), { force: true })
  const written: FileName[] = ['card.md', 'card.json']
  const card = await cellCard(swept, material)
  if (await writeFigure(out, 'card', cardFigure(card, values.kind === 'numeric' ? values.targets : null, 'light'))) written.push('card.svg', 'card.png')
  const read = await positionSweeps({ folder, positions: store.manifest.plan.positions, extraction: store.manifest.extraction, sweep })
  const positions = read.positions.length > 1 ? read.positions : null
  let score: HeldOutScore | null = null
  let layers = false
  if (parts === 'report') {
    const columns = sweepColumns(sweep)
    await writeFileAtomically(join(out, 'sweep.csv'), csvTable(columns))
    await writeParquetTable(join(out, 'sweep.parquet'), columns)
    layers = await writeFigure(out, 'layers', layersFigure(sweep, result, `${store.manifest.model.name} on ${store.manifest.dataset.name}`))
    if (positions !== null) {
      await writeFileAtomically(join(out, 'positions.csv'), csvTable(positionColumns(positions)))
      await writeFigure(out, 'positions', positionsFigure(swept, positions, result))
      written.push('positions.csv', 'positions.svg', 'positions.png')
    }
    score = kept === null ? null : await writeArrays(out, { store, result, kept, sweep, values })
    written.push('sweep.csv', 'sweep.parquet', ...layers ? ['layers.svg', 'layers.png'] as const : [], ...score === null ? [] : ['direction.safetensors', 'activations.safetensors', 'reproduce.py'] as const)
  }
  const flattering = await flatteringBest(swept, signal)
  const best = flattering !== null && flattering.result.site === card.site && flattering.result.method === card.method ? flattering : null
  await writeFileAtomically(join(out, 'card.json'), `${JSON.stringify({ ...card, ...plainDetail(card), bestOfMany: best?.bestOfMany ?? null }, null, 2)}\n`)
  await writeFileAtomically(join(out, 'card.md'), methodsCard({
    ...swept, manifest: store.manifest, card, best, kept, score, positions,
    files: { figure: written.includes('card.svg'), layers, arrays: score !== null, whole: parts === 'report' }
  }))
  const [headline] = result.measures
  return {
    site: result.site, method: result.method, measure: headline?.name ?? null, value: headline?.value ?? null,
    reproduced: score?.value ?? null, files: written.map(name => resolve(out, name))
  }
}

/** Typed arrays as the lists that JSON has. */
function plainDetail({ detail }: CellCard): object {
  return detail?.kind === 'classes' ? { detail: { ...detail, confusion: [...detail.confusion] } } : {}
}

/** As SVG and PNG; false where there is nothing to draw. */
async function writeFigure(out: string, name: 'card' | 'layers' | 'positions', svg: string | null): Promise<boolean> {
  if (svg === null) return false
  await writeFileAtomically(join(out, `${name}.svg`), svg)
  await writeFileAtomically(join(out, `${name}.png`), await renderPng(svg, PNG_SCALE))
  return true
}

/** The method's layers; the mark of the chosen one stays only where it is this method's. */
function layersFigure(sweep: SweepSummary, { method }: SiteResult, title: string): string {
  return layerStripFigure(
    { ...sweep, sites: sweep.sites.filter(result => result.method === method), chosen: sweep.chosen?.method === method ? sweep.chosen : null },
    { theme: 'light', title }
  )
}

function positionsFigure({ store: { sites, manifest } }: SweptStore, positions: readonly PositionSweep[], { method, measures: [headline] }: SiteResult): string | null {
  return headline === undefined ? null : positionFigure(positions, sites, method, headline.name, { theme: 'light', title: `${manifest.model.name} on ${manifest.dataset.name}` })
}

function reportedResult({ sites, chosen }: SweepSummary, site: string | null, method: string | null): SiteResult {
  const fitting = sites.filter(result => (site === null || result.site === site) && (method === null || result.method === method))
  const [first] = fitting
  if (first === undefined) {
    const asked = [...method === null ? [] : [quoted(method)], ...site === null ? [] : [`at ${quoted(site)}`]].join(' ')
    throw new LayerscopeError({
      code: 'result-unknown', message: `The sweep has no probe${asked === '' ? '' : ` ${asked}`}.`, field: site === null ? 'method' : 'site',
      hint: `It has the methods ${[...new Set(sites.map(result => result.method))].join(', ')} at ${[...new Set(sites.map(result => result.site))].join(', ')}.`
    })
  }
  return fitting.find(result => result.site === chosen?.site && result.method === chosen.method)
    ?? fitting.reduce((best, result) => result.validationScore > best.validationScore ? result : best, first)
}

/** The probe, the activations it reads and the script; null for a method that is not linear. */
async function writeArrays(out: string, { store, result, kept: { probes, fold }, sweep, values }: {
  readonly store: ActivationStore; readonly result: SiteResult; readonly kept: ReadProbes; readonly sweep: SweepSummary; readonly values: HeldOutValues
}): Promise<HeldOutScore | null> {
  const { site, method, measures: [headline] } = result
  if (probes === null || headline?.value == null || values.kind === 'trees' || (headline.name !== 'accuracy' && headline.name !== 'r2')) return null
  const { folds, outputs, columns, weights, intercepts } = probes
  const score = heldOutScore(await store.readSite(site), probes, fold, values)
  const actual = values.kind === 'classes'
    ? { name: 'actual', dtype: 'I32', shape: [fold.length], data: values.actual } as const
    : { name: 'actual', dtype: 'F32', shape: [values.targets.length, fold.length], data: joined(values.targets.map(target => target.actual)) } as const
  await writeSafetensors(join(out, 'direction.safetensors'), [
    { name: 'weights', dtype: 'F64', shape: [folds, outputs, columns], data: weights },
    { name: 'intercept', dtype: 'F64', shape: [folds, outputs], data: intercepts },
    { name: 'fold', dtype: 'I32', shape: [fold.length], data: fold },
    actual
  ], { site, method })
  const { path } = await store.storedSite(site)
  // Activations are never written to once they are finished: sharing them is safe.
  await link(path, join(out, 'activations.safetensors')).catch(async () => { await copyFile(path, join(out, 'activations.safetensors')) })
  await writeFileAtomically(join(out, 'reproduce.py'), reproduceScript({ site, method, classes: sweep.classes, targets: sweep.targets, stated: headline.value, score }))
  return score
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
