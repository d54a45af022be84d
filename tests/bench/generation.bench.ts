import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openModel } from '../../main/engine/models'
import { matrixThreads } from '../../main/engine/models/worker/threads'
import { sharedExists, sharedFolder } from '../fixtures/reference'

export const title = 'Greedy generation, SmolLM2-135M (GGUF, Q4_1): exact and fast, beside llama.cpp'

const gguf = join(sharedFolder, 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf')
const PROMPT = 'The history of the city of Paris begins'
const TOKENS = 100
/** A figure is the best of this many, taken in turns. */
const ROUNDS = 5

/** Tokens per second after the first, as for ours. */
const LLAMA = `
const [library, path, prompt, tokens, threads] = process.argv.slice(2)
const { getLlama } = await import(library)
const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true })
const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 })
const context = await model.createContext({ contextSize: 512, threads: Number(threads) })
let [count, first] = [0, 0]
for await (const token of context.getSequence().evaluate(model.tokenize(prompt), { temperature: 0 })) {
  if (count === 0) first = performance.now()
  if (++count > Number(tokens)) break
}
console.log((count - 1) / (performance.now() - first) * 1000)
process.exit(0)
`

export async function bench(print: (line: string) => void): Promise<void> {
  if (!sharedExists) {
    print('skipped: ../shared is not here')
    return
  }
  const llama = process.env['BENCH_LLAMA']
  const folder = mkdtempSync(join(tmpdir(), 'layerscope-generation-'))
  // A file: the library starts processes with this one's own arguments to Node.
  const program = join(folder, 'llama.mjs')
  writeFileSync(program, LLAMA)
  const model = await openModel(gguf)
  try {
    const prompt = model.tokenizer.encode(PROMPT).ids
    const rate = async (arithmetic: 'exact' | 'fast'): Promise<number> => {
      let [count, first] = [0, 0]
      await model.generate([...prompt], { arithmetic, maxTokens: TOKENS + 1, temperature: 0, topP: 1, seed: 0, stopIds: [] }, () => { if (count++ === 0) first = performance.now() })
      return (count - 1) / (performance.now() - first) * 1000
    }
    const [exact, fast, peer]: [number[], number[], number[]] = [[], [], []]
    for (let round = 0; round < ROUNDS; round++) {
      exact.push(await rate('exact'))
      fast.push(await rate('fast'))
      if (llama !== undefined) peer.push(llamaTokensPerSecond(program, llama))
    }
    const [best, rounded, theirs] = [Math.max(...exact), Math.max(...fast), Math.max(...peer)]
    print(`exact ${best.toFixed(0)} tokens/s, fast ${rounded.toFixed(0)} tokens/s`)
    if (peer.length > 0) print(`llama.cpp, same file and prompt: ${theirs.toFixed(0)} tokens/s; exact ${(best / theirs).toFixed(2)}×, fast ${(rounded / theirs).toFixed(2)}×`)
    else print('llama.cpp skipped: BENCH_LLAMA names no folder that holds node-llama-cpp')
  } finally {
    await model.close()
    rmSync(folder, { recursive: true })
  }
}

/** 0 where it takes longer than a minute: its threads wait for each other by spinning, which on a busy machine takes as long as it likes. */
function llamaTokensPerSecond(program: string, folder: string): number {
  const library = pathToFileURL(join(folder, 'node_modules/node-llama-cpp/dist/index.js')).href
  try {
    return Number(execFileSync(process.execPath, [program, library, gguf, PROMPT, String(TOKENS), String(matrixThreads())], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 }))
  } catch {
    return 0
  }
}
