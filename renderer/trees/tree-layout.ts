import type { SentenceTree } from '../../preload/contract'

/** An arc between a word and the one it hangs from. */
export interface Arc {
  readonly word: number
  readonly head: number
  /** 1 for an arc over no other, one more than the highest arc it spans. */
  readonly level: number
}

/** Where everything of a sentence stands; lengths in pixels. */
export interface TreeLayout {
  /** Middle of each word. */
  readonly x: readonly number[]
  /** Of each word as written, or of its tag where that is wider. */
  readonly widths: readonly number[]
  readonly width: number
  /** Arcs of the treebank between words that are not punctuation. */
  readonly gold: readonly Arc[]
  /** Arcs of the predicted tree, each with whether the treebank has it, in either direction. */
  readonly predicted: readonly (Arc & { readonly right: boolean })[]
  readonly goldRoot: number
  /** −1 where the sentence was not tested. */
  readonly predictedRoot: number
  readonly above: number
  readonly below: number
}

/** Room between two words. */
const gap = 16
const narrowest = 22
const margin = 28

/** Lays a sentence out on a line; `widths` are those of its words or their tags as written. */
export function treeLayout({ words }: Pick<SentenceTree, 'words'>, widths: readonly number[]): TreeLayout {
  const x: number[] = []
  let at = margin
  widths.forEach((width, word) => {
    const slot = Math.max(width, narrowest)
    x.push(at + slot / 2)
    at += slot + (word < widths.length - 1 ? gap : 0)
  })
  const gold = levelled(words.flatMap(({ head, punctuation }, word) => head < 0 || punctuation || words[head]?.punctuation === true ? [] : [{ word, head }]))
  const predicted = levelled(words.flatMap(({ predictedHead }, word) => predictedHead === null || predictedHead < 0 ? [] : [{ word, head: predictedHead }]))
    .map((arc) => ({ ...arc, right: words[arc.word]?.head === arc.head || words[arc.head]?.head === arc.word }))
  const highest = (arcs: readonly Arc[]): number => arcs.reduce((most, { level }) => Math.max(most, level), 1)
  return {
    x, widths, width: at + margin, gold, predicted, above: highest(gold), below: highest(predicted),
    goldRoot: words.findIndex(({ head }) => head < 0), predictedRoot: words.findIndex(({ predictedHead }) => predictedHead === -1)
  }
}

/** Shorter arcs first: each lies over those within it, which may share its ends. */
function levelled(arcs: readonly Omit<Arc, 'level'>[]): readonly Arc[] {
  const low = ({ word, head }: Omit<Arc, 'level'>): number => Math.min(word, head)
  const high = ({ word, head }: Omit<Arc, 'level'>): number => Math.max(word, head)
  const done: Arc[] = []
  for (const arc of [...arcs].sort((a, b) => high(a) - low(a) - (high(b) - low(b)))) {
    const within = done.filter((other) => low(other) >= low(arc) && high(other) <= high(arc))
    done.push({ ...arc, level: 1 + within.reduce((most, { level }) => Math.max(most, level), 0) })
  }
  return done.sort((a, b) => a.word - b.word)
}

/** Heights in a stage of `room` pixels: of one level, of the line of words, and of the whole drawing. */
export interface TreeHeights { readonly level: number; readonly top: number; readonly bottom: number; readonly height: number }

/** Room for the two lines under each other that a word takes: itself and its tag. */
const lineHeight = 46
export function treeHeights({ above, below }: Pick<TreeLayout, 'above' | 'below'>, room: number): TreeHeights {
  // Over the highest arc: the mark of the root.
  const head = room < 260 ? 18 : 26
  const level = Math.max(7, Math.min(26, (room - lineHeight - 2 * head) / (above + below)))
  const top = head + above * level
  return { level, top, bottom: top + lineHeight, height: top + lineHeight + below * level + head }
}

/** An arc from `from` to `to` at a base line, its middle `rise` away from it (negative: upwards). */
export function arcPath(from: number, to: number, base: number, rise: number): string {
  // The middle of a cubic lies at three quarters of its control points.
  const control = base + rise / 0.75
  const n = (value: number): string => value.toFixed(1)
  return `M${n(from)} ${n(base)}C${n(from)} ${n(control)} ${n(to)} ${n(control)} ${n(to)} ${n(base)}`
}
