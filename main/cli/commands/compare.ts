import { openStore } from '../../engine/activations/index'
import { bestOfRun, compareTwo, openFinishedSweep } from '../../engine/report/index'
import { measures, writeBestOfMany, writeDifference, writeMeasure, writeP } from '../../../preload/measures'
import { table, type Terminal } from '../terminal'

export interface CompareOptions {
  readonly run?: string
  readonly site?: string
  readonly method?: string
  readonly toSite?: string
  readonly toMethod?: string
}

/** Two sites or methods of a finished sweep on the same held-out rows; what is not named is what validation chose. */
export async function compare(folder: string, { run, site, method, toSite, toMethod }: CompareOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const finished = await openFinishedSweep(folder, run ?? null)
  const store = await openStore(finished.folder)
  try {
    const { chosen, sites } = finished.sweep
    const start = chosen ?? sites[0] ?? { site: '', method: '' }
    const first = { site: site ?? start.site, method: method ?? start.method }
    const second = { site: toSite ?? start.site, method: toMethod ?? start.method }
    const { rows, drawn, differences } = await compareTwo({ finished, store }, first, second, signal)
    const headline = differences[0]?.measure
    const bestOfMany = headline === undefined ? null : await bestOfRun({ finished, store }, headline, signal)
    terminal.result({ first, second, rows, drawn, differences: differences.map(({ interval, ...rest }) => ({ ...rest, interval: [interval.lo, interval.hi] })), bestOfMany })
    terminal.print(`${first.method} at ${first.site} and ${second.method} at ${second.site}, ${rows} held-out rows`)
    terminal.print(table(['measure', 'first', 'second', 'difference', '95 % interval', 'p', 'test'], differences.map(({ measure, test, first: a, second: b, difference, interval, p }) => [
      measures[measure].label, writeMeasure(measure, a), writeMeasure(measure, b), writeDifference(measure, difference), `${writeDifference(measure, interval.lo)} to ${writeDifference(measure, interval.hi)}`,
      writeP(p), test === 'delong' ? 'DeLong (rows)' : `bootstrap (${drawn.kind})`
    ]), 'lrrrrrl'))
    if (bestOfMany !== null) terminal.print(`${bestOfMany.cells} sites and methods were looked at. ${writeBestOfMany(bestOfMany)}`)
  } finally {
    await store.close()
  }
}
