import { columnResizingFeature, columnSizingFeature, tableFeatures, useTable, type ColumnDef } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp, Copy, Download, Rows3, Search, X } from 'lucide-react'
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import type { Cell, ColumnInfo } from '../../preload/contract'
import { Checkbox, EmptyState, formatCount, IconButton, Skeleton, TextInput } from '../components'
import { copyText, fileName, saveFile, toCsv, toTsv } from '../plots'
import { templateColumns } from '../state/dataset'
import { useClassValues } from '../state/engine-data'
import { noticeError, noticeInfo } from '../state/notices'
import { probeOfRow } from '../state/probe-row'
import { hasRow } from '../state/row-set'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { isProbeColumn, probeColumns } from './row-order'
import type { TableRow } from './row-pages'
import { useRows, walk } from './use-rows'
import './TableDrawer.css'

const features = tableFeatures({ columnSizingFeature, columnResizingFeature })

/** A row of the list as TanStack holds it: its place, and its cells once they came. */
interface ListedRow { readonly index: number; readonly row: TableRow | null }

const ROW_HEIGHT = 28
/** A range of more rows than this is selected by other means. */
const MOST_IN_RANGE = 20_000
const noRows: readonly ListedRow[] = []

/** All rows with what the probe says of them at the selected layer. */
export function TableDrawer(): React.JSX.Element {
  const dataset = useWorkbench((state) => state.dataset)
  if (dataset.kind !== 'ready') return <div className="TableDrawer"><EmptyState icon={Rows3} title="The rows of your dataset" body="Open a dataset to see its rows here, with what the probe says of each." /></div>
  return <RowTable key={dataset.value.datasetId} name={dataset.value.name} columns={dataset.value.columns} rows={dataset.value.rows} />
}

