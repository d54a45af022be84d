import { LayerscopeError } from '../errors'
import { bootstrapIntervals, classProbabilities, codeContrast, isLinear, keptProbes, prepareSite, probeMethod, Products } from '../probes/index'
import type { AnalysisContext, HeldOutScores, RefitJob, RefitOutcome } from './analysis-protocol'
import { readActivations } from './training-rows'

/**
 * Trains the probe of every fold again without `without`, at the strength the fold had, and scores the same held-out rows.
 * Rows left out are still tested: what is compared is the training. @throws LayerscopeError `too-few-rows`
 */
export async function refitWithout(job: RefitJob, { checkpoint }: AnalysisContext): Promise<RefitOutcome> {
  const { codes, classes, fold, folds } = job
  const rows = Int32Array.from(codes.keys()).filter(row => (codes[row] as number) >= 0)
  const left = new Set(job.without)
  // Cells: the test rows of each fold, rows that only train, and in the same order those that are left out.
  const cellOfRow = Int32Array.from(rows, row => {
    const own = fold[row] as number
    return (own < 0 ? folds : own) + (left.has(row) ? folds + 1 : 0)
  })
  const labels = Int32Array.from(rows, row => codes[row] as number)
  const trainings = Array.from({ length: folds }, (_, own) => Array.from({ length: folds + 1 }, (__, cell) => cell).filter(cell => cell !== own))
  trainings.forEach(cells => {
    const trained = labels.filter((_, i) => cells.includes(cellOfRow[i] as number))
    if (new Set(trained).size < 2) throw new LayerscopeError({ code: 'too-few-rows', message: 'Without these rows a fold has no training rows of one class left.', hint: 'Leave fewer rows out.' })
  })
  const matrix = await readActivations(job.path)
  checkpoint()
  const before = scores(job, heldOut(job, matrix, { weights: job.weights, intercepts: job.intercepts }), rows)
  const raw = { ...matrix, data: Float32Array.from(matrix.data) }
  const data = prepareSite(job.site, matrix, codes.length, rows, cellOfRow, 2 * (folds + 1))
  const products = await Products.create(classes === 2 ? 1 : classes)
  try {
    const context = { data, cellOfRow, classes, products, contrast: codeContrast(job.contrast, rows, labels, job.seed), seed: job.seed, checkpoint }
    const jobs = trainings.map((cells, own) => ({ cells, codes: labels, strengths: [job.strengths[own] as number], start: null }))
    const fits = await probeMethod(job.method).fit(context, jobs, 'final')
    const probes = fits.flatMap(fit => fit.probes.slice(0, 1)).filter(isLinear)
    const kept = keptProbes(data, probes, { strengths: job.strengths, validation: new Float64Array(0), chosen: job.strengths })
    return { before, after: scores(job, heldOut(job, raw, kept), rows) }
  } finally {
    await products.release()
    await data.close()
  }
}

/** Class probabilities of each row by the probe of its fold, [rows, classes]; NaN where it was in none. */
function heldOut(
  { codes, classes, fold }: RefitJob, { data, columns }: { readonly data: Float32Array; readonly columns: number },
  { weights, intercepts }: { readonly weights: Float64Array; readonly intercepts: Float64Array }
): Float64Array {
  const outputs = classes === 2 ? 1 : classes
  const probabilities = new Float64Array(codes.length * classes).fill(NaN)
  for (let row = 0; row < codes.length; row++) {
    const own = fold[row] as number
    if (own >= 0) probabilities.set(probabilitiesOf(data.subarray(row * columns, (row + 1) * columns), weights, intercepts, own, outputs, classes), row * classes)
  }
  return probabilities
}

/** Class probabilities of one row of raw activations by probe `at` of `weights` [probes, outputs, columns]. */
export function probabilitiesOf(row: Float32Array, weights: Float64Array, intercepts: Float64Array, at: number, outputs: number, classes: number): Float64Array {
  const logits = new Float64Array(outputs)
  for (let output = 0; output < outputs; output++) {
    let sum = intercepts[at * outputs + output] as number
    const from = (at * outputs + output) * row.length
    for (let column = 0; column < row.length; column++) sum += (weights[from + column] as number) * (row[column] as number)
    logits[output] = sum
  }
  const probabilities = new Float64Array(classes)
  classProbabilities(Float32Array.from(logits), outputs, 1, 0, probabilities)
  return probabilities
}

function scores({ codes, classes, groups, seed }: RefitJob, probabilities: Float64Array, rows: Int32Array): HeldOutScores {
  const tested = rows.filter(row => !Number.isNaN(probabilities[row * classes]))
  const correct = Uint8Array.from(tested, row => {
    let best = 0
    for (let c = 1; c < classes; c++) if ((probabilities[row * classes + c] as number) > (probabilities[row * classes + best] as number)) best = c
    return best === codes[row] ? 1 : 0
  })
  return {
    probabilities, accuracy: correct.reduce((sum, value) => sum + value, 0) / correct.length,
    interval: bootstrapIntervals(correct, Int32Array.from(tested, row => groups[row] as number), null, seed).accuracy
  }
}
