import type { BestOfMany, CellComparison, CellName, MeasureName, SiteResult } from '../../../preload/contract'
import { flatteringCells } from '../../../preload/measures'
import type { ActivationStore } from '../activations/index'
import { analyse } from '../analyses/index'
import { LayerscopeError } from '../errors'
import { comparableMeasures, type ScoredCell } from '../evaluation/index'
import { resultOf, scoredCell, testedGroups } from './cell-material'
import type { FinishedSweep } from './finished-sweep'

export interface SweptStore { readonly finished: FinishedSweep; readonly store: ActivationStore }

/** How two cells of a run differ on the rows both were tested on. @throws LayerscopeError `result-unknown`, `cells-alike` */
export async function compareTwo({ finished, store }: SweptStore, first: CellName, second: CellName, signal?: AbortSignal): Promise<CellComparison> {
  if (first.site === second.site && first.method === second.method) {
    throw new LayerscopeError({ code: 'cells-alike', message: 'A site and method cannot be compared with itself.', field: 'other', hint: 'Name another site or another method.' })
  }
  for (const { site, method } of [first, second]) resultOf(finished.sweep, site, method)
  const [a, b] = [await scoredCell(finished, first.site, first.method), await scoredCell(finished, second.site, second.method)]
  const groups = await testedGroups(finished, store, a.tested)
  const { differences } = await analyse({ kind: 'comparison', first: a.cell, second: b.cell, groups, seed: finished.plan.seed }, { signal })
  return { first, second, rows: a.tested.length, drawn: { kind: finished.roles.group === null ? 'rows' : 'groups', count: new Set(groups).size }, differences }
}

/**
 * What the highest test score of a run's cells is worth in `measure`. Null where fewer than two cells have it, or kept scores do not give it.
 */
export async function bestOfRun({ finished, store }: SweptStore, measure: MeasureName, signal?: AbortSignal): Promise<BestOfMany | null> {
  if (finished.sweep.task === 'tree') return null
  const names: CellName[] = []
  const cells: ScoredCell[] = []
  let groups: Int32Array | null = null
  for (const { site, method } of finished.sweep.sites) {
    const { cell, tested } = await scoredCell(finished, site, method)
    if (!comparableMeasures(cell).includes(measure)) return null
    groups ??= await testedGroups(finished, store, tested)
    names.push({ site, method })
    cells.push(cell)
  }
  if (cells.length < 2 || groups === null) return null
  const { values, best, expected, upper } = await analyse({ kind: 'best-of-many', measure, cells, groups, seed: finished.plan.seed }, { signal })
  const name = names[best]
  return name === undefined ? null : { measure, cells: cells.length, best: { ...name, value: values[best] as number }, expected, upper }
}

/** The cell with the best test score, which validation did not choose. */
export interface FlatteringBest {
  readonly result: SiteResult
  readonly measure: MeasureName
  /** What picking it is worth; null for trees, whose sentences are not kept cell by cell. */
  readonly bestOfMany: BestOfMany | null
}

/** The best test score of a run where validation chose another cell, or none: a reader would quote it. Null where validation chose it. */
export async function flatteringBest(swept: SweptStore, signal?: AbortSignal): Promise<FlatteringBest | null> {
  const { sites, chosen } = swept.finished.sweep
  const measure = chosen?.measure ?? sites[0]?.measures[0]?.name
  const [result] = measure === undefined ? [] : flatteringCells(sites, chosen, measure)
  return result === undefined || measure === undefined ? null : { result, measure, bestOfMany: await bestOfRun(swept, measure, signal) }
}
