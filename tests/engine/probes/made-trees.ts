import type { TreeInput } from '../../../main/engine/probes'
import { seededRandom } from '../../../main/engine/probes/random'

/** Sentences of 5 to 12 words with random trees; the last word of every other one is punctuation. */
export function treebank(sentences: number, seed = 1): { readonly columns: TreeInput['columns']; readonly heads: readonly number[][] } {
  const random = seededRandom(seed)
  const below = (most: number): number => Math.floor(random() * most)
  const heads = Array.from({ length: sentences }, (_, sentence) => {
    const words = 5 + below(8)
    const root = below(words - 1)
    // Each word but the last hangs from any that came before in a random order.
    const order = [root, ...Array.from({ length: words }, (__, word) => word).filter(word => word !== root && word !== words - 1).sort(() => random() - 0.5), words - 1]
    const own = new Array<number>(words).fill(-1)
    order.forEach((word, place) => { if (place > 0) own[word] = sentence % 2 === 0 && word === words - 1 ? root : order[below(place)] ?? root })
    return own
  })
  const flat = <T>(cell: (head: number, word: number, own: readonly number[], sentence: number) => T): T[] => heads.flatMap((own, sentence) => own.map((head, word) => cell(head, word, own, sentence)))
  return {
    heads,
    columns: {
      sentence: flat((_, __, ___, sentence) => `s${sentence}`), id: flat((_, word) => String(word + 1)), head: flat(head => String(head + 1)),
      length: flat((_, __, own) => String(own.length)), upos: flat((_, word, own, sentence) => sentence % 2 === 0 && word === own.length - 1 ? 'PUNCT' : 'NOUN'), deprel: null
    }
  }
}

/** A vector a word: its head's and a unit along its own place. Squared distances are those of the tree, squared lengths the depths. */
export function pythagorean(heads: readonly (readonly number[])[], columns: number): Float32Array {
  return Float32Array.from(heads.flatMap(own => own.flatMap((_, word) => {
    const vector = new Array<number>(columns).fill(0)
    for (let at = word; own[at] !== -1; at = own[at] ?? -1) vector[at] = 1
    return vector
  })))
}

export function noise(length: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length }, () => random() + random() + random() - 1.5)
}
