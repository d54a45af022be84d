import { ChevronLeft, ChevronRight, MoreHorizontal, ScrollText, Table2 } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import type { MeasureName } from '../../preload/contract'
import { measures, methodName, writeHalf, writeMeasure } from '../../preload/measures'
import { ContextMenu, IconButton, Menu, SegmentedControl, Select, Skeleton, type MenuItem } from '../components'
import { useDataTheme } from '../palette'
import { copyText, fileName, renderFigure, saveFile, toCsv, toTsv } from '../plots'
import { openCard } from '../state/card'
import { measureOf, measuresOf, methodOf, methodsOf } from '../state/methods'
import { noticeError, noticeInfo } from '../state/notices'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import type { ShownRun } from '../state/workbench-state'
import { CautionLine } from './CautionLine'
import { stepLayer } from './layer-steps'
import { siteName } from './site-axis'
import { mountStrip } from './strip-actions'
import { stripFigure } from './strip-figure'
import { stripSeries, stripTable, stripTitle, type StripSeries } from './strip-series'
import { StripPlot } from './StripPlot'
import { StripTable } from './StripTable'
import './LayerStrip.css'

/** What is on show: the run's lines, or the sites a run would take; null while no model is open. */
function useSeries(): StripSeries | null {
  const run = useWorkbench((state) => state.run)
  const defaultSites = useWorkbench(({ model, extraction }) => extraction.sites ?? (model.kind === 'ready' ? model.value.defaultSites : null))
  const planned = useWorkbench((state) => state.probe.methods)
  const check = useWorkbench((state) => state.rolesCheck)
  const picked = useView((view) => view.method)
  const measure = useView((view) => view.measure)
  return useMemo(() => {
    const sites = run?.sites ?? defaultSites
    if (!sites) return null
    const total = check?.classes.reduce((sum, { rows }) => sum + rows, 0) ?? 0
    const task = run?.sweep?.task ?? check?.task ?? null
    const methods = run ? methodsOf(run) : planned.slice(0, 1)
    return stripSeries({
      sites, methods, results: run?.results ?? [], sweep: run?.sweep ?? null, method: (run ? methodOf(run, picked) : null) ?? methods[0] ?? '',
      measure: measureOf(run?.results ?? [], task, measure), majority: run && check && total > 0 ? Math.max(...check.classes.map(({ rows }) => rows)) / total : null
    })
  }, [run, defaultSites, planned, check, picked, measure])
}

/** The signature view: probe scores through the depth of the model, and the layer everything else is shown for. */
export function LayerStrip(): React.JSX.Element {
  const run = useWorkbench((state) => state.run)
  const { site, setSite, setMethod } = useView()
  const theme = useDataTheme()
  const [asTable, setAsTable] = useState(false)
  const series = useSeries()
  useLayerKeys()

  const selected = series && site !== null ? series.sites.indexOf(site) : -1
  const labelled = run === null || run.summary.dataset.roles.label !== null

  const exportFigure = (format: 'svg' | 'png'): void => {
    if (!series || !run) return
    const name = `${fileName(run.summary.dataset.name.replace(/\.\w+$/, ''), run.summary.model.name, 'layers')}.${format}`
    const figure = stripFigure(series, theme, `${run.summary.model.name} on ${run.summary.dataset.name}`)
    void saveFile('save-figure', name, (path) => renderFigure(figure, path.toLowerCase().endsWith('.png') ? 'png' : path.toLowerCase().endsWith('.svg') ? 'svg' : format)).catch(noticeError)
  }
  const copyValues = (): void => { if (series && copyText(toTsv(stripTable(series)))) noticeInfo('Values copied.') }
  useEffect(() => mountStrip({ exportFigure, copyValues }))
  const items: readonly MenuItem[] = [
    { kind: 'action', label: 'Export figure as SVG…', run: () => exportFigure('svg'), disabled: !run },
    { kind: 'action', label: 'Export figure as PNG…', run: () => exportFigure('png'), disabled: !run },
    { kind: 'separator' },
    { kind: 'action', label: 'Copy values', disabled: !run, run: copyValues },
    {
      kind: 'action', label: 'Export values as CSV…', disabled: !run,
      run: () => { if (series && run) void saveFile('save-table', `${fileName(run.summary.dataset.name.replace(/\.\w+$/, ''), 'layers')}.csv`, () => new TextEncoder().encode(toCsv(stripTable(series)))).catch(noticeError) }
    },
    { kind: 'separator' },
    { kind: 'action', label: asTable ? 'Show as chart' : 'Show as table', run: () => setAsTable(!asTable) }
  ]

  return (
    <section className="LayerStrip" aria-label="Layers">
      <header className="LayerStrip-header">
        <StripTitle measure={series?.measure ?? 'accuracy'} />
        <LayerStepper series={series} selected={selected} />
        <div className="LayerStrip-controls">
          <MeasureSwitch measure={series?.measure ?? 'accuracy'} />
          <IconButton icon={Table2} label={asTable ? 'Show as chart' : 'Show as table'} size="small" pressed={asTable} onClick={() => setAsTable(!asTable)} side="top" />
          <Menu align="end" items={items} trigger={<IconButton icon={MoreHorizontal} label="Copy and export" size="small" side="top" />} />
        </div>
      </header>
      {run && labelled && <div className="LayerStrip-summary"><StripStatement series={series} run={run} /><CautionLine sweep={run.sweep} /></div>}
      {!series && <p className="LayerStrip-empty">Open a model: its layers stand here, and each gets its probe score when you run.</p>}
      {series && asTable && <StripTable series={series} selected={selected} onSelect={(index) => setSite(series.sites[index] ?? null)} />}
      {series && !asTable && (
        <ContextMenu items={items}>
          <div className="LayerStrip-body" data-bare={!run || undefined}>
            <StripPlot series={series} selected={selected} waiting={run?.progress != null && labelled}
              onSelect={(index) => { if (run) setSite(series.sites[index] ?? null) }} onPick={setMethod} onOpen={() => openCard()} />
            {!run && <p className="LayerStrip-hint">Each layer gets its held-out score here, with its baselines, when you run.</p>}
            {run && !labelled && <p className="LayerStrip-hint">No label column was chosen, so nothing is probed. Layers can still be selected.</p>}
          </div>
        </ContextMenu>
      )}
    </section>
  )
}

