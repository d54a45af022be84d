import type { ClassifiedSite } from '../../preload/contract'
import type { ShownRun } from '../state/workbench-state'

export type Metric = 'accuracy' | 'auroc'

/** One line of the layer strip: a value per site, null where none is (yet). */
export interface StripLine {
  readonly id: 'probe' | 'textOnly' | 'shuffled' | 'majority' | `method:${string}`
  readonly name: string
  readonly kind: 'result' | 'control'
  readonly values: readonly (number | null)[]
}

/** What the layer strip draws; arrays have one entry per site of the run. */
export interface StripSeries {
  readonly sites: readonly string[]
  readonly lines: readonly StripLine[]
  /** 95 % interval of the first line. */
  readonly lo: readonly (number | null)[]
  readonly hi: readonly (number | null)[]
  readonly chosen: { readonly index: number; readonly test: number; readonly half: number } | null
  /** Range of the y axis: fixed from the majority share before the first result, so that lines grow into it. */
  readonly range: readonly [number, number]
}

const methodNames: Readonly<Record<string, string>> = {
  logistic: 'logistic probe', 'mass-mean': 'mass mean', 'mass_mean': 'mass mean', lda: 'LDA', ridge: 'ridge'
}

/** @param majority Share of the most frequent class where it is known before the run; null otherwise. */
export function stripSeries(run: ShownRun, metric: Metric, majority: number | null): StripSeries {
  const { sites, summary, sweep } = run
  const results = run.results.filter((result) => result.kind === 'classes')
  const methods = [...new Set([...summary.probePlan.methods, ...results.map(({ method }) => method)])]
    .filter((method, index) => index === 0 || results.some((result) => result.method === method))
  const main = methods[0] ?? 'logistic'
  const of = new Map(results.map((result) => [`${result.method} ${result.site}`, result]))
  const read = <T>(method: string, pick: (result: ClassifiedSite) => T | null): (T | null)[] =>
    sites.map((site) => {
      const result = of.get(`${method} ${site}`)
      return result ? pick(result) : null
    })

  const auroc = metric === 'auroc'
  const lines: StripLine[] = methods.map((method, index) => ({
    id: index === 0 ? 'probe' : `method:${method}`, name: methodNames[method] ?? method, kind: 'result',
    values: read(method, ({ metrics }) => auroc ? metrics.auroc : metrics.accuracy)
  }))
  const share = auroc ? 0.5 : results[0]?.controls.majority ?? majority
  lines.push(
    { id: 'textOnly', name: 'text only', kind: 'control', values: read(main, ({ controls, aurocControls }) => auroc ? aurocControls?.textOnly ?? null : controls.textOnly) },
    { id: 'shuffled', name: 'shuffled labels', kind: 'control', values: read(main, ({ controls, aurocControls }) => auroc ? aurocControls?.shuffled ?? null : controls.shuffled) },
    { id: 'majority', name: auroc ? 'chance' : 'majority class', kind: 'control', values: sites.map(() => share) }
  )
  const lo = read(main, ({ metrics }) => auroc ? metrics.aurocInterval?.lo ?? null : metrics.interval.lo)
  const hi = read(main, ({ metrics }) => auroc ? metrics.aurocInterval?.hi ?? null : metrics.interval.hi)
  const chosen = sweep?.chosen && sites.includes(sweep.chosen.site)
    ? { index: sites.indexOf(sweep.chosen.site), test: sweep.chosen.testScore, half: (sweep.chosen.interval.hi - sweep.chosen.interval.lo) / 2 }
    : null
  const lowest = Math.min(...[...lines.flatMap(({ values }) => values), ...lo].filter((value) => value !== null), share ?? 0.5)
  return { sites, lines, lo, hi, chosen, range: [Math.max(0, Math.floor((lowest - 0.02) * 10) / 10), 1] }
}

/** Round values for the y axis, at most `most` of them. */
export function valueTicks([low, high]: readonly [number, number], most: number): readonly number[] {
  const step = [0.05, 0.1, 0.2, 0.25, 0.5].find((step) => Math.floor((high - low) / step + 1e-9) + 1 <= most) ?? 0.5
  const ticks: number[] = []
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + 1e-9; tick += step) ticks.push(Math.round(tick * 1000) / 1000)
  return ticks
}

/** Accuracy as `87.3 %`, AUROC as `.873`: one digit fewer where the interval is wider than ten points. */
export function writeValue(value: number | null, metric: Metric, half: number | null = null): string {
  if (value === null) return '–'
  const wide = half !== null && half >= 0.1
  if (metric === 'accuracy') return `${(value * 100).toFixed(wide ? 0 : 1)} %`
  return value.toFixed(wide ? 2 : 3).replace(/^0/, '')
}

/** Half an interval as `± 1.2` (points of accuracy) or `± .012` (AUROC). */
export function writeHalf(half: number, metric: Metric): string {
  if (metric === 'accuracy') return `± ${(half * 100).toFixed(half >= 0.1 ? 0 : 1)}`
  return `± ${half.toFixed(half >= 0.1 ? 2 : 3).replace(/^0/, '')}`
}

/** All values of the strip as a table, header first. */
export function stripTable({ sites, lines, lo, hi }: StripSeries, metric: Metric): readonly (readonly string[])[] {
  const write = (value: number | null): string => value === null ? '' : value.toFixed(4)
  const [first, ...rest] = lines
  const head = ['site', `${first?.name ?? 'probe'} ${metric}`, 'interval low', 'interval high', ...rest.map(({ name }) => name)]
  return [head, ...sites.map((site, i) => [site, write(first?.values[i] ?? null), write(lo[i] ?? null), write(hi[i] ?? null), ...rest.map(({ values }) => write(values[i] ?? null))])]
}
