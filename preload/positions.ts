/** How positions are written: the short form of the command line and of file names, and in words. */
import type { Positions } from './recipe'

/** `last`, `last-2`, `first`, `first+1`, `mean`, `all`, `word` or `span:COLUMN`: what the command line reads and prints. */
export function writePositions(positions: Positions): string {
  switch (positions.kind) {
    case 'from-end': return `last-${positions.offset}`
    case 'from-start': return `first+${positions.offset}`
    case 'span': return `span:${positions.column}`
    default: return positions.kind
  }
}

/** What `writePositions` wrote; null for anything else. */
export function readPositions(text: string): Positions | null {
  if (text === 'last' || text === 'first' || text === 'mean' || text === 'all' || text === 'word') return { kind: text }
  const [, from, digits] = /^(last-|first\+)(\d{1,6})$/.exec(text) ?? []
  if (digits !== undefined) {
    const offset = Number(digits)
    if (offset === 0) return { kind: from === 'last-' ? 'last' : 'first' }
    return { kind: from === 'last-' ? 'from-end' : 'from-start', offset }
  }
  const column = /^span:(.+)$/s.exec(text)?.[1]
  return column === undefined ? null : { kind: 'span', column }
}

/** In a few words: `last token`, `2nd token before the last`, `last token of city`. */
export function positionName(positions: Positions): string {
  switch (positions.kind) {
    case 'last': return 'last token'
    case 'first': return 'first token'
    case 'from-end': return positions.offset === 1 ? 'token before the last' : `${ordinal(positions.offset)} token before the last`
    case 'from-start': return positions.offset === 1 ? 'token after the first' : `${ordinal(positions.offset)} token after the first`
    case 'mean': return 'mean over tokens'
    case 'all': return 'every token'
    case 'word': return 'mean over the word'
    case 'span': return `last token of ${positions.column}`
  }
}

/** As the line of a chart: `last`, `last − 2`, `first + 1`. */
export function positionTick(positions: Positions): string {
  switch (positions.kind) {
    case 'from-end': return `last − ${positions.offset}`
    case 'from-start': return `first + ${positions.offset}`
    case 'span': return `end of ${positions.column}`
    default: return positions.kind
  }
}

/** Whether both are the same tokens. */
export function samePositions(a: Positions, b: Positions): boolean {
  return writePositions(a) === writePositions(b)
}

/** In the order of the text: from the first token on, up to the last, then spans and the mean, which have no place of their own. */
export function inTextOrder(a: Positions, b: Positions): number {
  const [[ownPart, ownPlace], [otherPart, otherPlace]] = [placeOf(a), placeOf(b)]
  return ownPart - otherPart || ownPlace - otherPlace
}

function placeOf(positions: Positions): readonly [part: number, place: number] {
  switch (positions.kind) {
    case 'first': return [0, 0]
    case 'from-start': return [0, positions.offset]
    case 'from-end': return [1, -positions.offset]
    case 'last': return [1, 0]
    case 'span': return [2, 0]
    case 'word': return [3, 0]
    case 'mean': return [4, 0]
    case 'all': return [5, 0]
  }
}

function ordinal(number: number): string {
  const teen = number % 100 >= 11 && number % 100 <= 13
  return `${number}${teen ? 'th' : { 1: 'st', 2: 'nd', 3: 'rd' }[number % 10] ?? 'th'}`
}