/** In a narrow strip its first words do: that x is the layer can be seen. */
function StripTitle({ measure }: { readonly measure: MeasureName }): React.JSX.Element {
  const [short, long] = stripTitle(measure).split(/(?= by layer)/)
  return <h2 title={stripTitle(measure)}>{short}<span>{long}</span></h2>
}

/** The measures that the run has: side by side while they are few. */
function MeasureSwitch({ measure }: { readonly measure: MeasureName }): React.JSX.Element | null {
  const results = useWorkbench(({ run }) => run?.results)
  const setMeasure = useView((view) => view.setMeasure)
  const all = useMemo(() => results && results.length > 0 ? measuresOf(results, null) : [measure], [results, measure])
  if (all.length === 1) return null
  if (all.length <= 3) return <SegmentedControl label="Measure" size="small" value={measure} onChange={setMeasure} options={all.map((name) => ({ value: name, label: measures[name].short ?? measures[name].label }))} />
  return <Select label="Measure" size="small" value={measure} onChange={setMeasure} options={all.map((name) => ({ value: name, label: measures[name].label, ...(measures[name].better === 'lower' ? { detail: 'Lower is better' } : {}) }))} />
}

/** What the sweep found, or what it is doing. */
function StripStatement({ series, run }: { readonly series: StripSeries | null; readonly run: ShownRun }): React.JSX.Element | null {
  if (series?.chosen) {
    const { index, method, measure, test, half } = series.chosen
    const name = siteName(series.sites[index] ?? '')
    const value = `${writeMeasure(measure, test, half)}`
    return (
      <p className="LayerStrip-statement">
        <b>{name.charAt(0).toUpperCase() + name.slice(1)}</b>{series.methods > 1 && <>, {methodName(method)},</>} chosen on validation rows · test <b>{value}</b> {writeHalf(measure, half)}
      </p>
    )
  }
  if (run.progress?.stage === 'probing') return <p className="LayerStrip-statement">{run.results.length} of {run.sites.length * run.summary.probePlan.methods.length} {run.summary.probePlan.methods.length > 1 ? 'probes' : 'layers'} done</p>
  if (run.progress) return <p className="LayerStrip-statement"><Skeleton width="180px" /></p>
  return null
}

function LayerStepper({ series, selected }: { readonly series: StripSeries | null; readonly selected: number }): React.JSX.Element {
  const site = series && selected >= 0 ? series.sites[selected] ?? null : null
  const swept = useWorkbench(({ run }) => run?.sweep != null && run.sweep.sites.length > 0 && run.progress === null)
  return (
    <div className="LayerStepper" role="group" aria-label="Selected layer">
      <IconButton icon={ChevronLeft} label="Previous layer" shortcut="ArrowLeft" size="small" side="top" disabled={selected <= 0} onClick={() => stepLayer(-1)} />
      <output className="LayerStepper-name" title={site ?? undefined}>{site === null ? '–' : siteName(site)}</output>
      <IconButton icon={ChevronRight} label="Next layer" shortcut="ArrowRight" size="small" side="top" disabled={!series || selected < 0 || selected >= series.sites.length - 1} onClick={() => stepLayer(1)} />
      <IconButton icon={ScrollText} label="Card of this layer" shortcut="Shift+C" size="small" side="top" disabled={!swept || selected < 0} onClick={() => openCard()} />
    </div>
  )
}

/** ← → Home End select the layer wherever focus is, unless what has focus uses these keys itself. */
function useLayerKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
      const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }
      const step = steps[event.key]
      if (step === undefined) return
      const target = event.target instanceof Element ? event.target : null
      if (target?.closest('input, textarea, select, [contenteditable], [role="menu"], [role="listbox"], [role="grid"], [role="group"][data-orientation], [role="radiogroup"], [role="separator"], [role="dialog"], [data-own-arrows]')) return
      if (stepLayer(step)) event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
