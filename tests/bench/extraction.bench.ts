import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import onnxProto from 'onnx-proto'
import * as ort from 'onnxruntime-node'
import { extractWithCommandLine, type Extracted } from './extract-process'
import { gemmPeak } from './gemm-peak'

export const title = 'Extraction: cities.csv through MiniLM, embedding and six blocks, last token'

const { onnx } = onnxProto
/** Hidden width, width of the MLP, blocks, and heads × head width of MiniLM. */
const [HIDDEN, INNER, BLOCKS] = [384, 1536, 6]
/** A figure is the best of this many, taken in turns, so that a busy moment of the machine strikes all alike. */
const ROUNDS = 3

/** Rows per second, padding and peak memory of our extraction, beside plain JavaScript and, where `BENCH_PYTHON` names an interpreter, transformers. */
export async function bench(print: (line: string) => void): Promise<void> {
  const root = process.cwd()
  const [model, data] = [join(root, '../shared/models/minilm'), join(root, '../shared/data/truth/cities.csv')]
  if (!existsSync(model) || !existsSync(data)) {
    print('skipped: it needs ../shared/models/minilm and ../shared/data/truth/cities.csv')
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-extraction-'))
  try {
    const statements = readFileSync(data, 'utf8').trimEnd().split('\n').slice(1).map(line => line.slice(0, line.indexOf('.,') + 1))
    const [ours, naive, gemm, transformers]: [Extracted[], number[], number[], PeerRun[]] = [[], [], [], []]
    const peer = transformersPeer(root, model, data, folder, print)
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await extractWithCommandLine(root, model, data, join(folder, `ours-${round}`)))
      naive.push(await rowsPerSecondOfPlainApi(model, statements))
      gemm.push(await gemmPeak(1024, HIDDEN, INNER))
      if (peer !== null) transformers.push(peer())
    }
    const best = ours.reduce((a, b) => a.rowsPerSecond >= b.rowsPerSecond ? a : b)
    const [plain, peak] = [Math.max(...naive), Math.max(...gemm)]
    const achieved = flopsPerToken(best.tokens / best.rows) * best.tokens / best.seconds / 1e9
    print(`ours                ${best.rowsPerSecond.toFixed(0)} rows/s (${ours.map(({ rowsPerSecond }) => rowsPerSecond.toFixed(0)).join(', ')}), ${best.rows} rows, padding ${(100 * (1 - best.tokens / best.paddedTokens)).toFixed(1)} %, peak ${best.peakMegabytes.toFixed(0)} MB`)
    print(`share of GEMM peak  ${(100 * achieved / peak).toFixed(0)} %: ${achieved.toFixed(1)} of ${peak.toFixed(0)} GFLOP/s (1024 × 384 × 1536 products)`)
    print(`plain JavaScript    ${plain.toFixed(0)} rows/s (${naive.map(rate => rate.toFixed(0)).join(', ')}), batches of 32 in file order; ours ${(best.rowsPerSecond / plain).toFixed(2)} ×`)
    if (transformers.length > 0) {
      const fastest = transformers.reduce((a, b) => a.rowsPerSecond >= b.rowsPerSecond ? a : b)
      print(`transformers        ${fastest.rowsPerSecond.toFixed(0)} rows/s (${transformers.map(({ rowsPerSecond }) => rowsPerSecond.toFixed(0)).join(', ')}), peak ${fastest.peakRssMB} MB; ours ${(best.rowsPerSecond / fastest.rowsPerSecond).toFixed(2)} ×`)
    }
    await memoryBySize(root, model, statements, folder, print)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What a user of onnxruntime-node writes: 32 texts at a time as they come, every layer an output, the last token picked afterwards. */
async function rowsPerSecondOfPlainApi(folder: string, texts: readonly string[]): Promise<number> {
  const model = onnx.ModelProto.decode(readFileSync(join(folder, 'onnx/model.onnx')))
  const norms = (model.graph?.node ?? []).filter(({ opType }) => opType === 'LayerNormalization').map(({ output }) => output?.[0] ?? '')
  const layers = norms.filter((_, i) => i === 0 || i % 2 === 0)
  for (const name of layers) {
    if (model.graph?.output?.some(output => output.name === name) === true) continue
    model.graph?.output?.push(onnx.ValueInfoProto.create({ name, type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } } }))
  }
  const session = await ort.InferenceSession.create(onnx.ModelProto.encode(model).finish())
  const json = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as Record<string, unknown>
  const config = JSON.parse(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8')) as Record<string, unknown>
  const tokenizer = new Tokenizer({ ...json, padding: null, truncation: null }, config)
  const started = performance.now()
  const kept: Float32Array[] = []
  for (let from = 0; from < texts.length; from += 32) {
    const ids = texts.slice(from, from + 32).map(text => tokenizer.encode(text).ids)
    const length = Math.max(...ids.map(row => row.length))
    const dims = [ids.length, length]
    const pad = (value: (row: number, at: number) => number): ort.Tensor => new ort.Tensor('int64', BigInt64Array.from({ length: ids.length * length }, (_, i) => BigInt(value(Math.floor(i / length), i % length))), dims)
    const outputs = await session.run({
      input_ids: pad((row, at) => ids[row]?.[at] ?? 0), attention_mask: pad((row, at) => at < (ids[row]?.length ?? 0) ? 1 : 0), token_type_ids: pad(() => 0)
    })
    for (const name of layers) {
      const values = outputs[name]?.data as Float32Array
      for (const [row, { length: tokens }] of ids.entries()) kept.push(values.slice((row * length + tokens - 1) * HIDDEN, (row * length + tokens) * HIDDEN))
    }
  }
  const rate = texts.length / ((performance.now() - started) / 1000)
  await session.release()
  if (kept.length !== texts.length * layers.length) throw new Error('the baseline lost rows')
  return rate
}