function RowTable({ name, columns, rows: rowCount }: { readonly name: string; readonly columns: readonly ColumnInfo[]; readonly rows: number }): React.JSX.Element {
  const { table: view, setTable, selection, select, focusedRow, focusRow } = useView()
  const textColumn = useWorkbench(({ run, roles }) => {
    const text = run?.summary.dataset.roles.text ?? roles?.text
    if (!text) return null
    const names = text.kind === 'column' ? [text.column] : templateColumns(text.template)
    // Many columns in a template are its blanks, not its text.
    return names.length === 1 ? names[0] ?? null : null
  })
  const label = useWorkbench(({ run }) => run?.summary.dataset.roles.label ?? null)
  const classes = useWorkbench(({ run }) => run?.sweep?.classes ?? null)
  const values = useClassValues()
  const [typed, setTyped] = useState(view.search)
  const search = useDebounced(typed, 200)
  useEffect(() => { if (search !== useView.getState().table.search) setTable({ search }) }, [search, setTable])
  const list = useRows(search)
  const [total, setTotal] = useState(rowCount)
  useEffect(() => { if (list?.pages.total != null) setTotal(list.pages.total) }, [list])

  const probed = values !== null && classes !== null
  const wide = textColumn ?? columns.find(({ type }) => type === 'text')?.name
  const definitions = useMemo<ColumnDef<typeof features, ListedRow>[]>(() => [
    ...columns.map(({ name: column, type }): ColumnDef<typeof features, ListedRow> => ({
      id: column, header: column, minSize: 56, maxSize: 1200,
      size: column === textColumn ? 320 : type === 'integer' || type === 'number' || type === 'boolean' ? Math.max(88, column.length * 8 + 32) : Math.max(132, Math.min(200, column.length * 8 + 32))
    })),
    ...(probed ? [{ id: probeColumns[0], header: 'predicted', size: 108 }, { id: probeColumns[1], header: 'score', size: 84 }, { id: probeColumns[2], header: 'correct', size: 92 }] : [])
  ], [columns, textColumn, probed])

  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({ count: total, getScrollElement: () => scroller.current, estimateSize: () => ROW_HEIGHT, overscan: 8, scrollMargin: ROW_HEIGHT, scrollPaddingStart: ROW_HEIGHT })
  const items = virtual.getVirtualItems()
  const listed = list ? items.map(({ index }): ListedRow => ({ index, row: list.pages.at(index) })) : noRows
  const table = useTable({ features, columns: definitions, data: listed, columnResizeMode: 'onChange', getRowId: ({ index }) => String(index) })
  const headers = table.getHeaderGroups()[0]?.headers ?? []
  // The text takes what room is left until its width is chosen by hand.
  const roomy = headers.find((header) => header.column.id === wide && header.getSize() === header.column.columnDef.size)
  const widths = ['64px', ...headers.map((header) => header === roomy ? `minmax(${header.getSize()}px, 1fr)` : `${header.getSize()}px`), ...(roomy ? [] : ['minmax(0, 1fr)'])].join(' ')
  const width = headers.reduce((sum, header) => sum + header.getSize(), 64)

  // ── Selecting ──────────────────────────────────────────────────────────────────────────────────

  const cursor = useRef<number | null>(null)
  const anchor = useRef<number | null>(null)
  const choose = useCallback(async (index: number, how: 'focus' | 'toggle' | 'range'): Promise<void> => {
    if (!list) return
    const row = (list.pages.at(index) ?? await list.pages.load(index))?.row
    if (row === undefined) return
    cursor.current = index
    if (how === 'toggle') select([row], hasRow(useView.getState().selection, row) ? 'subtract' : 'add')
    if (how === 'range') {
      const [from, to] = [Math.min(anchor.current ?? index, index), Math.max(anchor.current ?? index, index)]
      const range: number[] = []
      for (let at = from; at <= Math.min(to, from + MOST_IN_RANGE); at++) {
        const one = await list.pages.load(at)
        if (one) range.push(one.row)
      }
      return select(range, 'add')
    }
    anchor.current = index
    focusRow(row)
  }, [list, select, focusRow])

  // A row focused elsewhere is scrolled to where its place is known: in the whole list in file order.
  const inFileOrder = view.sort === null && search === '' && !view.onlySelection
  useEffect(() => {
    if (focusedRow === null || !inFileOrder) return
    if (cursor.current !== focusedRow) virtual.scrollToIndex(focusedRow, { align: 'auto' })
    cursor.current = focusedRow
  }, [focusedRow, inFileOrder, virtual])

  // ── On the way out ─────────────────────────────────────────────────────────────────────────────

  const written = (row: TableRow): string[] => {
    const probe = values && classes ? probeOfRow(values, classes, row.row) : null
    return [String(row.row + 1), ...row.cells.map(writeCell), ...(probed ? [probe?.predicted ?? '', probe?.score == null ? '' : probe.score.toFixed(4), probe?.correct == null ? '' : String(probe.correct)] : [])]
  }
  const head = ['row', ...columns.map((column) => column.name), ...(probed ? ['predicted', 'score', 'correct'] : [])]
  const chosenOnly = selection.length > 0 ? selection : focusedRow !== null ? Int32Array.of(focusedRow) : null
  const copyRows = async (): Promise<void> => {
    if (!list || !chosenOnly) return
    const out: string[][] = []
    for await (const page of walk(list.fetch)) out.push(...page.filter(({ row }) => hasRow(chosenOnly, row)).map(written))
    if (copyText(toTsv([head, ...out]))) noticeInfo(`${formatCount(out.length)} ${out.length === 1 ? 'row' : 'rows'} copied.`)
  }
  const exportRows = (): void => {
    if (!list) return
    void saveFile('save-table', `${fileName(name.replace(/\.\w+$/, ''))}.csv`, async () => {
      const parts = [toCsv([head])]
      for await (const page of walk(list.fetch)) parts.push(toCsv(page.map(written)))
      return new TextEncoder().encode(parts.join(''))
    }).catch(noticeError)
  }

  const onKeyDown = (event: React.KeyboardEvent): void => {
    // A column's name sorts by these.
    if (event.target instanceof HTMLButtonElement && (event.key === ' ' || event.key === 'Enter')) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1)
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }
    const step = steps[event.key]
    if (step !== undefined && total > 0) {
      event.preventDefault()
      const index = Math.max(0, Math.min(total - 1, (cursor.current ?? -1) + step))
      virtual.scrollToIndex(index, { align: 'auto' })
      void choose(index, event.shiftKey ? 'range' : 'focus')
    } else if (event.key === ' ' && cursor.current !== null) {
      event.preventDefault()
      void choose(cursor.current, 'toggle')
    } else if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'c' && (window.getSelection()?.isCollapsed ?? true)) {
      event.preventDefault()
      void copyRows()
    }
  }

  const sortBy = (column: string): void => {
    const { sort } = view
    setTable({ sort: sort?.column !== column ? { column, descending: isProbeColumn(column) && column !== probeColumns[0] } : sort.descending === (isProbeColumn(column) && column !== probeColumns[0]) ? { column, descending: !sort.descending } : null })
  }

  return (
    <section className="TableDrawer" aria-label="Table">
      <header className="TableDrawer-header">
        <h2>{formatCount(total)} {total === 1 ? 'row' : 'rows'}{total !== rowCount && <span> of {formatCount(rowCount)}</span>}</h2>
        <div className="TableDrawer-search">
          <Search size={14} strokeWidth={1.75} aria-hidden />
          <TextInput aria-label="Search rows" placeholder="Search all columns" value={typed} onChange={(event) => setTyped(event.target.value)} />
          {typed !== '' && <IconButton icon={X} label="Clear search" size="small" onClick={() => setTyped('')} />}
        </div>
        <Checkbox checked={view.onlySelection} onChange={(onlySelection) => setTable({ onlySelection })}>Only the selection{selection.length > 0 ? ` (${formatCount(selection.length)})` : ''}</Checkbox>
        <span className="TableDrawer-space" />
        <IconButton icon={Copy} label="Copy selected rows" shortcut="Mod+C" size="small" side="top" disabled={!chosenOnly} onClick={() => void copyRows()} />
        <IconButton icon={Download} label="Export these rows as CSV" size="small" side="top" disabled={total === 0} onClick={exportRows} />
        <IconButton icon={X} label="Close table" size="small" side="top" onClick={() => setTable({ open: false })} />
      </header>
      <div ref={scroller} className="RowGrid" role="grid" aria-rowcount={total + 1} aria-colcount={headers.length + 1} aria-label="Rows" aria-multiselectable tabIndex={0} onKeyDown={onKeyDown}>
        <div className="RowGrid-head" role="row" style={{ gridTemplateColumns: widths, minWidth: width }}>
          <span role="columnheader" className="RowGrid-number">row</span>
          {headers.map((header) => {
            const column = header.column.id
            const sorted = view.sort?.column === column ? view.sort : null
            const resizeFrom = header.getResizeHandler()
            const resize = (event: React.MouseEvent | React.TouchEvent): void => {
              // From the width it has on screen.
              if (header === roomy) table.setColumnSizing((sizes) => ({ ...sizes, [column]: event.currentTarget.parentElement?.offsetWidth ?? header.getSize() }))
              resizeFrom(event)
            }
            return (
              <div key={header.id} role="columnheader" aria-sort={sorted ? sorted.descending ? 'descending' : 'ascending' : 'none'} data-align={alignOf(column, columns, label)}>
                <button type="button" onClick={() => sortBy(column)} title={isProbeColumn(column) ? undefined : column}>
                  <span>{typeof header.column.columnDef.header === 'string' ? header.column.columnDef.header : column}</span>
                  {sorted && (sorted.descending ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
                </button>
                <span className="RowGrid-resize" data-on={header.column.getIsResizing() || undefined} onMouseDown={resize} onTouchStart={resize} aria-hidden />
              </div>
            )
          })}
        </div>
        <div className="RowGrid-body" style={{ height: virtual.getTotalSize(), minWidth: width }}>
          {table.getRowModel().rows.map(({ original: { index, row } }) => {
            const probe = row && values && classes ? probeOfRow(values, classes, row.row) : null
            return (
              <div key={index} role="row" aria-rowindex={index + 2} className="RowGrid-row" aria-selected={row !== null && hasRow(selection, row.row)} data-focused={(row !== null && row.row === focusedRow) || undefined}
                style={{ gridTemplateColumns: widths, transform: `translateY(${index * ROW_HEIGHT}px)` }}
                onClick={(event) => void choose(index, event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'toggle' : 'focus')}>
                <span role="gridcell" className="RowGrid-number">{row ? formatCount(row.row + 1) : ''}</span>
                {row === null && <span role="gridcell" className="RowGrid-waiting"><Skeleton width={`${30 + (index * 37) % 50}%`} /></span>}
                {row?.cells.map((cell, at) => (
                  <span key={at} role="gridcell" data-align={alignOf(columns[at]?.name ?? '', columns, label)} data-missing={cell === null || undefined}>{cell === null ? 'missing' : writeCell(cell).slice(0, 400)}</span>
                ))}
                {row && probed && (
                  <>
                    <span role="gridcell" data-align={alignOf(probeColumns[0], columns, label)}>{probe?.predicted ?? '–'}</span>
                    <span role="gridcell" data-align="right">{probe?.score == null ? '–' : probe.score.toFixed(2).replace(/^0/, '')}</span>
                    <span role="gridcell" className="RowGrid-correct" data-correct={probe?.correct ?? undefined}>{probe?.correct == null ? '–' : probe.correct ? 'correct' : 'wrong'}</span>
                  </>
                )}
              </div>
            )
          })}
        </div>
        {total === 0 && <p className="RowGrid-empty">{view.onlySelection && selection.length === 0 ? 'Nothing is selected. Draw a lasso in the cloud, or Ctrl-click rows here.' : 'No row matches the search.'}</p>}
      </div>
    </section>
  )
}

/** Numbers stand at the right; what is predicted stands as its label does. */
function alignOf(column: string, columns: readonly ColumnInfo[], label: string | null): 'right' | undefined {
  if (column === probeColumns[1]) return 'right'
  const type = columns.find(({ name }) => name === (column === probeColumns[0] ? label : column))?.type
  return type === 'integer' || type === 'number' ? 'right' : undefined
}

function writeCell(cell: Cell): string {
  return cell === null ? '' : String(cell)
}

function useDebounced(value: string, ms: number): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return useDeferredValue(settled)
}
