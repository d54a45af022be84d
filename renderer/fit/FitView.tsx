import { Download, Globe2, Maximize, Table2 } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Measure } from '../../preload/contract'
import { writeHalf, writeMeasure } from '../../preload/measures'
import { ContextMenu, EmptyState, formatCount, formatQuantity, IconButton, Menu, Select, type MenuItem } from '../components'
import { siteName } from '../layers'
import { useDataTheme } from '../palette'
import { fileName, saveFile, svgToPng, toCsv } from '../plots'
import { useColumn, useProbeValues } from '../state/engine-data'
import { noticeError } from '../state/notices'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { FitCanvas, type FitCanvasHandle } from './FitCanvas'
import { fitPoints, writeNumber, type FitPoints } from './fit-points'
import { fitSvg } from './fit-figure'
import { FitTable } from './FitTable'
import { heldOutGroups } from './held-out-groups'
import './FitView.css'

/** Held-out predictions of numbers at the selected layer: on a world map where they are coordinates, else against the actual values. */
export function FitView({ onSettled }: { readonly onSettled: () => void }): React.JSX.Element {
  const run = useWorkbench((state) => state.run)
  const { site, centre } = useView()
  const theme = useDataTheme()
  const values = useProbeValues().value
  const [target, setTarget] = useState(0)
  const [asTable, setAsTable] = useState(false)
  const [marked, setMarked] = useState<string | null>(null)
  const canvas = useRef<FitCanvasHandle>(null)
  const sweep = run?.sweep ?? null
  const numeric = values?.kind === 'numeric' ? values : null
  const next = useMemo(() => numeric && sweep ? fitPoints(numeric, sweep.coordinates, Math.min(target, sweep.targets.length - 1)) : null, [numeric, sweep, target])
  // While another layer's values are on their way, those before stay, so that points glide instead of vanishing.
  const [kept, setKept] = useState<FitPoints | null>(null)
  if (next && next !== kept) setKept(next)
  const points = next ?? kept
  const result = run?.results.find((one) => one.site === site && one.kind === 'numeric') ?? null
  const group = run?.summary.dataset.roles.group ?? null
  const whole = run?.summary.dataset.roles.test == null
  const groups = useColumn(group).value
  const heldOut = useMemo(() => points ? heldOutGroups(points, groups) : [], [points, groups])
  const shownGroup = heldOut.find(({ name }) => name === marked) ?? null
  useEffect(() => { if (points) onSettled() }, [points, onSettled])

  const measure = result?.measures.find(({ name }) => name === (points?.kind === 'map' ? 'greatCircleKm' : 'r2')) ?? null
  const own = result?.kind === 'numeric' && points?.kind === 'fit' ? result.targets[target] ?? null : null
  const worst = points ? errorScale(points, measure) : 1
  const title = points?.kind === 'map' ? 'Predicted and true places' : `Predicted against actual ${sweep?.targets[target] ?? ''}`
  const statement = points === null ? null : points.kind === 'map' ? mapStatement(measure) : own && fitStatement(own.r2, own.r2Interval, own.controls)

  const exportFigure = (format: 'svg' | 'png'): void => {
    if (!points || !run || site === null) return
    const figure = fitSvg(points, theme, worst, `${title} · ${siteName(site)} of ${run.summary.model.name}`, statement ?? '', sweep?.targets[target] ?? '')
    void saveFile('save-figure', `${fileName(run.summary.dataset.name.replace(/\.\w+$/, ''), siteName(site), points.kind)}.${format}`, (path) =>
      path.toLowerCase().endsWith('.png') || (format === 'png' && !path.toLowerCase().endsWith('.svg')) ? svgToPng(figure.svg, figure) : new TextEncoder().encode(figure.svg)).catch(noticeError)
  }
  const exportValues = (): void => {
    if (!numeric || !run || site === null) return
    const head = ['row', ...numeric.targets.flatMap(({ name }) => [name, `${name} predicted`])]
    const rows = Array.from(numeric.rows, (row, i) => [String(row + 1), ...numeric.targets.flatMap(({ actual, predicted }) => [actual[i], predicted[i]].map((value) => value === undefined || Number.isNaN(value) ? '' : String(value)))])
    void saveFile('save-table', `${fileName(run.summary.dataset.name.replace(/\.\w+$/, ''), siteName(site), 'predictions')}.csv`, () => new TextEncoder().encode(toCsv([head, ...rows]))).catch(noticeError)
  }
  const items: readonly MenuItem[] = [
    { kind: 'action', label: 'Export figure as SVG…', disabled: !points, run: () => exportFigure('svg') },
    { kind: 'action', label: 'Export figure as PNG…', disabled: !points, run: () => exportFigure('png') },
    { kind: 'action', label: 'Export predictions as CSV…', disabled: !numeric, run: exportValues },
    { kind: 'separator' },
    { kind: 'action', label: asTable ? 'Show as a plot' : 'Show as table', run: () => setAsTable(!asTable) }
  ]
  return (
    <section className="FitView" aria-label={centre === 'map' ? 'Map' : 'Fit'}>
      <header className="FitView-header">
        <h2>{title}{site !== null && <span> · {siteName(site)}</span>}</h2>
        {sweep && !sweep.coordinates && sweep.targets.length > 1 && (
          <Select label="Target" size="small" value={String(target)} onChange={(value) => setTarget(Number(value))} options={sweep.targets.map((name, index) => ({ value: String(index), label: name }))} />
        )}
        {heldOut.length > 1 && (
          <Select label={`${whole ? 'Held out by' : 'By'} ${group ?? ''}`} prefix size="small" value={shownGroup ? `=${shownGroup.name}` : ''} onChange={(value) => setMarked(value === '' ? null : value.slice(1))}
            options={[{ value: '', label: 'all' }, ...heldOut.map(({ name, rows, meanError }) => ({ value: `=${name}`, label: name.replaceAll('_', ' '), detail: `off by ${writeNumber(meanError, points?.kind ?? 'fit')} on average · ${formatQuantity(rows, 'row')}` }))]} />
        )}
        <IconButton icon={Maximize} label="Show all" shortcut="0" size="small" disabled={!points || asTable} onClick={() => canvas.current?.reset()} />
        <IconButton icon={Table2} label={asTable ? 'Show as a plot' : 'Show as table'} size="small" pressed={asTable} onClick={() => setAsTable(!asTable)} />
        <Menu align="end" items={items} trigger={<IconButton icon={Download} label="Export" size="small" disabled={!points} />} />
      </header>
      {statement !== null && <p className="FitView-statement">{statement}</p>}
      {!points && (
        <div className="FitView-empty"><EmptyState icon={Globe2} title="Predictions appear once the layers are probed" body="Each row stands at its predicted place, joined to its true one." /></div>
      )}
      {points && asTable && <FitTable points={points} />}
      {points && !asTable && (
        <ContextMenu items={items}>
          <div className="FitView-stage">
            <div className="FitView-plot"><FitCanvas ref={canvas} points={points} worst={worst} theme={theme} groups={groups} groupName={group} groupsWhole={whole} targetName={sweep?.targets[target] ?? ''} marked={shownGroup} /></div>
            <ErrorLegend kind={points.kind} worst={worst} color={(share) => theme.sequential(0.85 * share)} rows={points.rows.length} />
          </div>
        </ContextMenu>
      )}
    </section>
  )
}

