import { exportReport } from '../card'
import { stepLayer, strip } from '../layers'
import { cloudActions, setMethod, useClouds } from '../projection'
import { cardObstacle, openCard } from '../state/card'
import { measureOf, measuresOf, methodOf, methodsOf } from '../state/methods'
import { useView } from '../state/view'
import { workbench } from '../state/workbench'
import type { ColorBy } from '../state/workbench-state'

/** What the views can do, by command id; see the table of commands for titles and keys. */
const unless = (possible: boolean, reason: string): string | null => (possible ? null : reason)
const needsRun = (): string | null => unless(workbench.get().run !== null, 'Run first')
const needsCloud = (): string | null => unless(useClouds.getState().result !== null, 'No projection yet')
const needsResults = (): string | null => unless((workbench.get().run?.results.length ?? 0) > 0, 'No layer is probed yet')
const colorBy = (color: ColorBy) => (): void => useView.getState().setColorBy(color)

/** Escape gives up one thing at a time: the drawing tool, the selection, the focused row. */
function clearOne(): void {
  const { tool, selection, focusedRow, setTool, select, focusRow } = useView.getState()
  if (selection.length > 0) select([])
  else if (focusedRow !== null) focusRow(null)
  else if (tool !== 'pan') setTool('pan')
}

/** Shows the run's next measure, after the last the first. */
function nextMeasure(): void {
  const { run } = workbench.get()
  const { measure, setMeasure } = useView.getState()
  if (!run) return
  const all = measuresOf(run.results, null)
  setMeasure(all[(all.indexOf(measureOf(run.results, null, measure)) + 1) % all.length] ?? null)
}

function methodsOnShow(): readonly string[] {
  const { run } = workbench.get()
  return run ? methodsOf(run) : []
}

/** Shows the run's next method, after the last the first. */
function nextMethod(): void {
  const { run } = workbench.get()
  const { method, setMethod } = useView.getState()
  if (!run) return
  const all = methodsOf(run)
  setMethod(all[(all.indexOf(methodOf(run, method) ?? '') + 1) % all.length] ?? null)
}

export const viewCommands = {
  'card.open': { run: () => openCard(), obstacle: cardObstacle },
  'report.export': { run: () => void exportReport('report'), obstacle: cardObstacle },
  'report.card': { run: () => void exportReport('card'), obstacle: cardObstacle },
  'layer.first': { run: () => void stepLayer(-Infinity), obstacle: needsRun },
  'layer.last': { run: () => void stepLayer(Infinity), obstacle: needsRun },
  'projection.toggle': { run: () => setMethod(workbench.get().projection.method === 'pca' ? 'umap' : 'pca') },
  'tool.pan': { run: () => useView.getState().setTool('pan') },
  'tool.lasso': { run: () => useView.getState().setTool('lasso') },
  'tool.box': { run: () => useView.getState().setTool('box') },
  'selection.clear': {
    run: clearOne,
    obstacle: () => { const { tool, selection, focusedRow } = useView.getState(); return unless(selection.length > 0 || focusedRow !== null || tool !== 'pan', 'Nothing is selected') }
  },
  'cloud.zoom': { run: () => cloudActions()?.zoomToSelection(), obstacle: () => needsCloud() ?? unless(useView.getState().selection.length > 0 || useView.getState().focusedRow !== null, 'Nothing is selected') },
  'cloud.all': { run: () => cloudActions()?.resetView(), obstacle: needsCloud },
  'color.label': { run: colorBy({ kind: 'label' }), obstacle: needsRun },
  'color.prediction': { run: colorBy({ kind: 'prediction' }), obstacle: needsResults },
  'color.score': { run: colorBy({ kind: 'score' }), obstacle: needsResults },
  'color.correct': { run: colorBy({ kind: 'correct' }), obstacle: needsResults },
  'metric.toggle': { run: nextMeasure, obstacle: needsResults },
  'method.next': { run: nextMethod, obstacle: () => needsResults() ?? unless(methodsOnShow().length > 1, 'The run has one method') },
  'figure.cloudSvg': { run: () => cloudActions()?.exportFigure('svg'), obstacle: needsCloud },
  'figure.cloudPng': { run: () => cloudActions()?.exportFigure('png'), obstacle: needsCloud },
  'figure.layersSvg': { run: () => strip()?.exportFigure('svg'), obstacle: needsResults },
  'figure.layersPng': { run: () => strip()?.exportFigure('png'), obstacle: needsResults },
  'figure.layersCopy': { run: () => strip()?.copyValues(), obstacle: needsResults }
} as const
