import { rankOrder, spearman } from '../regression/scores'
import { spanningTree } from './tree'

/** What a probe says of one sentence against its tree. */
export interface SentenceScore {
  readonly words: number
  /** Gold arcs between words that are not punctuation, and those of them the spanning tree has. */
  readonly arcs: number
  readonly right: number
  /** Whether the least depth of the words that are not punctuation is the root's; null for a sentence of punctuation. */
  readonly rootRight: boolean | null
  /** Rank correlation of predicted with true distances, mean over the words. */
  readonly distances: number
  /** Rank correlation of predicted with true depths. */
  readonly depths: number
}

/** Predicted trees of one sentence. */
export interface ParsedSentence {
  /** The spanning tree over words that are not punctuation, as heads from the first of them; −2 for punctuation. */
  readonly tree: Int32Array
  /** The word of least predicted depth that is not punctuation; −1 without one. */
  readonly root: number
}

export function parse(distances: Float64Array, depths: Float64Array, punctuation: Uint8Array): ParsedSentence {
  const included = punctuation.map(mark => mark === 1 ? 0 : 1)
  let root = -1
  included.forEach((own, word) => { if (own === 1 && (root < 0 || (depths[word] as number) < (depths[root] as number))) root = word })
  return { tree: spanningTree(distances, included), root }
}

/**
 * Scores predicted distances [words, words] and depths of a sentence as Hewitt and Manning's reports do: the spanning tree leaves punctuation
 * out, the rank correlations do not, and a word's distance to itself counts among its row.
 */
export function scoreSentence(
  predicted: { readonly distances: Float64Array; readonly depths: Float64Array },
  gold: { readonly distances: Uint16Array; readonly depths: Int32Array; readonly heads: Int32Array; readonly punctuation: Uint8Array }
): SentenceScore {
  const words = gold.heads.length
  const { tree, root } = parse(predicted.distances, predicted.depths, gold.punctuation)
  const { arcs, right } = countArcs(tree, gold.heads, gold.punctuation)
  const work = [new Float64Array(words), new Float64Array(words)] as const
  const correlation = (a: Float64Array, b: Float64Array): number => spearman(rankOrder(a), rankOrder(b), null, work) ?? 0
  let sum = 0
  for (let word = 0; word < words; word++) {
    sum += correlation(predicted.distances.subarray(word * words, (word + 1) * words), Float64Array.from(gold.distances.subarray(word * words, (word + 1) * words)))
  }
  return {
    words, arcs, right, rootRight: root < 0 ? null : gold.heads[root] === -1,
    distances: sum / words, depths: correlation(predicted.depths, Float64Array.from(gold.depths))
  }
}

/** Arcs of `heads` between words that are not punctuation, and those of them that `tree` has, in either direction. */
export function countArcs(tree: Int32Array, heads: Int32Array, punctuation: Uint8Array): { readonly arcs: number; readonly right: number } {
  let [arcs, right] = [0, 0]
  heads.forEach((head, word) => {
    if (head < 0 || punctuation[word] === 1 || punctuation[head] === 1) return
    arcs++
    if (tree[word] === head || tree[head] === word) right++
  })
  return { arcs, right }
}

/** Sentence lengths over which rank correlations are averaged. */
export const [shortest, longest] = [5, 50]

/** Means over sentences counted `weights` times (null: once). Correlations are averaged within each sentence length, then over lengths 5 to 50. */
export function meanScores(scores: readonly SentenceScore[], weights: Float64Array | null): {
  readonly uuas: number | null; readonly distanceSpearman: number | null; readonly rootAccuracy: number | null; readonly depthSpearman: number | null
} {
  let [arcs, right, roots, rootsRight] = [0, 0, 0, 0]
  const [distances, depths, counts] = [new Float64Array(longest + 1), new Float64Array(longest + 1), new Float64Array(longest + 1)]
  scores.forEach((score, i) => {
    const weight = weights === null ? 1 : weights[i] as number
    arcs += weight * score.arcs
    right += weight * score.right
    if (score.rootRight !== null) {
      roots += weight
      rootsRight += score.rootRight ? weight : 0
    }
    const { words } = score
    if (words < shortest || words > longest) return
    counts[words] = (counts[words] as number) + weight
    distances[words] = (distances[words] as number) + weight * score.distances
    depths[words] = (depths[words] as number) + weight * score.depths
  })
  const overLengths = (sums: Float64Array): number | null => {
    let [sum, lengths] = [0, 0]
    counts.forEach((count, length) => {
      if (count === 0) return
      sum += (sums[length] as number) / count
      lengths++
    })
    return lengths === 0 ? null : sum / lengths
  }
  return {
    uuas: arcs === 0 ? null : right / arcs, distanceSpearman: overLengths(distances),
    rootAccuracy: roots === 0 ? null : rootsRight / roots, depthSpearman: overLengths(depths)
  }
}
