import type { RolesCheck } from '../../preload/contract'
import { formatCount, formatQuantity } from '../components'
import './ClassCounts.css'

const shown = 6

/** How many rows each class has, as bars of one quiet colour: the data's colours mean classes elsewhere only in plots. */
export function ClassCounts({ check }: { readonly check: RolesCheck }): React.JSX.Element | null {
  if (check.classes.length === 0) return null
  const most = Math.max(...check.classes.map(({ rows }) => rows))
  // Of many classes the largest come first: the first six by name say little of seventeen. Numbers keep their order.
  const numbers = check.classes.every(({ name }) => name.trim() !== '' && Number.isFinite(Number(name)))
  const classes = check.classes.length > shown && !numbers ? [...check.classes].sort((a, b) => b.rows - a.rows) : check.classes
  const rest = classes.slice(shown)
  const least = Math.min(...rest.map(({ rows }) => rows))
  return (
    <div className="ClassCounts">
      <dl>
        {classes.slice(0, shown).map(({ name, rows }) => (
          <div key={name}>
            <dt title={name}>{name === '' ? 'empty' : name}</dt>
            <dd><span className="ClassCounts-bar" style={{ width: `${(100 * rows) / most}%` }} /><span className="tabular">{formatCount(rows)}</span></dd>
          </div>
        ))}
      </dl>
      {rest.length > 0 && <p className="CardQuiet tabular">and {formatCount(rest.length)} more{least < most && `, down to ${formatQuantity(least, 'row')}`}</p>}
    </div>
  )
}
