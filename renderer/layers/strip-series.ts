import type { BaselineName, Measure, MeasureName, SiteResult } from '../../preload/contract'
import { baselineName, measureRange, measures, methodName } from '../../preload/measures'
import type { ShownRun } from '../state/workbench-state'

/** One line of the layer strip: a value per site, null where none is (yet). */
export interface StripLine {
  readonly id: `method:${string}` | `baseline:${BaselineName}`
  readonly name: string
  /** `result`: the method on show, first of all lines; `other`: another method; `control`: what the method on show is compared with. */
  readonly kind: 'result' | 'other' | 'control'
  /** The method of a result's line; null for a control. */
  readonly method: string | null
  /** Place of the method among all of the run: its colour. */
  readonly slot: number
  readonly values: readonly (number | null)[]
}

/** What the layer strip draws; arrays have one entry per site of the run. */
export interface StripSeries {
  readonly sites: readonly string[]
  readonly measure: MeasureName
  readonly lines: readonly StripLine[]
  /** Methods in all. */
  readonly methods: number
  /** 95 % interval of the first line. */
  readonly lo: readonly (number | null)[]
  readonly hi: readonly (number | null)[]
  readonly chosen: { readonly index: number; readonly method: string; readonly measure: MeasureName; readonly test: number; readonly half: number } | null
  /** Range of the y axis: fixed from the majority share before the first result, so that lines grow into it. */
  readonly range: readonly [number, number]
}

export interface StripContent {
  readonly sites: readonly string[]
  readonly results: readonly SiteResult[]
  readonly sweep: ShownRun['sweep']
  /** In the order of their colours. */
  readonly methods: readonly string[]
  /** The one on show. */
  readonly method: string
  readonly measure: MeasureName
  /** Share of the most frequent class where it is known before the first result; null otherwise. */
  readonly majority: number | null
}

/** Baselines in the order they are listed. */
const baselineOrder: readonly BaselineName[] = ['textOnly', 'controlTask', 'shuffled', 'linearTree', 'majority', 'mean', 'chance']

export function stripSeries({ sites, results, sweep, methods, method, measure, majority }: StripContent): StripSeries {
  const of = new Map(results.map((result) => [`${result.method} ${result.site}`, result.measures.find(({ name }) => name === measure)]))
  const read = <T>(own: string, pick: (found: Measure) => T | null): (T | null)[] =>
    sites.map((site) => {
      const found = of.get(`${own} ${site}`)
      return found ? pick(found) : null
    })
  const lineOf = (own: string): StripLine => ({
    id: `method:${own}`, name: methods.length > 1 ? methodName(own) : `${methodName(own)} probe`, kind: own === method ? 'result' : 'other', method: own,
    slot: Math.max(0, methods.indexOf(own)), values: read(own, ({ value }) => value)
  })
  const control = (name: BaselineName, values: readonly (number | null)[]): StripLine => ({
    id: `baseline:${name}`, name: baselineName(name, measure), kind: 'control', method: null, slot: 0, values
  })
  const found = new Set(results.filter((result) => result.method === method)
    .flatMap(({ measures: own }) => own.filter(({ name }) => name === measure).flatMap(({ baselines }) => baselines.map(({ name }) => name))))
  const controls = baselineOrder.filter((name) => found.has(name)).map((name) => {
    const values = read(method, ({ baselines }) => baselines.find((baseline) => baseline.name === name)?.value ?? null)
    // What does not depend on the site is there from the first result on.
    const same = new Set(values.filter((value) => value !== null))
    const constant = same.size === 1 && name !== 'shuffled' ? [...same][0] ?? null : null
    return control(name, constant === null ? values : sites.map(() => constant))
  })
  if (results.length === 0 && majority !== null && measure === 'accuracy') controls.push(control('majority', sites.map(() => majority)))
  const lines = [lineOf(method), ...methods.filter((own) => own !== method).map(lineOf), ...controls]
  const lo = read(method, ({ interval }) => interval?.lo ?? null)
  const hi = read(method, ({ interval }) => interval?.hi ?? null)
  const shown = [...lines.flatMap(({ values }) => values), ...lo, ...hi].filter((value) => value !== null)
  const chosen = sweep?.chosen && sites.includes(sweep.chosen.site)
    ? {
        index: sites.indexOf(sweep.chosen.site), method: sweep.chosen.method, measure: sweep.chosen.measure,
        test: sweep.chosen.testScore, half: (sweep.chosen.interval.hi - sweep.chosen.interval.lo) / 2
      }
    : null
  return { sites, measure, lines, methods: methods.length, lo, hi, chosen, range: measureRange(measure, shown) }
}

/** What the strip shows, as a title: `Probe accuracy by layer`. */
export function stripTitle(measure: MeasureName): string {
  const { phrase, better } = measures[measure]
  return `Probe ${phrase} by layer${better === 'lower' ? ' · lower is better' : ''}`
}

/** All values of the strip as a table, header first. */
export function stripTable({ sites, lines, lo, hi, measure }: StripSeries): readonly (readonly string[])[] {
  const write = (value: number | null): string => value === null ? '' : value.toFixed(4)
  const [first, ...rest] = lines
  const head = ['site', `${first?.name ?? 'probe'} ${measures[measure].phrase}`, 'interval low', 'interval high', ...rest.map(({ name }) => name)]
  return [head, ...sites.map((site, i) => [site, write(first?.values[i] ?? null), write(lo[i] ?? null), write(hi[i] ?? null), ...rest.map(({ values }) => write(values[i] ?? null))])]
}
