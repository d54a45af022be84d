import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openModel, prepareModelThread } from '../../main/engine/models'
import { sharedExists, sharedFolder } from '../fixtures/reference'
import { writeLlamaFolder } from './llama-folder'

export const title = 'Opening a 1 GB safetensors model and the bundled GGUF: until it can run, until it has proven itself, and what memory that takes'

const ROUNDS = 5
/** Longer than a thread takes to be ready for the next model. */
const QUIET_MS = 1500
const PEER = `
import sys, time
started = time.time()
import torch, transformers
imported = time.time()
model = transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1], torch_dtype=torch.float32)
with torch.no_grad(): model(torch.arange(7)[None])
print(f'{(imported - started) * 1000:.0f} {(time.time() - imported) * 1000:.0f}')
`

export async function bench(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'layerscope-open-'))
  try {
    const bytes = writeLlamaFolder(folder, { hidden: 1024, layers: 16, heads: 16, mlp: 3328, vocab: 32000 })
    // No tokenizer of a Llama lies here; this one has nearly as many tokens as the model.
    copyFileSync('resources/models/minilm/tokenizer.json', join(folder, 'tokenizer.json'))
    const ready = await measure(`${(bytes / 1e9).toFixed(2)} GB of float32`, folder, print)
    const python = process.env['BENCH_PYTHON']
    if (python !== undefined) {
      const [imports = NaN, first = NaN] = execFileSync(python, ['-c', PEER, folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().split(' ').map(Number)
      print(`transformers: ${String(imports)} ms of imports, ${String(first)} ms to first logits; ours can run ${((imports + first) / ready).toFixed(0)}× sooner`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  if (!sharedExists) {
    print('bundled GGUF skipped: ../shared is not here')
    return
  }
  const bundled = join(sharedFolder, 'models/smollm2-135m-instruct')
  await measure('SmolLM2-135M (GGUF, Q4_1)', join(bundled, readdirSync(bundled).find(file => file.endsWith('.gguf')) ?? ''), print)
}

/** Opens a few times with a thread that waits, as in the window, and as often without, as a command does; prints medians and returns that of the first, in ms. */
async function measure(what: string, path: string, print: (line: string) => void): Promise<number> {
  const [ready, cold, proven, memory]: [number[], number[], number[], number[]] = [[], [], [], []]
  for (let round = 0; round < ROUNDS; round++) {
    for (const waiting of [true, false]) {
      const before = privateMegabytes()
      if (waiting) {
        prepareModelThread()
        await new Promise(resolve => { setTimeout(resolve, QUIET_MS) })
      }
      const started = performance.now()
      const model = await openModel(path)
      if (waiting) proven.push(performance.now() - started)
      ;(waiting ? ready : cold).push(model.summary.openMs)
      memory.push(privateMegabytes() - before)
      await model.close()
    }
  }
  print(`${what}: can run after ${median(ready).toFixed(0)} ms (${Math.min(...ready).toFixed(0)} to ${Math.max(...ready).toFixed(0)}), ${median(cold).toFixed(0)} where no thread waits; self-tests and hash done after ${median(proven).toFixed(0)} ms`)
  print(Number.isNaN(memory[0]) ? 'private memory not told here' : `private memory with the thread that waited: ${(memory[0] ?? NaN).toFixed(0)} MB the first time`)
  return median(ready)
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

/** Memory that is this process's alone; mapped weights are not. NaN where the system does not tell. */
function privateMegabytes(): number {
  try {
    return Number(/Private_Dirty:\s+(\d+)/.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1]) / 1024
  } catch {
    return NaN
  }
}
