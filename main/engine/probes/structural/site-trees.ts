import type { TreeSite } from '../../../../preload/contract'
import type { KeptProbes } from '../kept-probes'
import { seededRandom, shuffle } from '../random'
import { activationsMismatch, activationsNotFinite } from '../site-data'
import type { Matrix } from '../sweep-types'
import { treeMeasures } from './measures'
import { Projections } from './projections'
import { meanScores, parse, scoreSentence, type SentenceScore } from './scores'
import { parts } from './sentence-split'
import { allDistances, rank, trainProbes, type Problem, type TreeDistances } from './training'
import { rootedAt } from './tree'
import type { Treebank } from './treebank'

/** What a sweep over trees is about, said once. */
export interface TreeStart {
  readonly kind: 'start-trees'
  readonly treebank: Treebank
  /** Part and cluster of each sentence. */
  readonly part: Uint8Array
  readonly clusters: Int32Array
  readonly allRows: number
  readonly methods: readonly string[]
  readonly seed: number
}

/** A site's result with what is stored beside it. */
export interface TreeOutcome {
  readonly result: TreeSite
  /** See `TreeValues`; over all activation rows. */
  readonly heads: Int32Array
  readonly depths: Float32Array
  /** The distance probe's rows, then the depth probe's: a projection is weights · activation. */
  readonly probes: KeptProbes
}

/** What does not depend on the site. */
export interface TreeSweep {
  readonly start: TreeStart
  readonly distances: TreeDistances
  readonly problems: readonly Problem[]
  /** Test sentences and what the tree that joins neighbours scores on each. */
  readonly tested: Int32Array
  readonly linear: readonly SentenceScore[]
  readonly products: Projections
}

export async function openTreeSweep(start: TreeStart): Promise<TreeSweep> {
  const { treebank, part, seed } = start
  const distances = allDistances(treebank)
  const own = Int32Array.from(treebank.rows.keys())
  const permuted = permutedWithin(treebank, seed + 1)
  const tested = Int32Array.from([...part.keys()].filter(sentence => part[sentence] === parts.test))
  return {
    start, distances, tested, products: await Projections.open(),
    problems: [{ kind: 'distance', source: own }, { kind: 'depth', source: own }, { kind: 'distance', source: permuted }, { kind: 'depth', source: permuted }],
    linear: Array.from(tested, sentence => scored(treebank, distances, sentence, words => Math.abs(words.i - words.j), word => word))
  }
}

/** Words of each sentence in another order. */
function permutedWithin({ starts, rows }: Treebank, seed: number): Int32Array {
  const random = seededRandom(seed)
  const result = Int32Array.from(rows.keys())
  for (let sentence = 0; sentence + 1 < starts.length; sentence++) shuffle(result.subarray(starts[sentence], starts[sentence + 1]), random)
  return result
}

/** Trains the two structural probes and their controls at one site and scores them. The matrix is taken over. */
export async function probeTrees(sweep: TreeSweep, site: string, matrix: Matrix, checkpoint: () => void): Promise<readonly TreeOutcome[]> {
  const began = performance.now()
  const { start: { treebank, part, clusters, allRows, methods, seed }, distances, problems, tested, linear, products } = sweep
  const { columns } = matrix
  if (matrix.rows !== allRows || matrix.data.length !== allRows * columns || columns === 0) throw activationsMismatch(site, matrix, allRows)
  const { features, scale } = scaledFeatures(site, matrix, treebank, part)
  const constant = features.every((value, at) => value === features[at % columns])
  const trained = await trainProbes({ treebank, part, features, columns, distances }, problems, seed, products, checkpoint)
  const [distance, depth, shuffledDistance, shuffledDepth] = await Promise.all(trained.map(({ weights }) => products.project(features, weights, columns)))
  if (!distance || !depth || !shuffledDistance || !shuffledDepth) throw new Error('a structural probe was not trained')
  const predictions = (sentence: number): { readonly distances: Float64Array; readonly depths: Float64Array } => predict(treebank, sentence, distance, depth)
  const score = (sentence: number): SentenceScore => scoreSentence(predictions(sentence), goldOf(treebank, distances, sentence))
  const scores = Array.from(tested, score)
  const source = problems[2]?.source
  const shuffled = Array.from(tested, sentence => scoreSentence(predict(treebank, sentence, shuffledDistance, shuffledDepth, source), goldOf(treebank, distances, sentence)))
  const validation = [...part.keys()].filter(sentence => part[sentence] === parts.validation)
  const heads = new Int32Array(allRows).fill(-1)
  const depths = new Float32Array(allRows).fill(NaN)
  for (const sentence of tested) {
    const first = treebank.starts[sentence] as number
    const predicted = predictions(sentence)
    const { tree, root } = parse(predicted.distances, predicted.depths, goldOf(treebank, distances, sentence).punctuation)
    rootedAt(tree, root).forEach((head, word) => {
      const row = treebank.rows[first + word] as number
      heads[row] = head < -1 ? -1 : head + 1
      depths[row] = predicted.depths[word] as number
    })
  }
  const measures = treeMeasures(scores, [{ name: 'shuffled', scores: shuffled }, { name: 'linearTree', scores: linear }], Int32Array.from(tested, sentence => clusters[sentence] as number), seed)
  const validationScore = meanScores(validation.map(score), null).uuas ?? 0
  const count = (which: number): number => part.reduce((sum, own) => sum + (own === which ? 1 : 0), 0)
  const seconds = (performance.now() - began) / 1000
  return methods.map(method => ({
    result: {
      kind: 'trees', site, method, measures, validationScore, strength: rank, remarks: constant ? ['constant'] : [], seconds,
      sentences: { training: count(parts.training), validation: validation.length, test: tested.length }
    },
    heads, depths,
    probes: {
      folds: 1, outputs: 2 * rank, columns,
      weights: Float64Array.from([...trained[0]?.weights ?? [], ...trained[1]?.weights ?? []], (weight, i) => weight / (scale[i % columns] as number)),
      intercepts: new Float64Array(2 * rank), strengths: Float64Array.of(rank), validation: Float64Array.of(validationScore), chosen: Float64Array.of(rank)
    }
  }))
}

