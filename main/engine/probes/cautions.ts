import { quoted } from '../quoted'
import { written } from '../quantity'

/**
 * What a guard found, from what takes most of a score to what takes least: rows seen in training; something trivial that explains the score;
 * nothing to choose by; classes that cannot be learned or scored; a baseline or an interval to be read with care; how a fit went; rows that
 * took no part; fewer folds than asked for.
 */
const grounds = ['leak', 'explained', 'choice', 'classes', 'reading', 'fit', 'rows', 'folds'] as const

/** A guard that fired, in a sentence. */
export interface Caution {
  readonly ground: (typeof grounds)[number]
  readonly says: string
}

/** The sentences, the most serious first, those of one ground in the order they came. */
export function mostSeriousFirst(cautions: readonly Caution[]): readonly string[] {
  return grounds.flatMap(ground => cautions.filter(caution => caution.ground === ground).map(({ says }) => says))
}

/** Fewer groups than this make a cluster bootstrap interval too narrow to be believed. */
const fewestGroups = 10
/** Names that a sentence lists. */
const namedAtMost = 3

/** Where an interval rests on few of what the bootstrap draws: `groups`, or `groups of sentences`. */
export function fewGroups(count: number, what: string): readonly Caution[] {
  return count >= fewestGroups ? [] : [{ ground: 'reading', says: `The intervals rest on ${count} ${what}: with fewer than ${fewestGroups} they are too narrow.` }]
}

/**
 * Groups on both sides of a split that a column of test rows makes. `groups` has one entry a row (or sentence), `tested` marks those of the
 * test, `nameOf` gives the name of one's group.
 */
export function sharedGroups(groups: Int32Array, tested: (at: number) => boolean, nameOf: (at: number) => string, what: 'rows' | 'sentences'): readonly Caution[] {
  const all = [...groups.keys()]
  const training = new Set(all.filter(at => !tested(at)).map(at => groups[at] as number))
  const own = all.filter(tested)
  const seen = own.filter(at => training.has(groups[at] as number))
  if (seen.length === 0) return []
  const names = new Map(seen.map(at => [groups[at] as number, nameOf(at)]))
  const count = new Set(own.map(at => groups[at])).size
  return [{
    ground: 'leak',
    says: `${written(names.size)} of ${written(count)} groups of the test ${what} also occur in training (${quotedList([...names.values()], 'more')}), with ${written(seen.length)} of ${written(own.length)} test ${what}: the test score may rest on remembering them. `
      + `Mark whole groups as test ${what}, or choose no test column, and groups are kept whole.`
  }]
}

/** Names in quotation marks, the first three: `“a”, “b”, “c” and 4 more classes`. */
export function quotedList(names: readonly string[], more: string): string {
  const shown = names.slice(0, namedAtMost).map((name) => quoted(name, 40))
  if (names.length > namedAtMost) return `${shown.join(', ')} and ${written(names.length - namedAtMost)} ${more}`
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}` : shown.join('')
}

/** The sites where every row has the same activations, in a sentence that counts them; none where there are none. */
export function constantSites(results: readonly { readonly site: string; readonly remarks?: readonly string[] }[], sites: number): readonly string[] {
  const those = [...new Set(results.filter(({ remarks }) => remarks?.includes('constant') === true).map(({ site }) => site))]
  if (those.length === 0) return []
  return [`At ${those.length} of ${sites} sites all rows have the same activations (${those.slice(0, namedAtMost).join(', ')}${those.length > namedAtMost ? ', …' : ''}), as an embedding has where every text ends in the same token: the score there is that of always giving one answer.`]
}
