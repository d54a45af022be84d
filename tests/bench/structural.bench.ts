import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { extract, openStore } from '../../main/engine/activations'
import { openDataset } from '../../main/engine/datasets'
import { openModel } from '../../main/engine/models'
import { splitSentences } from '../../main/engine/probes/structural/sentence-split'
import { openTreeSweep, probeTrees } from '../../main/engine/probes/structural/site-trees'
import { codeTreebank } from '../../main/engine/probes/structural/treebank'
import { treeColumns } from '../../main/engine/run'
import { extractionSchema } from '../../preload/recipe'
import { writeSafetensors } from './safetensors-file'

export const title = 'Structural probes: the English Web Treebank\'s dev set, 25,147 words × 384, MiniLM'

const treebankFile = fileURLToPath(new URL('../../../shared/data/syntax/en_ewt-ud-dev.conllu', import.meta.url))
const modelFolder = fileURLToPath(new URL('../../resources/models/minilm', import.meta.url))
const peer = fileURLToPath(new URL('./structural-probe.py', import.meta.url))
const sites = ['hook_embed', 'blocks.1.block_out', 'blocks.3.block_out']

/** Ours trains distance and depth probes with a control of each; PyTorch, where BENCH_PYTHON has it, only the two probes, on the same split. */
export async function bench(print: (line: string) => void): Promise<void> {
  if (!existsSync(treebankFile)) {
    print('not run: ../shared is not beside this checkout')
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'layerscope-structural-'))
  try {
    await compare(folder, print)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function compare(folder: string, print: (line: string) => void): Promise<void> {
  const dataset = await openDataset(treebankFile)
  const model = await openModel(modelFolder, { provider: 'cpu' })
  await extract({
    model, dataset, text: { kind: 'column', column: 'text' }, folder, plan: extractionSchema.parse({ positions: { kind: 'word' }, sites }), onStage: () => undefined, onProgress: () => undefined
  })
  await model.close()
  await dataset.close()
  const store = await openStore(folder)
  const treebank = codeTreebank(await treeColumns(store))
  const clusters = Int32Array.from({ length: treebank.starts.length - 1 }, (_, sentence) => sentence)
  const part = splitSentences(clusters, null, 0)
  const sweep = await openTreeSweep({ kind: 'start-trees', treebank, part, clusters, allRows: store.rows.length, methods: ['structural'], seed: 0 })
  writeFileSync(join(folder, 'treebank.json'), JSON.stringify({ starts: [...treebank.starts], heads: [...treebank.heads], punctuation: [...treebank.punctuation], part: [...part] }))
  for (const site of sites) {
    const matrix = await store.readSite(site)
    const words = new Float32Array(treebank.rows.length * matrix.columns)
    treebank.rows.forEach((row, word) => { words.set(matrix.data.subarray(row * matrix.columns, (row + 1) * matrix.columns), word * matrix.columns) })
    writeFileSync(join(folder, 'words.safetensors'), writeSafetensors({ activations: { data: words, shape: [treebank.rows.length, matrix.columns] } }))
    const began = performance.now()
    const [outcome] = await probeTrees(sweep, site, matrix, () => undefined)
    const seconds = (performance.now() - began) / 1000
    const value = (name: string): string => outcome?.result.measures.find(measure => measure.name === name)?.value?.toFixed(3) ?? ''
    print(`${site}, ours with controls and intervals: ${seconds.toFixed(1)} s, UUAS ${value('uuas')}, root ${value('rootAccuracy')}`)
    const python = process.env['BENCH_PYTHON']
    if (!python) continue
    const answer = JSON.parse(execFileSync(python, [peer, folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })) as { seconds: number; uuas: number; rootAccuracy: number }
    print(`${site}, PyTorch without controls: ${answer.seconds.toFixed(1)} s, UUAS ${answer.uuas.toFixed(3)}, root ${answer.rootAccuracy.toFixed(3)}; ours is ${(answer.seconds / seconds).toFixed(1)} × faster with twice the probes`)
  }
  await sweep.products.release()
  await store.close()
}
