import { scoreBlocks } from './feature-blocks'
import type { FoldPlan } from './folds'
import { isLinear, type FitJob, type FitResult, type LinearProbe, type Probe, type ProbeMethod, type SiteContext } from './probe-method'

/** What one method gives at one site: held-out probabilities and how its strength was chosen. */
export interface SiteFit {
  /** [rows, classes] over the labelled rows; NaN on rows in no test fold. */
  readonly probabilities: Float64Array
  /** The same for the probe trained on shuffled labels. */
  readonly shuffled: Float64Array
  /** The same for the probe trained on the control task; null where there is none. */
  readonly control: Float64Array | null
  /** For each outer fold, in order; `accuracies` on validation rows, one a strength. */
  readonly outer: readonly { readonly validationAccuracy: number; readonly strength: number; readonly accuracies: readonly number[] }[]
  /** Mean over outer folds of the validation accuracy at their strengths. */
  readonly validationAccuracy: number
  /** The strength that validation prefers over all outer folds together. */
  readonly strength: number
  /** The scored probe of each outer fold, on the stored features; null for a method that is not linear. */
  readonly probes: readonly LinearProbe[] | null
  /** Ascending. */
  readonly strengths: readonly number[]
  /** Every inner training set is separated without error at the weakest regularisation. */
  readonly separable: boolean
  /** Some fit reached the solver's cap of iterations. */
  readonly unfinished: boolean
}

/**
 * Nested cross-validation of one method at one site. Strengths are chosen on validation rows inside each outer training
 * set (highest accuracy, the stronger regularisation among equals); the chosen strength is refitted on the whole outer
 * training set, beginning at the mean of the inner solutions, and scored on the test rows, which took no part.
 * The shuffled control is the same probe at the same strengths, trained and scored on `shuffledCodes`,
 * and the control task's on `controlCodes`.
 */
export async function fitSite(
  context: SiteContext, method: ProbeMethod, plan: FoldPlan, codes: Int32Array, shuffledCodes: Int32Array, strengthCount: number,
  controlCodes: Int32Array | null = null
): Promise<SiteFit> {
  const strengths = method.strengths(strengthCount)
  const innerTrainings = [...new Set(plan.outer.flatMap(fold => fold.inner.map(inner => inner.training)))]
  const innerJobs = innerTrainings.map((training): FitJob => ({ cells: plan.trainings[training] ?? [], codes, strengths, start: null }))
  const innerFits = await method.fit(context, innerJobs, 'validation')
  const probesOf = new Map(innerTrainings.map((training, i) => [training, innerFits[i]?.probes ?? []]))
  const correct = await correctByCell(context, innerFits.flatMap(fit => fit.probes), codes)
  const positionOf = new Map(innerTrainings.map((training, i) => [training, i * strengths.length]))

  const outer = plan.outer.map(fold => {
    const accuracies = strengths.map((_, strength) => {
      let right = 0
      let rows = 0
      for (const { training, validationCells } of fold.inner) {
        for (const cell of validationCells) {
          right += correct[(positionOf.get(training) ?? 0) + strength]?.[cell] ?? 0
          rows += context.data.cellRows[cell] ?? 0
        }
      }
      return rows > 0 ? right / rows : 0
    })
    // Without inner folds nothing can be chosen: the middle strength stands.
    const best = fold.inner.length > 0 ? indexOfLargest(accuracies) : Math.floor((strengths.length - 1) / 2)
    return { fold, accuracies, best }
  })

  const outerJobs = (own: Int32Array, startOf: (of: (typeof outer)[number]) => LinearProbe | null): readonly FitJob[] => outer.map(of => (
    { cells: plan.trainings[of.fold.training] ?? [], strengths: [strengths[of.best] as number], codes: own, start: startOf(of) }
  ))
  const outerFits = await method.fit(context, outerJobs(codes, ({ fold, best }) =>
    meanProbe(fold.inner.map(({ training }) => probesOf.get(training)?.[best]).filter(probe => probe !== undefined))), 'final')
  // Controls are scored and not kept: the precision that chooses strengths is enough.
  const controlFits = await method.fit(context, [shuffledCodes, ...controlCodes ? [controlCodes] : []].flatMap(own => outerJobs(own, () => null)), 'validation')
  const held = (fits: readonly FitResult[]): Promise<Float64Array> => heldOut(context, plan, fits.map(fit => fit.probes[0]))
  const folds = plan.outer.length

  const means = strengths.map((_, strength) => mean(outer.map(({ accuracies }) => accuracies[strength] as number)))
  return {
    probabilities: await held(outerFits),
    shuffled: await held(controlFits.slice(0, folds)),
    control: controlCodes ? await held(controlFits.slice(folds)) : null,
    outer: outer.map(({ accuracies, best }) => ({ validationAccuracy: accuracies[best] as number, strength: strengths[best] as number, accuracies })),
    probes: linearProbes(outerFits.map(fit => fit.probes[0])),
    strengths,
    validationAccuracy: mean(outer.map(({ accuracies, best }) => accuracies[best] as number)),
    strength: outer.some(({ fold }) => fold.inner.length > 0) ? strengths[indexOfLargest(means)] as number : strengths[outer[0]?.best ?? 0] as number,
    separable: innerJobs.length > 0 && innerJobs.every((job, i) => {
      const last = correct[(i + 1) * strengths.length - 1]
      return job.cells.every(cell => last?.[cell] === context.data.cellRows[cell])
    }),
    unfinished: [...innerFits, ...outerFits].some(fit => fit.unfinished.length > 0)
  }
}

