import type { BaselineName, MeasureName, PositionSweep, SiteResult } from '../../preload/contract'
import { baselineName, measureRange, measures, methodName, writeMeasure, writeTick } from '../../preload/measures'
import { positionName, positionTick } from '../../preload/positions'
import { siteName, siteTick } from '../layers/site-axis'
import type { HeatMapData } from '../plots'

/** A position's result of one method at one site; null where there is none. */
export function cellOf({ sweep }: PositionSweep, site: string, method: string): SiteResult | null {
  return sweep?.sites.find((result) => result.site === site && result.method === method) ?? null
}

/** What stands beside the cells: one control that was trained, one answer without training. */
const besideNames: readonly BaselineName[] = ['shuffled', 'majority', 'mean', 'chance']
const besideLabels: Partial<Readonly<Record<BaselineName, string>>> = { shuffled: 'shuffled', majority: 'majority', mean: 'mean', chance: 'chance' }

/** Positions (rows, in the order of the text) by sites (columns) in one measure of one method; shuffled labels and the constant answer beside them. */
export function positionMap(sweeps: readonly PositionSweep[], sites: readonly string[], method: string, measure: MeasureName, about: string): HeatMapData {
  const measured = sweeps.map((sweep) => sites.map((site) => cellOf(sweep, site, method)?.measures.find(({ name }) => name === measure) ?? null))
  const values = measured.flatMap((line) => line.map((found) => found?.value ?? null))
  const known = new Set(measured.flat().flatMap((found) => found?.baselines.map(({ name }) => name) ?? []))
  const beside = besideNames.filter((name) => known.has(name)).slice(0, 2)
  const besideValues = measured.flatMap((line) => beside.map((name) => mean(line.flatMap((found) => found?.baselines.filter((baseline) => baseline.name === name).map(({ value }) => value) ?? []))))
  const finite = [...values, ...besideValues].filter((value) => value !== null)
  const [low, high] = measureRange(measure, finite)
  const { phrase, better, unit } = measures[measure]
  return {
    title: `Held-out ${phrase} at every position and layer of ${about}, ${methodName(method)}${better === 'lower' ? ', lower is better' : ''}`, valueName: phrase,
    rows: { title: 'position', labels: sweeps.map(rowLabel), names: sweeps.map(({ positions }) => positionName(positions)) },
    columns: { title: 'layer', labels: sites.map(siteTick), names: sites.map(siteName) },
    beside: { labels: beside.map((name) => besideLabels[name] ?? name), names: beside.map((name) => name === 'shuffled' ? `${baselineName(name, measure)}, mean over layers` : baselineName(name, measure)), values: besideValues },
    values, range: finite.length > 0 && better === 'higher' && unit !== 'ratio' ? [low, Math.min(high, Math.max(...finite))] : [low, high],
    write: (value) => writeMeasure(measure, value), writeShort: (value) => unit === 'share' ? (value * 100).toFixed(1) : writeTick(measure, value)
  }
}

/** From this share of the rows on, a token names its position. */
const naming = 0.5

/** `last “.”`, `last − 3 “city”`: the token that stands there in most rows is named. */
function rowLabel({ positions, readAt }: PositionSweep): string {
  const tick = positionTick(positions)
  return readAt === null || readAt.share < naming ? tick : `${tick}  ${quoted(readAt.token)}`
}

/** A token as people read it: blanks at its ends are not shown. */
export function quoted(token: string): string {
  const bare = token.trim()
  return `“${bare === '' ? token.replaceAll('\n', '↵').replaceAll(' ', '␣') : bare}”`
}

export interface ChosenPosition { readonly sweep: PositionSweep; readonly result: SiteResult }

/** The cell that validation rows prefer over all positions, layers and methods, the earlier of equals; null where there were none to validate on. */
export function chosenCell(sweeps: readonly PositionSweep[]): ChosenPosition | null {
  let best: ChosenPosition | null = null
  for (const sweep of sweeps) {
    if (sweep.sweep?.chosen == null) continue
    for (const result of sweep.sweep.sites) if (best === null || result.validationScore > best.result.validationScore) best = { sweep, result }
  }
  return best
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
