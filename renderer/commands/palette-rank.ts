/**
 * How well an entry of the palette answers what is typed, from 0 (not shown) to 1. Every typed word must stand in
 * the entry: best where its title has a word that begins so, then a keyword that does, then anywhere inside. The
 * initials of a title count too (`cbl` for "Colour by label"). What cannot be done now comes after all that can.
 */
export function paletteRank(title: string, keywords: readonly string[], possible: boolean, typed: string): number {
  const wanted = words(typed)
  if (wanted.length === 0) return 1
  const own = words(title)
  const other = keywords.flatMap(words)
  const rank = isInitials(own, wanted) ? 0.5 : Math.min(...wanted.map((word) => wordRank(word, own, other)))
  return possible ? rank : rank / 100
}

function wordRank(word: string, own: readonly string[], other: readonly string[]): number {
  const first = own.findIndex((text) => text.startsWith(word))
  // "Run" before "Cancel run": the earlier in the title, the closer.
  if (first >= 0) return (own[first] === word ? 1 : 0.95) - 0.01 * Math.min(10, first)
  if (other.some((text) => text.startsWith(word))) return 0.7
  if (own.some((text) => text.includes(word))) return 0.4
  return other.some((text) => text.includes(word)) ? 0.2 : 0
}

function isInitials(own: readonly string[], [only, ...rest]: readonly string[]): boolean {
  return only !== undefined && rest.length === 0 && only.length > 1 && own.map((text) => text.charAt(0)).join('').startsWith(only)
}

function words(text: string): readonly string[] {
  return text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean)
}
