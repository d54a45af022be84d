import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { UMAP } from 'umap-js'
import { exactNeighbors, openMatrixProducts, projectLayers, type Matrix, type MatrixProducts } from '../../main/engine/projections'
import { curveParameters } from '../../main/engine/projections/umap/curve-parameters'
import { fuzzyGraph } from '../../main/engine/projections/umap/fuzzy-graph'
import { fromComponents } from '../../main/engine/projections/umap/initial-layout'
import { defaultEpochs, optimizeLayout, type Layout } from '../../main/engine/projections/umap/layout-optimizer'
import { pca } from '../../main/engine/projections/principal-components'
import { normalPair, seededRandom } from '../../main/engine/projections/random'
import { umapJsLayout } from '../../main/engine/projections/umap/umap-js-layout'

export const title = 'UMAP 10,000 × 384: initialisation, epochs, first frame, trustworthiness'

const NEIGHBORS = 15
const MIN_DIST = 0.1
const EPOCHS_TIMED = 40
const ROUNDS = 3

/**
 * Ours beside umap-js alone and, where `BENCH_PYTHON` names an interpreter that has it, umap-learn on the same file.
 * The vectors are a seeded mixture (40 clusters, each a five-dimensional curved sheet in 384 dimensions, with noise),
 * or the tensor `activations` of the safetensors file that `BENCH_ACTIVATIONS` names, at most 10,000 rows of it.
 */
export async function bench(print: (line: string) => void): Promise<void> {
  const given = process.env['BENCH_ACTIVATIONS']
  const matrix = given === undefined ? mixture(10_000, 384) : await readActivations(given, 10_000)
  print(`${matrix.rows.toLocaleString('en')} × ${matrix.columns}, ${given === undefined ? 'seeded mixture' : given}, ${NEIGHBORS} neighbours`)
  const products = await openMatrixProducts()
  try {
    const epochs = defaultEpochs(matrix.rows)
    const nested = Array.from({ length: matrix.rows }, (_, row) => Array.from(matrix.data.subarray(row * matrix.columns, (row + 1) * matrix.columns)))
    const rounds: Round[] = []
    // Ours and umap-js take turns, so that what else the machine does meets both.
    for (let round = 0; round < ROUNDS; round++) rounds.push(await oneRound(matrix, nested, epochs, products))
    const of = (name: keyof Round): number => median(rounds.map(round => round[name]))
    const range = (name: keyof Round): string => {
      const values = rounds.map(round => round[name])
      return `${of(name).toFixed(2)} s (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`
    }
    print(`medians of ${ROUNDS} rounds in turn, range in brackets; ${epochs} epochs`)
    print(`ours, whole: ${range('whole')}, worker start and trustworthiness included; trustworthiness ${of('trust').toFixed(3)} (3,000-row sample)`)
    print(`ours, first frame: ${range('firstFrame')}, ${(100 * median(rounds.map(round => round.firstFrame / round.whole))).toFixed(1)} % of the whole (target under 10 %)`)
    print(`ours, to initialise: ${range('initialise')}: components ${of('components').toFixed(2)}, exact neighbours ${of('neighbors').toFixed(2)}, graph ${of('graph').toFixed(2)}; ${(1 / of('epoch')).toFixed(0)} epochs/s`)
    print(`umap-js fed with our neighbours: ${range('fedInitialise')} for its graph; ${(1 / of('fedEpoch')).toFixed(0)} epochs/s`)
    print(`umap-js alone: ${range('aloneInitialise')} to initialise; ${(1 / of('aloneEpoch')).toFixed(0)} epochs/s; whole extrapolated from ${EPOCHS_TIMED} epochs: ${(of('aloneInitialise') + epochs * of('aloneEpoch')).toFixed(1)} s`)
    const ratios = (slow: keyof Round, fast: keyof Round): string => {
      const values = rounds.map(round => round[slow] / round[fast])
      return `${median(values).toFixed(1)}× (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})`
    }
    print(`→ to initialise, ours against umap-js alone ${ratios('aloneInitialise', 'initialise')} (target 4×); graph ${ratios('fedInitialise', 'graph')}; epoch ${ratios('fedEpoch', 'epoch')}`)
    const ours = { seconds: of('whole'), trust: of('trust') }
    await peer(matrix, ours, print)
  } finally {
    await products.close()
  }
}

/** Seconds, but for `trust`. */
interface Round {
  readonly whole: number
  readonly firstFrame: number
  readonly trust: number
  readonly components: number
  readonly neighbors: number
  readonly graph: number
  readonly initialise: number
  readonly epoch: number
  readonly fedInitialise: number
  readonly fedEpoch: number
  readonly aloneInitialise: number
  readonly aloneEpoch: number
}

