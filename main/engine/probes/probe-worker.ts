/** The worker of a sweep: one site's activations at a time, all methods, folds and controls on them. */
import { parentPort, workerData } from 'node:worker_threads'
import { errorReport, LayerscopeError } from '../errors'
import { fitSite } from './fit-site'
import { keptProbes } from './kept-probes'
import { predictedClasses, type Predictions } from './metrics'
import { probeMethod } from './methods'
import { Products } from './products'
import { r2WithPlan, regressionBaselines, regressSite, type RegressionBaselines, type RegressionStart } from './regression/site-regression'
import { isConstant, prepareSite, type SiteData } from './site-data'
import { baselineScores, controlScores, predictionsOf, probeMetrics, selectivity, testedRows } from './site-scores'
import { openStreamedSite } from './streamed-site'
import { openTreeSweep, probeTrees, type TreeSweep } from './structural/site-trees'
import { textBaseline } from './text-baseline'
import type { Baselines, ControlScore, FittedSite, FromProbeWorker, ProbeWorkerData, SweepSite, SweepStart, ToProbeWorker } from './worker-protocol'

const { cancelled } = workerData as ProbeWorkerData

interface Sweep {
  readonly start: SweepStart
  /** Made for the first site: baselines need none. */
  products: Promise<Products> | null
}

let sweep: Sweep | null = null
let regression: { readonly start: RegressionStart; readonly baselines: RegressionBaselines } | null = null
let trees: TreeSweep | null = null

function post(message: FromProbeWorker, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, [...transfer])
}

function checkpoint(): void {
  if (Atomics.load(cancelled, 0) === 1) throw new LayerscopeError({ code: 'cancelled', message: 'Cancelled.' })
}

function begin(start: SweepStart): Sweep {
  start.methods.forEach(probeMethod)
  return { start, products: null }
}

function baselinesOf({ start }: Sweep, texts: readonly string[]): Baselines {
  const { plan, codes, classes, rows, seed } = start
  return baselineScores(textBaseline(texts, rows, codes, classes, plan, seed, checkpoint), plan, codes, classes)
}

async function fit(current: Sweep, { site, matrix }: SweepSite): Promise<readonly FittedSite[]> {
  const { start: { allRows, rows, plan } } = current
  const data = 'path' in matrix
    ? await openStreamedSite(site, matrix, allRows, rows, plan.cellOfRow, plan.cells)
    : prepareSite(site, matrix, allRows, rows, plan.cellOfRow, plan.cells)
  try {
    return await fitMethods(current, data)
  } finally {
    await data.close()
  }
}

async function fitMethods(current: Sweep, data: SiteData): Promise<readonly FittedSite[]> {
  const { start } = current
  const { plan, codes, classes, threads } = start
  current.products ??= Products.create(classes === 2 ? 1 : classes, threads)
  const context = { data, cellOfRow: plan.cellOfRow, classes, products: await current.products, contrast: start.contrast, seed: start.seed, checkpoint }
  const tested = testedRows(plan)
  const groups = Int32Array.from(tested, row => start.groups[row] as number)
  const outcomes: FittedSite[] = []
  for (const name of start.methods) {
    const began = performance.now()
    const fitted = await fitSite(context, probeMethod(name), plan, codes, start.shuffledCodes, start.strengths, start.controlCodes)
    const predictions = predictionsOf(fitted.probabilities, codes, classes, tested)
    const shuffled = controlScores(predictionsOf(fitted.shuffled, start.shuffledCodes, classes, tested))
    const metrics = probeMetrics(predictions, groups, start.seed)
    const predicted = predictedClasses(predictions)
    const score = new Float32Array(start.allRows).fill(NaN)
    const [predictedOfRow, confidence] = [new Int32Array(start.allRows).fill(-1), new Float32Array(start.allRows).fill(NaN)]
    tested.forEach((row, i) => {
      const activationRow = start.rows[row] as number
      score[activationRow] = fitted.probabilities[row * classes + (classes === 2 ? 1 : codes[row] as number)] as number
      predictedOfRow[activationRow] = predicted[i] as number
      confidence[activationRow] = fitted.probabilities[row * classes + (predicted[i] as number)] as number
    })
    // What the strength decides on separable rows; methods without one are not moved by it.
    const separable = fitted.separable && name === 'logistic'
    outcomes.push({
      site: data.site, method: name, metrics, shuffled, control: controlScore(start, fitted.control, predictions, tested, groups), validationScore: fitted.validationAccuracy, strength: fitted.strength,
      remarks: [...isConstant(data) ? ['constant'] as const : [], ...separable ? ['separable'] as const : [], ...fitted.unfinished ? ['unfinished'] as const : []],
      seconds: (performance.now() - began) / 1000, score, predicted: predictedOfRow, confidence,
      probes: fitted.probes && keptProbes(data, fitted.probes, {
        strengths: Float64Array.from(fitted.strengths), validation: Float64Array.from(fitted.outer.flatMap(({ accuracies }) => accuracies)),
        chosen: Float64Array.from(fitted.outer, ({ strength }) => strength)
      }),
      folds: plan.outer.map((fold, i) => {
        const own = [...tested.keys()].filter(position => fold.testCells.includes(plan.cellOfRow[tested[position] as number] as number))
        return {
          validationAccuracy: fitted.outer[i]?.validationAccuracy ?? 0,
          testRight: own.filter(position => predicted[position] === predictions.actual[position]).length,
          testRows: own.length
        }
      }),
      separable,
      unfinished: fitted.unfinished
    })
  }
  return outcomes
}

