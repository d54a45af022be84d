import { copyFile, link, mkdir, realpath, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { MeasureName, SiteResult, SweepSummary } from '../../../preload/contract'
import { version } from '../../../package.json'
import { openStore, writeParquetTable, writeSafetensors, type ActivationStore } from '../activations/index'
import { writeFileAtomically } from '../atomic-file'
import { LayerscopeError } from '../errors'
import { layerStripFigure, renderPng } from '../figures/index'
import { HELD_OUT_FILE, readHeldOut, type HeldOutValues, type ReadProbes } from '../sessions/index'
import { methodsCard } from './card'
import { keptProbesOf } from './cell-material'
import type { FinishedSweep } from './finished-sweep'
import { heldOutScore, type HeldOutScore } from './held-out-score'
import { reproduceScript } from './reproduce-script'
import { csvTable, sweepColumns } from './sweep-rows'

/** Pixels to a unit of the figure: for print and for dense screens. */
const PNG_SCALE = 2
const names = ['card.md', 'sweep.csv', 'sweep.parquet', 'layers.svg', 'layers.png', 'direction.safetensors', 'activations.safetensors', 'reproduce.py'] as const

export interface ReportSummary {
  readonly site: string
  readonly method: string
  /** The headline measure that the report states. */
  readonly measure: MeasureName | null
  readonly value: number | null
  /** The same measure, from the exported arrays in float64; null where there are none. */
  readonly reproduced: number | null
  /** Paths of what was written. */
  readonly files: readonly string[]
}

/**
 * Writes the report of one site and method into the folder `out`, in place of an earlier one there. Null takes what
 * validation chose: of the sweep, of the site's methods, or of the method's sites.
 * @throws LayerscopeError `result-unknown`, `report-in-place`, `store-…`
 */
export async function writeReport(
  finished: FinishedSweep, out: string, { site, method }: { readonly site: string | null; readonly method: string | null }
): Promise<ReportSummary> {
  const { folder, sweep } = finished
  const result = reportedResult(sweep, site, method)
  await mkdir(out, { recursive: true })
  if (await realpath(out) === await realpath(folder)) {
    throw new LayerscopeError({ code: 'report-in-place', message: 'A report goes into a folder of its own, not among the run\'s files.', file: out, hint: 'Name another folder.' })
  }
  for (const name of names) await rm(join(out, name), { force: true })
  const store = await openStore(folder)
  try {
    const kept = await keptProbesOf(folder, result.site, result.method)
    const written: (typeof names)[number][] = ['card.md', 'sweep.csv', 'sweep.parquet']
    const columns = sweepColumns(sweep)
    await writeFileAtomically(join(out, 'sweep.csv'), csvTable(columns))
    await writeParquetTable(join(out, 'sweep.parquet'), columns)
    const figure = await writeFigure(out, sweep, result, `${store.manifest.model.name} on ${store.manifest.dataset.name}`)
    if (figure) written.push('layers.svg', 'layers.png')
    const score = kept === null ? null : await writeArrays(out, { store, result, kept, sweep, values: await readHeldOut(join(folder, HELD_OUT_FILE), result.site, result.method) })
    if (score !== null) written.push('direction.safetensors', 'activations.safetensors', 'reproduce.py')
    await writeFileAtomically(join(out, 'card.md'), methodsCard({ finished, manifest: store.manifest, result, kept, score, figure, version }))
    const [headline] = result.measures
    return {
      site: result.site, method: result.method, measure: headline?.name ?? null, value: headline?.value ?? null,
      reproduced: score?.value ?? null, files: written.map(name => resolve(out, name))
    }
  } finally {
    await store.close()
  }
}

function reportedResult({ sites, chosen }: SweepSummary, site: string | null, method: string | null): SiteResult {
  const fitting = sites.filter(result => (site === null || result.site === site) && (method === null || result.method === method))
  const [first] = fitting
  if (first === undefined) {
    const asked = [...method === null ? [] : [JSON.stringify(method)], ...site === null ? [] : [`at ${JSON.stringify(site)}`]].join(' ')
    throw new LayerscopeError({
      code: 'result-unknown', message: `The sweep has no probe${asked === '' ? '' : ` ${asked}`}.`, field: site === null ? 'method' : 'site',
      hint: `It has the methods ${[...new Set(sites.map(result => result.method))].join(', ')} at ${[...new Set(sites.map(result => result.site))].join(', ')}.`
    })
  }
  return fitting.find(result => result.site === chosen?.site && result.method === chosen.method)
    ?? fitting.reduce((best, result) => result.validationScore > best.validationScore ? result : best, first)
}

/** The method's layers; the mark of the chosen one stays only where it is this method's. */
async function writeFigure(out: string, sweep: SweepSummary, { kind, method }: SiteResult, title: string): Promise<boolean> {
  // The layer strip of the figures draws classes.
  if (kind !== 'classes') return false
  const svg = layerStripFigure(
    { ...sweep, sites: sweep.sites.filter(result => result.method === method), chosen: sweep.chosen?.method === method ? sweep.chosen : null },
    { metric: 'accuracy', theme: 'light', title }
  )
  await writeFileAtomically(join(out, 'layers.svg'), svg)
  await writeFileAtomically(join(out, 'layers.png'), await renderPng(svg, PNG_SCALE))
  return true
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
