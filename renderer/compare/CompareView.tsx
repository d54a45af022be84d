import { GitCompareArrows, MoreHorizontal, Table2 } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import type { ErrorReport, RunSummary } from '../../preload/contract'
import { baselineNames, writeHalf } from '../../preload/measures'
import { ContextMenu, EmptyState, IconButton, Menu, SegmentedControl, Select, Skeleton, formatPercent, formatQuantity, type MenuItem } from '../components'
import { useDataTheme } from '../palette'
import { HeatMap, HeatMapTable, copyText, fileName, heatMapTable, renderHeatMap, saveFile, toCsv, toTsv, type HeatMapData, type HeatMapPlace } from '../plots'
import { useAnswer, useRunKey } from '../state/engine-data'
import { noticeError, noticeInfo } from '../state/notices'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { checkpointGrid } from './checkpoints'
import { checkpointMap, similarityMap, transferMap } from './compare-data'
import './CompareView.css'

const kinds = [{ value: 'transfer', label: 'Transfer' }, { value: 'similarity', label: 'Similarity' }, { value: 'checkpoints', label: 'Checkpoints' }] as const
type Kind = (typeof kinds)[number]['value']

/** What one comparison shows: a map, or why there is none yet. */
interface Shown {
  readonly map: HeatMapData | null
  readonly empty: { readonly title: string; readonly body: string } | null
  readonly error: ErrorReport | null
  /** One line under the map. */
  readonly note: string
  readonly selected: HeatMapPlace
  readonly square: boolean
  readonly onSelect?: (row: number, column: number) => void
  readonly notes?: (row: number, column: number) => readonly { readonly name: string; readonly value: string }[]
}

/** Runs of the session side by side: how probes carry over, how alike layers are, how a probe grows over training. */
export function CompareView({ onSettled }: { readonly onSettled: () => void }): React.JSX.Element {
  const [kind, setKind] = useState<Kind>('transfer')
  const [other, setOther] = useState<string>('self')
  const [asTable, setAsTable] = useState(false)
  const theme = useDataTheme()
  const run = useWorkbench((state) => state.run?.summary ?? null)
  const runs = useWorkbench((state) => state.session?.runs ?? null)
  const others = useMemo(() => runs?.filter((one) => run !== null && one.runId !== run.runId && one.dataset.hash === run.dataset.hash && one.extraction !== null) ?? [], [run, runs])
  const second = others.find(({ runId }) => runId === other) ?? null
  const transfer = useTransfer(kind === 'transfer')
  const similarity = useSimilarity(kind === 'similarity', run, second)
  const checkpoints = useCheckpoints(run, runs)
  const { map, empty, error, note, selected, square, onSelect, notes } = kind === 'transfer' ? transfer : kind === 'similarity' ? similarity : checkpoints
  useEffect(() => { if (map ?? empty ?? error) onSettled() }, [map, empty, error, onSettled])

  const exportFigure = (format: 'svg' | 'png'): void => {
    if (map) void saveFile('save-figure', `${fileName(kind, map.title)}.${format}`, (path) => renderHeatMap(map, theme, square, /\.png$/i.test(path) ? 'png' : /\.svg$/i.test(path) ? 'svg' : format)).catch(noticeError)
  }
  const items: readonly MenuItem[] = [
    { kind: 'action', label: 'Export figure as SVG…', disabled: !map, run: () => exportFigure('svg') },
    { kind: 'action', label: 'Export figure as PNG…', disabled: !map, run: () => exportFigure('png') },
    { kind: 'separator' },
    { kind: 'action', label: 'Copy values', disabled: !map, run: () => { if (map && copyText(toTsv(heatMapTable(map)))) noticeInfo('Values copied.') } },
    { kind: 'action', label: 'Export values as CSV…', disabled: !map, run: () => { if (map) void saveFile('save-table', `${fileName(kind, map.title)}.csv`, () => new TextEncoder().encode(toCsv(heatMapTable(map)))).catch(noticeError) } },
    { kind: 'separator' },
    { kind: 'action', label: asTable ? 'Show as map' : 'Show as table', run: () => setAsTable(!asTable) }
  ]
  return (
    <section className="CompareView" aria-label="Compare">
      <header className="CompareView-header">
        <SegmentedControl label="Comparison" size="small" value={kind} onChange={setKind} options={kinds} />
        {kind === 'similarity' && others.length > 0 && (
          <Select label="Compare with" prefix size="small" value={second ? other : 'self'} onChange={setOther}
            options={[{ value: 'self', label: 'its own layers' }, ...others.map(({ runId, model }) => ({ value: runId, label: model.name }))]} />
        )}
        <div className="CompareView-actions">
          <IconButton icon={Table2} label={asTable ? 'Show as map' : 'Show as table'} size="small" pressed={asTable} onClick={() => setAsTable(!asTable)} />
          <Menu align="end" items={items} trigger={<IconButton icon={MoreHorizontal} label="Copy and export" size="small" />} />
        </div>
      </header>
      {map && <h2 className="CompareView-title">{map.title}</h2>}
      {map && (
        <ContextMenu items={items}>
          <div className="CompareView-map">
            {asTable
              ? <HeatMapTable data={map} selected={selected} {...(onSelect ? { onSelect } : {})} />
              : <HeatMap data={map} selected={selected} square={square} {...(onSelect ? { onSelect } : {})} {...(notes ? { notes } : {})} />}
          </div>
        </ContextMenu>
      )}
      {map && note && <p className="CompareView-note">{note}</p>}
      {error && <div className="CompareView-empty" role="alert"><EmptyState icon={GitCompareArrows} title={error.message} {...(error.hint === undefined ? {} : { body: error.hint })} /></div>}
      {!map && empty && <div className="CompareView-empty"><EmptyState icon={GitCompareArrows} title={empty.title} body={empty.body} /></div>}
      {!map && !empty && !error && <div className="CompareView-waiting"><Skeleton width="100%" /><Skeleton width="100%" /><Skeleton width="100%" /></div>}
    </section>
  )
}

