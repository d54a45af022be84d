import { useEffect, useMemo, useState } from 'react'
import type { RowPage } from '../../preload/contract'
import { useClassValues } from '../state/engine-data'
import { engine } from '../state/engine-client'
import { noticeError } from '../state/notices'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { isProbeColumn, orderByProbe } from './row-order'
import { RowPages, type FetchPage } from './row-pages'

/** Rows asked for at once when the whole list is walked. */
const WALK_ROWS = 1000

/** The rows the table lists now (searched, sorted, only the selection), page by page. Null without a dataset. */
export function useRows(search: string): { readonly pages: RowPages; readonly fetch: FetchPage; readonly version: number } | null {
  const datasetId = useWorkbench(({ dataset }) => dataset.kind === 'ready' ? dataset.value.datasetId : null)
  const rowCount = useWorkbench(({ dataset }) => dataset.kind === 'ready' ? dataset.value.rows : 0)
  const classes = useWorkbench(({ run }) => run?.sweep?.classes ?? null)
  const sort = useView(({ table }) => table.sort)
  const selection = useView((view) => view.table.onlySelection ? view.selection : null)
  // Only a list in the order of the probe changes with the layer.
  const values = useClassValues()
  const probe = sort && isProbeColumn(sort.column) && values && classes ? values : null
  const [version, setVersion] = useState(0)

  const list = useMemo(() => {
    if (datasetId === null) return null
    const byProbe = sort && isProbeColumn(sort.column) ? { column: sort.column, descending: sort.descending } : null
    const plain = (offset: number, limit: number): Promise<RowPage> =>
      engine.request('dataset.rows', { datasetId, offset, limit, search, sort: byProbe ? null : sort, only: selection && Int32Array.from(selection) })
    let fetch: FetchPage = plain
    if (byProbe && probe && classes) {
      let order: Promise<Int32Array> | null = null
      fetch = async (offset, limit) => {
        order ??= rowsOf(search === '' ? null : plain, selection, rowCount).then((among) => orderByProbe(byProbe.column, byProbe.descending, probe, classes, among))
        const all = await order
        const wanted = all.slice(offset, offset + limit)
        if (wanted.length === 0) return { total: all.length, rows: [] }
        const { rows } = await engine.request('dataset.rows', { datasetId, offset: 0, limit: wanted.length, only: wanted.slice().sort() })
        const cells = new Map(rows.map((row) => [row.row, row]))
        return { total: all.length, rows: Array.from(wanted, (row) => cells.get(row)).filter((row) => row !== undefined) }
      }
    }
    return { fetch, pages: new RowPages(fetch, () => setVersion((n) => n + 1), (error) => noticeError(error, { about: 'table' })) }
  }, [datasetId, rowCount, search, sort, selection, probe, classes])
  useEffect(() => () => list?.pages.close(), [list])
  return useMemo(() => list && { ...list, version }, [list, version])
}

/** Dataset rows of the list, ascending: those a search finds, else the selection, else all. */
async function rowsOf(searched: FetchPage | null, selection: Int32Array | null, rowCount: number): Promise<Int32Array> {
  if (!searched) return selection ?? Int32Array.from({ length: rowCount }, (_, row) => row)
  const rows: number[] = []
  for await (const page of walk(searched)) rows.push(...page.map(({ row }) => row))
  return Int32Array.from(rows).sort()
}

/** Every row of a list, a thousand at a time. */
export async function* walk(fetch: FetchPage): AsyncGenerator<RowPage['rows']> {
  for (let offset = 0; ;) {
    const { total, rows } = await fetch(offset, WALK_ROWS)
    if (rows.length === 0) return
    yield rows
    offset += rows.length
    if (offset >= total) return
  }
}
