import type { RolesCheck } from '../../preload/contract'
import { formatCount } from '../components'
import './ClassCounts.css'

const shown = 6

/** How many rows each class has, as bars of one quiet colour: the data's colours mean classes elsewhere only in plots. */
export function ClassCounts({ check }: { readonly check: RolesCheck }): React.JSX.Element | null {
  if (check.classes.length === 0) return null
  const most = Math.max(...check.classes.map(({ rows }) => rows))
  const rest = check.classes.slice(shown)
  return (
    <div className="ClassCounts">
      <dl>
        {check.classes.slice(0, shown).map(({ name, rows }) => (
          <div key={name}>
            <dt title={name}>{name === '' ? 'empty' : name}</dt>
            <dd><span className="ClassCounts-bar" style={{ width: `${(100 * rows) / most}%` }} /><span className="tabular">{formatCount(rows)}</span></dd>
          </div>
        ))}
      </dl>
      {rest.length > 0 && <p className="CardQuiet">and {rest.length} more</p>}
    </div>
  )
}
