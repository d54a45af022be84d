import type { FitJob, FitResult, LinearProbe, Precision, ProbeMethod, SiteContext } from '../probe-method'
import { minimise, type BatchObjective, type Evaluation } from '../batched-lbfgs'
import { LogisticProblems } from './logistic-problems'
import { Preconditioner } from './preconditioner'

/** Expected decrease of the objective, as a share of it, at which a fit ends. */
const tolerances: Readonly<Record<Precision, number>> = { validation: 5e-6, final: 1e-9 }
/** Steps in which it must be gained: float32 gradients promise more than they hold where there is little curvature. */
const patience: Readonly<Record<Precision, number>> = { validation: 10, final: 100 }
const iterations = 1000
/** Where strengths of several classes are compared: at weak regularisation rows that no weights get right are fought over for long. */
const iterationsOfClasses = 200
/** Values per logit matrix; its temporaries in float64 take some 60 bytes each. */
const logitsAtOnce = 2 ** 20
/** Values of all histories, 8 bytes each. */
const historyAtOnce = 2 ** 23

/**
 * Logistic regression with scikit-learn's objective and meaning of C:
 * Σ log(1 + exp(−ỹ(wᵀx + b))) + |w|² / 2C, for several classes the softmax loss with the penalty on all coefficients;
 * features standardised on the training rows, intercepts free. Strengths are values of C.
 * All jobs are solved together from strong to weak regularisation, each starting at its last solution.
 */
export const logistic: ProbeMethod = {
  name: 'logistic',
  strengths: count => logSpace(-4, 4, count),
  async fit(context, jobs, precision) {
    const results: FitResult[] = []
    const preconditioner = Preconditioner.of(context)
    const { outputs } = context.products
    const size = outputs * (context.data.columns + 1)
    const { starts } = context.data.blocks
    const together = Math.max(1, Math.min(Math.floor(logitsAtOnce / ((starts[1] ?? 1) * outputs)), Math.floor(historyAtOnce / (16 * size))))
    for (let start = 0; start < jobs.length; start += together) {
      results.push(...await fitPath(context, jobs.slice(start, start + together), preconditioner, precision))
    }
    return results
  }
}

/** `count` values from 10^low to 10^high, evenly spaced in the exponent; the geometric middle for one. */
export function logSpace(low: number, high: number, count: number): readonly number[] {
  if (count === 1) return [10 ** ((low + high) / 2)]
  return Array.from({ length: count }, (_, i) => 10 ** (low + (high - low) * i / (count - 1)))
}

/** Where a job's path stands: its last solution, and the one before. */
interface Reached {
  readonly point: Float64Array
  readonly loss: number
  readonly gradient: Float64Array
  readonly strength: number
  readonly before: { readonly point: Float64Array; readonly strength: number } | null
}

async function fitPath(context: SiteContext, jobs: readonly FitJob[], preconditioner: Preconditioner, precision: Precision): Promise<readonly FitResult[]> {
  const problems = new LogisticProblems(context, jobs)
  const probes = jobs.map((): LinearProbe[] => [])
  const objectives = jobs.map((): number[] => [])
  const unfinished = jobs.map((): number[] => [])
  const reached = jobs.map((): Reached | null => null)
  const strengths = [...new Set(jobs.flatMap(job => job.strengths))].sort((a, b) => a - b)
  let iterationsBefore = 0
  for (const strength of strengths) {
    const here = [...jobs.keys()].filter(job => jobs[job]?.strengths.includes(strength))
    const batch = here.map(job => reached[job]?.point ?? problems.start(job, jobs[job]?.start ?? null))
    const objective = await problems.at(strength, here, batch, preconditioner, iterationsBefore)
    const start = await begin(objective, batch, here.map(job => reached[job] ?? null), strength, context.products.outputs)
    const result = await minimise(objective, batch, {
      start, tolerance: tolerances[precision], patience: patience[precision],
      iterations: precision === 'final' || context.products.outputs === 1 ? iterations : iterationsOfClasses, checkpoint: context.checkpoint
    })
    iterationsBefore = result.iterations
    here.forEach((job, i) => {
      const point = batch[i] as Float64Array
      const loss = result.losses[i] as number
      const last = reached[job]
      reached[job] = { point, loss, gradient: result.gradients[i] as Float64Array, strength, before: last ? { point: last.point, strength: last.strength } : null }
      probes[job]?.push(problems.probe(job, point))
      objectives[job]?.push(loss)
    })
    result.remaining.forEach((share, i) => { if (share > tolerances.validation) unfinished[here[i] as number]?.push(strength) })
  }
  return jobs.map((_, job) => ({
    probes: probes[job] ?? [], objectives: Float64Array.from(objectives[job] ?? []), unfinished: unfinished[job] ?? []
  }))
}

/**
 * Moves each start along the line through its last two solutions, linear in log C, where that lowers the loss: on nearly
 * separable data the solution keeps growing in much the same direction. Returns what the objective gives at the starts;
 * where a start stays, that follows from what it was at the strength before, by the change of the penalty.
 */
async function begin(objective: BatchObjective, batch: Float64Array[], reached: readonly (Reached | null)[], strength: number, outputs: number): Promise<Evaluation> {
  const starts = batch.map((point, i) => {
    const last = reached[i]
    if (!last?.before) return point
    const earlier = last.before.point
    const share = Math.log(strength / last.strength) / Math.log(last.strength / last.before.strength)
    return Float64Array.from(point, (value, k) => value + share * (value - (earlier[k] as number)))
  })
  const { losses, gradients } = await objective.evaluate([...batch.keys()], starts)
  return {
    losses,
    gradients: gradients.map((gradient, i) => {
      const last = reached[i]
      if (last?.before) {
        const penalties = 1 / strength - 1 / last.strength
        const weights = last.point.subarray(0, objective.dimension - outputs)
        const stays = last.loss + penalties / 2 * weights.reduce((sum, weight) => sum + weight * weight, 0)
        if (stays <= (losses[i] as number)) {
          losses[i] = stays
          return last.gradient.map((value, k) => value + penalties * (weights[k] ?? 0))
        }
      }
      batch[i] = starts[i] as Float64Array
      return gradient
    })
  }
}
