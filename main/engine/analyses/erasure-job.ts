import type { ErasedScore } from '../../../preload/contract'
import { LayerscopeError } from '../errors'
import type { DoubleProducts } from '../matrices'
import {
  bootstrapIntervals, noContrast, OrthogonalLogistic, prepareSite, Products, scoreBlocks, seededRandom, shuffle, type Matrix, type OrthogonalFit, type Random
} from '../probes/index'
import type { AnalysisContext, ErasureJob, ErasureOutcome } from './analysis-protocol'
import { freshProbe } from './fresh-probe'
import { erase, leaceFitter } from './leace'
import { newDirections } from './nullspace'
import { inUnits, readActivations, trainingRows, unitsOf } from './training-rows'
import { written } from '../quantity'

/** Rows of one fold are held in float64, several times over. */
const mostBytes = 2 ** 31
/** A logit nearer than this to that of the most frequent class says nothing: what erasure leaves of the weights is rounding. */
const leastMargin = 1e-4

/** One outer fold. Rows are activation rows. */
interface Fold {
  readonly training: Int32Array
  readonly test: Int32Array
  readonly strength: number
  /** Class of each training row. */
  readonly labels: Int32Array
  /** The most frequent of them. */
  readonly frequent: number
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
  if (32 * job.codes.length * matrix.columns > mostBytes) {
    throw new LayerscopeError({ code: 'site-too-large', message: `Erasure holds ${written(job.codes.length)} rows of ${matrix.columns} features in float64, which takes more than 2 GB.`, field: 'site', hint: 'Run on fewer rows (a limit) to ask for it.' })
  }
  const folds = foldsOf(job)
  const tested = folds.flatMap(({ test }) => [...test])
  const groups = Int32Array.from(tested, row => job.groups[row] as number)
  const majority = folds.reduce((sum, { test, frequent }) => sum + test.reduce((right, row) => right + (job.codes[row] === frequent ? 1 : 0), 0), 0) / tested.length
  const random = seededRandom(job.seed + 1)
  const products = await Products.create(job.classes === 2 ? 1 : job.classes)
  // LEACE of every fold, the score before, the projections, and those of shuffled labels.
  const total = folds.length + job.iterations + 2
  let done = 0
  const step = (): void => { onProgress(++done, total) }
  const pooled = (parts: readonly FoldScore[]): ErasedScore => {
    const correct = Uint8Array.from(parts.flatMap(part => [...part.correct]))
    return {
      directions: mean(parts.map(({ directions }) => directions)), accuracy: mean([...correct]),
      interval: bootstrapIntervals(correct, groups, null, job.seed).accuracy, variance: mean(parts.map(({ variance }) => variance))
    }
  }
  try {
    const closed: (readonly [own: FoldScore, shuffled: FoldScore])[] = []
    for (const fold of folds) {
      checkpoint()
      closed.push(await leaceScores({ doubles, products, job, matrix, fold, shuffled: shuffle(Int32Array.from(fold.labels), random), checkpoint }))
      step()
    }
    const [leace, shuffledLeace] = [pooled(closed.map(([own]) => own)), pooled(closed.map(([, shuffled]) => shuffled))]
    const nullspace = openNullspace(job, matrix, folds, products, checkpoint)
    try {
      const project = async (): Promise<ErasedScore> => {
        const score = pooled(await nullspace.project())
        step()
        return score
      }
      const before = await project()
      const inlp: ErasedScore[] = []
      const last = (): ErasedScore => inlp.at(-1) ?? before
      const reached = (): boolean => last().interval.lo <= majority
      while (inlp.length < job.iterations && !reached() && nullspace.directions() > last().directions) inlp.push(await project())
      const shuffledInlp = pooled(await nullspace.withoutShuffled(inlp.length, random))
      onProgress(total, total)
      return {
        rows: tested.length, majority, before: { accuracy: before.accuracy, interval: before.interval }, leace, inlp, reached: reached(), shuffled: { leace: shuffledLeace, inlp: shuffledInlp }
      }
    } finally {
      await nullspace.close()
    }
  } finally {
    await products.release()
  }
}

/** The fold's score after LEACE of its labels, and after LEACE of shuffled ones. */
async function leaceScores({ doubles, products, job, matrix, fold, shuffled, checkpoint }: {
  readonly doubles: DoubleProducts; readonly products: Products; readonly job: ErasureJob; readonly matrix: Matrix; readonly fold: Fold; readonly shuffled: Int32Array; checkpoint(): void
}): Promise<readonly [own: FoldScore, shuffled: FoldScore]> {
  const { columns } = matrix
  const { training: rows, test, strength, labels } = fold
  const units = unitsOf(matrix, rows)
  const [training, held] = [inUnits(matrix, rows, units), inUnits(matrix, test, units)]
  const fit = await leaceFitter(doubles, training, rows.length, columns)
  const score = async (of: Int32Array): Promise<FoldScore> => {
    const eraser = await fit(of, job.classes)
    const left = await erase(doubles, eraser, training, rows.length)
    const { weights, intercepts } = await freshProbe(products, job.site, { features: left, columns, classes: job.classes, strength, codes: labels }, checkpoint)
    const outputs = intercepts.length
    const logits = await doubles.rowsByRows(await erase(doubles, eraser, held, test.length), test.length, weights, outputs, columns)
    return { correct: correctRows(fold, job.codes, outputs, (i, output) => (logits[i * outputs + output] as number) + (intercepts[output] as number)), directions: eraser.rank, variance: removedShare(training, left) }
  }
  return [await score(labels), await score(shuffled)]
}

