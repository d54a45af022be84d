import { ChevronLeft, ChevronRight, MoreHorizontal, Table2 } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { columnRolesSchema, extractionSchema, probePlanSchema } from '../../preload/recipe'
import { textBelowChance } from '../../preload/contract'
import { ContextMenu, IconButton, Menu, SegmentedControl, Skeleton, type MenuItem } from '../components'
import { useDataTheme } from '../palette'
import { copyText, fileName, renderFigure, saveFile, toCsv, toTsv } from '../plots'
import { noticeError, noticeInfo } from '../state/notices'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import type { ShownRun } from '../state/workbench-state'
import { stepLayer } from './layer-steps'
import { siteName } from './site-axis'
import { mountStrip } from './strip-actions'
import { stripFigure } from './strip-figure'
import { stripSeries, stripTable, writeHalf, writeValue, type StripSeries } from './strip-series'
import { StripPlot } from './StripPlot'
import { StripTable } from './StripTable'
import './LayerStrip.css'

const metrics = [{ value: 'accuracy', label: 'Accuracy' }, { value: 'auroc', label: 'AUROC' }] as const

/** The signature view: probe scores through the depth of the model, and the layer everything else is shown for. */
export function LayerStrip(): React.JSX.Element {
  const run = useWorkbench((state) => state.run)
  const defaultSites = useWorkbench(({ model, extraction }) => extraction.sites ?? (model.kind === 'ready' ? model.value.defaultSites : null))
  const classes = useWorkbench((state) => state.rolesCheck?.classes ?? null)
  const { site, metric, setSite, setMetric } = useView()
  const theme = useDataTheme()
  const [asTable, setAsTable] = useState(false)
  useLayerKeys()

  const majority = useMemo(() => {
    const total = classes?.reduce((sum, { rows }) => sum + rows, 0) ?? 0
    return classes && total > 0 ? Math.max(...classes.map(({ rows }) => rows)) / total : null
  }, [classes])
  const series = useMemo(() => {
    const shown = run ?? (defaultSites ? emptyRun(defaultSites) : null)
    return shown && stripSeries(shown, metric, run ? majority : null)
  }, [run, defaultSites, metric, majority])
  const selected = series && site !== null ? series.sites.indexOf(site) : -1
  const labelled = run === null || run.summary.dataset.roles.label !== null
  const title = metric === 'accuracy' ? 'Probe accuracy by layer' : 'Probe AUROC by layer'

  const exportFigure = (format: 'svg' | 'png'): void => {
    if (!series || !run) return
    const name = `${fileName(run.summary.dataset.name.replace(/\.\w+$/, ''), run.summary.model.name, 'layers')}.${format}`
    const figure = stripFigure(series, metric, theme, `${title} · ${run.summary.model.name} on ${run.summary.dataset.name}`)
    void saveFile('save-figure', name, (path) => renderFigure(figure, path.toLowerCase().endsWith('.png') ? 'png' : path.toLowerCase().endsWith('.svg') ? 'svg' : format)).catch(noticeError)
  }
  const copyValues = (): void => { if (series && copyText(toTsv(stripTable(series, metric)))) noticeInfo('Values copied.') }
  useEffect(() => mountStrip({ exportFigure, copyValues }))
  const items: readonly MenuItem[] = [
    { kind: 'action', label: 'Export figure as SVG…', run: () => exportFigure('svg'), disabled: !run },
    { kind: 'action', label: 'Export figure as PNG…', run: () => exportFigure('png'), disabled: !run },
    { kind: 'separator' },
    { kind: 'action', label: 'Copy values', disabled: !run, run: copyValues },
    {
      kind: 'action', label: 'Export values as CSV…', disabled: !run,
      run: () => { if (series && run) void saveFile('save-table', `${fileName(run.summary.dataset.name.replace(/\.\w+$/, ''), 'layers')}.csv`, () => new TextEncoder().encode(toCsv(stripTable(series, metric)))).catch(noticeError) }
    },
    { kind: 'separator' },
    { kind: 'action', label: asTable ? 'Show as chart' : 'Show as table', run: () => setAsTable(!asTable) }
  ]

  return (
    <section className="LayerStrip" aria-label="Layers">
      <header className="LayerStrip-header">
        <div className="LayerStrip-titles">
          <h2>{title}</h2>
          <StripStatement series={series} run={run} />
        </div>
        <LayerStepper series={series} selected={selected} />
        <div className="LayerStrip-controls">
          <SegmentedControl label="Measure" size="small" value={metric} onChange={setMetric} options={metrics} />
          <IconButton icon={Table2} label={asTable ? 'Show as chart' : 'Show as table'} size="small" pressed={asTable} onClick={() => setAsTable(!asTable)} side="top" />
          <Menu align="end" items={items} trigger={<IconButton icon={MoreHorizontal} label="Copy and export" size="small" side="top" />} />
        </div>
      </header>
      {!series && <p className="LayerStrip-empty">Open a model: its layers stand here, and each gets its probe score when you run.</p>}
      {series && asTable && <StripTable series={series} metric={metric} selected={selected} onSelect={(index) => setSite(series.sites[index] ?? null)} />}
      {series && !asTable && (
        <ContextMenu items={items}>
          <div className="LayerStrip-body" data-bare={!run || undefined}>
            <StripPlot series={series} metric={metric} selected={selected} waiting={run?.progress != null && labelled}
              onSelect={(index) => { if (run) setSite(series.sites[index] ?? null) }} />
            {!run && <p className="LayerStrip-hint">Each layer gets its held-out score here, with its baselines, when you run.</p>}
            {run && !labelled && <p className="LayerStrip-hint">No label column was chosen, so nothing is probed. Layers can still be selected.</p>}
          </div>
        </ContextMenu>
      )}
    </section>
  )
}

