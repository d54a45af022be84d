import type { ChosenSite, TreeSite } from '../../../../preload/contract'
import { measures as measureInfo, writeMeasure } from '../../../../preload/measures'
import type { ProbePlan } from '../../../../preload/recipe'
import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import { constantSites, fewGroups, mostSeriousFirst, sharedGroups, type Caution } from '../cautions'
import type { FoldSizes } from '../kept-probes'
import { ProbeWorker } from '../probe-worker-host'
import type { ActualTrees, HeldOutTrees, Matrix, SweepListener, SweepOutcome } from '../sweep-types'
import { parts, splitSentences, type Part } from './sentence-split'
import { codeTreebank, type TreeColumns, type Treebank } from './treebank'
import { quantity } from '../../quantity'

/** What a sweep over trees needs besides activations; all arrays have one entry an activation row. */
export interface TreeInput {
  readonly columns: TreeColumns
  /** Sentences whose first words share a value stay in one part; null takes every sentence by itself. */
  readonly groups: readonly (string | null)[] | null
  /** 1 marks the words of test sentences. */
  readonly test: Uint8Array | null
  /** Depth order. */
  readonly sites: readonly string[]
  /** Reads one site whole; the sweep takes the matrix over. */
  readSite(site: string): Promise<Matrix>
}

/**
 * The structural probes of Hewitt & Manning (2019) at every site: a matrix under which squared distances of words are near to those in the
 * parse tree, and one under which squared lengths are near to depths. One split of whole sentences; the site is chosen on validation
 * sentences. Controls: the same probes on vectors permuted within each sentence, and the tree that joins neighbouring words.
 * @throws LayerscopeError `tree-columns-missing`, `trees-missing`, `too-few-sentences`, `test-splits-sentence`, `method-unknown`,
 * `activations-mismatch`, `activations-not-finite`; an `AbortError` after `signal`.
 */
export async function treeSweep(
  input: TreeInput, plan: ProbePlan, listener: SweepListener<TreeSite, HeldOutTrees>, signal?: AbortSignal
): Promise<SweepOutcome<TreeSite, ActualTrees>> {
  const began = performance.now()
  const unknown = plan.methods.find(name => name !== 'structural')
  if (unknown !== undefined) throw new LayerscopeError({ code: 'method-unknown', field: 'methods', message: `${quoted(unknown)} does not predict trees.`, hint: 'Methods for trees: structural.' })
  stopIfAborted(signal)
  const treebank = codeTreebank(input.columns)
  const clusters = clustersOf(treebank, input.groups)
  const part = splitSentences(clusters, input.test && testMarks(treebank, input.test, input.columns.sentence), plan.seed)
  const allRows = input.columns.head?.length ?? 0
  const results: TreeSite[] = []
  const worker = new ProbeWorker(signal)
  try {
    listener.onStage?.('baselines')
    await worker.startTrees({ kind: 'start-trees', treebank, part, clusters, allRows, methods: plan.methods, seed: plan.seed })
    listener.onStage?.('probing')
    const total = input.sites.length * plan.methods.length
    for (const site of input.sites) {
      stopIfAborted(signal)
      const matrix = await input.readSite(site)
      stopIfAborted(signal)
      for (const { result, heads, depths, probes } of await worker.probeTrees(site, matrix)) {
        results.push(result)
        await listener.onSite(result, { kind: 'trees', heads, depths, probes }, results.length, total)
      }
    }
  } catch (error) {
    stopIfAborted(signal)
    throw error
  } finally {
    await worker.close()
  }
  const chosen = chooseSite(results)
  return {
    summary: {
      task: 'tree', classes: [], targets: [], coordinates: null, folds: 1, sites: results, chosen,
      warnings: mostSeriousFirst([...resultCautions(results, chosen), ...dataCautions(treebank, part, clusters, input.groups)]),
      notes: [...choiceNotes(results, chosen), ...constantSites(results, input.sites.length)], seconds: (performance.now() - began) / 1000
    },
    actual: { kind: 'trees', heads: goldHeads(treebank, allRows) },
    fold: testedRows(treebank, part, allRows),
    folds: [foldSizes(treebank, part, clusters)]
  }
}

/** The cluster of each sentence: the group of its first word, or itself. */
function clustersOf({ starts, rows }: Treebank, groups: readonly (string | null)[] | null): Int32Array {
  const known = new Map<string, number>()
  return Int32Array.from({ length: starts.length - 1 }, (_, sentence) => {
    const name = groups?.[rows[starts[sentence] as number] as number] ?? null
    if (name === null) return -1 - sentence
    const index = known.get(name) ?? known.size
    known.set(name, index)
    return index
  })
}

