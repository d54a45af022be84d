/** Questions about finished runs over parse trees: which sentences were tested, and what the probe says of one. */
import type { SentenceTree, TestSentences } from '../../preload/contract'
import type { ActivationStore } from './activations/index'
import { LayerscopeError } from './errors'
import { codeTreebank, countArcs, type Treebank } from './probes/index'
import { treeColumns } from './run'
import type { RunFolder } from './sessions/index'

/** The treebank of a store with what its words are called; read once. */
interface KnownTreebank {
  readonly treebank: Treebank
  readonly texts: readonly string[]
  readonly column: Readonly<Record<'word' | 'upos' | 'deprel' | 'sentence', readonly (string | null)[] | null>>
}

const known = new WeakMap<ActivationStore, Promise<KnownTreebank>>()

/** @throws LayerscopeError `tree-columns-missing`, `trees-missing` */
function treebankOf(store: ActivationStore): Promise<KnownTreebank> {
  const found = known.get(store)
  if (found !== undefined) return found
  const read = (async () => {
    const columns = await treeColumns(store)
    const word = (await store.columns()).some(({ name }) => name === 'word') ? await store.textColumn('word') : null
    return { treebank: codeTreebank(columns), texts: await store.texts(), column: { word, upos: columns.upos, deprel: columns.deprel, sentence: columns.sentence } }
  })()
  known.set(store, read)
  read.catch(() => known.delete(store))
  return read
}

interface HeldOutParse {
  /** [activation rows], as `TreeValues` counts them. */
  readonly predicted: Int32Array
  readonly depths: Float32Array
}

/** @throws LayerscopeError `values-not-ready`, `task-without-trees` */
async function parseAt(run: RunFolder, site: string, method: string | null): Promise<HeldOutParse> {
  const values = await run.values(site, method)
  if (values.kind === 'trees') return values
  throw new LayerscopeError({ code: 'task-without-trees', message: 'This run predicts no parse trees.', field: 'runId', hint: 'Run a treebank with the task tree.' })
}

/** The test sentences of a run, each with its score at a site. @throws LayerscopeError `values-not-ready`, `task-without-trees` */
export async function testSentences(run: RunFolder, site: string, method: string | null): Promise<TestSentences> {
  const parse = await parseAt(run, site, method)
  const store = await run.activations()
  const { treebank, texts } = await treebankOf(store)
  const { starts, rows } = treebank
  const tested = Array.from({ length: starts.length - 1 }, (_, sentence) => sentence).filter(sentence => isTested(treebank, parse, sentence))
  const first = tested.map(sentence => rows[starts[sentence] as number] as number)
  const scores = tested.map(sentence => score(treebank, parse, sentence))
  return {
    rows: Int32Array.from(first, row => store.rows[row] as number), words: Int32Array.from(tested, sentence => (starts[sentence + 1] as number) - (starts[sentence] as number)),
    arcs: Int32Array.from(scores, ({ arcs }) => arcs), right: Int32Array.from(scores, ({ right }) => right), texts: first.map(row => texts[row] ?? '')
  }
}

/** The sentence of a dataset row. @throws LayerscopeError `row-not-stored`, `sentence-left-out`, `values-not-ready`, `task-without-trees` */
export async function sentenceTree(run: RunFolder, site: string, method: string | null, row: number): Promise<SentenceTree> {
  const parse = await parseAt(run, site, method)
  const store = await run.activations()
  const { treebank, column } = await treebankOf(store)
  const { starts, rows, heads, depths, punctuation } = treebank
  const index = store.indexOf(row)
  if (index < 0) throw new LayerscopeError({ code: 'row-not-stored', message: 'This row has no activations: it was skipped, or beyond the limit.', row: row + 1 })
  const sentence = sentenceOf(treebank, index)
  if (sentence < 0) throw new LayerscopeError({ code: 'sentence-left-out', message: 'The sentence of this row took no part: it has one word, lacks the vector of a word, or its heads form no tree.', row: row + 1 })
  const [from, to] = [starts[sentence] as number, starts[sentence + 1] as number]
  const tested = isTested(treebank, parse, sentence)
  const { arcs, right } = score(treebank, parse, sentence)
  return {
    name: column.sentence?.[rows[from] as number] ?? '', tested, arcs, right: tested ? right : 0,
    words: Array.from({ length: to - from }, (_, word) => {
      const at = rows[from + word] as number
      const predicted = parse.predicted[at] as number
      const depth = parse.depths[at] as number
      return {
        row: store.rows[at] as number, form: column.word?.[at] ?? String(word + 1), tag: column.upos?.[at] ?? null, relation: column.deprel?.[at] ?? null,
        head: heads[from + word] as number, depth: depths[from + word] as number, punctuation: punctuation[from + word] === 1,
        predictedHead: predicted < 0 ? null : predicted - 1, predictedDepth: Number.isNaN(depth) ? null : depth
      }
    })
  }
}

/** The sentence of an activation row; −1 where it took no part. */
function sentenceOf({ starts, rows }: Treebank, row: number): number {
  let [low, high] = [0, starts.length - 2]
  while (low <= high) {
    const middle = (low + high) >>> 1
    if (row < (rows[starts[middle] as number] as number)) high = middle - 1
    else if (row > (rows[(starts[middle + 1] as number) - 1] as number)) low = middle + 1
    else return middle
  }
  return -1
}

function isTested({ starts, rows }: Treebank, { depths }: HeldOutParse, sentence: number): boolean {
  return !Number.isNaN(depths[rows[starts[sentence] as number] as number])
}

function score({ starts, rows, heads, punctuation }: Treebank, { predicted }: HeldOutParse, sentence: number): { readonly arcs: number; readonly right: number } {
  const [from, to] = [starts[sentence], starts[sentence + 1]]
  // −2 for words without a place in the tree, so that no head is mistaken for one.
  const tree = rows.subarray(from, to).map(row => (predicted[row] as number) < 0 ? -2 : (predicted[row] as number) - 1)
  return countArcs(tree, heads.subarray(from, to), punctuation.subarray(from, to))
}
