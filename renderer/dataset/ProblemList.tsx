import { TriangleAlert } from 'lucide-react'
import type { DatasetProblem } from '../../preload/contract'
import { formatCount, formatQuantity } from '../components'
import './ProblemList.css'

/** Problems with the rows they are in; `count` is how many there are where not all came along. */
export function ProblemList({ problems, count }: { readonly problems: readonly DatasetProblem[]; readonly count: number }): React.JSX.Element {
  return (
    <section className="ProblemList" aria-label="Problems">
      <h3><TriangleAlert size={14} strokeWidth={2} aria-hidden />{formatQuantity(count, 'problem')}</h3>
      <ul className="selectable">
        {problems.map(({ row, message }, index) => <li key={index}>{row !== null && <span className="tabular">Row {formatCount(row)}</span>}{message}</li>)}
        {count > problems.length && <li>and {formatCount(count - problems.length)} more</li>}
      </ul>
    </section>
  )
}
