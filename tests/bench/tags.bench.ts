import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStore } from '../../main/engine/activations'
import { probeStore } from '../../main/engine/run'
import { probePlanSchema } from '../../preload/recipe'

export const title = 'Tags of words: 17 parts of speech, 25,147 words of the English Web Treebank, MiniLM (384), 5 folds × 10 strengths by sentence'

const root = fileURLToPath(new URL('../../', import.meta.url))
const treebank = fileURLToPath(new URL('../../../shared/data/syntax/en_ewt-ud-dev.conllu', import.meta.url))
/** One after the other or side by side, as cores allow. */
const timed = (process.env['BENCH_SITES'] ?? 'blocks.1.block_out,blocks.3.block_out').split(',')

/** A fit of each strength on four fifths of the words, as LogisticRegressionCV makes five of each. */
const PEER = `
import json, sys, time, warnings, numpy
from safetensors.numpy import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
warnings.filterwarnings('ignore')
folder, site = sys.argv[1], sys.argv[2]
rows = json.load(open(folder + '/labels.json'))
x = load_file(folder + '/' + site + '.safetensors')['activations'].astype('float64')
train = numpy.unique(rows['sentence'], return_inverse=True)[1] % 5 != 0
x = StandardScaler().fit_transform(x[train]); y = numpy.array(rows['upos'])[train]
def seconds(**options):
    model = LogisticRegression(warm_start=True, **options)
    started = time.time()
    for c in numpy.logspace(-4, 4, 10): model.set_params(C=c).fit(x, y)
    return time.time() - started
print(json.dumps([seconds(max_iter=200), seconds(max_iter=1000, tol=1e-7)]))
`

export async function bench(print: (line: string) => void): Promise<void> {
  if (!existsSync(treebank)) {
    print('not run: ../shared is not beside this checkout')
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'layerscope-tags-'))
  try {
    execFileSync(process.execPath, [join(root, 'out/main/cli.js'), 'extract', join(root, 'resources/models/minilm'), treebank, '--sites', timed.join(','), '--out', folder], { stdio: 'ignore' })
    const store = await openStore(folder)
    const { summary } = await probeStore(store, { label: 'upos', moreTargets: [], group: 'sentence', test: null, pair: null, polarity: null, topic: null }, probePlanSchema.parse({ task: 'classes', methods: ['logistic'] }), { onSite: () => undefined })
    writeFileSync(join(folder, 'labels.json'), JSON.stringify({ upos: await store.textColumn('upos'), sentence: await store.textColumn('sentence') }))
    await store.close()
    const each = summary.seconds / summary.sites.length
    print(`ours: ${summary.seconds.toFixed(0)} s for ${summary.sites.length} sites, ${each.toFixed(0)} s a site (100 fits that choose strengths, final fits, shuffled labels, control task, text-only baseline, intervals); 40,000 words × 13 sites at that rate: ${(each * 13 * 40_000 / 25_147 / 60).toFixed(0)} min`)
    for (const result of summary.sites) if (result.kind === 'classes') print(`${result.site}: accuracy ${result.metrics.accuracy.toFixed(3)}`)
    const python = process.env['BENCH_PYTHON']
    if (!python) return
    const [stopped = NaN, solved = NaN] = JSON.parse(execFileSync(python, ['-c', PEER, folder, timed[0] ?? ''], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as number[]
    for (const [seconds, how] of [[stopped, 'its default tolerance, which at weak regularisation stops where it starts'], [solved, 'tolerance 1e-7, 1,000 iterations at most']] as const) {
      print(`scikit-learn (multinomial LogisticRegression, warm starts, ${how}): ${seconds.toFixed(0)} s for the 10 strengths of one fold, ${(5 * seconds).toFixed(0)} s for five, without controls; ours, with ten training sets for the strengths and controls, takes ${(each / (5 * seconds)).toFixed(2)} of that`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