/**
 * The treebank's words moved to the front of the matrix, each feature divided by its root mean square over the training words: no probe is
 * changed, only the units its matrix is in. With one number for all features the few huge ones that causal models have at the first
 * word would keep Adam's equal steps from the others.
 * @throws LayerscopeError `activations-not-finite`
 */
function scaledFeatures(site: string, { data, columns }: Matrix, { starts, rows }: Treebank, part: Uint8Array): { readonly features: Float32Array; readonly scale: Float64Array } {
  rows.forEach((row, word) => { if (row !== word) data.copyWithin(word * columns, row * columns, (row + 1) * columns) })
  const features = data.subarray(0, rows.length * columns)
  const scale = new Float64Array(columns)
  let count = 0
  for (let sentence = 0; sentence < part.length; sentence++) {
    if (part[sentence] !== parts.training) continue
    const [from, to] = [starts[sentence] as number, starts[sentence + 1] as number]
    count += to - from
    for (let word = from, at = from * columns; word < to; word++) {
      for (let column = 0; column < columns; column++, at++) scale[column] = (scale[column] as number) + (features[at] as number) ** 2
    }
  }
  scale.forEach((square, column) => { scale[column] = Math.sqrt(square / count) || 1 })
  for (let word = 0, at = 0; word < rows.length; word++) {
    for (let column = 0; column < columns; column++, at++) {
      if (!Number.isFinite(features[at])) throw activationsNotFinite(site, column, rows[word] as number)
      features[at] = (features[at] as number) / (scale[column] as number)
    }
  }
  return { features, scale }
}

function goldOf({ starts, heads, depths, punctuation }: Treebank, distances: TreeDistances, sentence: number): Parameters<typeof scoreSentence>[1] {
  const [first, end] = [starts[sentence], starts[sentence + 1]]
  return {
    distances: distances.values.subarray(distances.starts[sentence], distances.starts[sentence + 1]),
    depths: depths.subarray(first, end), heads: heads.subarray(first, end), punctuation: punctuation.subarray(first, end)
  }
}

/** Squared distances and lengths of the projected words of a sentence; `source` says whose vector stands at each place. */
function predict({ starts }: Treebank, sentence: number, distance: Float32Array, depth: Float32Array, source?: Int32Array): { readonly distances: Float64Array; readonly depths: Float64Array } {
  const [first, end] = [starts[sentence] as number, starts[sentence + 1] as number]
  const words = end - first
  const rowOf = (word: number): number => (source?.[first + word] ?? first + word) * rank
  const distances = new Float64Array(words * words)
  const depths = new Float64Array(words)
  for (let i = 0; i < words; i++) {
    const a = rowOf(i)
    for (let k = 0; k < rank; k++) depths[i] = (depths[i] as number) + (depth[a + k] as number) ** 2
    for (let j = 0; j < i; j++) {
      const b = rowOf(j)
      let square = 0
      for (let k = 0; k < rank; k++) square += ((distance[a + k] as number) - (distance[b + k] as number)) ** 2
      distances[i * words + j] = square
      distances[j * words + i] = square
    }
  }
  return { distances, depths }
}

function scored(treebank: Treebank, all: TreeDistances, sentence: number, between: (words: { readonly i: number; readonly j: number }) => number, depth: (word: number) => number): SentenceScore {
  const words = (treebank.starts[sentence + 1] as number) - (treebank.starts[sentence] as number)
  return scoreSentence({
    distances: Float64Array.from({ length: words * words }, (_, at) => between({ i: Math.floor(at / words), j: at % words })),
    depths: Float64Array.from({ length: words }, (_, word) => depth(word))
  }, goldOf(treebank, all, sentence))
}