/** Class probabilities of one row's logits, written to `into` [classes]: logistic for one logit, softmax otherwise. */
export function classProbabilities(logits: Float32Array, outputs: number, rows: number, row: number, into: Float64Array): void {
  if (outputs === 1) {
    const p = 1 / (1 + Math.exp(-(logits[row] as number)))
    into[0] = 1 - p
    into[1] = p
    return
  }
  let largest = -Infinity
  for (let c = 0; c < outputs; c++) largest = Math.max(largest, logits[c * rows + row] as number)
  let total = 0
  for (let c = 0; c < outputs; c++) total += into[c] = Math.exp((logits[c * rows + row] as number) - largest)
  for (let c = 0; c < outputs; c++) into[c] = (into[c] as number) / total
}

/** Rows of each cell that each probe puts in their class. */
async function correctByCell(context: SiteContext, probes: readonly Probe[], codes: Int32Array): Promise<readonly Float64Array[]> {
  const { data: { rows, cellRows }, products: { outputs }, cellOfRow } = context
  const counts: Float64Array[] = []
  const together = Math.max(1, Math.floor(2 ** 22 / (rows * outputs)))
  for (let start = 0; start < probes.length; start += together) {
    context.checkpoint()
    const chunk = probes.slice(start, start + together)
    const logits = await scoreProbes(context, chunk)
    chunk.forEach((_, i) => {
      const own = logits.subarray(i * outputs * rows, (i + 1) * outputs * rows)
      const count = new Float64Array(cellRows.length)
      for (let row = 0; row < rows; row++) {
        let predicted = 0
        if (outputs === 1) predicted = (own[row] as number) > 0 ? 1 : 0
        else for (let c = 1; c < outputs; c++) if ((own[c * rows + row] as number) > (own[predicted * rows + row] as number)) predicted = c
        if (predicted === codes[row]) count[cellOfRow[row] as number] = (count[cellOfRow[row] as number] as number) + 1
      }
      counts.push(count)
    })
  }
  return counts
}

async function heldOut(context: SiteContext, plan: FoldPlan, probes: readonly (Probe | undefined)[]): Promise<Float64Array> {
  const { data: { rows }, products: { outputs }, classes, cellOfRow } = context
  const probabilities = new Float64Array(rows * classes).fill(NaN)
  const own = new Float64Array(classes)
  for (const [fold, probe] of probes.entries()) {
    if (!probe) continue
    const testCells = plan.outer[fold]?.testCells ?? []
    const logits = await scoreProbes(context, [probe])
    for (let row = 0; row < rows; row++) {
      if (!testCells.includes(cellOfRow[row] as number)) continue
      classProbabilities(logits, outputs, rows, row, own)
      probabilities.set(own, row * classes)
    }
  }
  return probabilities
}

/** Logits [probes × outputs, rows]. */
async function scoreProbes(context: SiteContext, probes: readonly Probe[]): Promise<Float32Array> {
  const { columns, rows } = context.data
  const { outputs } = context.products
  const linear = linearProbes(probes)
  if (!linear) {
    const logits = new Float32Array(probes.length * outputs * rows)
    probes.forEach((probe, i) => { if (!isLinear(probe)) logits.set(probe.logits, i * outputs * rows) })
    return logits
  }
  const weights = new Float32Array(probes.length * outputs * columns)
  const intercepts = new Float32Array(probes.length * outputs)
  linear.forEach((probe, i) => {
    weights.set(probe.weights, i * outputs * columns)
    intercepts.set(probe.intercepts, i * outputs)
  })
  return scoreBlocks(context.products, context.data.blocks, weights, intercepts)
}

/** Null where a probe is not linear: a method gives one kind alone. */
function linearProbes(probes: readonly (Probe | undefined)[]): readonly LinearProbe[] | null {
  const present = probes.filter(probe => probe !== undefined)
  const linear = present.filter(isLinear)
  return linear.length === present.length ? linear : null
}

function meanProbe(probes: readonly Probe[]): LinearProbe | null {
  const linear = linearProbes(probes)
  const first = linear?.[0]
  if (!linear || !first) return null
  return {
    weights: Float32Array.from(first.weights, (_, i) => mean(linear.map(probe => probe.weights[i] as number))),
    intercepts: Float64Array.from(first.intercepts, (_, i) => mean(linear.map(probe => probe.intercepts[i] as number)))
  }
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, i) => value > (values[best] as number) ? i : best, 0)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
