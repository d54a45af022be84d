/** The worker of one analysis over finished runs: it reads what it needs from the runs' files, answers, and ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { errorReport, LayerscopeError } from '../errors'
import { bestOfMany, compareCells } from '../evaluation/index'
import { openDoubleProducts, type DoubleProducts } from '../matrices'
import type { AnalysisContext, AnalysisJob, AnalysisOutcomes, AnalysisWorkerData, FromAnalysisWorker } from './analysis-protocol'
import { codeLengthOf } from './code-length-job'
import { erasureOf } from './erasure-job'
import { influenceOfRows } from './influence-job'
import { refitWithout } from './refit-job'
import { similarityBetween } from './similarity-job'
import { transferBetween } from './transfer-job'

const { job, cancelled } = workerData as AnalysisWorkerData

/** Progress no closer together than this. */
const PROGRESS_MS = 100
let told = -Infinity

function post(message: FromAnalysisWorker): void {
  parentPort?.postMessage(message)
}

const context: AnalysisContext = {
  checkpoint() { if (Atomics.load(cancelled, 0) === 1) throw new LayerscopeError({ code: 'cancelled', message: 'Cancelled.' }) },
  onProgress(done, total) {
    const now = performance.now()
    if (done < total && now - told < PROGRESS_MS) return
    told = now
    post({ kind: 'progress', done, total })
  }
}

async function outcomeOf(asked: AnalysisJob): Promise<AnalysisOutcomes[keyof AnalysisOutcomes]> {
  switch (asked.kind) {
    case 'influence': return await withProducts(products => influenceOfRows(products, asked, context))
    case 'similarity': return await withProducts(products => similarityBetween(products, asked, context))
    case 'refit': return await refitWithout(asked, context)
    case 'transfer': return await transferBetween(asked, context)
    case 'code-length': return await codeLengthOf(asked, context)
    case 'erasure': return await withProducts(products => erasureOf(products, asked, context))
    case 'comparison': return { differences: compareCells(asked.first, asked.second, asked.groups, asked.seed) }
    case 'best-of-many': return bestOfMany(asked.measure, asked.cells, asked.groups, asked.seed, () => { context.checkpoint() })
  }
}

async function withProducts<T>(use: (products: DoubleProducts) => Promise<T>): Promise<T> {
  const products = await openDoubleProducts()
  try {
    return await use(products)
  } finally {
    await products.release()
  }
}

outcomeOf(job).then(outcome => { post({ kind: 'done', outcome }) }, (error: unknown) => { post({ kind: 'failed', report: errorReport(error) }) })
