import { stepLayer, strip } from '../layers'
import { cloudActions, setMethod, useClouds } from '../projection'
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

export const viewCommands = {
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
  'metric.toggle': { run: () => { const { metric, setMetric } = useView.getState(); setMetric(metric === 'accuracy' ? 'auroc' : 'accuracy') } },
  'figure.cloudSvg': { run: () => cloudActions()?.exportFigure('svg'), obstacle: needsCloud },
  'figure.cloudPng': { run: () => cloudActions()?.exportFigure('png'), obstacle: needsCloud },
  'figure.layersSvg': { run: () => strip()?.exportFigure('svg'), obstacle: needsResults },
  'figure.layersPng': { run: () => strip()?.exportFigure('png'), obstacle: needsResults },
  'figure.layersCopy': { run: () => strip()?.copyValues(), obstacle: needsResults }
} as const
