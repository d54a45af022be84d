import { Download, Focus, Hand, Lasso, Maximize, SquareDashedMousePointer } from 'lucide-react'
import { useMemo } from 'react'
import { IconButton, Menu, SegmentedControl, Select, type SelectOption } from '../components'
import { useView } from '../state/view'
import { useWorkbench, workbench } from '../state/workbench'
import type { ColorBy } from '../state/workbench-state'

const methods = [{ value: 'pca', label: 'PCA' }, { value: 'umap', label: 'UMAP' }] as const
const tools = [
  { value: 'pan', label: 'Pan and zoom', icon: Hand, shortcut: 'V' },
  { value: 'lasso', label: 'Lasso', icon: Lasso, shortcut: 'L' },
  { value: 'box', label: 'Box select', icon: SquareDashedMousePointer, shortcut: 'B' }
] as const

/** The colouring as one string, for the list of choices. */
export function colorByKey(colorBy: ColorBy): string {
  return colorBy.kind === 'column' ? `column:${colorBy.column}` : colorBy.kind
}

export function colorByOfKey(key: string): ColorBy {
  if (key.startsWith('column:')) return { kind: 'column', column: key.slice(7) }
  return key === 'label' || key === 'prediction' || key === 'score' || key === 'correct' ? { kind: key } : { kind: 'none' }
}

/** Everything points can be coloured by now. Columns of long text say nothing as colours and are left out. */
export function useColorOptions(): readonly SelectOption<string>[] {
  const dataset = useWorkbench((state) => state.dataset)
  const label = useWorkbench(({ run, roles }) => run?.summary.dataset.roles.label ?? roles?.label ?? null)
  const probed = useWorkbench(({ run }) => (run?.results.length ?? 0) > 0)
  const numeric = useWorkbench(({ run }) => run?.results[0]?.kind === 'numeric')
  return useMemo(() => {
    const probe: SelectOption<string>[] = label === null ? [] : [
      { value: 'label', label: 'label', detail: label === 'label' ? undefined : label },
      { value: 'prediction', label: 'prediction', disabled: !probed },
      ...(numeric
        ? [{ value: 'score', label: 'error', disabled: !probed }]
        : [{ value: 'score', label: 'probe score', disabled: !probed }, { value: 'correct', label: 'correctness', disabled: !probed }])
    ]
    const columns = dataset.kind === 'ready' ? dataset.value.columns : []
    const usable = columns.filter(({ name, type, distinct }) => name !== label && distinct > 1 && (distinct <= 255 || type === 'integer' || type === 'number' || type === 'date'))
    return [...probe, { value: 'none', label: 'nothing' }, ...usable.map(({ name }) => ({ value: `column:${name}`, label: name, group: 'Columns' }))]
  }, [dataset, label, numeric, probed])
}

export interface ProjectionHeaderProps {
  readonly drawn: boolean
  readonly onZoomToSelection: () => void
  readonly onReset: () => void
  readonly onExport: (format: 'svg' | 'png') => void
}

export function ProjectionHeader({ drawn, onZoomToSelection, onReset, onExport }: ProjectionHeaderProps): React.JSX.Element {
  const { colorBy, setColorBy, tool, setTool, selection, focusedRow } = useView()
  const method = useWorkbench((state) => state.projection.method)
  const options = useColorOptions()
  const key = colorByKey(colorBy)
  return (
    <header className="ProjectionHeader">
      <h2 className="visually-hidden">Projection</h2>
      <Select label="Colour by" prefix size="small" value={options.some(({ value }) => value === key) ? key : null} onChange={(value) => setColorBy(colorByOfKey(value))} options={options} placeholder="nothing" />
      <SegmentedControl label="Projection" size="small" value={method} options={methods} onChange={setMethod} />
      <div className="ProjectionHeader-space" />
      <SegmentedControl label="Tool" size="small" value={tool} onChange={setTool} options={tools} />
      <IconButton icon={Focus} label="Zoom to selection" shortcut="F" size="small" disabled={!drawn || (selection.length === 0 && focusedRow === null)} onClick={onZoomToSelection} />
      <IconButton icon={Maximize} label="Show all" shortcut="0" size="small" disabled={!drawn} onClick={onReset} />
      <Menu align="end" trigger={<IconButton icon={Download} label="Export figure" size="small" disabled={!drawn} />} items={[
        { kind: 'action', label: 'Export as SVG…', run: () => onExport('svg') },
        { kind: 'action', label: 'Export as PNG…', run: () => onExport('png') }
      ]} />
    </header>
  )
}

/** Changes how the cloud is projected; it belongs to the recipe. */
export function setMethod(method: 'pca' | 'umap'): void {
  workbench.set(({ projection }) => ({ projection: { ...projection, method } }))
}
