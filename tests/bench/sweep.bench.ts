import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { noContrast, sweep } from '../../main/engine/probes'
import { planFolds, type FoldPlan } from '../../main/engine/probes/folds'
import { logistic } from '../../main/engine/probes/methods/logistic'
import type { FitJob } from '../../main/engine/probes/probe-method'
import { Products } from '../../main/engine/probes/products'
import { seededRandom } from '../../main/engine/probes/random'
import { prepareSite } from '../../main/engine/probes/site-data'
import { writeMinilmActivations } from './minilm-activations'
import { plainLogistic, plainProblem } from './plain-logistic'
import { readSafetensors, writeSafetensors } from './safetensors-file'

export const title = 'Layer sweep: 1,496 × 384 × 7 sites, 5 grouped folds × 10 strengths, logistic'

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url))
const rows = 1496
const columns = 384
const siteCount = 7
const folds = 5
/** Half a second is short beside what else a machine does. */
const rounds = 9

interface Material { readonly texts: readonly string[]; readonly codes: Int32Array; readonly names: readonly string[]; readonly files: readonly string[]; readonly csv: string }

/**
 * Activations: MiniLM's last tokens on cities.csv where ../shared is there, otherwise correlated normal features of the
 * same shape. BENCH_ACTIVATIONS names a folder that keeps them between runs.
 */
export async function bench(print: (line: string) => void): Promise<void> {
  const kept = process.env['BENCH_ACTIVATIONS']
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'layerscope-sweep-'))
  try {
    await compare(await material(folder, print), folder, print)
  } finally {
    if (!kept) rmSync(folder, { recursive: true })
  }
}

async function compare(given: Material, folder: string, print: (line: string) => void): Promise<void> {
  const index = new Map([...new Set(given.names)].map((name, i) => [name, i]))
  const groups = Int32Array.from(given.names, name => index.get(name) ?? 0)
  const plan = planFolds({ codes: given.codes, classes: 2, groups, test: null, folds, split: 'folds', seed: 0 })
  const strengths = logistic.strengths(10)
  const jobs = Array.from({ length: folds }, (_, fold) => ({
    cells: Array.from({ length: folds }, (_, cell) => cell).filter(cell => cell !== fold), codes: given.codes, strengths, start: null
  }))
  // What is compiled of this file, beside the program that runs it.
  const program = join(dirname(process.argv[1] ?? ''), 'bench.mjs')
  // As the sweep does: as many sites at once as there are cores, each in a thread of its own.
  const lanes = Array.from({ length: Math.min(siteCount, availableParallelism()) }, () => new Worker(program, { workerData: { plan, jobs } satisfies Lane }))
  const fitSite = async (file: string, lane: Worker): Promise<readonly Float64Array[]> => {
    lane.postMessage(file)
    const [objectives] = await once(lane, 'message') as [readonly Float64Array[]]
    return objectives
  }
  // The first call compiles and touches memory; every contender but Python's own start-up is measured warm.
  await Promise.all(lanes.map(lane => fitSite(given.files[0] ?? '', lane)))
  const objectives: (readonly Float64Array[])[] = []
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    let next = 0
    await Promise.all(lanes.map(async lane => {
      for (let site = next++; site < given.files.length; site = next++) objectives[site] = await fitSite(given.files[site] ?? '', lane)
    }))
    times.push((performance.now() - began) / 1000)
  }
  times.sort((a, b) => a - b)
  const ours = times[(rounds - 1) / 2] ?? NaN
  for (const lane of lanes) await lane.terminate()
  print(`ours, ${folds} folds × ${strengths.length} strengths, reading and standardising included, ${lanes.length} sites at once, median of ${rounds} (${times[0]?.toFixed(2) ?? ''} to ${times[rounds - 1]?.toFixed(2) ?? ''}): ${ours.toFixed(2)} s for ${siteCount} sites, ${(1000 * ours / siteCount).toFixed(0)} ms a site`)

  const controlled = await sweep({
    texts: given.texts, labels: [...given.codes].map(String), groups: given.names, test: null, sites: given.files, sitesAtOnce: availableParallelism(),
    readSite: file => Promise.resolve({ data: activations(file), rows, columns })
  }, { task: 'classes', methods: ['logistic'], split: 'folds', folds, strengths: strengths.length, seed: 0 }, { onSite: () => undefined })
  const { seconds, chosen, sites } = controlled.summary
  const fitting = sites.reduce((sum, site) => sum + site.seconds, 0)
  print(`ours, the whole protocol (nested strengths, shuffled and text controls, intervals, worker start): ${seconds.toFixed(2)} s, of which ${(1000 * fitting / siteCount).toFixed(0)} ms a site; chosen ${chosen?.site.split('/').pop() ?? 'none'} at ${chosen?.testScore.toFixed(3) ?? ''}`)

  // One fold of one site that is neither the easiest nor the hardest; the plain way takes minutes for all.
  const site = 3
  const training = [...given.codes.keys()].filter(row => plan.cellOfRow[row] !== 0)
  const plainBegan = performance.now()
  const problem = plainProblem(activations(given.files[site] ?? ''), columns, training, given.codes)
  const point = new Float64Array(columns + 1)
  const plain = strengths.map(strength => plainLogistic(problem, strength, point, 1e-4))
  const plainSeconds = (performance.now() - plainBegan) / 1000
  const estimated = plainSeconds * folds * siteCount
  print(`plain JavaScript (float64 L-BFGS, one problem at a time, warm starts, stop at gradient 1e-4 as scikit-learn): ${plainSeconds.toFixed(2)} s for fold 0 of site ${site}; ${estimated.toFixed(0)} s for all by extrapolation; ours is ${(estimated / ours).toFixed(0)} × faster`)
  const optimum = new Float64Array(columns + 1)
  const worst = Math.max(...strengths.map((strength, c) => {
    const best = plainLogistic(problem, strength, optimum, 1e-7)
    return Math.abs((objectives[site]?.[0]?.[c] ?? NaN) / best - 1)
  }))
  print(`largest relative difference of our objective from the float64 optimum (gradient 1e-7), fold 0 of site ${site}: ${worst.toExponential(1)}; of the plain one at its stop: ${Math.max(...plain.map((loss, c) => Math.abs(loss / (objectives[site]?.[0]?.[c] ?? NaN) - 1))).toExponential(1)} from ours`)

  const python = process.env['BENCH_PYTHON']
  const peer = join(shared, 'peers/sweep_sklearn.py')
  if (!python || !existsSync(peer)) {
    print('scikit-learn: not run (BENCH_PYTHON names no interpreter, or ../shared is not there)')
    return
  }
  const output = execFileSync(python, [peer, folder, given.csv, 'label', 'city'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 24 })
  const total = (JSON.parse(output.trim().split('\n').pop() ?? '{}') as { totalSeconds?: number }).totalSeconds ?? NaN
  print(`scikit-learn (LogisticRegressionCV, as ../shared/peers writes it; its folds are its own): ${total.toFixed(1)} s; ours is ${(total / ours).toFixed(1)} × faster on as many fits, ${(total / seconds).toFixed(1)} × with the whole protocol`)
}

