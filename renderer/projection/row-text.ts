import type { DatasetSummary, RowPage } from '../../preload/contract'
import type { TextSource } from '../../preload/recipe'
import { useAnswer } from '../state/engine-data'
import { useWorkbench } from '../state/workbench'

/** The text of a row as the model reads it: a column, or a template with the row's cells filled in. */
export function textOfRow(source: TextSource, columns: DatasetSummary['columns'], cells: RowPage['rows'][number]['cells']): string {
  const cell = (name: string): string => {
    const at = columns.findIndex((column) => column.name === name)
    const value = cells[at]
    return value === null || value === undefined ? '' : String(value)
  }
  return source.kind === 'column' ? cell(source.column) : source.template.replace(/\{([^{}]+)\}/g, (_, name: string) => cell(name))
}

/** Text of one row of the open dataset; null while it is on its way. */
export function useRowText(row: number | null): string | null {
  const dataset = useWorkbench((state) => state.dataset)
  const source = useWorkbench(({ run, roles }) => run?.summary.dataset.roles.text ?? roles?.text ?? null)
  const open = dataset.kind === 'ready' ? dataset.value : null
  const { value } = useAnswer('dataset.rows', open && row !== null ? { datasetId: open.datasetId, offset: 0, limit: 1, only: Int32Array.of(row) } : null)
  const cells = value?.rows[0]?.cells
  return open && source && cells ? textOfRow(source, open.columns, cells) : null
}
