import { MousePointerClick } from 'lucide-react'
import { EmptyState } from '../components'
import { useView } from '../state/view'
import { RowInspector } from './RowInspector'
import { SelectionInspector } from './SelectionInspector'
import './Inspector.css'

/** The focused row and the selection, at the selected layer. */
export function Inspector(): React.JSX.Element {
  const selected = useView((view) => view.selection.length)
  const focusedRow = useView((view) => view.focusedRow)
  return (
    <aside className="Inspector" aria-label="Inspector">
      {selected > 0 && <SelectionInspector />}
      {focusedRow !== null && <RowInspector key={focusedRow} row={focusedRow} />}
      {selected === 0 && focusedRow === null && (
        <EmptyState icon={MousePointerClick} title="Nothing is picked yet" body="Click a point in the cloud or a row in the table to read it here: its text, tokens, score at every layer and nearest rows. Draw a lasso to compare a selection with the whole." />
      )}
    </aside>
  )
}
