import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import { treeDepths } from './tree'

/** Columns of a table of words, one entry an activation row; null where the table has no such column. */
export interface TreeColumns {
  readonly sentence: readonly (string | null)[] | null
  /** Place of the word in its sentence, counted from 1. */
  readonly id: readonly (string | null)[] | null
  /** `id` of the word it depends on; 0 for the root. */
  readonly head: readonly (string | null)[] | null
  /** Words of the sentence: tells where words are missing at its end. */
  readonly length: readonly (string | null)[] | null
  /** `PUNCT` marks punctuation; where it is missing the relation `punct` does. */
  readonly upos: readonly (string | null)[] | null
  readonly deprel: readonly (string | null)[] | null
}

/** Sentences with a tree over two words or more, each word with a vector: flat arrays over their words, sentence after sentence. */
export interface Treebank {
  /** First word of each sentence, and the number of words: [sentences + 1]. */
  readonly starts: Int32Array
  /** Activation row of each word, ascending. */
  readonly rows: Int32Array
  /** The word of the same sentence that each depends on, counted from 0 within the sentence; −1 for the root. */
  readonly heads: Int32Array
  /** Arcs between each word and the root. */
  readonly depths: Int32Array
  /** 1 for punctuation. */
  readonly punctuation: Uint8Array
  readonly leftOut: {
    /** Sentences of one word, which have no arc. */
    readonly single: number
    /** Sentences that lack the vector of a word, or whose heads form no tree. */
    readonly incomplete: number
  }
}

/**
 * Reads the trees of a table of words. Rows of a sentence stand together, in the order of their words.
 * @throws LayerscopeError `tree-columns-missing`, `trees-missing`
 */
export function codeTreebank({ sentence, id, head, length, upos, deprel }: TreeColumns): Treebank {
  if (sentence === null || id === null || head === null) {
    const missing = Object.entries({ sentence, id, head }).filter(([, column]) => column === null).map(([name]) => quoted(name))
    throw new LayerscopeError({
      code: 'tree-columns-missing', field: 'task', message: `The rows hold no trees: the ${missing.length === 1 ? 'column' : 'columns'} ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing.`,
      hint: 'Open a CoNLL-U file word by word.'
    })
  }
  const starts = [0]
  const [rows, heads, depths, punctuation]: [number[], number[], number[], number[]] = [[], [], [], []]
  let [single, incomplete] = [0, 0]
  for (let first = 0; first < sentence.length;) {
    let end = first + 1
    while (end < sentence.length && sentence[end] === sentence[first]) end++
    const words = end - first
    const own = Int32Array.from({ length: words }, (_, word) => numberAt(head, first + word) - 1)
    const whole = sentence[first] !== null && own.every((_, word) => numberAt(id, first + word) === word + 1) && (length === null || numberAt(length, first) === words)
    const deep = whole ? treeDepths(own) : null
    if (deep === null) incomplete++
    else if (words === 1) single++
    else {
      for (let word = 0; word < words; word++) {
        const row = first + word
        rows.push(row)
        heads.push(own[word] as number)
        depths.push(deep[word] as number)
        punctuation.push(isPunctuation(upos?.[row] ?? null, deprel?.[row] ?? null))
      }
      starts.push(rows.length)
    }
    first = end
  }
  if (starts.length < 2) {
    throw new LayerscopeError({
      code: 'trees-missing', field: 'task', message: 'No sentence has a tree over two words or more with a vector for every word.',
      hint: 'Open a CoNLL-U file word by word, and read the position “word”.'
    })
  }
  return {
    starts: Int32Array.from(starts), rows: Int32Array.from(rows), heads: Int32Array.from(heads), depths: Int32Array.from(depths),
    punctuation: Uint8Array.from(punctuation), leftOut: { single, incomplete }
  }
}

/** −1 where there is none. */
function numberAt(column: readonly (string | null)[], row: number): number {
  const cell = column[row] ?? null
  return cell === null || !/^\d+$/.test(cell) ? -1 : Number(cell)
}

function isPunctuation(upos: string | null, deprel: string | null): 0 | 1 {
  return (upos === null ? deprel?.split(':', 1)[0] === 'punct' : upos === 'PUNCT') ? 1 : 0
}
