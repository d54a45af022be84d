import type { ErasedScore } from '../../../preload/contract'
import { LayerscopeError } from '../errors'
import type { DoubleProducts } from '../matrices'
import { bootstrapIntervals, Products, seededRandom, shuffle, type Matrix } from '../probes/index'
import type { AnalysisContext, ErasureJob, ErasureOutcome } from './analysis-protocol'
import { freshProbes, type FreshProbe } from './fresh-probe'
import { erase, leaceFitter } from './leace'
import { newDirections, projectOut } from './nullspace'
import { inUnits, readActivations, trainingRows, unitsOf, type Units } from './training-rows'

/** Rows of one fold are held in float64, several times over. */
const mostBytes = 2 ** 31
/** A logit nearer than this to that of the most frequent class says nothing: what erasure leaves of the weights is rounding. */
const leastMargin = 1e-4

/** One outer fold. Rows are activation rows. */
interface Fold {
  readonly training: Int32Array
  readonly test: Int32Array
  readonly units: Units
  readonly strength: number
  /** Class of each training row. */
  readonly labels: Int32Array
  /** The most frequent of them. */
  readonly frequent: number
  /** Orthonormal directions that INLP has taken out or will next, [count, columns]. */
  basis: Float64Array
}

/** What one fold gives: whether each test row is right, the directions taken out, and the share of the variance that went with them. */
interface FoldScore {
  readonly correct: Uint8Array
  readonly directions: number
  readonly variance: number
}

/**
 * Takes the label out of a site by LEACE and by iterative nullspace projection (INLP, Ravfogel et al. 2020, 2004.07667), and trains the
 * probe again on what is left. Erasers are fitted on the training rows of each outer fold, in the units in which its probe
 * sees features; the fresh probe has the fold's strength and is scored on the fold's test rows. INLP ends where the interval
 * of the score reaches the majority's. Beside them the probe after as much was taken out for shuffled labels: by LEACE, and by
 * the directions of as many probes, each of labels shuffled anew.
 * @throws LayerscopeError `site-too-large`, and those of reading the site
 */
export async function erasureOf(doubles: DoubleProducts, job: ErasureJob, { checkpoint, onProgress }: AnalysisContext): Promise<ErasureOutcome> {
  const matrix = await readActivations(job.path)
  const { columns } = matrix
  if (32 * job.codes.length * columns > mostBytes) {
    throw new LayerscopeError({ code: 'site-too-large', message: `Erasure holds ${job.codes.length} rows of ${columns} features in float64, which takes more than 2 GB.`, field: 'site', hint: 'Run on fewer rows (a limit) to ask for it.' })
  }
  const folds = foldsOf(job, matrix)
  const tested = folds.flatMap(({ test }) => [...test])
  const groups = Int32Array.from(tested, row => job.groups[row] as number)
  const majority = folds.reduce((sum, { test, frequent }) => sum + test.reduce((right, row) => right + (job.codes[row] === frequent ? 1 : 0), 0), 0) / tested.length
  const random = seededRandom(job.seed + 1)
  const products = await Products.create(job.classes === 2 ? 1 : job.classes)
  const total = folds.length * (job.iterations + 4)
  let done = 0

  const train = (fold: Fold, features: Float64Array, labels: readonly Int32Array[]): Promise<readonly FreshProbe[]> =>
    freshProbes(products, job.site, { features, columns, classes: job.classes, strength: fold.strength }, labels, checkpoint)

  /** Trains on what `take` leaves of the training rows and scores what it leaves of the test rows. */
  const scored = async (fold: Fold, take: (features: Float64Array, rows: number) => Promise<Float64Array>): Promise<{ readonly correct: Uint8Array; readonly variance: number; readonly probe: FreshProbe }> => {
    const training = inUnits(matrix, fold.training, fold.units)
    const left = await take(training, fold.training.length)
    const [probe] = await train(fold, left, [fold.labels])
    const test = await take(inUnits(matrix, fold.test, fold.units), fold.test.length)
    return { correct: await correctRows(doubles, test, fold, job.codes, probe as FreshProbe, columns), variance: removedShare(training, left), probe: probe as FreshProbe }
  }
  const leace = (shuffled: boolean) => async (fold: Fold): Promise<FoldScore> => {
    const fit = await leaceFitter(doubles, inUnits(matrix, fold.training, fold.units), fold.training.length, columns)
    const eraser = await fit(shuffled ? shuffle(Int32Array.from(fold.labels), random) : fold.labels, job.classes)
    return { ...await scored(fold, (features, rows) => erase(doubles, eraser, features, rows)), directions: eraser.rank }
  }
  /** The score with the directions found so far taken out; the probe that gives it says which are next. */
  const nullspace = async (fold: Fold): Promise<FoldScore> => {
    const { basis } = fold
    const { probe, ...score } = await scored(fold, (features, rows) => projectOut(doubles, features, rows, basis, columns))
    fold.basis = extended(basis, probe.weights, columns)
    return { ...score, directions: basis.length / columns }
  }
  const shuffledNullspace = (projections: number) => async (fold: Fold): Promise<FoldScore> => {
    const shuffles = Array.from({ length: projections }, () => shuffle(Int32Array.from(fold.labels), random))
    const probes = await train(fold, inUnits(matrix, fold.training, fold.units), shuffles)
    let basis = new Float64Array(0)
    for (const { weights } of probes) basis = extended(basis, weights, columns)
    return { ...await scored(fold, (features, rows) => projectOut(doubles, features, rows, basis, columns)), directions: basis.length / columns }
  }

  const pooled = async (score: (fold: Fold) => Promise<FoldScore>): Promise<ErasedScore> => {
    const parts: FoldScore[] = []
    for (const fold of folds) {
      checkpoint()
      parts.push(await score(fold))
      onProgress(++done, total)
    }
    const correct = Uint8Array.from(parts.flatMap(part => [...part.correct]))
    return {
      directions: mean(parts.map(({ directions }) => directions)), accuracy: mean([...correct]),
      interval: bootstrapIntervals(correct, groups, null, job.seed).accuracy, variance: mean(parts.map(({ variance }) => variance))
    }
  }

  try {
    const [closed, shuffledClosed, before] = [await pooled(leace(false)), await pooled(leace(true)), await pooled(nullspace)]
    const inlp: ErasedScore[] = []
    const last = (): ErasedScore => inlp.at(-1) ?? before
    const reached = (): boolean => last().interval.lo <= majority
    const more = (): boolean => folds.some(({ basis }) => basis.length / columns > last().directions)
    while (inlp.length < job.iterations && !reached() && more()) inlp.push(await pooled(nullspace))
    const shuffledInlp = await pooled(shuffledNullspace(inlp.length))
    onProgress(total, total)
    return { rows: tested.length, majority, before: { accuracy: before.accuracy, interval: before.interval }, leace: closed, inlp, reached: reached(), shuffled: { leace: shuffledClosed, inlp: shuffledInlp } }
  } finally {
    await products.release()
  }
}