/** INLP in all folds at once, over one site in memory. */
interface Nullspace {
  /** Scores the probes without the directions found so far; what they read is taken out the next time. */
  project(): Promise<readonly FoldScore[]>
  /** Directions that the next projection takes out, mean over the folds. */
  directions(): number
  /** Scores the probes without the directions of `count` probes a fold, each of labels shuffled anew. */
  withoutShuffled(count: number, random: Random): Promise<readonly FoldScore[]>
  close(): Promise<void>
}

/** Takes the matrix over. */
function openNullspace(job: ErasureJob, matrix: Matrix, folds: readonly Fold[], products: Products, checkpoint: () => void): Nullspace {
  const { columns } = matrix
  const { codes, classes, fold } = job
  const rows = Int32Array.from(codes.keys()).filter(row => (codes[row] as number) >= 0)
  const place = new Int32Array(codes.length).fill(-1)
  rows.forEach((row, i) => { place[row] = i })
  // Cells: the test rows of each fold, and those that only train.
  const cellOfRow = Int32Array.from(rows, row => (fold[row] as number) < 0 ? folds.length : fold[row] as number)
  const cellsOf = (own: number): readonly number[] => Array.from({ length: folds.length + 1 }, (_, cell) => cell).filter(cell => cell !== own)
  const data = prepareSite(job.site, matrix, codes.length, rows, cellOfRow, folds.length + 1)
  const context = { data, cellOfRow, classes, products, contrast: noContrast(rows.length), seed: job.seed, checkpoint }
  const labels = Int32Array.from(rows, row => codes[row] as number)
  const probes = new OrthogonalLogistic(context, folds.map(({ strength }, own) => ({ cells: cellsOf(own), codes: labels, strength })))
  const { outputs } = products
  let bases: readonly Float64Array[] = folds.map(() => new Float64Array(0))
  let shares: readonly number[] = folds.map(() => 0)

  const scored = async (fits: readonly OrthogonalFit[], without: readonly Float64Array[], variances: readonly number[]): Promise<readonly FoldScore[]> => {
    const scores: FoldScore[] = []
    for (const [own, { probe: { weights, intercepts } }] of fits.entries()) {
      const logits = await scoreBlocks(products, data.blocks, weights, Float32Array.from(intercepts))
      const each = folds[own] as Fold
      scores.push({
        correct: correctRows(each, codes, outputs, (i, output) => logits[output * rows.length + (place[each.test[i] as number] as number)] as number),
        directions: (without[own] as Float64Array).length / columns, variance: variances[own] as number
      })
    }
    return scores
  }
  return {
    async project() {
      const [without, variances] = [bases, shares]
      const fits = await probes.fit(without)
      const added = fits.map(({ weights }, own) => newDirections(without[own] as Float64Array, weights, columns))
      bases = added.map((directions, own) => joined(without[own] as Float64Array, directions))
      shares = await Promise.all(added.map(async (directions, own) => (variances[own] as number) + await probes.share(own, directions)))
      return await scored(fits, without, variances)
    },
    directions: () => mean(bases.map(basis => basis.length / columns)),
    async withoutShuffled(count, random) {
      const shuffles = folds.flatMap(({ strength }, own) => Array.from({ length: count }, () => ({ cells: cellsOf(own), codes: shuffledWithin(labels, cellOfRow, own, random), strength })))
      const found = await new OrthogonalLogistic(context, shuffles).fit(shuffles.map(() => new Float64Array(0)))
      const without = folds.map((_, own) => found.slice(own * count, (own + 1) * count).reduce((basis, { weights }) => joined(basis, newDirections(basis, weights, columns)), new Float64Array(0) as Float64Array))
      const variances = await Promise.all(without.map((basis, own) => probes.share(own, basis)))
      return await scored(await probes.fit(without), without, variances)
    },
    close: () => data.close()
  }
}

/** The labels shuffled among the rows that train where cell `own` is held out. */
function shuffledWithin(labels: Int32Array, cellOfRow: Int32Array, own: number, random: Random): Int32Array {
  const training = Int32Array.from(labels.keys()).filter(row => cellOfRow[row] !== own)
  const drawn = shuffle(Int32Array.from(training, row => labels[row] as number), random)
  const result = Int32Array.from(labels)
  training.forEach((row, i) => { result[row] = drawn[i] as number })
  return result
}

function foldsOf({ codes, fold, classes, folds, strengths }: ErasureJob): readonly Fold[] {
  const labelled = Int32Array.from(codes.keys()).filter(row => (codes[row] as number) >= 0)
  return Array.from({ length: folds }, (_, own): Fold => {
    const training = trainingRows({ codes, fold }, own)
    const labels = Int32Array.from(training, row => codes[row] as number)
    const counts = Array.from({ length: classes }, (__, c) => labels.reduce((sum, code) => sum + (code === c ? 1 : 0), 0))
    return { training, labels, test: labelled.filter(row => fold[row] === own), strength: strengths[own] as number, frequent: counts.indexOf(Math.max(...counts)) }
  })
}

/** Which test rows are put in their class, by the logit of the i-th; where these say nothing, the most frequent class stands. */
function correctRows({ test, frequent }: Fold, codes: Int32Array, outputs: number, logitOf: (i: number, output: number) => number): Uint8Array {
  return Uint8Array.from(test, (row, i) => {
    const logit = (c: number): number => outputs === 1 ? c === 0 ? 0 : logitOf(i, 0) : logitOf(i, c)
    let best = frequent
    for (let c = 0; c < Math.max(2, outputs); c++) if (logit(c) > logit(best) + (best === frequent ? leastMargin : 0)) best = c
    return codes[row] === best ? 1 : 0
  })
}

function joined(basis: Float64Array, directions: Float64Array): Float64Array {
  const result = new Float64Array(basis.length + directions.length)
  result.set(basis)
  result.set(directions, basis.length)
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
