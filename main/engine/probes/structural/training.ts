import { adamStep, correctedEpsilon } from '../adam'
import { seededRandom, shuffle } from '../random'
import { depthLoss, distanceLoss } from './losses'
import type { Projections } from './projections'
import { parts } from './sentence-split'
import { treeDistances } from './tree'
import type { Treebank } from './treebank'

/** Rows of each probe's matrix. */
export const rank = 64
const sentencesABatch = 20
const mostEpochs = 40
const firstRate = 1e-3
/** Factor of the learning rate after an epoch that does not lower the loss on validation sentences. */
const decay = 0.1
/** Below this share of the first rate nothing moves any more. */
const leastRate = 1e-3
/** Less than this is no improvement. */
const leastGain = 1e-4
const epsilon = 1e-8

/** A matrix to train: what its projections are to be near to, and whose vectors stand at each word's place. */
export interface Problem {
  readonly kind: 'distance' | 'depth'
  /** Word of the treebank whose vector is taken for each word; the control's are permuted within sentences. */
  readonly source: Int32Array
}

export interface TrainedProbe {
  /** [rank, columns], on features divided by their scale. */
  readonly weights: Float32Array
  /** Mean loss over the validation sentences, the least of all epochs. */
  readonly validationLoss: number
  readonly epochs: number
}

/** Words of one site in the order of the treebank, [words, columns], with the tree distances of each sentence one after the other. */
export interface TrainingData {
  readonly treebank: Treebank
  readonly part: Uint8Array
  readonly features: Float32Array
  readonly columns: number
  readonly distances: TreeDistances
}

/** Distances of all sentences: those of a sentence begin at `starts` and are [words, words]. */
export interface TreeDistances { readonly values: Uint16Array; readonly starts: Float64Array }

export function allDistances({ starts, heads, depths }: Treebank): TreeDistances {
  const sentences = starts.length - 1
  const from = new Float64Array(sentences + 1)
  for (let sentence = 0; sentence < sentences; sentence++) from[sentence + 1] = (from[sentence] as number) + ((starts[sentence + 1] as number) - (starts[sentence] as number)) ** 2
  const values = new Uint16Array(from[sentences] as number)
  for (let sentence = 0; sentence < sentences; sentence++) {
    const [first, end] = [starts[sentence] as number, starts[sentence + 1] as number]
    treeDistances(heads.subarray(first, end), depths.subarray(first, end), values.subarray(from[sentence], from[sentence + 1]))
  }
  return { values, starts: from }
}

/** What training moves of one problem. */
interface State {
  readonly problem: Problem
  readonly weights: Float32Array
  readonly first: Float32Array
  readonly second: Float32Array
  steps: number
  rate: number
  best: Float32Array
  bestLoss: number
  epochs: number
}

/**
 * Trains all problems on the same features side by side, so that each batch is one product: Adam on 20 sentences at a time, started
 * anew at a tenth of the learning rate whenever an epoch does not lower the loss on validation sentences (Hewitt & Manning 2019, 5).
 * A problem whose rate has fallen to a thousandth is done; it keeps its weights of the best epoch.
 */
