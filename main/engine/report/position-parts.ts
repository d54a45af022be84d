import type { MeasureName, PositionSweep, SiteResult } from '../../../preload/contract'
import { measures, methodName, writeMeasure } from '../../../preload/measures'
import { positionName, positionTick, writePositions } from '../../../preload/positions'
import type { ParquetColumn } from '../activations/index'
import { markdownCode as code, markdownText as text } from './literal-text'
import { markdownTable } from './markdown-table'
import { sweepColumns } from './sweep-rows'

/** Every number of every position: `position, rows, left_out` before the columns of a sweep. */
export function positionColumns(sweeps: readonly PositionSweep[]): readonly ParquetColumn[] {
  const tables = sweeps.flatMap(own => own.sweep === null ? [] : [{ own, columns: sweepColumns(own.sweep) }])
  const rowsOf = (columns: readonly ParquetColumn[]): number => columns[0]?.values.length ?? 0
  const repeated = <T>(value: (own: PositionSweep) => T): T[] => tables.flatMap(({ own, columns }) => new Array<T>(rowsOf(columns)).fill(value(own)))
  const names = [...new Map(tables.flatMap(({ columns }) => columns).map(({ name, kind }) => [name, kind] as const))]
  return [
    { name: 'position', kind: 'text', values: repeated(({ positions }) => writePositions(positions)) },
    { name: 'rows', kind: 'double', values: repeated(({ rows }) => rows) },
    { name: 'left_out', kind: 'double', values: repeated(({ leftOut }) => leftOut.count) },
    ...names.map(([name, kind]) => {
      const values = tables.flatMap(({ columns }) => {
        const own = columns.find(column => column.name === name)?.values
        return Array.from({ length: rowsOf(columns) }, (_, row) => own?.[row] ?? null)
      })
      return { name, kind, values } as ParquetColumn
    })
  ]
}

/** What a card says of the run at other positions of its texts, as Markdown. */
export function positionParts(sweeps: readonly PositionSweep[], sites: readonly string[], method: string, measure: MeasureName, figure: boolean): readonly string[] {
  const failed = sweeps.filter(({ error }) => error !== null)
  const short = sweeps.filter(({ leftOut }) => leftOut.count > 0)
  return [
    '## Positions',
    `The probe ${text(methodName(method))} at several positions of the texts, by held-out ${measures[measure].phrase}; every row lies in the same fold at every position. Shuffled labels are the mean over the sites; the text-only baseline reads the whole text.`
    + `${short.length === 0 ? '' : ` Left out because they are too short: ${short.map(({ positions, leftOut }) => `${leftOut.count} rows at ${positionTick(positions)}`).join(', ')}.`}`,
    ...figure ? ['![Held-out score by position and layer](positions.svg)'] : [],
    markdownTable(['Position', ...sites.map(code), 'shuffled', 'Rows'], sweeps.filter(({ sweep }) => sweep !== null).map(own => {
      const found = sites.map(site => measured(own, site, method, measure))
      const shuffled = found.flatMap(one => one?.baselines.filter(({ name }) => name === 'shuffled').map(({ value }) => value) ?? [])
      return [text(positionName(own.positions)), ...found.map(one => writeMeasure(measure, one?.value ?? null)), writeMeasure(measure, shuffled.length === 0 ? null : shuffled.reduce((sum, value) => sum + value, 0) / shuffled.length), String(own.rows)]
    })),
    ...failed.map(({ positions, error }) => `No probe at the ${text(positionName(positions))}: ${text(error?.message ?? '')}`)
  ]
}

function measured({ sweep }: PositionSweep, site: string, method: string, measure: MeasureName): SiteResult['measures'][number] | null {
  return sweep?.sites.find(result => result.site === site && result.method === method)?.measures.find(({ name }) => name === measure) ?? null
}
