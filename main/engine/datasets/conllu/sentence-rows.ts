/**
 * Probing tasks for whole sentences after Conneau et al. (1805.01070), as far as a dependency parse answers them.
 */
import { createHash } from 'node:crypto'
import type { TreebankSentence, TreebankWord } from './sentence'

/** Columns of a CoNLL-U file read sentence by sentence; those that are empty throughout are left out. */
export const sentenceColumns: readonly string[] = [
  'text', 'sentence', 'length', 'length_bin', 'depth', 'tense', 'subject_number', 'object_number', 'shifted_text', 'bigram_shift', 'top_constituents'
]

/** The column whose rare values become one. */
export const topConstituentsColumn = sentenceColumns.indexOf('top_constituents')

/** The paper's six classes of sentence length, in words. */
const lengthBins = [[5, 8], [9, 12], [13, 16], [17, 20], [21, 25], [26, 28]] as const

/** The sentence's row, in the order of `sentenceColumns`. */
export function sentenceRow(sentence: TreebankSentence): readonly (string | null)[] {
  const { id, text, words, constituency } = sentence
  const shift = bigramShift(sentence)
  const bin = lengthBins.find(([least, most]) => words.length >= least && words.length <= most)
  return [
    text, id, String(words.length), bin === undefined ? null : `${bin[0]}–${bin[1]}`, String(words.reduce((most, { depth }) => Math.max(most, depth), 0)),
    mainTense(words), numberOf(words, 'nsubj'), numberOf(words, 'obj'), shift?.text ?? text, shift?.label ?? null, constituency === null ? null : topConstituents(constituency)
  ]
}

/** Tense of the main clause: of the root where it is a finite verb, else of its first finite auxiliary or copula. */
function mainTense(words: readonly TreebankWord[]): string | null {
  const root = words.findIndex(({ head }) => head === 0)
  const finite = (word: TreebankWord | undefined): boolean => word?.feats.get('VerbForm') === 'Fin' && word.feats.has('Tense')
  const bearer = finite(words[root]) ? words[root] : words.find(word => word.head === root + 1 && ['aux', 'cop'].includes(relationOf(word)) && finite(word))
  return bearer?.feats.get('Tense') ?? null
}

/** Number of the root's subject or object, by the features of its head word. */
function numberOf(words: readonly TreebankWord[], relation: 'nsubj' | 'obj'): string | null {
  const root = words.findIndex(({ head }) => head === 0)
  return words.find(word => word.head === root + 1 && relationOf(word) === relation)?.feats.get('Number') ?? null
}

/** The relation without its subtype: `nsubj:pass` is an `nsubj`. */
function relationOf({ deprel }: TreebankWord): string {
  return deprel?.split(':', 1)[0] ?? ''
}

/**
 * Half of the sentences, chosen by a hash of their name, get two neighbouring words swapped. Punctuation stays, and so does the
 * first word, whose capital would tell. Null where no two neighbours can be swapped.
 */
function bigramShift({ id, text, words }: TreebankSentence): { readonly text: string; readonly label: 'original' | 'shifted' } | null {
  const pairs = words.flatMap((word, index) => {
    const next = words[index + 1]
    const swappable = index > 0 && next !== undefined && word.upos !== 'PUNCT' && next.upos !== 'PUNCT' && word.end <= next.start && word.form !== next.form
    return swappable ? [[word, next] as const] : []
  })
  const digest = createHash('sha256').update(`bigram shift\n${id}\n${text}`).digest()
  const pair = pairs[digest.readUInt32LE(4) % Math.max(1, pairs.length)]
  if (pair === undefined) return null
  if ((digest.readUInt8(0) & 1) === 0) return { text, label: 'original' }
  const [first, second] = pair
  const of = ({ start, end }: TreebankWord): string => text.slice(start, end)
  return { text: text.slice(0, first.start) + of(second) + text.slice(first.end, second.start) + of(first) + text.slice(second.end), label: 'shifted' }
}

/** Labels of the constituents right below the sentence node: `(ROOT (S (NP …) (VP …) (. .)))` gives `NP VP .` */
function topConstituents(brackets: string): string | null {
  const labels: string[] = []
  let depth = 0
  for (const [part] of brackets.matchAll(/\([^\s()]*|\)/g)) {
    if (part === ')') depth--
    else if (++depth === 3) labels.push(part.slice(1))
  }
  return labels.length === 0 || depth !== 0 ? null : labels.join(' ')
}
