import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExtractionPlan } from '../../preload/recipe'
import { extract } from '../../main/engine/activations'
import { openDataset } from '../../main/engine/datasets'
import { openModel } from '../../main/engine/models'
import { sharedExists, sharedFolder } from '../fixtures/reference'
import { extractWithCommandLine } from './extract-process'
import { gemmPeak } from './gemm-peak'
import { transformersRowsPerSecond } from './transformers-llama'

export const title = 'Extraction through SmolLM2-135M, last token: rows that share no prefix, share of the GEMM peak, block 6 alone, memory by rows'

const gguf = join(sharedFolder, 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf')
const plan: ExtractionPlan = { positions: { kind: 'last' }, dtype: 'f32', provider: 'cpu', sites: null, batchTokens: null, limit: null }
const ROWS = 160
/** A figure is the best of this many, taken in turns. */
const ROUNDS = 2
/** Multiply-adds, times two, of the matrices of 30 blocks for one token: q and o, k and v, three of the MLP. Attention itself is left out. */
const FLOPS_PER_TOKEN = 30 * 2 * (2 * 576 * 576 + 2 * 576 * 192 + 3 * 576 * 1536)

export async function bench(print: (line: string) => void): Promise<void> {
  if (!sharedExists) {
    print('skipped: ../shared is not here')
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'layerscope-causal-'))
  const model = await openModel(gguf)
  try {
    const lines = readFileSync(join(sharedFolder, 'data/truth/common_claim_true_false.csv'), 'utf8').trimEnd().split('\n')
    const firsts = new Set<number>()
    const unshared = lines.slice(1).filter(line => {
      const first = model.tokenizer.encode(line.replace(/^"/, '')).ids[0] ?? -1
      return !firsts.has(first) && firsts.add(first)
    }).slice(0, ROWS)
    const data = join(folder, 'unshared.csv')
    writeFileSync(data, [lines[0], ...unshared].join('\n'))
    const block = model.summary.defaultSites.find(site => site.startsWith('blocks.6.'))
    if (block === undefined) throw new Error('no site of block 6')
    const python = process.env['BENCH_PYTHON']
    const [all, one, peaks, peer]: [number[], number[], number[], number[]] = [[], [], [], []]
    let counted = ''
    let tokens = 0
    for (let round = 0; round < ROUNDS; round++) {
      for (const [sites, seconds] of [[null, all], [[block], one]] satisfies [string[] | null, number[]][]) {
        const dataset = await openDataset(data)
        const done = await extract({ model, dataset, text: { kind: 'column', column: 'statement' }, plan: { ...plan, sites }, folder: join(folder, `${String(round)}-${sites === null ? 'all' : 'one'}`) })
        await dataset.close()
        seconds.push(done.seconds)
        tokens = done.computedTokens ?? done.tokens
        counted = `${String(done.rows)} rows, ${String(done.computedTokens ?? done.tokens)} of ${String(done.tokens)} tokens computed`
      }
      peaks.push(await gemmPeak(1024, 576, 1536))
      if (python !== undefined) peer.push(transformersRowsPerSecond(python, gguf, data, ROWS))
    }
    const [fastest, alone, peak] = [Math.min(...all), Math.min(...one), Math.max(...peaks)]
    const achieved = FLOPS_PER_TOKEN * tokens / fastest / 1e9
    print(`common_claim, one row for each first token: ${(unshared.length / fastest).toFixed(1)} rows/s, ${counted}`)
    if (peer.length > 0) print(`transformers in batches of 32, same rows: ${Math.max(...peer).toFixed(1)} rows/s, ours ${(unshared.length / fastest / Math.max(...peer)).toFixed(2)}×`)
    print(`share of GEMM peak: ${(100 * achieved / peak).toFixed(0)} %: ${achieved.toFixed(1)} of ${peak.toFixed(0)} GFLOP/s (1024 × 576 × 1536 products)`)
    print(`${block} alone: ${(100 * alone / fastest).toFixed(0)} % of the time of all blocks`)
    await memoryByRows(folder, print)
  } finally {
    await model.close()
    rmSync(folder, { recursive: true })
  }
}

/** Peak memory of the command line over the first quarter of cities.csv and over all of it. */
async function memoryByRows(folder: string, print: (line: string) => void): Promise<void> {
  const lines = readFileSync(join(sharedFolder, 'data/truth/cities.csv'), 'utf8').trimEnd().split('\n')
  const peaks: number[] = []
  for (const rows of [374, 1496]) {
    const data = join(folder, `cities-${String(rows)}.csv`)
    writeFileSync(data, lines.slice(0, rows + 1).join('\n'))
    const { peakMegabytes } = await extractWithCommandLine(process.cwd(), gguf, data, join(folder, `store-${String(rows)}`))
    peaks.push(peakMegabytes)
    print(`${String(rows)} rows of cities.csv: peak ${peakMegabytes.toFixed(0)} MB`)
  }
  print(`peak memory grew by ${(100 * ((peaks[1] ?? NaN) / (peaks[0] ?? NaN) - 1)).toFixed(0)} % over four times the rows`)
}
