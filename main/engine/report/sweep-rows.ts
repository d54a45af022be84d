import type { BaselineName, SweepSummary } from '../../../preload/contract'
import type { ParquetColumn } from '../activations/index'

/** One number of a sweep: a measure of a method at a site; with several targets also of each. */
interface SweepRow {
  readonly site: string
  readonly method: string
  readonly measure: string
  /** Null for the measure over all targets. */
  readonly target: string | null
  readonly value: number | null
  readonly interval: { readonly lo: number; readonly hi: number } | null
  readonly baselines: ReadonlyMap<BaselineName, number>
}

const baselineOrder: readonly BaselineName[] = ['shuffled', 'textOnly', 'majority', 'chance', 'mean', 'controlTask', 'linearTree']

/** The whole sweep as columns `site, method, measure, target, value, lo, hi` and one a baseline that occurs. */
export function sweepColumns(sweep: SweepSummary): readonly ParquetColumn[] {
  const rows = sweepRows(sweep)
  const baselines = baselineOrder.filter(name => rows.some(row => row.baselines.has(name)))
  return [
    { name: 'site', kind: 'text', values: rows.map(({ site }) => site) },
    { name: 'method', kind: 'text', values: rows.map(({ method }) => method) },
    { name: 'measure', kind: 'text', values: rows.map(({ measure }) => measure) },
    { name: 'target', kind: 'text', values: rows.map(({ target }) => target) },
    { name: 'value', kind: 'double', values: rows.map(({ value }) => value) },
    { name: 'lo', kind: 'double', values: rows.map(({ interval }) => interval?.lo ?? null) },
    { name: 'hi', kind: 'double', values: rows.map(({ interval }) => interval?.hi ?? null) },
    ...baselines.map(name => ({ name, kind: 'double', values: rows.map(row => row.baselines.get(name) ?? null) } as const))
  ]
}

function sweepRows({ sites }: SweepSummary): readonly SweepRow[] {
  return sites.flatMap(result => {
    const { site, method } = result
    const rows: SweepRow[] = result.measures.map(({ name, value, interval, baselines }) => ({
      site, method, measure: name, target: null, value, interval, baselines: new Map(baselines.map(baseline => [baseline.name, baseline.value]))
    }))
    if (result.kind !== 'numeric' || result.targets.length < 2) return rows
    const none = new Map<BaselineName, number>()
    return [...rows, ...result.targets.flatMap(({ name, r2, r2Interval, spearman, spearmanInterval, meanAbsoluteError, controls }): SweepRow[] => [
      { site, method, measure: 'r2', target: name, value: r2, interval: r2Interval, baselines: new Map([['shuffled', controls.shuffled], ['textOnly', controls.textOnly], ['mean', controls.mean]]) },
      { site, method, measure: 'spearman', target: name, value: spearman, interval: spearmanInterval, baselines: none },
      { site, method, measure: 'meanAbsoluteError', target: name, value: meanAbsoluteError, interval: null, baselines: none }
    ])]
  })
}

/** Columns of equal length as CSV (RFC 4180); numbers with all their digits, nothing for null. */
export function csvTable(columns: readonly ParquetColumn[]): string {
  const cell = (value: string | number | null | undefined): string => value == null || Number.isNaN(value) ? '' : typeof value === 'number' ? String(value) : quoted(value)
  const lines = Array.from({ length: columns[0]?.values.length ?? 0 }, (_, row) => columns.map(({ values }) => cell(values[row])).join(','))
  return `${[columns.map(({ name }) => quoted(name)).join(','), ...lines].join('\r\n')}\r\n`
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