function foldsOf(job: ErasureJob, matrix: Matrix): readonly Fold[] {
  const { codes, fold, classes } = job
  const labelled = Int32Array.from(codes.keys()).filter(row => (codes[row] as number) >= 0)
  return Array.from({ length: job.folds }, (_, own): Fold => {
    const training = trainingRows(job, own)
    const labels = Int32Array.from(training, row => codes[row] as number)
    const counts = Array.from({ length: classes }, (__, c) => labels.reduce((sum, code) => sum + (code === c ? 1 : 0), 0))
    return {
      training, labels, test: labelled.filter(row => fold[row] === own), units: unitsOf(matrix, training), strength: job.strengths[own] as number,
      frequent: counts.indexOf(Math.max(...counts)), basis: new Float64Array(0)
    }
  })
}

/** Which test rows the probe puts in their class; where it says nothing, the most frequent class stands. */
async function correctRows(doubles: DoubleProducts, features: Float64Array, { test, frequent }: Fold, codes: Int32Array, { weights, intercepts }: FreshProbe, columns: number): Promise<Uint8Array> {
  const outputs = intercepts.length
  const logits = await doubles.rowsByRows(features, test.length, weights, outputs, columns)
  return Uint8Array.from(test, (row, i) => {
    const logit = (c: number): number => outputs === 1 ? c === 0 ? 0 : (logits[i] as number) + (intercepts[0] as number) : (logits[i * outputs + c] as number) + (intercepts[c] as number)
    let best = frequent
    for (let c = 0; c < Math.max(2, outputs); c++) if (logit(c) > logit(best) + (best === frequent ? leastMargin : 0)) best = c
    return codes[row] === best ? 1 : 0
  })
}

function extended(basis: Float64Array, weights: Float64Array, columns: number): Float64Array<ArrayBuffer> {
  const added = newDirections(basis, weights, columns)
  const result = new Float64Array(basis.length + added.length)
  result.set(basis)
  result.set(added, basis.length)
  return result
}

/** Share of the variance that is gone; the rows are centred. 0 where there was none. */
function removedShare(before: Float64Array, after: Float64Array): number {
  let [all, left] = [0, 0]
  for (let at = 0; at < before.length; at++) {
    all += (before[at] as number) ** 2
    left += (after[at] as number) ** 2
  }
  return all > 0 ? 1 - left / all : 0
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