export async function trainProbes(data: TrainingData, problems: readonly Problem[], seed: number, products: Projections, checkpoint: () => void): Promise<readonly TrainedProbe[]> {
  const random = seededRandom(seed)
  const { columns, part } = data
  const size = rank * columns
  // Projected vectors of unit features begin with a squared length of about 1, the distance of two neighbours in a tree.
  const spread = Math.sqrt(3 / size)
  const states = problems.map((problem): State => {
    const weights = Float32Array.from({ length: size }, () => (2 * random() - 1) * spread)
    return { problem, weights, first: new Float32Array(size), second: new Float32Array(size), steps: 0, rate: firstRate, best: weights.slice(), bestLoss: Infinity, epochs: 0 }
  })
  const training = Int32Array.from([...part.keys()].filter(sentence => part[sentence] === parts.training))
  const validation = Int32Array.from([...part.keys()].filter(sentence => part[sentence] === parts.validation))
  for (let epoch = 0; epoch < mostEpochs; epoch++) {
    const active = states.filter(({ rate }) => rate > leastRate * firstRate * 0.99)
    if (active.length === 0) break
    const stacked = new Float32Array(active.length * size)
    shuffle(training, random)
    for (let from = 0; from < training.length; from += sentencesABatch) {
      checkpoint()
      const batch = gather(data, training.subarray(from, from + sentencesABatch))
      active.forEach(({ weights }, i) => { stacked.set(weights, i * size) })
      const projected = await products.project(batch.features, stacked, columns)
      const gradient = new Float32Array(projected.length)
      addLosses(data, batch, active, projected, gradient)
      const step = await products.weightGradient(gradient, active.length * rank, batch.features, columns)
      active.forEach((state, i) => {
        state.steps++
        adamStep(state, step.subarray(i * size, (i + 1) * size), state.steps, state.rate, correctedEpsilon(epsilon, state.steps))
      })
    }
    const losses = await validationLosses(data, validation, active, products)
    active.forEach((state, i) => {
      const loss = losses[i] as number
      state.epochs++
      if (loss < state.bestLoss - leastGain) {
        state.bestLoss = loss
        state.best = state.weights.slice()
        return
      }
      state.rate *= decay
      state.steps = 0
      state.first.fill(0)
      state.second.fill(0)
    })
  }
  return states.map(({ best, bestLoss, epochs }) => ({ weights: best, validationLoss: bestLoss, epochs }))
}

/** Sentences with their features put together. */
interface Batch {
  readonly sentences: Int32Array
  /** [words, columns] */
  readonly features: Float32Array
  /** First row of each sentence. */
  readonly rows: Int32Array
}

function gather({ treebank: { starts }, features, columns }: TrainingData, sentences: Int32Array): Batch {
  const rows = new Int32Array(sentences.length + 1)
  sentences.forEach((sentence, i) => { rows[i + 1] = (rows[i] as number) + (starts[sentence + 1] as number) - (starts[sentence] as number) })
  const gathered = new Float32Array((rows[sentences.length] as number) * columns)
  sentences.forEach((sentence, i) => { gathered.set(features.subarray((starts[sentence] as number) * columns, (starts[sentence + 1] as number) * columns), (rows[i] as number) * columns) })
  return { sentences, features: gathered, rows }
}

/** Summed loss of each state over the batch; the gradient is that of the mean. */
function addLosses({ treebank: { starts, depths }, distances }: TrainingData, { sentences, rows }: Batch, states: readonly State[], projected: Float32Array, gradient: Float32Array | null): Float64Array {
  const losses = new Float64Array(states.length)
  const share = 1 / sentences.length
  sentences.forEach((sentence, i) => {
    const [first, end] = [starts[sentence] as number, starts[sentence + 1] as number]
    const shift = (rows[i] as number) - first
    states.forEach(({ problem: { kind, source } }, which) => {
      const places = source.subarray(first, end).map(word => word + shift)
      const own = { values: projected, stride: states.length * rank, offset: which * rank, rank, places, gradient }
      const loss = kind === 'distance'
        ? distanceLoss(own, distances.values.subarray(distances.starts[sentence], distances.starts[sentence + 1]), share)
        : depthLoss(own, depths.subarray(first, end), share)
      losses[which] = (losses[which] as number) + loss
    })
  })
  return losses
}

/** Mean loss over the validation sentences. */
async function validationLosses(data: TrainingData, sentences: Int32Array, states: readonly State[], products: Projections): Promise<Float64Array> {
  const total = new Float64Array(states.length)
  const stacked = new Float32Array(states.length * rank * data.columns)
  states.forEach(({ weights }, i) => { stacked.set(weights, i * rank * data.columns) })
  for (let from = 0; from < sentences.length; from += sentencesABatch) {
    const batch = gather(data, sentences.subarray(from, from + sentencesABatch))
    const losses = addLosses(data, batch, states, await products.project(batch.features, stacked, data.columns), null)
    losses.forEach((loss, i) => { total[i] = (total[i] as number) + loss / sentences.length })
  }
  return total
}