/** The error that gets the far end of the colours: that of always answering the mean, so that layers compare. */
function errorScale({ error }: FitPoints, measure: Measure | null): number {
  const baseline = measure?.name === 'greatCircleKm' ? measure.baselines.find(({ name }) => name === 'mean')?.value : undefined
  if (baseline !== undefined) return baseline
  const sorted = error.slice().sort()
  return sorted[Math.floor(0.95 * (sorted.length - 1))] || 1
}

function mapStatement(measure: Measure | null): string | null {
  if (measure?.value == null) return null
  const of = (name: string): string => {
    const value = measure.baselines.find((baseline) => baseline.name === name)?.value
    return value === undefined ? '' : writeNumber(value, 'map')
  }
  const half = measure.interval ? ` ± ${formatCount((measure.interval.hi - measure.interval.lo) / 2)}` : ''
  return `Great-circle error ${formatCount(measure.value)}${half} km · text only ${of('textOnly')}, always the mean ${of('mean')}`
}

function fitStatement(r2: number, interval: { readonly lo: number; readonly hi: number }, controls: { readonly textOnly: number; readonly shuffled: number }): string {
  const half = (interval.hi - interval.lo) / 2
  const write = (value: number): string => writeMeasure('r2', value, half)
  return `R² ${write(r2)} ${writeHalf('r2', half)} · text only ${write(controls.textOnly)}, shuffled ${write(controls.shuffled)}`
}

function ErrorLegend({ kind, worst, color, rows }: { readonly kind: FitPoints['kind']; readonly worst: number; readonly color: (share: number) => readonly [number, number, number]; readonly rows: number }): React.JSX.Element {
  return (
    <div className="FitView-legend">
      <span>{kind === 'map' ? '● predicted · line to the true place' : '● a held-out row'}</span>
      <span>error 0</span>
      <svg width={72} height={8} aria-hidden>{Array.from({ length: 24 }, (_, i) => <rect key={i} x={3 * i} width={3.2} height={8} fill={`rgb(${color(i / 23).map(Math.round).join(' ')})`} />)}</svg>
      <span>{writeNumber(worst, kind)} and more</span>
      <span>{formatCount(rows)} rows</span>
    </div>
  )
}