/** One line under the title: what the sweep found, or what it is doing. */
function StripStatement({ series, run }: { readonly series: StripSeries | null; readonly run: ShownRun | null }): React.JSX.Element | null {
  if (!run || !series) return null
  if (series.chosen) {
    const { index, test, half } = series.chosen
    const name = siteName(series.sites[index] ?? '')
    const below = run.sweep?.warnings.find((warning) => warning.startsWith(textBelowChance))
    return <p className="LayerStrip-statement" title={below}><b>{name.charAt(0).toUpperCase() + name.slice(1)}</b> chosen on validation rows · test <b>{writeValue(test, 'accuracy', half)}</b> {writeHalf(half, 'accuracy')}{below && <span className="LayerStrip-below">{below}</span>}</p>
  }
  if (run.progress?.stage === 'probing') return <p className="LayerStrip-statement">{run.results.length} of {run.sites.length} layers probed</p>
  if (run.progress) return <p className="LayerStrip-statement"><Skeleton width="180px" /></p>
  return null
}

function LayerStepper({ series, selected }: { readonly series: StripSeries | null; readonly selected: number }): React.JSX.Element {
  const site = series && selected >= 0 ? series.sites[selected] ?? null : null
  return (
    <div className="LayerStepper" role="group" aria-label="Selected layer">
      <IconButton icon={ChevronLeft} label="Previous layer" shortcut="ArrowLeft" size="small" side="top" disabled={selected <= 0} onClick={() => stepLayer(-1)} />
      <output className="LayerStepper-name" title={site ?? undefined}>{site === null ? '–' : siteName(site)}</output>
      <IconButton icon={ChevronRight} label="Next layer" shortcut="ArrowRight" size="small" side="top" disabled={!series || selected < 0 || selected >= series.sites.length - 1} onClick={() => stepLayer(1)} />
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

/** The axis before the first run: the sites a run would take, no values. */
function emptyRun(sites: readonly string[]): ShownRun {
  return {
    summary: {
      runId: '', startedAt: '', status: 'running', error: null, model: { name: '', hash: '' },
      dataset: { name: '', hash: '', roles: columnRolesSchema.parse({ text: { kind: 'column', column: '-' }, label: null, group: null }) },
      extractionPlan: extractionSchema.parse({}), probePlan: probePlanSchema.parse({ methods: ['logistic'] }), extraction: null, sweep: null, rowCount: 0
    },
    extraction: null, results: [], sweep: null, sites, progress: null
  }
}
