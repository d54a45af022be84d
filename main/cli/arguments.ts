import { InvalidArgumentError } from 'commander'
import type { Positions } from '../../preload/recipe'

/** `last`, `first`, `mean`, `all`, `word` or `span:COLUMN`. */
export function parsePositions(text: string): Positions {
  if (text === 'last' || text === 'first' || text === 'mean' || text === 'all' || text === 'word') return { kind: text }
  const column = /^span:(.+)$/s.exec(text)?.[1]
  if (column !== undefined) return { kind: 'span', column }
  throw new InvalidArgumentError('It must be last, first, mean, all, word or span:COLUMN.')
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
