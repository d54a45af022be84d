import { commandTable, type MenuName } from '../../preload/commands'
import { Dialog, Kbd } from '../components'
import { closeOverlay, useOverlay } from './overlay'
import './Shortcuts.css'

/** Keys that views handle while they have the focus. */
const inViews: readonly { readonly title: string; readonly keys: readonly string[] }[] = [
  { title: 'Layer strip: previous, next layer', keys: ['ArrowLeft', 'ArrowRight'] },
  { title: 'Cloud: from point to point', keys: ['ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown'] },
  { title: 'Cloud: pick a point', keys: ['Enter'] },
  { title: 'Cloud and table: select the row', keys: ['Space'] },
  { title: 'Table: move between rows', keys: ['ArrowUp', 'ArrowDown'] },
  { title: 'Table: select a range', keys: ['Shift+ArrowDown'] },
  { title: 'Leave a dialog, menu or the tour', keys: ['Escape'] }
]

/** All shortcuts, by menu. */
export function ShortcutsDialog(): React.JSX.Element {
  const open = useOverlay(({ overlay }) => overlay === 'shortcuts')
  const menus = [...new Set(commandTable.filter(({ shortcut }) => shortcut !== undefined).map(({ menu }) => menu))]
  return (
    <Dialog open={open} onOpenChange={(next) => { if (!next) closeOverlay() }} title="Keyboard shortcuts" description="Everything else is in the command palette." width={1040}>
      <div className="Shortcuts">
        {menus.map((menu) => <ShortcutGroup key={menu} menu={menu} />)}
        <section>
          <h3>In views</h3>
          <dl>{inViews.map(({ title, keys }) => <div key={title}><dt>{title}</dt><dd>{keys.map((key) => <Kbd key={key} keys={key} />)}</dd></div>)}</dl>
        </section>
      </div>
    </Dialog>
  )
}

function ShortcutGroup({ menu }: { readonly menu: MenuName }): React.JSX.Element {
  return (
    <section>
      <h3>{menu}</h3>
      <dl>
        {commandTable.flatMap(({ id, title, shortcut, menu: own }) => (own === menu && shortcut !== undefined
          ? [<div key={id}><dt>{title.replace('…', '')}</dt><dd><Kbd keys={shortcut} /></dd></div>]
          : []))}
      </dl>
    </section>
  )
}
