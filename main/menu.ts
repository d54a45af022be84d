import type { MenuItemConstructorOptions } from 'electron'
import type { RecentSession } from '../preload/bridge'
import { commandTable, type CommandInfo, type MenuName } from '../preload/commands'

export interface MenuActions {
  /** A command of the table was picked. */
  readonly run: (command: CommandInfo) => void
  readonly openRecent: (path: string) => void
  readonly clearRecent: () => void
}

const menuOrder: readonly MenuName[] = ['File', 'Edit', 'View', 'Run', 'Go', 'Help']

/** `Mod+Shift+S` as Electron writes it. */
export function accelerator(shortcut: string): string {
  return shortcut.replace(/^Mod/, 'CommandOrControl').replace(/=$/, 'Plus')
}

/**
 * The application menu from the command table.
 * The page handles the keys itself (it knows whether one types), so on Windows and Linux they are only shown here;
 * a Mac gives the page every key first.
 */
export function menuTemplate(recent: readonly RecentSession[], enabled: ReadonlySet<string> | null, onMac: boolean, actions: MenuActions): MenuItemConstructorOptions[] {
  const item = (command: CommandInfo): MenuItemConstructorOptions => ({
    id: command.id,
    label: command.title,
    // Keys without a modifier are the page's alone: a menu would take them from text fields.
    ...(command.shortcut && /^(Mod|F\d)/.test(command.shortcut) ? { accelerator: accelerator(command.shortcut), registerAccelerator: false } : {}),
    enabled: command.host === true || (enabled?.has(command.id) ?? false),
    click: () => actions.run(command)
  })

  const grouped = (menu: MenuName): MenuItemConstructorOptions[] => {
    const commands = commandTable.filter((command) => command.menu === menu)
    return commands.flatMap((command, index) => {
      const before = commands[index - 1]
      const divider: MenuItemConstructorOptions[] = before && before.group !== command.group ? [{ type: 'separator' }] : []
      return [...divider, item(command)]
    })
  }

  const recentMenu: MenuItemConstructorOptions = {
    label: 'Open recent',
    submenu: recent.length === 0
      ? [{ label: 'No recent sessions', enabled: false }]
      : [
          ...recent.map(({ path, name }): MenuItemConstructorOptions => ({ label: name, sublabel: path, toolTip: path, click: () => actions.openRecent(path) })),
          { type: 'separator' },
          { label: 'Clear this list', click: actions.clearRecent }
        ]
  }

  const submenus = menuOrder.map((menu): MenuItemConstructorOptions => {
    const items = grouped(menu)
    if (menu === 'File') {
      items.splice(items.findIndex(({ id }) => id === 'session.open') + 1, 0, recentMenu)
      if (!onMac) items.push({ type: 'separator' }, { role: 'quit', label: 'Quit' })
    }
    if (menu === 'Edit') {
      const afterRedo = items.findIndex(({ id }) => id === 'edit.redo') + 1
      items.splice(afterRedo, 0, { type: 'separator' }, { role: 'cut' }, { role: 'copy' }, { role: 'paste' })
    }
    return { label: menu, submenu: items, ...(menu === 'Help' ? { role: 'help' as const } : {}) }
  })

  if (!onMac) return submenus
  return [{ role: 'appMenu' }, ...submenus.slice(0, -1), { role: 'windowMenu' }, ...submenus.slice(-1)]
}