const nowhere: HeatMapPlace = { row: null, column: null }

/** The matrix of the selected layer; asked for again when a run is added. */
function useTransfer(wanted: boolean): Shown {
  const key = useRunKey()
  const site = useView((view) => view.site)
  const model = useWorkbench(({ run }) => run?.summary.model.name ?? '')
  const ready = useWorkbench(({ run }) => run?.sweep != null && run.progress === null && (run.sweep.task === 'binary' || run.sweep.task === 'multiclass'))
  const finished = useWorkbench(({ session }) => session?.runs.filter(({ status }) => status === 'complete').length ?? 0)
  const { value, error } = useAnswer('probe.transfer', wanted && key && ready && site !== null ? { ...key, site } : null, `${finished} runs`)
  return useMemo(() => {
    const cell = (row: number, column: number): NonNullable<typeof value>['cells'][number] => value?.cells[row * value.runs.length + column] ?? null
    const alone = value !== null && value.runs.length < 2
    const left = value?.leftOut.map(({ dataset, reason }) => `${dataset}: ${reason}`).join(' · ') ?? ''
    const dropped = value?.cells.reduce((sum, one) => sum + (one?.dropped ?? 0), 0) ?? 0
    return {
      map: value && !alone ? transferMap(value, model) : null, error, square: false, selected: nowhere,
      empty: ready && !alone ? null : { title: 'How a probe trained on one dataset does on another', body: `Run a second dataset on this model to see its probe tested on each.${left ? ` Left out: ${left}.` : ''}` },
      note: ['The diagonal is the held-out score.', dropped > 0 ? `${formatQuantity(dropped, 'row')} of groups that every fold trained on were not tested.` : '', left ? `Left out: ${left}.` : ''].filter((part) => part !== '').join(' '),
      notes: (row, column) => {
        const one = cell(row, column)
        return one === null ? [] : [
          { name: '95 % interval', value: writeHalf('accuracy', (one.interval.hi - one.interval.lo) / 2) }, { name: baselineNames.shuffled, value: formatPercent(one.shuffled) }, { name: baselineNames.majority, value: formatPercent(one.majority) },
          { name: 'rows tested', value: one.rows.toLocaleString('en-US') },
          ...(row !== column && one.byFold > 0 ? [{ name: 'by the fold without them', value: one.byFold.toLocaleString('en-US') }] : []),
          ...(one.dropped > 0 ? [{ name: 'not tested', value: one.dropped.toLocaleString('en-US') }] : [])
        ]
      }
    }
  }, [value, error, ready, model])
}

function useSimilarity(wanted: boolean, run: RunSummary | null, other: RunSummary | null): Shown {
  const key = useRunKey()
  const { site, setSite } = useView()
  const stored = run !== null && run.extraction !== null && run.extractionPlan.positions.kind !== 'all'
  const { value, error } = useAnswer('probe.similarity', wanted && key && stored ? { ...key, other: other?.runId ?? null } : null)
  return useMemo(() => {
    const at = (sites: readonly string[] | undefined): number | null => { const index = sites?.indexOf(site ?? '') ?? -1; return index < 0 ? null : index }
    return {
      map: value && run ? similarityMap(value, run, other) : null, error, square: true, note: 'Linear CKA: 1 for representations that are the same up to rotation and scale. Layers whose rows are all alike have none.',
      empty: stored ? null : { title: 'How alike the layers represent the rows', body: 'Run a dataset with one vector a row: every layer is compared with every other, and with those of another model on the same data.' },
      selected: { row: at(value?.sites), column: other ? null : at(value?.otherSites) }, onSelect: (row) => setSite(value?.sites[row] ?? null)
    }
  }, [value, error, run, other, stored, site, setSite])
}

function useCheckpoints(run: RunSummary | null, runs: readonly RunSummary[] | null): Shown {
  const { site, setSite } = useView()
  return useMemo(() => {
    const grid = run && runs ? checkpointGrid(run, runs) : null
    const enough = grid !== null && grid.runs.length > 1
    const [row, column] = [grid?.runs.findIndex(({ runId }) => runId === run?.runId) ?? -1, grid?.sites.indexOf(site ?? '') ?? -1]
    return {
      map: enough ? checkpointMap(grid) : null, error: null, square: false, note: 'Models on the same dataset, columns and positions, in the order of the steps in their names.',
      empty: enough ? null : { title: 'How a probe grows over training', body: 'Open another checkpoint of this model and run the same dataset on it: each becomes a row here.' },
      selected: { row: row < 0 ? null : row, column: column < 0 ? null : column }, onSelect: (_, picked) => setSite(grid?.sites[picked] ?? null)
    }
  }, [run, runs, site, setSite])
}