/** @throws LayerscopeError `test-splits-sentence` */
function testMarks({ starts, rows }: Treebank, test: Uint8Array, names: TreeColumns['sentence']): Uint8Array {
  return Uint8Array.from({ length: starts.length - 1 }, (_, sentence) => {
    const own = rows.subarray(starts[sentence], starts[sentence + 1])
    const mark = test[own[0] as number] as number
    if (own.some(row => test[row] !== mark)) {
      throw new LayerscopeError({
        code: 'test-splits-sentence', field: 'test', row: (own[0] as number) + 1, message: `The test column marks only some words of the sentence ${quoted(names?.[own[0] as number] ?? '')}.`,
        hint: 'Choose a column that marks whole sentences.'
      })
    }
    return mark
  })
}

function dataCautions({ starts, rows, leftOut: { single, incomplete } }: Treebank, part: Uint8Array, clusters: Int32Array, groups: TreeInput['groups']): readonly Caution[] {
  const tested = (sentence: number): boolean => part[sentence] === parts.test
  return [
    ...single > 0 ? [{ ground: 'rows', says: `${quantity(single, 'sentence')} of one word ${single === 1 ? 'has' : 'have'} no arc and took no part.` } as const] : [],
    ...incomplete > 0 ? [{ ground: 'rows', says: `${quantity(incomplete, 'sentence')} ${incomplete === 1 ? 'lacks' : 'lack'} the vector of a word, or ${incomplete === 1 ? 'its' : 'their'} heads form no tree, and took no part.` } as const] : [],
    ...fewGroups(new Set(clusters.filter((_, sentence) => tested(sentence))).size, 'groups of sentences'),
    ...sharedGroups(clusters, tested, sentence => groups?.[rows[starts[sentence] as number] as number] ?? '', 'sentences')
  ]
}

/** The site whose validation score is highest, the earlier of equals, with the test score that it then has. */
function chooseSite(results: readonly TreeSite[]): ChosenSite | null {
  const [first] = results
  if (first === undefined) return null
  const best = results.reduce((kept, candidate) => candidate.validationScore > kept.validationScore ? candidate : kept, first)
  const [headline] = best.measures
  if (headline?.value == null) return null
  return { site: best.site, method: best.method, measure: headline.name, testScore: headline.value, interval: headline.interval ?? { lo: headline.value, hi: headline.value } }
}

/** How the site was chosen: the best of many must not be quoted by its test score. */
function choiceNotes(results: readonly TreeSite[], chosen: ChosenSite | null): readonly string[] {
  const result = results.find(({ site, method }) => site === chosen?.site && method === chosen.method)
  if (chosen === null || result === undefined || results.length < 2) return []
  return [`${chosen.site} was chosen by its ${measureInfo[chosen.measure].phrase} on validation sentences (${writeMeasure(chosen.measure, result.validationScore)}), not by its test score of ${writeMeasure(chosen.measure, chosen.testScore)}.`]
}

function resultCautions(results: readonly TreeSite[], chosen: ChosenSite | null): readonly Caution[] {
  if (chosen === null) return []
  const baselines = results.find(({ site, method }) => site === chosen.site && method === chosen.method)?.measures[0]?.baselines ?? []
  const said = { shuffled: 'The same probe on vectors permuted within each sentence', linearTree: 'The tree that joins neighbouring words' } as const
  return (['shuffled', 'linearTree'] as const).flatMap((name): readonly Caution[] => {
    const value = baselines.find(baseline => baseline.name === name)?.value
    return value === undefined || value < chosen.interval.lo ? [] : [{ ground: 'explained', says: `${said[name]} reaches a UUAS of ${writeMeasure(chosen.measure, value)} where the probe at ${chosen.site} reaches ${writeMeasure(chosen.measure, chosen.testScore)}: its score does not show that the site represents the parse.` }]
  })
}

/** Heads as they are stored, [allRows]: the word counted from 1, 0 for the root, −1 for words of sentences that took no part. */
function goldHeads({ rows, heads }: Treebank, allRows: number): Int32Array {
  const result = new Int32Array(allRows).fill(-1)
  rows.forEach((row, word) => { result[row] = (heads[word] as number) + 1 })
  return result
}

/** 0 for rows of test sentences, −1 for others. */
function testedRows({ starts, rows }: Treebank, part: Uint8Array, allRows: number): Int32Array {
  const result = new Int32Array(allRows).fill(-1)
  part.forEach((own, sentence) => { if (own === parts.test) for (const row of rows.subarray(starts[sentence], starts[sentence + 1])) result[row] = 0 })
  return result
}

function foldSizes({ starts }: Treebank, part: Uint8Array, clusters: Int32Array): FoldSizes {
  const sizeOf = (which: Part): FoldSizes['test'] => ({
    rows: part.reduce((sum, own, sentence) => sum + (own === which ? (starts[sentence + 1] as number) - (starts[sentence] as number) : 0), 0),
    groups: new Set(clusters.filter((_, sentence) => part[sentence] === which)).size
  })
  return { training: sizeOf(parts.training), validation: sizeOf(parts.validation), test: sizeOf(parts.test) }
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new DOMException('Cancelled.', 'AbortError')
}
