import { LayerscopeError } from '../../errors'
import { seededRandom, shuffle } from '../random'
import { written } from '../../quantity'

/** Part of each sentence. */
export const parts = { training: 0, validation: 1, test: 2 } as const
export type Part = (typeof parts)[keyof typeof parts]

const testShare = 0.2
/** Of the sentences that are not tested. */
const validationShare = 0.125
/** Fewer sentences than this in a part say nothing. */
const fewest = { training: 10, validation: 2, test: 2 }

/**
 * Deals sentences into training, validation and test, those of one cluster together: a fifth is tested where no marks say which,
 * an eighth of the rest validates. `clusters` and `marks` have one entry a sentence; a mark of 1 is a test sentence.
 * @throws LayerscopeError `too-few-sentences`
 */
export function splitSentences(clusters: Int32Array, marks: Uint8Array | null, seed: number): Uint8Array {
  const random = seededRandom(seed)
  const result = new Uint8Array(clusters.length).fill(parts.training)
  const deal = (part: Part, sentences: readonly number[], share: number): void => {
    const drawn = shuffle([...new Set(sentences.map(sentence => clusters[sentence] as number))], random)
    const sizes = new Map<number, number>()
    for (const sentence of sentences) sizes.set(clusters[sentence] as number, (sizes.get(clusters[sentence] as number) ?? 0) + 1)
    const taken = new Set<number>()
    let count = 0
    for (const cluster of drawn) {
      if (count >= share * sentences.length) break
      taken.add(cluster)
      count += sizes.get(cluster) ?? 0
    }
    for (const sentence of sentences) if (taken.has(clusters[sentence] as number)) result[sentence] = part
  }
  if (marks === null) deal(parts.test, [...clusters.keys()], testShare)
  else for (const sentence of clusters.keys()) if (marks[sentence] === 1) result[sentence] = parts.test
  deal(parts.validation, [...clusters.keys()].filter(sentence => result[sentence] === parts.training), validationShare)
  const count = (part: Part): number => result.reduce((sum, own) => sum + (own === part ? 1 : 0), 0)
  const short = (Object.keys(parts) as (keyof typeof parts)[]).find(name => count(parts[name]) < fewest[name])
  if (short !== undefined) {
    throw new LayerscopeError({
      code: 'too-few-sentences', message: `Of ${written(clusters.length)} sentences with a tree ${count(parts[short])} would be left for ${short}: at least ${fewest[short]} are needed.`,
      field: marks === null ? 'task' : 'test', hint: 'Take more sentences.'
    })
  }
  return result
}
