import { MoreHorizontal, Table2 } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { baselineName, measures, methodName, writeHalf, writeMeasure } from '../../preload/measures'
import { positionTick, samePositions, writePositions } from '../../preload/positions'
import type { Positions } from '../../preload/recipe'
import { Button, ContextMenu, formatCount, formatPercent, IconButton, Menu, Select, type MenuItem } from '../components'
import { siteName } from '../layers'
import { useDataTheme } from '../palette'
import { HeatMap, HeatMapTable, copyText, fileName, heatMapTable, renderHeatMap, saveFile, toCsv, toTsv } from '../plots'
import { openCard } from '../state/card'
import { measureOf, methodsOf, useMethod } from '../state/methods'
import { noticeError, noticeInfo } from '../state/notices'
import { useRunPositions } from '../state/positions'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { cellOf, chosenCell, positionMap, quoted } from './position-map'
import { PositionsChoice } from './PositionsChoice'
import './PositionsView.css'

/** At which token something can be read: a line a position of the text, a column a layer. A click selects the layer, Enter opens the cell's card. */
export function PositionsView({ onSettled }: { readonly onSettled: () => void }): React.JSX.Element {
  const run = useWorkbench((state) => state.run)
  const { site, setCell, setMethod, measure: picked } = useView()
  const method = useMethod()
  const theme = useDataTheme()
  const { sweeps, loaded, progress, error } = useRunPositions()
  const [asTable, setAsTable] = useState(false)
  const [shown, setShown] = useState<Positions | null>(null)
  const methods = useMemo(() => run ? methodsOf(run) : [], [run])
  const measure = run ? measureOf(run.results, null, picked) : 'accuracy'
  const map = useMemo(() => run && run.sweep && method !== null ? positionMap(sweeps, run.sites, method, measure, run.summary.model.name) : null, [run, sweeps, method, measure])
  const chosen = useMemo(() => chosenCell(sweeps), [sweeps])
  useEffect(() => { if (map && loaded) onSettled() }, [map, loaded, onSettled])
  if (!run || !map || method === null) return <section className="PositionsView" aria-label="Positions" />

  const at = (row: number, column: number): { readonly positions: Positions; readonly site: string } | null => {
    const [sweep, own] = [sweeps[row], run.sites[column]]
    return sweep === undefined || own === undefined ? null : { positions: sweep.positions, site: own }
  }
  const onSelect = (row: number, column: number): void => {
    const cell = at(row, column)
    if (cell === null) return
    setShown(cell.positions)
    setCell(cell.site, method)
  }
  const onOpen = (row: number, column: number): void => {
    const cell = at(row, column)
    if (cell === null || sweeps[row]?.sweep == null) return
    setShown(cell.positions)
    openCard({ site: cell.site, method }, cell.positions)
  }
  const marked = (row: number, column: number): boolean => chosen !== null && sweeps[row] === chosen.sweep && run.sites[column] === chosen.result.site && method === chosen.result.method
  const notes = (row: number, column: number): readonly { readonly name: string; readonly value: string }[] => {
    const [sweep, own] = [sweeps[row], run.sites[column]]
    if (sweep === undefined || own === undefined) return []
    const found = cellOf(sweep, own, method)?.measures.find(({ name }) => name === measure)
    return [
      ...(found?.interval ? [{ name: '95 % interval', value: writeHalf(measure, (found.interval.hi - found.interval.lo) / 2) }] : []),
      ...(found?.baselines.map(({ name, value }) => ({ name: baselineName(name, measure), value: writeMeasure(measure, value) })) ?? []),
      { name: 'rows', value: formatCount(sweep.rows) },
      ...(sweep.leftOut.count > 0 ? [{ name: 'left out', value: formatCount(sweep.leftOut.count) }] : []),
      ...(sweep.readAt ? [{ name: 'most frequent token', value: `${quoted(sweep.readAt.token)} ${formatPercent(sweep.readAt.share)}` }] : []),
      ...(sweep.error ? [{ name: 'not probed', value: sweep.error.message }] : []),
      ...(marked(row, column) ? [{ name: 'chosen', value: 'on validation rows' }] : [])
    ]
  }
  const own = shown ?? run.summary.extractionPlan.positions
  const [row, column] = [sweeps.findIndex(({ positions }) => samePositions(positions, own)), site === null ? -1 : run.sites.indexOf(site)]
  const selected = { row: row < 0 || sweeps.length < 2 ? null : row, column: column < 0 ? null : column }
  const name = fileName('positions', run.summary.dataset.name.replace(/\.\w+$/, ''), run.summary.model.name)
  const statement = chosen && sweeps.length > 1
    ? `◤ best on validation rows: ${positionTick(chosen.sweep.positions)}, ${siteName(chosen.result.site)}${methods.length > 1 ? `, ${methodName(chosen.result.method)}` : ''}${headline(chosen.result)}`
    : 'One position so far: the one this run was made at.'
  const exportFigure = (format: 'svg' | 'png'): void => {
    void saveFile('save-figure', `${name}.${format}`, (path) => renderHeatMap(map, theme, false, /\.png$/i.test(path) ? 'png' : /\.svg$/i.test(path) ? 'svg' : format)).catch(noticeError)
  }
  const items: readonly MenuItem[] = [
    { kind: 'action', label: 'Export figure as SVG…', run: () => exportFigure('svg') },
    { kind: 'action', label: 'Export figure as PNG…', run: () => exportFigure('png') },
    { kind: 'separator' },
    { kind: 'action', label: 'Copy values', run: () => { if (copyText(toTsv(heatMapTable(map)))) noticeInfo('Values copied.') } },
    { kind: 'action', label: 'Export values as CSV…', run: () => void saveFile('save-table', `${name}.csv`, () => new TextEncoder().encode(toCsv(heatMapTable(map)))).catch(noticeError) },
    { kind: 'separator' },
    { kind: 'action', label: asTable ? 'Show as map' : 'Show as table', run: () => setAsTable(!asTable) }
  ]
  return (
    <section className="PositionsView" aria-label="Positions">
      <header className="PositionsView-header">
        <div>
          <h2 title={map.title}>{map.title}</h2>
          <p title={statement}>{statement}</p>
        </div>
        {methods.length > 1 && <Select label="Method" size="small" value={method} onChange={setMethod} options={methods.map((one) => ({ value: one, label: methodName(one) }))} />}
        <Button size="small" disabled={selected.column === null || row < 0 || sweeps[row]?.sweep == null} onClick={() => onOpen(row, column)}>Open card</Button>
        <IconButton icon={Table2} label={asTable ? 'Show as map' : 'Show as table'} size="small" pressed={asTable} onClick={() => setAsTable(!asTable)} />
        <Menu align="end" items={items} trigger={<IconButton icon={MoreHorizontal} label="Copy and export" size="small" />} />
      </header>
      <ContextMenu items={items}>
        <div className="PositionsView-map">
          {asTable ? <HeatMapTable data={map} selected={selected} onSelect={onSelect} /> : <HeatMap data={map} selected={selected} onSelect={onSelect} onOpen={onOpen} marked={marked} notes={notes} />}
        </div>
      </ContextMenu>
      <PositionsChoice key={run.summary.runId} own={run.summary.extractionPlan.positions} read={sweeps.filter(({ sweep }) => sweep !== null).map(({ positions }) => writePositions(positions))} progress={progress} error={error} />
    </section>
  )
}

/** `· test accuracy 87.7 % ± 2.3`. */
function headline({ measures: [first] }: { readonly measures: readonly { readonly name: Parameters<typeof writeMeasure>[0]; readonly value: number | null; readonly interval: { readonly lo: number; readonly hi: number } | null }[] }): string {
  if (first === undefined || first.value === null) return ''
  return ` · test ${measures[first.name].phrase} ${writeMeasure(first.name, first.value)}${first.interval === null ? '' : ` ${writeHalf(first.name, (first.interval.hi - first.interval.lo) / 2)}`}`
}
