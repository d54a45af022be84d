import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStore, type ActivationStore } from '../../main/engine/activations'
import { probeStore } from '../../main/engine/run'
import { planFolds } from '../../main/engine/probes/folds'
import { noContrast } from '../../main/engine/probes/contrast-pairs'
import { logistic } from '../../main/engine/probes/methods/logistic'
import { Products } from '../../main/engine/probes/products'
import { prepareSite } from '../../main/engine/probes/site-data'
import { probePlanSchema } from '../../preload/recipe'
import { plainLogistic, plainProblem } from './plain-logistic'

export const title = 'The whole sweep: every site of SmolLM2 on cities.csv (1,496 × 576), 5 grouped folds × 10 strengths, with all controls'

const root = fileURLToPath(new URL('../../', import.meta.url))
const shared = fileURLToPath(new URL('../../../shared/', import.meta.url))
const csv = join(shared, 'data/truth/cities.csv')
/** Sites that scikit-learn is timed at, since it needs up to minutes for one: evenly through the blocks. The embedding is the same for every row here and costs it nothing. */
const timed = (process.env['BENCH_SITES'] ?? [3, 11, 19, 27].map(block => `blocks.${block}.hook_resid_post`).join(',')).split(',')

/** What a person waits for after the activations are there: the sweep as the window and the command line run it. */
export async function bench(print: (line: string) => void): Promise<void> {
  if (!existsSync(csv)) {
    print('not run: ../shared is not beside this checkout')
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'layerscope-suite-'))
  try {
    execFileSync(process.execPath, [join(root, 'out/main/cli.js'), 'extract', join(root, 'resources/models/smollm2-135m-instruct'), csv, '--text', 'statement', '--out', folder], { stdio: 'ignore' })
    const store = await openStore(folder)
    const seconds = await ours(store, print)
    await objectives(store, print)
    scikit(folder, store, seconds, print)
    await store.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function ours(store: ActivationStore, print: (line: string) => void): Promise<number> {
  const began = performance.now()
  let first = NaN
  const { summary } = await probeStore(store, { label: 'label', moreTargets: [], group: 'city', test: null, pair: null, polarity: null, topic: null }, probePlanSchema.parse({ task: 'classes', methods: ['logistic'] }), {
    onSite() { if (Number.isNaN(first)) first = (performance.now() - began) / 1000 }
  })
  print(`ours: ${summary.seconds.toFixed(1)} s for ${summary.sites.length} sites, ${(summary.seconds / summary.sites.length).toFixed(2)} s a site (nested strengths, shuffled labels, text-only baseline, intervals); the first site after ${first.toFixed(2)} s`)
  print(`chosen ${summary.chosen?.site ?? 'none'} at ${summary.chosen?.testScore.toFixed(3) ?? ''}`)
  return summary.seconds
}

/** Our objective at one site, fold 0 and every strength, against the float64 optimum. */
async function objectives(store: ActivationStore, print: (line: string) => void): Promise<void> {
  const site = timed[0] ?? ''
  const labels = await store.textColumn('label')
  const codes = Int32Array.from(labels, Number)
  const cities = await store.textColumn('city')
  const index = new Map([...new Set(cities)].map((name, i) => [name, i]))
  const plan = planFolds({ codes, classes: 2, groups: Int32Array.from(cities, name => index.get(name) ?? 0), test: null, folds: 5, split: 'folds', seed: 0 })
  const { data, rows, columns } = await store.readSite(site)
  const values = Float32Array.from(data)
  const strengths = logistic.strengths(10)
  const products = await Products.create(1)
  const context = {
    data: prepareSite(site, { data, rows, columns }, rows, Int32Array.from(codes.keys()), plan.cellOfRow, plan.cells), cellOfRow: plan.cellOfRow,
    classes: 2, products, contrast: noContrast(rows), seed: 0, checkpoint: () => undefined
  }
  const [fit] = await logistic.fit(context, [{ cells: [1, 2, 3, 4], codes, strengths, start: null }], 'validation')
  await products.release()
  const problem = plainProblem(values, columns, [...codes.keys()].filter(row => plan.cellOfRow[row] !== 0), codes)
  const point = new Float64Array(columns + 1)
  const worst = Math.max(...strengths.map((strength, c) => Math.abs((fit?.objectives[c] ?? NaN) / plainLogistic(problem, strength, point, 1e-7) - 1)))
  print(`largest relative difference of our objective from the float64 optimum over the strengths, ${site}, fold 0: ${worst.toExponential(1)}`)
}

function scikit(folder: string, store: ActivationStore, seconds: number, print: (line: string) => void): void {
  const python = process.env['BENCH_PYTHON']
  if (!python) {
    print('scikit-learn: not run (BENCH_PYTHON names no interpreter)')
    return
  }
  const sites = timed.filter(name => store.sites.includes(name))
  const output = execFileSync(python, [join(shared, 'peers/sweep_sklearn.py'), folder, csv, 'label', 'city', ...sites], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 24 })
  const lines = output.trim().split('\n').map(line => JSON.parse(line) as { readonly site?: string; readonly seconds?: number })
  const each = lines.filter(line => line.site !== undefined).map(({ site, seconds }) => ({ site, seconds: seconds ?? NaN }))
  const mean = each.reduce((sum, { seconds: took }) => sum + took, 0) / each.length
  const others = store.sites.length - 1
  print(`scikit-learn (LogisticRegressionCV, as ../shared/peers writes it, no controls): ${each.map(({ site, seconds: took }) => `${site ?? ''} ${took.toFixed(0)} s`).join(', ')}; ${(mean * others).toFixed(0)} s for the ${others} sites after the embedding by their mean; ours, for all, is ${(mean * others / seconds).toFixed(0)} × faster, controls included`)
}
