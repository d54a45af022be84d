import { InvalidArgumentError } from 'commander'
import { readPositions } from '../../preload/positions'
import type { Positions } from '../../preload/recipe'

/** `last`, `last-2`, `first`, `first+1`, `mean`, `all`, `word` or `span:COLUMN`. */
export function parsePositions(text: string): Positions {
  const positions = readPositions(text)
  if (positions === null) throw new InvalidArgumentError('It must be last, last-N, first, first+N, mean, all, word or span:COLUMN.')
  return positions
}

/** Several of these between commas; `last-1..last-4` stands for the four. */
export function parsePositionList(text: string): readonly Positions[] {
  return parseNames(text).flatMap(name => {
    const [, from, to] = /^(.+)\.\.(.+)$/.exec(name) ?? []
    if (from === undefined || to === undefined) return [parsePositions(name)]
    const [begin, end] = [offsetOf(parsePositions(from)), offsetOf(parsePositions(to))]
    if (begin === null || end === null || begin.side !== end.side) throw new InvalidArgumentError(`${name} is no range: write last-1..last-4 or first..first+3.`)
    const [low, high] = [Math.min(begin.offset, end.offset), Math.max(begin.offset, end.offset)]
    return Array.from({ length: high - low + 1 }, (_, i) => parsePositions(`${begin.side}${begin.side === 'last' ? '-' : '+'}${low + i}`))
  })
}

function offsetOf(positions: Positions): { readonly side: 'last' | 'first'; readonly offset: number } | null {
  switch (positions.kind) {
    case 'last':
    case 'first': return { side: positions.kind, offset: 0 }
    case 'from-end': return { side: 'last', offset: positions.offset }
    case 'from-start': return { side: 'first', offset: positions.offset }
    default: return null
  }
}

/** A whole number of at least `least`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return text => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`It must be a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}.`)
    return value
  }
}

/** A number in [least, most]. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? NaN : Number(text)
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`)
    return value
  }
}

/** Names between commas. */
export function parseNames(text: string): readonly string[] {
  const names = text.split(',').map(name => name.trim()).filter(name => name !== '')
  if (names.length === 0) throw new InvalidArgumentError('It names nothing.')
  return names
}

/** Collects an option that may be given several times. */
export function collect(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...earlier ?? [], text]
}