function controlScore({ controlCodes, classes, seed }: SweepStart, probabilities: Float64Array | null, task: Predictions, tested: Int32Array, groups: Int32Array): ControlScore | null {
  return controlCodes && probabilities && selectivity(task, predictionsOf(probabilities, controlCodes, classes, tested), groups, seed)
}

async function handle(message: ToProbeWorker): Promise<void> {
  switch (message.kind) {
    case 'start':
      sweep = begin(message)
      post({ kind: 'started' })
      return
    case 'baselines':
      if (!sweep) throw new Error('a question came before the start')
      post({ kind: 'baselines', baselines: baselinesOf(sweep, message.texts) })
      return
    case 'start-numeric':
      regression = { start: message, baselines: regressionBaselines(message, checkpoint) }
      post({ kind: 'numeric-baselines' })
      return
    case 'start-trees':
      trees = await openTreeSweep(message)
      post({ kind: 'tree-baselines' })
      return
    case 'other-folds':
      if (!regression) throw new Error('a question came before the start')
      post({ kind: 'other-folds', r2: await r2WithPlan(regression.start, message.plan, message.site, message.matrix, checkpoint) })
      return
    case 'site': {
      if (regression) {
        if ('path' in message.matrix) throw new Error('a regression reads its sites whole')
        post({ kind: 'numeric-site', outcomes: await regressSite(regression.start, regression.baselines, message.site, message.matrix, checkpoint) })
        return
      }
      if (trees) {
        if ('path' in message.matrix) throw new Error('structural probes read their sites whole')
        const outcomes = await probeTrees(trees, message.site, message.matrix, checkpoint)
        post({ kind: 'tree-site', outcomes })
        return
      }
      if (!sweep) throw new Error('a site came before the start')
      const outcomes = await fit(sweep, message)
      post({ kind: 'site', outcomes }, outcomes.flatMap(({ score, predicted, confidence, probes }) => [score.buffer as ArrayBuffer, predicted.buffer as ArrayBuffer, confidence.buffer as ArrayBuffer, ...probes ? [probes.weights.buffer as ArrayBuffer] : []]))
      return
    }
    case 'close':
      // Products that could not be made have failed the site that asked for them.
      await (await sweep?.products?.catch(() => null))?.release()
      await trees?.products.release()
      sweep = null
      trees = null
      regression = null
      post({ kind: 'closed' })
      parentPort?.close()
  }
}

// One after the other: a question may come while the one before is under way.
let last = Promise.resolve()
parentPort?.on('message', (message: ToProbeWorker) => {
  last = last.then(() => handle(message)).catch((error: unknown) => { post({ kind: 'failed', report: errorReport(error) }) })
})
