import { commandTable, type CommandId } from '../../preload/commands'

export interface PressedKey {
  readonly key: string
  readonly code: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly shiftKey: boolean
  readonly altKey: boolean
}

/** Whether the keys that are down are those of a shortcut such as `Mod+Shift+S`. */
export function matchesShortcut(shortcut: string, event: PressedKey, onMac: boolean): boolean {
  const parts = shortcut.split(/\+(?=.)/)
  const key = parts.at(-1) ?? ''
  const needs = (name: string): boolean => parts.includes(name)
  const mod = onMac ? event.metaKey : event.ctrlKey
  const otherMod = onMac ? event.ctrlKey : event.metaKey
  if (needs('Mod') !== mod || otherMod || needs('Alt') !== event.altKey) return false
  // The character of a symbol key may itself need Shift, as `?` does; letters tell Shift apart.
  const letter = /^[a-z]$/i.test(key)
  if ((letter || key.length > 1) && needs('Shift') !== event.shiftKey) return false
  if (event.key.toLowerCase() === key.toLowerCase()) return true
  // With Alt a Mac types another character: the place of the key counts.
  return letter && event.code === `Key${key.toUpperCase()}`
}

/** The command of a key press; null for a key that is nobody's. */
export function commandOf(event: PressedKey, onMac: boolean): CommandId | null {
  return commandTable.find(({ shortcut }) => shortcut !== undefined && matchesShortcut(shortcut, event, onMac))?.id ?? null
}
