import './Kbd.css'

const onMac = navigator.platform.startsWith('Mac')

const macGlyphs: Readonly<Record<string, string>> = {
  Mod: '⌘', Shift: '⇧', Alt: '⌥', Enter: '↵', Escape: 'esc', Space: 'space', Backspace: '⌫', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓'
}
const otherGlyphs: Readonly<Record<string, string>> = {
  Mod: 'Ctrl', Shift: 'Shift', Alt: 'Alt', Backspace: 'Backspace', Enter: '↵', Escape: 'Esc', Space: 'Space', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓'
}

/** The keys of a shortcut as people read them on this platform: `Mod+Enter` is ⌘ ↵ or Ctrl ↵. */
export function shortcutKeys(shortcut: string): readonly string[] {
  const glyphs = onMac ? macGlyphs : otherGlyphs
  // `Mod++` is Mod with the plus key.
  return shortcut.split(/\+(?=.)/).map((key) => glyphs[key] ?? key.toUpperCase())
}

/** A shortcut, key by key. `keys` is written as in the command table: `Mod+Shift+S`. */
export function Kbd({ keys }: { readonly keys: string }): React.JSX.Element {
  return <span className="Kbd">{shortcutKeys(keys).map((key) => <kbd key={key}>{key}</kbd>)}</span>
}
