import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExtractionPlan } from '../../preload/recipe'
import { extract } from '../../main/engine/activations'
import { openDataset } from '../../main/engine/datasets'
import { openModel, type OpenModel } from '../../main/engine/models'
import { readModel } from '../../main/engine/models/read-model'
import { ModelSessions } from '../../main/engine/models/worker/sessions'
import { sharedExists, sharedFolder } from '../fixtures/reference'
import { transformersRowsPerSecond } from './transformers-llama'

export const title = 'Extraction through SmolLM2-135M, all blocks, last token: shared prefixes run once, against padded batches of 32 and transformers'

const gguf = join(sharedFolder, 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf')
const plan: ExtractionPlan = { positions: { kind: 'last' }, dtype: 'f32', provider: 'cpu', sites: null, batchTokens: null, limit: null }
/** Rows the slower ways are timed on. */
const SAMPLE = 320

export async function bench(print: (line: string) => void): Promise<void> {
  if (!sharedExists) {
    print('skipped: ../shared is not here')
    return
  }
  const model = await openModel(gguf)
  const folder = mkdtempSync(join(tmpdir(), 'layerscope-prefix-'))
  try {
    for (const name of ['cities', 'larger_than']) {
      const path = join(sharedFolder, `data/truth/${name}.csv`)
      const dataset = await openDataset(path)
      const extraction = await extract({ model, dataset, text: { kind: 'column', column: 'statement' }, plan, folder: join(folder, name) })
      await dataset.close()
      const padded = await paddedRowsPerSecond(model, path)
      print(`${name}: ${extraction.rowsPerSecond.toFixed(1)} rows/s, ${String(extraction.computedTokens)} of ${String(extraction.tokens)} tokens computed; padded batches of 32: ${padded.toFixed(1)} rows/s, ours ${(extraction.rowsPerSecond / padded).toFixed(2)}×`)
      const python = process.env['BENCH_PYTHON']
      if (python === undefined) continue
      const peer = transformersRowsPerSecond(python, gguf, path, SAMPLE)
      print(`${name}: transformers in batches of 32 (first ${String(SAMPLE)} rows): ${peer.toFixed(1)} rows/s, ours ${(extraction.rowsPerSecond / peer).toFixed(2)}×`)
    }
  } finally {
    await model.close()
    rmSync(folder, { recursive: true })
  }
}

/** The same graph over right-padded batches of 32 in file order, as one would without packs. */
async function paddedRowsPerSecond(model: OpenModel, path: string): Promise<number> {
  const readable = await readModel({ format: 'gguf', graph: gguf, config: null })
  const sessions = new ModelSessions(readable, 'cpu', { kvHeads: null, headDim: null })
  const dataset = await openDataset(path)
  const rows: Int32Array[] = []
  for await (const { texts } of dataset.texts({ kind: 'column', column: 'statement' }, null, SAMPLE)) rows.push(...texts.map(({ text }) => model.tokenizer.encode(text).ids))
  await dataset.close()
  let started = 0
  for (let at = -32; at < rows.length; at += 32) {
    // The first batch is run once before the clock starts: it pays for loading.
    if (at === 0) started = performance.now()
    const some = rows.slice(Math.max(0, at), Math.max(0, at) + 32)
    const length = Math.max(...some.map(ids => ids.length))
    const inputIds = new Int32Array(some.length * length)
    const attentionMask = new Uint8Array(some.length * length)
    some.forEach((ids, row) => {
      inputIds.set(ids, row * length)
      attentionMask.fill(1, row * length, row * length + ids.length)
    })
    await sessions.run({ rows: some.length, length, inputIds, attentionMask }, model.summary.defaultSites)
  }
  const seconds = (performance.now() - started) / 1000
  await sessions.close()
  return rows.length / seconds
}
