import type { DatasetSummary, RowPage } from '../../preload/contract'
import type { Positions, TextSource } from '../../preload/recipe'
import { useAnswer } from '../state/engine-data'
import { useWorkbench } from '../state/workbench'

/** The text of a row as the model reads it: a column, or a template with the row's cells filled in. Where rows are words, the word comes first. */
export function textOfRow(source: TextSource, positions: Positions['kind'], columns: DatasetSummary['columns'], cells: RowPage['rows'][number]['cells']): string {
  const cell = (name: string): string => {
    const at = columns.findIndex((column) => column.name === name)
    const value = cells[at]
    return value === null || value === undefined ? '' : String(value)
  }
  const text = source.kind === 'column' ? cell(source.column) : source.template.replace(/\{([^{}]+)\}/g, (_, name: string) => cell(name))
  const word = positions === 'word' ? cell('word') : ''
  return word === '' ? text : `${word} · ${text}`
}

/** Which tokens the rows on show were read at. */
export function useRowPositions(): Positions['kind'] {
  return useWorkbench(({ run, extraction }) => (run?.summary.extractionPlan ?? extraction).positions.kind)
}

/** Text of one row of the open dataset; null while it is on its way. */
export function useRowText(row: number | null): string | null {
  const dataset = useWorkbench((state) => state.dataset)
  const source = useWorkbench(({ run, roles }) => run?.summary.dataset.roles.text ?? roles?.text ?? null)
  const positions = useRowPositions()
  const open = dataset.kind === 'ready' ? dataset.value : null
  const { value } = useAnswer('dataset.rows', open && row !== null ? { datasetId: open.datasetId, offset: 0, limit: 1, only: Int32Array.of(row) } : null)
  const cells = value?.rows[0]?.cells
  return open && source && cells ? textOfRow(source, positions, open.columns, cells) : null
}
