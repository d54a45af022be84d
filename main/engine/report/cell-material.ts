import { join } from 'node:path'
import type { ProbeValues, SiteResult, SweepSummary } from '../../../preload/contract'
import type { ActivationStore } from '../activations/index'
import { LayerscopeError } from '../errors'
import { quoted } from '../quoted'
import type { ScoredCell } from '../evaluation/index'
import { HELD_OUT_FILE, PROBES_FILE, readHeldOut, readProbes, type HeldOutValues, type ReadProbes } from '../sessions/index'
import type { FinishedSweep } from './finished-sweep'

/** What a run kept of one site and method. */
export interface CellMaterial {
  readonly result: SiteResult
  readonly values: HeldOutValues
  /** Null in runs of an earlier version. */
  readonly kept: ReadProbes | null
}

/** @throws LayerscopeError `result-unknown`, and what reading the run's files throws */
export async function cellMaterial(finished: FinishedSweep, site: string, method: string): Promise<CellMaterial> {
  const { folder, sweep } = finished
  return { result: resultOf(sweep, site, method), values: await readHeldOut(join(folder, HELD_OUT_FILE), site, method), kept: await keptProbesOf(folder, site, method) }
}

/** The held-out values of a method at a site; null: the one with the best validation score there. @throws LayerscopeError `result-unknown` */
export async function valuesAt({ finished: { folder, sweep }, store }: { readonly finished: FinishedSweep; readonly store: ActivationStore }, site: string, method: string | null): Promise<ProbeValues> {
  const [best] = sweep.sites.filter(result => result.site === site).sort((a, b) => b.validationScore - a.validationScore)
  return { rows: store.rows, ...await readHeldOut(join(folder, HELD_OUT_FILE), site, resultOf(sweep, site, method ?? best?.method ?? '').method) }
}

/** The trained probes of a cell; null where the run kept none. */
async function keptProbesOf(folder: string, site: string, method: string): Promise<ReadProbes | null> {
  return await readProbes(join(folder, PROBES_FILE), site, method).catch((error: unknown) => {
    if (error instanceof LayerscopeError && error.report.code === 'probes-missing') return null
    throw error
  })
}

/** @throws LayerscopeError `result-unknown` */
export function resultOf({ sites }: SweepSummary, site: string, method: string): SiteResult {
  const found = sites.find(result => result.site === site && result.method === method)
  if (found !== undefined) return found
  throw new LayerscopeError({
    code: 'result-unknown', message: `The sweep has no probe ${quoted(method)} at ${quoted(site)}.`, field: 'site',
    hint: `It has the methods ${[...new Set(sites.map(result => result.method))].join(', ')} at ${[...new Set(sites.map(result => result.site))].join(', ')}.`
  })
}

/** Activation rows that were tested, ascending. */
export function testedRows(values: HeldOutValues): Int32Array {
  if (values.kind === 'classes') return Int32Array.from(values.predicted.keys()).filter(row => (values.predicted[row] as number) >= 0 && (values.actual[row] as number) >= 0)
  if (values.kind === 'trees') return Int32Array.from(values.depths.keys()).filter(row => !Number.isNaN(values.depths[row]))
  const [first] = values.targets
  return Int32Array.from((first?.predicted ?? []).keys()).filter(row => values.targets.every(({ predicted, actual }) => !Number.isNaN(predicted[row]) && !Number.isNaN(actual[row])))
}

/** The held-out scores of a cell on the rows it was tested on. @throws LayerscopeError `task-without-rows` for trees */
export async function scoredCell({ folder, sweep: { classes, coordinates } }: FinishedSweep, site: string, method: string): Promise<{ readonly cell: ScoredCell; readonly tested: Int32Array }> {
  const values = await readHeldOut(join(folder, HELD_OUT_FILE), site, method)
  const tested = testedRows(values)
  if (values.kind === 'classes') {
    const { actual, predicted, score } = values
    return {
      tested,
      cell: { kind: 'classes', classes: classes.length, actual: tested.map(row => actual[row] as number), predicted: tested.map(row => predicted[row] as number), score: Float32Array.from(tested, row => score[row] as number) }
    }
  }
  if (values.kind === 'trees') throw new LayerscopeError({ code: 'task-without-rows', message: 'Parses are scored by sentence, and cells are compared row by row.', field: 'site', hint: 'Compare their intervals.' })
  const pooled = (kind: 'predicted' | 'actual'): Float64Array => Float64Array.from(values.targets.flatMap(target => Array.from(tested, row => target[kind][row] as number)))
  return { tested, cell: { kind: 'numeric', targets: values.targets.length, rows: tested.length, predicted: pooled('predicted'), actual: pooled('actual'), coordinates } }
}

/** A number of its group for each tested row; rows without one are groups of their own. */
export async function testedGroups({ roles: { group } }: FinishedSweep, store: ActivationStore, tested: Int32Array): Promise<Int32Array> {
  if (group === null) return Int32Array.from(tested.keys())
  const names = await store.textColumn(group)
  const known = new Map<string, number>()
  return Int32Array.from(tested, (row, i) => {
    const name = names[row] ?? null
    if (name === null) return -1 - i
    const number = known.get(name) ?? known.size
    known.set(name, number)
    return number
  })
}
