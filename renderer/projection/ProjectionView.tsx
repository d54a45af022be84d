import { Orbit } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Button, ContextMenu, EmptyState, ProgressBar, formatCount } from '../components'
import { useDataTheme } from '../palette'
import { fileName, saveFile } from '../plots'
import { siteName } from '../layers'
import { noticeError } from '../state/notices'
import { isResumable } from '../state/run'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import type { WorkbenchState } from '../state/workbench-state'
import { CloudCanvas, type CloudHandle, type ShownCloud } from './CloudCanvas'
import { mountCloudActions } from './cloud-actions'
import { fitCloud, inOrderOf } from './cloud-geometry'
import { CloudLegend } from './CloudLegend'
import { retryCloud, useClouds, wishCloud, type CloudProgress } from './clouds'
import { exportCloud } from './export-cloud'
import { ProjectionHeader } from './ProjectionHeader'
import { useCoding } from './use-coding'
import './ProjectionView.css'

export interface ProjectionViewProps {
  /** Points of a layer have come to rest. */
  readonly onSettled?: (site: string) => void
}

/** The embedding cloud of the selected layer. */
export function ProjectionView({ onSettled }: ProjectionViewProps): React.JSX.Element {
  const run = useWorkbench((state) => state.run)
  const { result, progress, error } = useClouds()
  const method = useWorkbench((state) => state.projection.method)
  const selected = useView((view) => view.selection.length)
  const nextStep = useWorkbench(stepToCloud)
  const theme = useDataTheme()
  useWish()

  const shown = useShownCloud(run?.summary.runId ?? null)
  const coding = useCoding(shown?.rows ?? null)
  const handle = useRef<CloudHandle | null>(null)
  const settled = useCallback(() => { if (shown) onSettled?.(shown.site) }, [shown, onSettled])

  const explained = result?.method === 'pca' ? result.explained : null
  const axes = useMemo(() => method === 'pca' ? [0, 1].map((i) => `PC${i + 1}${explained ? ` · ${((explained[i] ?? 0) * 100).toFixed(1)} % of variance` : ''}`) as unknown as readonly [string, string] : null, [method, explained])
  const note = result === null || result.trustworthiness === null ? '' : `trustworthiness ${result.trustworthiness.toFixed(2).replace(/^0/, '')}`

  const onExport = useCallback((format: 'svg' | 'png'): void => {
    const cloud = handle.current?.cloud()
    if (!cloud || !coding || !shown || !run) return
    const states = handle.current?.states() ?? new Uint8Array(0)
    const { model, dataset } = run.summary
    const title = `${method.toUpperCase()} of ${dataset.name}, ${siteName(shown.site)} of ${model.name}`
    void saveFile('save-figure', `${fileName(dataset.name.replace(/\.\w+$/, ''), siteName(shown.site), method)}.${format}`, (path) =>
      exportCloud({ cloud, coding, states, title, note, axes, theme }, /\.png$/i.test(path) ? 'png' : /\.svg$/i.test(path) ? 'svg' : format)).catch(noticeError)
  }, [coding, shown, run, method, note, axes, theme])

  useEffect(() => mountCloudActions({
    zoomToSelection: () => handle.current?.zoomToSelection(),
    resetView: () => handle.current?.resetView(),
    exportFigure: onExport
  }), [onExport])

  return (
    <section className="ProjectionView" aria-label="Projection">
      <ProjectionHeader drawn={shown !== null} onZoomToSelection={() => handle.current?.zoomToSelection()} onReset={() => handle.current?.resetView()} onExport={onExport} />
      <ContextMenu items={[
        { kind: 'action', label: 'Zoom to selection', shortcut: 'F', run: () => handle.current?.zoomToSelection() },
        { kind: 'action', label: 'Show all', shortcut: '0', run: () => handle.current?.resetView() },
        { kind: 'separator' },
        { kind: 'action', label: 'Export as SVG…', disabled: !shown, run: () => onExport('svg') },
        { kind: 'action', label: 'Export as PNG…', disabled: !shown, run: () => onExport('png') }
      ]}>
        <div className="ProjectionView-stage" data-axes={axes !== null || undefined}>
          <CloudCanvas shown={shown} coding={coding} ref={handle} onSettled={settled} />
          {shown && coding && <CloudLegend legend={coding.legend} />}
          {shown && axes && <><p className="ProjectionView-axisX">{axes[0]}</p><p className="ProjectionView-axisY">{axes[1]}</p></>}
          {shown && (
            <p className="ProjectionView-note">
              {selected > 0 && <b>{formatCount(selected)} of {formatCount(shown.rows.length)} rows selected</b>}
              {selected > 0 && note && ' · '}
              {note}
            </p>
          )}
          {progress && <CloudProgressLine progress={progress} method={method} />}
          {error && (
            <div className="ProjectionView-error" role="alert">
              <p>{error.message}{error.hint ? ` ${error.hint}` : ''}</p>
              <Button size="small" onClick={retryCloud}>Try again</Button>
            </div>
          )}
          {!shown && !error && !progress && (
            <div className="ProjectionView-empty">
              {run?.progress
                ? <EmptyState icon={Orbit} title="The cloud appears once the activations are there" body="Every row becomes a point; rows that the layer represents alike lie close." />
                : <EmptyState icon={Orbit} title="The rows of your dataset, as the model sees them" body={`${nextStep}: every row becomes a point, layer by layer.`} />}
            </div>
          )}
        </div>
      </ContextMenu>
    </section>
  )
}

