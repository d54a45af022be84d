import { isTextField, runCommand } from './commands'
import { useOverlay } from './overlay'
import { commandOf } from './shortcut-match'

/** Listens to the keys of the whole page; returns how to stop. */
export function listenToKeys(): () => void {
  const onMac = navigator.platform.startsWith('Mac')
  const press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return
    const plain = !event.ctrlKey && !event.metaKey && event.key.length === 1
    if (plain && (isTextField(document.activeElement) || isInList(document.activeElement))) return
    const command = commandOf(event, onMac)
    if (command === null) return
    // A text field keeps its own undo, redo and select all.
    if (isTextField(document.activeElement) && ['edit.undo', 'edit.redo', 'selection.all'].includes(command)) return
    // Under a dialog nothing changes, except that the palette opens and closes with the same keys.
    if (command === 'palette.open' && useOverlay.getState().overlay === 'palette') useOverlay.setState({ overlay: null })
    else if (document.querySelector('[role="dialog"]')) return
    else runCommand(command)
    event.preventDefault()
  }
  window.addEventListener('keydown', press)
  return () => window.removeEventListener('keydown', press)
}

/** Lists and menus find their items by typed characters. */
function isInList(element: Element | null): boolean {
  return element?.closest('[role="listbox"], [role="menu"]') != null
}
