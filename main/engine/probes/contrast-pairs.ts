import { LayerscopeError } from '../errors'
import type { CodedGroups } from './groups'
import { seededRandom } from './random'
import type { ContrastColumns } from './sweep-types'

/** Which labelled rows form contrast pairs, affirm or negate, and share a topic; arrays run over the labelled rows. */
export interface SiteContrast {
  /** The labelled row that completes a row's pair, −1 for a row in none; null without a pair column. A pair is two rows of different classes. */
  readonly partner: Int32Array | null
  /**
   * 1 and −1 in the two rows of a pair: affirmative and negated where polarity tells them apart, else drawn by the seed, so
   * that a side says nothing about the label. A row in no pair has its polarity; 0 where that is unknown.
   */
  readonly side: Int8Array
  /** 1 affirmative, −1 negated, 0 unknown; null without a polarity column. */
  readonly polarity: Int8Array | null
  /** Index of the topic, a negative number of its own for a row without one; null without a topic column. */
  readonly topic: Int32Array | null
}

/** Says nothing of any row. */
export function noContrast(rows: number): SiteContrast {
  return { partner: null, side: new Int8Array(rows), polarity: null, topic: null }
}

/** `columns` over the labelled `rows` (activation rows) with their classes. */
export function codeContrast(columns: ContrastColumns | undefined, rows: Int32Array, codes: Int32Array, seed: number): SiteContrast {
  if (!columns) return noContrast(rows.length)
  const { pair, polarity: marks, topic: topics } = columns
  const polarity = marks && Int8Array.from(rows, row => marks[row] as number)
  const side = polarity ? Int8Array.from(polarity) : new Int8Array(rows.length)
  const random = seededRandom(seed + 2)
  const partner = pair && new Int32Array(rows.length).fill(-1)
  for (const [first, second, ...more] of pair ? membersOf(rows, pair).values() : []) {
    // Drawn for every value, so that one pair more or less moves no other pair's sides.
    const drawn = random() < 0.5 ? 1 : -1
    if (!partner || first === undefined || second === undefined || more.length > 0 || codes[first] === codes[second]) continue
    partner[first] = second
    partner[second] = first
    const told = polarity !== null && (polarity[first] as number) * (polarity[second] as number) === -1
    side[first] = told ? polarity[first] as number : drawn
    side[second] = -(side[first] as number)
  }
  return { partner, side, polarity, topic: topics && indices(rows, topics) }
}

/** Pairs whose two rows both lie in `training`, as [row of class 0, row of class 1] one after the other. */
export function pairsByClass({ partner }: SiteContrast, training: Int32Array, codes: Int32Array): Int32Array {
  const ones = new Set(training.filter(row => codes[row] === 1))
  return Int32Array.from([...training].filter(row => codes[row] === 0 && ones.has(partner?.[row] ?? -1)).flatMap(row => [row, partner?.[row] ?? -1]))
}

/** The same as [row of side −1, row of side 1]. */
export function pairsBySide({ partner, side }: SiteContrast, training: Int32Array): Int32Array {
  const inTraining = new Set(training)
  return Int32Array.from([...training].filter(row => side[row] === -1 && inTraining.has(partner?.[row] ?? -1)).flatMap(row => [row, partner?.[row] ?? -1]))
}

/**
 * Groups that keep the rows of one pair value together as well: groups that share a value become one.
 * @throws LayerscopeError `pairs-join-groups` where that leaves a single one
 */
export function joinPairs(groups: CodedGroups, rows: Int32Array, pair: readonly (string | null)[] | null): CodedGroups {
  if (pair === null) return groups
  const joined = joinGroups(groups, rows, pair)
  if (new Set(joined.codes).size < 2 && new Set(groups.codes).size > 1) {
    throw new LayerscopeError({
      code: 'pairs-join-groups', field: 'pair',
      message: 'The contrast pairs link all groups with one another, so no group can be held out without tearing a pair apart.',
      hint: 'Choose a group column whose groups contain whole pairs, or none.'
    })
  }
  return joined
}

/**
 * Which labelled rows stay on one side of every split: those of a group; words of a sentence that occurs twice, whatever
 * its copies are called; both rows of a contrast pair. `texts` and `pair` run over all activation rows; `texts` is null where rows are no words.
 * @throws LayerscopeError `pairs-join-groups`
 */
export function rowsTogether(groups: CodedGroups, rows: Int32Array, texts: readonly string[] | null, pair: readonly (string | null)[] | null): CodedGroups {
  return joinPairs(texts && groups.given ? joinGroups(groups, rows, texts) : groups, rows, pair)
}

/** Groups that share one of `values` become one; `values` runs over all activation rows. */
export function joinGroups(groups: CodedGroups, rows: Int32Array, values: readonly (string | null)[]): CodedGroups {
  const parent = new Map<number, number>()
  const rootOf = (group: number): number => {
    let root = group
    for (let up = parent.get(root); up !== undefined; up = parent.get(root)) root = up
    if (root !== group) parent.set(group, root)
    return root
  }
  for (const [first = 0, ...others] of membersOf(rows, values).values()) {
    for (const other of others) {
      const [a, b] = [rootOf(groups.codes[first] as number), rootOf(groups.codes[other] as number)]
      if (a !== b) parent.set(b, a)
    }
  }
  return { ...groups, codes: groups.codes.map(rootOf), given: true }
}

/** Positions among the labelled rows that share each value, in the order the values appear. */
function membersOf(rows: Int32Array, names: readonly (string | null)[]): ReadonlyMap<string, readonly number[]> {
  const members = new Map<string, number[]>()
  rows.forEach((row, i) => {
    const name = names[row] ?? null
    if (name === null) return
    const known = members.get(name)
    if (known) known.push(i)
    else members.set(name, [i])
  })
  return members
}

function indices(rows: Int32Array, names: readonly (string | null)[]): Int32Array {
  const known = new Map<string, number>()
  return Int32Array.from(rows, (row, i) => {
    const name = names[row] ?? null
    if (name === null) return -1 - i
    const index = known.get(name) ?? known.size
    known.set(name, index)
    return index
  })
}