/** Multiply-adds of the matrix products of all blocks for one token, times two; attention over `length` tokens. */
function flopsPerToken(length: number): number {
  return BLOCKS * 2 * (4 * HIDDEN * HIDDEN + 2 * HIDDEN * INNER + 2 * length * HIDDEN)
}

/** Saves a transformers model of the same shape: the ONNX folder has no weights that transformers reads, and time does not depend on their values. */
const SAVE_PEER_MODEL = `
import sys
from transformers import AutoConfig, AutoModel, AutoTokenizer
AutoModel.from_config(AutoConfig.from_pretrained(sys.argv[1])).save_pretrained(sys.argv[2])
AutoTokenizer.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2])
`

interface PeerRun { readonly rowsPerSecond: number; readonly peakRssMB: number }

/** A run of transformers in batches of 32; null, and a line why, where it cannot be had. */
function transformersPeer(root: string, model: string, data: string, folder: string, print: (line: string) => void): (() => PeerRun) | null {
  const python = process.env['BENCH_PYTHON']
  const script = join(root, '../shared/peers/extract_transformers.py')
  if (python === undefined || !existsSync(script)) {
    print('transformers        skipped: BENCH_PYTHON names no interpreter')
    return null
  }
  const peer = join(folder, 'transformers')
  const ask = (...args: string[]): string => execFileSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    ask('-c', SAVE_PEER_MODEL, model, peer)
    return () => JSON.parse(ask(script, peer, data, 'statement', '32')) as PeerRun
  } catch (error) {
    print(`transformers        skipped: the peer failed (${error instanceof Error ? error.message.split('\n')[0] ?? '' : ''})`)
    return null
  }
}

/** Peak memory by the number of rows; BENCH_LARGE=1 takes 200,000 too, which needs some five minutes more. */
async function memoryBySize(root: string, model: string, statements: readonly string[], folder: string, print: (line: string) => void): Promise<void> {
  const large = process.env['BENCH_LARGE'] === '1'
  const sizes = large ? [2000, 20_000, 200_000] : [2000, 20_000]
  const peaks: number[] = []
  for (const rows of sizes) {
    const data = join(folder, `rows-${rows}.csv`)
    writeFileSync(data, ['statement', ...Array.from({ length: rows }, (_, i) => statements[(i * 7) % statements.length] ?? '')].join('\n'))
    const { peakMegabytes, rowsPerSecond } = await extractWithCommandLine(root, model, data, join(folder, `store-${rows}`))
    peaks.push(peakMegabytes)
    print(`${String(rows).padStart(7)} rows        peak ${peakMegabytes.toFixed(0)} MB, ${rowsPerSecond.toFixed(0)} rows/s`)
    rmSync(join(folder, `store-${rows}`), { recursive: true })
  }
  const grew = 100 * ((peaks.at(-1) ?? 0) / (peaks[0] ?? 1) - 1)
  print(`peak memory grew by ${grew.toFixed(0)} % from 2,000 to ${(sizes.at(-1) ?? 0).toLocaleString('en')} rows${large ? '' : ' (BENCH_LARGE=1 takes 200,000)'}`)
}