/** What to do to have a cloud. */
function stepToCloud(state: WorkbenchState): string {
  const [model, dataset] = [state.model.kind === 'ready', state.dataset.kind === 'ready']
  if (model && dataset) return isResumable(state) ? 'Continue the run' : 'Press Run'
  return `Open ${model ? '' : 'a model'}${model || dataset ? '' : ' and '}${dataset ? '' : 'a dataset'}, then run`
}

/** Asks for the cloud of the selected layer whenever it, the run or the plan changes. */
function useWish(): void {
  const sessionId = useWorkbench(({ session }) => session?.sessionId ?? null)
  const runId = useWorkbench(({ run }) => run?.summary.runId ?? null)
  const extracted = useWorkbench(({ run }) => run?.extraction != null)
  // Projections of a run that is still being probed are asked for again at its end if they could not be had before.
  const status = useWorkbench(({ run }) => run?.summary.status ?? null)
  const sites = useWorkbench(({ run }) => run?.sites ?? null)
  const plan = useWorkbench((state) => state.projection)
  const engineState = useWorkbench((state) => state.engine)
  const site = useView((view) => view.site)
  useEffect(() => {
    const known = sessionId !== null && runId && extracted && sites && site !== null && sites.includes(site) && engineState === 'ready'
    wishCloud(known ? { sessionId, runId, sites, site, plan } : null)
  }, [sessionId, runId, extracted, status, sites, plan, engineState, site])
  useEffect(() => () => wishCloud(null), [])
}

/**
 * The cloud to draw: the settled one of the selected layer, else its latest frame, else the one before.
 * Points keep their order for as long as a run is on show, so that they glide from layer to layer.
 */
function useShownCloud(runId: string | null): ShownCloud | null {
  const { result, frame } = useClouds()
  const [shown, setShown] = useState<{ readonly runId: string; readonly cloud: ShownCloud } | null>(null)
  useEffect(() => {
    const next = result ?? frame
    if (!next || runId === null) return
    setShown((before) => {
      const rows = before?.runId === runId ? before.cloud.rows : next.rows
      return { runId, cloud: { site: next.site, rows, xy: fitCloud(inOrderOf(rows, next.rows, next.xy)), onItsWay: result === null } }
    })
  }, [result, frame, runId])
  return shown && shown.runId === runId ? shown.cloud : null
}

const stageNames: Readonly<Record<CloudProgress['stage'], string>> = {
  waiting: 'waiting', reading: 'reading activations', neighbors: 'finding neighbours', initialising: 'initialising', optimising: 'optimising'
}

function CloudProgressLine({ progress, method }: { readonly progress: CloudProgress; readonly method: string }): React.JSX.Element {
  const { stage, epoch, epochs, site } = progress
  return (
    <div className="CloudProgress" role="status">
      <span><b>{method.toUpperCase()}</b>{epochs > 0 ? ` ${epoch}/${epochs}` : ''} · {stageNames[stage]} · {siteName(site)}</span>
      <ProgressBar label="Projection" value={epochs > 0 ? epoch / epochs : null} />
    </div>
  )
}
