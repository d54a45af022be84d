import { codeContrast, controlScores, isLinear, keptProbes, prepareSite, probeMethod, probeMetrics, Products, seededRandom, shuffle, type Matrix } from '../probes/index'
import type { AnalysisContext, TransferJob, TransferOutcome, TransferScore, TransferSide } from './analysis-protocol'
import { probabilitiesOf } from './refit-job'
import { readActivations } from './training-rows'

/** A probe on raw activations, as kept probes are laid out. */
interface RawProbes { readonly weights: Float64Array; readonly intercepts: Float64Array }

/**
 * Trains on each run and tests on every other. A probe is trained on all labelled rows of its run at the strength that
 * validation chose there, and tested on the rows of the other run whose group (text, where one of the two has no groups)
 * does not occur in training. Rows whose group does occur are scored by the probe of the fold that held this group out;
 * where there is none they are dropped and counted.
 */
export async function transferBetween(job: TransferJob, { checkpoint, onProgress }: AnalysisContext): Promise<TransferOutcome> {
  const { sides } = job
  const classes = sides[0]?.classes ?? 2
  const scores: (TransferScore | null)[] = []
  const dropped: number[] = []
  const products = await Products.create(classes === 2 ? 1 : classes)
  try {
    for (const [from, trained] of sides.entries()) {
      checkpoint()
      const { whole, shuffled } = await trainOnAll(trained, job, classes, products, checkpoint)
      for (const [to, tested] of sides.entries()) {
        const scored = from === to ? null : score(trained, tested, { whole, shuffled, kept: trained }, await readActivations(tested.path), classes, job.seed)
        scores.push(scored?.score ?? null)
        dropped.push(scored?.dropped ?? 0)
        onProgress(scores.length, sides.length ** 2)
        checkpoint()
      }
    }
    return { scores, dropped }
  } finally {
    await products.release()
  }
}

async function trainOnAll(
  side: TransferSide, { method, seed }: TransferJob, classes: number, products: Products, checkpoint: () => void
): Promise<{ readonly whole: RawProbes; readonly shuffled: RawProbes }> {
  const rows = Int32Array.from(side.codes.keys()).filter(row => (side.codes[row] as number) >= 0)
  const codes = Int32Array.from(rows, row => side.codes[row] as number)
  const cellOfRow = new Int32Array(rows.length)
  const data = prepareSite(side.site, await readActivations(side.path), side.codes.length, rows, cellOfRow, 1)
  try {
    const job = { cells: [0], strengths: [side.strength], start: null }
    const context = { data, cellOfRow, classes, products, contrast: codeContrast(side.contrast, rows, codes, seed), seed, checkpoint }
    const fits = await probeMethod(method).fit(context, [
      { ...job, codes }, { ...job, codes: shuffle(Int32Array.from(codes), seededRandom(seed + 1)) }
    ], 'final')
    const none = { strengths: new Float64Array(0), validation: new Float64Array(0), chosen: new Float64Array(0) }
    const raw = (at: number): RawProbes => keptProbes(data, fits[at]?.probes.slice(0, 1).filter(isLinear) ?? [], none)
    return { whole: raw(0), shuffled: raw(1) }
  } finally {
    await data.close()
  }
}

/** For each group (or text) of a run the fold that held it out; -1 where its rows trained in every fold or lie in several. */
function foldOfGroup({ codes, fold }: TransferSide, ids: Int32Array): ReadonlyMap<number, number> {
  const folds = new Map<number, number>()
  ids.forEach((id, row) => {
    if ((codes[row] as number) < 0) return
    const own = fold[row] as number
    const known = folds.get(id)
    folds.set(id, known === undefined || known === own ? own : -1)
  })
  return folds
}

function score(
  trained: TransferSide, tested: TransferSide, probes: { readonly whole: RawProbes; readonly shuffled: RawProbes; readonly kept: RawProbes },
  { data, columns }: Matrix, classes: number, seed: number
): { readonly score: TransferScore | null; readonly dropped: number } {
  const byGroup = trained.groups !== null && tested.groups !== null
  const trainedIds = byGroup && trained.groups ? trained.groups : trained.texts
  const testedIds = byGroup && tested.groups ? tested.groups : tested.texts
  const seen = foldOfGroup(trained, trainedIds)
  const outputs = classes === 2 ? 1 : classes
  const rows: number[] = []
  const probabilities: number[] = []
  const controls: number[] = []
  let byFold = 0
  let dropped = 0
  for (let row = 0; row < tested.codes.length; row++) {
    if ((tested.codes[row] as number) < 0) continue
    const fold = seen.get(testedIds[row] as number)
    if (fold === -1) {
      dropped++
      continue
    }
    const own = data.subarray(row * columns, (row + 1) * columns)
    if (fold !== undefined) byFold++
    probabilities.push(...fold === undefined
      ? probabilitiesOf(own, probes.whole.weights, probes.whole.intercepts, 0, outputs, classes)
      : probabilitiesOf(own, probes.kept.weights, probes.kept.intercepts, fold, outputs, classes))
    controls.push(...probabilitiesOf(own, probes.shuffled.weights, probes.shuffled.intercepts, 0, outputs, classes))
    rows.push(row)
  }
  if (rows.length === 0) return { score: null, dropped }
  const actual = Int32Array.from(rows, row => tested.codes[row] as number)
  const groups = Int32Array.from(rows, (row, i) => tested.groups ? tested.groups[row] as number : i)
  const counts = Array.from({ length: classes }, (_, c) => trained.codes.reduce((sum, code) => sum + (code === c ? 1 : 0), 0))
  const frequent = counts.indexOf(Math.max(...counts))
  return {
    score: {
      metrics: probeMetrics({ probabilities: Float64Array.from(probabilities), actual, classes }, groups, seed),
      shuffled: controlScores({ probabilities: Float64Array.from(controls), actual, classes }).accuracy,
      majority: actual.reduce((sum, code) => sum + (code === frequent ? 1 : 0), 0) / actual.length,
      rows: rows.length, byFold, dropped
    },
    dropped
  }
}
