import { MoreHorizontal, Table2 } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { baselineName, measures, methodName, writeHalf, writeMeasure } from '../../preload/measures'
import { Button, ContextMenu, IconButton, Menu, type MenuItem } from '../components'
import { siteName } from '../layers'
import { useDataTheme } from '../palette'
import { HeatMap, HeatMapTable, copyText, fileName, heatMapTable, renderHeatMap, saveFile, toCsv, toTsv } from '../plots'
import { openCard } from '../state/card'
import { measureOf, methodsOf, useMethod } from '../state/methods'
import { noticeError, noticeInfo } from '../state/notices'
import { offeredMethods, openProbes } from '../state/probes'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { overviewMap } from './overview-data'
import './OverviewView.css'

/** The whole sweep: a cell a method and layer, the one that validation chose marked. A click selects it everywhere, Enter opens its card. */
export function OverviewView({ onSettled }: { readonly onSettled: () => void }): React.JSX.Element {
  const run = useWorkbench((state) => state.run)
  const { site, setCell, measure: picked } = useView()
  const method = useMethod()
  const theme = useDataTheme()
  const [asTable, setAsTable] = useState(false)
  const methods = useMemo(() => run ? methodsOf(run) : [], [run])
  const measure = run ? measureOf(run.results, null, picked) : 'accuracy'
  const map = useMemo(() => run && overviewMap(run.sites, methods, run.results, measure, run.summary.model.name), [run, methods, measure])
  useEffect(() => { if (run?.sweep) onSettled() }, [run?.sweep, onSettled])
  if (!run || !map) return <section className="OverviewView" aria-label="Overview" />
  const chosen = run.sweep?.chosen ?? null
  const cellAt = (row: number, column: number): { readonly site: string; readonly method: string } | null => {
    const [own, at] = [methods[row], run.sites[column]]
    return own === undefined || at === undefined ? null : { site: at, method: own }
  }
  const marked = (row: number, column: number): boolean => methods[row] === chosen?.method && run.sites[column] === chosen?.site
  const onSelect = (row: number, column: number): void => { const cell = cellAt(row, column); if (cell) setCell(cell.site, cell.method) }
  const onOpen = (row: number, column: number): void => { const cell = cellAt(row, column); if (cell) openCard(cell) }
  const notes = (row: number, column: number): readonly { readonly name: string; readonly value: string }[] => {
    const cell = cellAt(row, column)
    const found = run.results.find((result) => result.site === cell?.site && result.method === cell.method)?.measures.find(({ name }) => name === measure)
    return [
      ...(found?.interval ? [{ name: '95 % interval', value: writeHalf(measure, (found.interval.hi - found.interval.lo) / 2) }] : []),
      ...(found?.baselines.map(({ name, value }) => ({ name: baselineName(name, measure), value: writeMeasure(measure, value) })) ?? []),
      ...(marked(row, column) ? [{ name: 'chosen', value: 'on validation rows' }] : [])
    ]
  }
  const headline = chosen
    ? `◤ chosen on validation rows: ${siteName(chosen.site)}${methods.length > 1 ? `, ${methodName(chosen.method)}` : ''} · test ${measures[chosen.measure].phrase} ${writeMeasure(chosen.measure, chosen.testScore)} ${writeHalf(chosen.measure, (chosen.interval.hi - chosen.interval.lo) / 2)}`
    : `${run.results.length} of ${run.sites.length * run.summary.probePlan.methods.length} probes done`
  const [row, column] = [method === null ? -1 : methods.indexOf(method), site === null ? -1 : run.sites.indexOf(site)]
  const selected = { row: row < 0 ? null : row, column: column < 0 ? null : column }
  const exportFigure = (format: 'svg' | 'png'): void => {
    void saveFile('save-figure', `${fileName('overview', run.summary.dataset.name.replace(/\.\w+$/, ''), run.summary.model.name)}.${format}`, (path) => renderHeatMap(map, theme, false, /\.png$/i.test(path) ? 'png' : /\.svg$/i.test(path) ? 'svg' : format)).catch(noticeError)
  }
  const items: readonly MenuItem[] = [
    { kind: 'action', label: 'Export figure as SVG…', run: () => exportFigure('svg') },
    { kind: 'action', label: 'Export figure as PNG…', run: () => exportFigure('png') },
    { kind: 'separator' },
    { kind: 'action', label: 'Copy values', run: () => { if (copyText(toTsv(heatMapTable(map)))) noticeInfo('Values copied.') } },
    { kind: 'action', label: 'Export values as CSV…', run: () => void saveFile('save-table', `${fileName('overview', run.summary.dataset.name.replace(/\.\w+$/, ''))}.csv`, () => new TextEncoder().encode(toCsv(heatMapTable(map)))).catch(noticeError) },
    { kind: 'separator' },
    { kind: 'action', label: asTable ? 'Show as map' : 'Show as table', run: () => setAsTable(!asTable) }
  ]
  return (
    <section className="OverviewView" aria-label="Overview">
      <header className="OverviewView-header">
        <div>
          <h2 title={map.title}>{map.title}</h2>
          <p title={headline}>{headline}</p>
        </div>
        <IconButton icon={Table2} label={asTable ? 'Show as map' : 'Show as table'} size="small" pressed={asTable} onClick={() => setAsTable(!asTable)} />
        <Menu align="end" items={items} trigger={<IconButton icon={MoreHorizontal} label="Copy and export" size="small" />} />
      </header>
      <ContextMenu items={items}>
        <div className="OverviewView-map">
          {asTable ? <HeatMapTable data={map} selected={selected} onSelect={onSelect} /> : <HeatMap data={map} selected={selected} onSelect={onSelect} onOpen={onOpen} marked={marked} notes={notes} />}
        </div>
      </ContextMenu>
      {methods.length === 1 && <OneMethod />}
    </section>
  )
}

/** What would fill the map: more probes, chosen for the next run. */
function OneMethod(): React.JSX.Element {
  const more = useWorkbench(({ rolesCheck, roles, probe }) => offeredMethods({ rolesCheck, roles, probe }).length > 1)
  return (
    <footer className="OverviewView-more">
      <p>One probe so far. Every other one that a run trains gets a line here, on the same folds and with the same controls.</p>
      {more && <Button size="small" onClick={openProbes}>Choose probes…</Button>}
    </footer>
  )
}
