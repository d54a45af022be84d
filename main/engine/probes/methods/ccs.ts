import { rowsInCells } from '../class-sums'
import { minimise } from '../batched-lbfgs'
import { pairsBySide } from '../contrast-pairs'
import type { FitJob, SiteContext, ScoredProbe } from '../probe-method'
import { seededRandom } from '../random'
import { CcsProblems } from './ccs-problems'
import { withoutStrength } from './closed-form'

/** Random starts of which the lowest loss is kept. */
const restarts = 10
const tolerance = 1e-6
const iterations = 300
/** Values of one matrix of logits. */
const logitsAtOnce = 2 ** 21
/** A probability this close to 0 or 1 is as far as a score goes. */
const surest = 1e-6

/**
 * Contrast-consistent search (Burns et al., 2212.03827). On the pairs of the training rows, each side standardised by its own
 * mean and deviation, p = σ(θᵀx̃ + b) minimises
 * mean[(p⁺ − (1 − p⁻))² + min(p⁺, p⁻)²] + ½ · 0.01 |θ|², the lowest of 10 random starts; the penalty stands for the weight
 * decay of the authors' code and keeps separable pairs from having no minimum. A pair is scored together, ½(p⁺ + 1 − p⁻) for
 * its side 1 and the complement for the other; a row in no pair by itself. No label is read but for the sign, which is the
 * one with more training pairs right.
 */
export const ccs = withoutStrength('ccs', async (context, jobs) => {
  // Jobs on the same rows differ in their labels alone.
  const keyOf = (job: FitJob): string => job.cells.join()
  const searches = [...new Map(jobs.map(job => [keyOf(job), job.cells])).entries()]
  const problems = await CcsProblems.open(context)
  try {
    const found = new Map<string, Float64Array>()
    const together = Math.max(1, Math.floor(logitsAtOnce / (restarts * Math.max(1, problems.pairs))))
    for (let start = 0; start < searches.length; start += together) {
      const chunk = searches.slice(start, start + together)
      const points = await lowest(context, problems, chunk.map(([, cells]) => cells))
      chunk.forEach(([key], i) => found.set(key, points[i] as Float64Array))
    }
    return jobs.map(job => scored(context, job, problems.probabilities(job.cells, found.get(keyOf(job)) as Float64Array)))
  } finally {
    await problems.release()
  }
})

/** The best of all starts for each training set, on its standardised sides: weights, then the intercept. */
async function lowest(context: SiteContext, problems: CcsProblems, trainings: readonly (readonly number[])[]): Promise<readonly Float64Array[]> {
  const random = seededRandom(context.seed + 3)
  const size = context.data.columns + 1
  const starts = Array.from({ length: restarts }, () => Float64Array.from({ length: size }, () => (2 * random() - 1) / Math.sqrt(context.data.columns)))
  const points = trainings.flatMap(() => starts.map(start => Float64Array.from(start)))
  const objective = problems.objective(trainings, restarts)
  const { losses } = await minimise(objective, points, { tolerance, iterations, checkpoint: context.checkpoint })
  return trainings.map((_, training) => {
    let best = training * restarts
    for (let i = best + 1; i < (training + 1) * restarts; i++) if ((losses[i] as number) < (losses[best] as number)) best = i
    return points[best] as Float64Array
  })
}

/** Logits of every row from the probabilities of their own sides, turned so that class 1 is up. */
function scored({ cellOfRow, contrast }: SiteContext, { cells, codes }: FitJob, probabilities: Float64Array): ScoredProbe {
  const { partner } = contrast
  const score = probabilities.map((own, row) => {
    const other = partner?.[row] ?? -1
    return other < 0 ? own : (own + 1 - (probabilities[other] as number)) / 2
  })
  const pairs = pairsBySide(contrast, rowsInCells(cellOfRow, cells))
  let balance = 0
  for (let i = 1; i < pairs.length; i += 2) {
    const row = pairs[i] as number
    balance += Math.sign((score[row] as number) - 0.5) * (codes[row] === 1 ? 1 : -1)
  }
  const sign = balance < 0 ? -1 : 1
  return {
    logits: Float32Array.from(score, value => {
      const bounded = Math.min(1 - surest, Math.max(surest, value))
      return sign * Math.log(bounded / (1 - bounded))
    })
  }
}