async function oneRound(matrix: Matrix, nested: number[][], epochs: number, products: MatrixProducts): Promise<Round> {
  // What a person waits for: the worker, from a cold start.
  let [firstFrame, whole, trust] = [0, 0, 0]
  const started = performance.now()
  await projectLayers({
    sites: ['site'], depthOrder: ['site'], readSite: async () => matrix,
    plan: { method: 'umap', neighbors: NEIGHBORS, minDist: MIN_DIST, epochs: null, seed: 0 },
    onEvent(event) {
      if (event.kind === 'frame' && firstFrame === 0) firstFrame = (performance.now() - started) / 1000
      if (event.kind === 'layer') [whole, trust] = [(performance.now() - started) / 1000, event.result.trustworthiness ?? 0]
    }
  })
  const clock = stopwatch()
  const initial = fromComponents((await pca(matrix, 2, products)).scores, 0)
  const components = clock()
  const table = await exactNeighbors(matrix, NEIGHBORS, products)
  const neighbors = clock()
  const flat = optimizeLayout(fuzzyGraph(table), { epochs, curve: curveParameters(MIN_DIST), seed: 0, initial })
  const graph = clock()
  const epoch = secondsPerEpoch(flat)
  clock()
  const fed = umapJsLayout(table, { epochs, minDist: MIN_DIST, seed: 0, initial })
  const fedInitialise = clock()
  const fedEpoch = secondsPerEpoch(fed)
  clock()
  const umap = new UMAP({ nComponents: 2, nNeighbors: NEIGHBORS, minDist: MIN_DIST, nEpochs: epochs, random: seededRandom(0) })
  umap.initializeFit(nested)
  const aloneInitialise = clock()
  for (let done = 0; done < EPOCHS_TIMED; done++) umap.step()
  const aloneEpoch = clock() / EPOCHS_TIMED
  return { whole, firstFrame, trust, components, neighbors, graph, initialise: components + neighbors + graph, epoch, fedInitialise, fedEpoch, aloneInitialise, aloneEpoch }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >> 1] ?? NaN) + (sorted[sorted.length >> 1] ?? NaN)) / 2
}

async function peer(matrix: Matrix, ours: { readonly seconds: number; readonly trust: number }, print: (line: string) => void): Promise<void> {
  const python = process.env['BENCH_PYTHON']
  const script = fileURLToPath(new URL('../../../shared/peers/umap_learn.py', import.meta.url))
  if (python === undefined || !existsSync(script)) {
    print('umap-learn: not run (set BENCH_PYTHON to an interpreter that has it)')
    return
  }
  const folder = await mkdtemp(join(tmpdir(), 'layerscope-bench-'))
  try {
    const file = join(folder, 'site.safetensors')
    await writeActivations(file, matrix)
    const { stdout } = await promisify(execFile)(python, [script, file, String(matrix.rows)])
    const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as { readonly seconds: number; readonly trustworthiness: number }
    print(`umap-learn, warm, seeded: ${result.seconds.toFixed(1)} s, trustworthiness ${result.trustworthiness.toFixed(3)} (its own 3,000-row sample)`)
    print(`→ ours ${(result.seconds / ours.seconds).toFixed(1)}× faster, trustworthiness ${(ours.trust - result.trustworthiness >= 0 ? '+' : '−')}${Math.abs(ours.trust - result.trustworthiness).toFixed(3)}`)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Seconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now()
  return () => {
    const now = performance.now()
    const seconds = (now - last) / 1000
    last = now
    return seconds
  }
}

function secondsPerEpoch(layout: Layout): number {
  layout.step()
  const started = performance.now()
  for (let epoch = 0; epoch < EPOCHS_TIMED; epoch++) layout.step()
  return (performance.now() - started) / 1000 / EPOCHS_TIMED
}

function mixture(rows: number, columns: number): Matrix {
  const random = seededRandom(20)
  const normal = (): number => normalPair(random)[0]
  const clusters = 40
  const sheet = 5
  const centres = Float64Array.from({ length: clusters * columns }, () => 0.5 * normal())
  const linear = Float64Array.from({ length: clusters * sheet * columns }, () => 0.6 * normal())
  const curved = Float64Array.from({ length: clusters * sheet * columns }, () => 0.3 * normal())
  const data = new Float32Array(rows * columns)
  const place = new Float64Array(sheet)
  for (let row = 0; row < rows; row++) {
    const cluster = Math.floor(random() * clusters)
    for (let axis = 0; axis < sheet; axis++) place[axis] = normal()
    for (let column = 0; column < columns; column++) {
      let value = (centres[cluster * columns + column] ?? 0) + 0.25 * normal()
      for (let axis = 0; axis < sheet; axis++) {
        const at = (cluster * sheet + axis) * columns + column
        const along = place[axis] ?? 0
        value += along * (linear[at] ?? 0) + (along * along - 1) * (curved[at] ?? 0)
      }
      data[row * columns + column] = value
    }
  }
  return { data, rows, columns }
}

async function readActivations(path: string, limit: number): Promise<Matrix> {
  const bytes = await readFile(path)
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, { readonly dtype: string; readonly shape: readonly number[]; readonly data_offsets: readonly [number, number] }>
  const entry = header['activations']
  if (entry === undefined || entry.dtype !== 'F32') throw new Error(`${path} holds no float32 tensor named activations.`)
  const [rows = 0, columns = 0] = entry.shape
  const kept = Math.min(rows, limit)
  const data = new Float32Array(kept * columns)
  new Uint8Array(data.buffer).set(bytes.subarray(8 + length + entry.data_offsets[0], 8 + length + entry.data_offsets[0] + data.byteLength))
  return { data, rows: kept, columns }
}

async function writeActivations(path: string, matrix: Matrix): Promise<void> {
  const { data, rows, columns } = matrix
  const header = Buffer.from(JSON.stringify({ activations: { dtype: 'F32', shape: [rows, columns], data_offsets: [0, data.byteLength] } }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const file = await open(path, 'w')
  try {
    await file.writeFile(Buffer.concat([length, header]))
    await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  } finally {
    await file.close()
  }
}