/** What a thread that fits sites is started with; it takes their files one at a time and answers with their objectives. */
interface Lane { readonly plan: FoldPlan; readonly jobs: readonly FitJob[] }

if (!isMainThread) await serve(workerData as Lane)

async function serve({ plan, jobs }: Lane): Promise<void> {
  const products = await Products.create(1, 1)
  parentPort?.on('message', (file: string) => void (async () => {
    const data = prepareSite(file, { data: activations(file), rows, columns }, rows, Int32Array.from({ length: rows }, (_, row) => row), plan.cellOfRow, plan.cells)
    const context = { data, cellOfRow: plan.cellOfRow, classes: 2, products, contrast: noContrast(rows), seed: 0, checkpoint: () => undefined }
    parentPort?.postMessage((await logistic.fit(context, jobs, 'validation')).map(fit => fit.objectives))
  })())
}

async function material(folder: string, print: (line: string) => void): Promise<Material> {
  const source = join(shared, 'data/truth/cities.csv')
  const model = join(shared, 'models/minilm')
  if (existsSync(source) && existsSync(model)) {
    const lines = readFileSync(source, 'utf8').trim().split(/\r?\n/).slice(1)
    const texts = lines.map(line => line.startsWith('"') ? line.slice(1, line.indexOf('",')) : line.slice(0, line.indexOf(',')))
    const codes = Int32Array.from(lines, (line, row) => Number(line.slice((texts[row] ?? '').length + (line.startsWith('"') ? 3 : 1)).split(',')[0]))
    print('activations: MiniLM, last token, cities.csv')
    return { texts, codes, names: texts.map(text => /^The city of (.*) is in /.exec(text)?.[1] ?? text), files: await writeMinilmActivations(model, texts, folder), csv: source }
  }
  print('activations: correlated normal features (../shared is not beside this checkout)')
  const random = seededRandom(1)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const codes = Int32Array.from({ length: rows }, (_, row) => row % 2)
  const names = Array.from(codes, (_, row) => `city ${Math.floor(row / 2)}`)
  const files = Array.from({ length: siteCount }, (_, site) => {
    const values = new Float32Array(rows * columns)
    for (let row = 0; row < rows; row++) {
      let walk = 0
      for (let column = 0; column < columns; column++) {
        // A slow walk along the features correlates neighbours, as layers do.
        walk = 0.9 * walk + normal()
        values[row * columns + column] = walk + (column === 0 ? site * 0.6 * (codes[row] === 1 ? 1 : -1) : 0)
      }
    }
    const file = join(folder, `site${site}.safetensors`)
    writeFileSync(file, writeSafetensors({ activations: { data: values, shape: [rows, columns] } }))
    return file
  })
  const csv = join(folder, 'rows.csv')
  writeFileSync(csv, `statement,label,city\n${names.map((name, row) => `row ${row},${codes[row]},${name}`).join('\n')}\n`)
  return { texts: names.map((_, row) => `row ${row}`), codes, names, files, csv }
}

function activations(file: string): Float32Array {
  const tensor = readSafetensors(readFileSync(file)).get('activations')
  if (!(tensor?.data instanceof Float32Array) || tensor.shape[0] !== rows || tensor.shape[1] !== columns) throw new Error(`${file} does not hold ${rows} × ${columns} float32 activations`)
  return tensor.data
}
