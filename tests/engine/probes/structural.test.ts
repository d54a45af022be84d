import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { TreeSite } from '../../../preload/contract'
import { probePlanSchema } from '../../../preload/recipe'
import { LayerscopeError } from '../../../main/engine/errors'
import { treeSweep, type ActualTrees, type HeldOutTrees, type SweepOutcome, type TreeInput } from '../../../main/engine/probes'
import { depthLoss, distanceLoss } from '../../../main/engine/probes/structural/losses'
import { meanScores, scoreSentence } from '../../../main/engine/probes/structural/scores'
import { parts, splitSentences } from '../../../main/engine/probes/structural/sentence-split'
import { rootedAt, spanningTree, treeDepths, treeDistances } from '../../../main/engine/probes/structural/tree'
import { noise, pythagorean, treebank } from './made-trees'

interface Reference {
  readonly sentences: readonly {
    readonly heads: number[]; readonly punctuation: number[]; readonly distances: number[]; readonly depths: number[]; readonly predictedDistances: number[]; readonly predictedDepths: number[]
    readonly arcs: number; readonly right: number; readonly rootRight: boolean; readonly distanceSpearman: number; readonly depthSpearman: number
  }[]
  readonly scores: Readonly<Record<'uuas' | 'rootAccuracy' | 'distanceSpearman' | 'depthSpearman', number>>
  readonly losses: readonly {
    readonly words: number; readonly columns: number; readonly rank: number; readonly heads: number[]; readonly features: number[]; readonly weights: number[]
    readonly distanceLoss: number; readonly distanceGradient: number[]; readonly depthLoss: number; readonly depthGradient: number[]
  }[]
}

/** By SciPy and PyTorch: tests/fixtures/structural-probe.py. */
const reference = JSON.parse(readFileSync(new URL('../../fixtures/structural-probe.json', import.meta.url), 'utf8')) as Reference

function distancesOf(heads: Int32Array): Uint16Array {
  const distances = new Uint16Array(heads.length ** 2)
  treeDistances(heads, treeDepths(heads) ?? new Int32Array(heads.length), distances)
  return distances
}

describe('trees', () => {
  it('have the distances and depths that SciPy finds', () => {
    for (const { heads, distances, depths } of reference.sentences) {
      expect([...treeDepths(Int32Array.from(heads)) ?? []]).toEqual(depths)
      expect([...distancesOf(Int32Array.from(heads))]).toEqual(distances)
    }
  })

  it('are none with a circle, two roots, no root or a head outside', () => {
    for (const heads of [[1, 0, -1], [-1, -1], [1, 2, 0], [-1, 5], [0], [-1, -2]]) expect(treeDepths(Int32Array.from(heads))).toBeNull()
    expect([...treeDepths(Int32Array.of(-1)) ?? []]).toEqual([0])
  })

  it('span the words that are included, and turn to another root', () => {
    // A line 0 – 1 – 2 – 3 with word 2 left out.
    const line = Float64Array.from({ length: 16 }, (_, at) => Math.abs(Math.floor(at / 4) - at % 4))
    expect([...spanningTree(line, Uint8Array.of(1, 1, 0, 1))]).toEqual([-1, 0, -2, 1])
    expect([...rootedAt(Int32Array.of(-1, 0, 1, 1, -2), 2)]).toEqual([1, 2, -1, 1, -2])
    expect([...spanningTree(line, new Uint8Array(4))]).toEqual([-2, -2, -2, -2])
  })
})

describe('measures of a parse', () => {
  it('are those of minimum_spanning_tree and spearmanr, to 1e-12', () => {
    const scores = reference.sentences.map(sentence => {
      const score = scoreSentence(
        { distances: Float64Array.from(sentence.predictedDistances), depths: Float64Array.from(sentence.predictedDepths) },
        { distances: Uint16Array.from(sentence.distances), depths: Int32Array.from(sentence.depths), heads: Int32Array.from(sentence.heads), punctuation: Uint8Array.from(sentence.punctuation) }
      )
      expect(score).toMatchObject({ arcs: sentence.arcs, right: sentence.right, rootRight: sentence.rootRight })
      expect(score.distances).toBeCloseTo(sentence.distanceSpearman, 12)
      expect(score.depths).toBeCloseTo(sentence.depthSpearman, 12)
      return score
    })
    const means = meanScores(scores, null)
    for (const name of ['uuas', 'rootAccuracy', 'distanceSpearman', 'depthSpearman'] as const) expect(means[name]).toBeCloseTo(reference.scores[name], 12)
  })

  it('take arcs of all sentences together, and correlations length by length', () => {
    const score = { words: 5, arcs: 4, right: 4, rootRight: true, distances: 1, depths: 1 }
    const other = { words: 6, arcs: 1, right: 0, rootRight: null, distances: 0, depths: 0.5 }
    const means = meanScores([score, score, score, other], null)
    expect(means).toEqual({ uuas: 12 / 13, rootAccuracy: 1, distanceSpearman: 0.5, depthSpearman: 0.75 })
    expect(meanScores([score, other], Float64Array.of(0, 2)).uuas).toBe(0)
    expect(meanScores([{ ...score, words: 4 }], null)).toMatchObject({ uuas: 1, distanceSpearman: null, depthSpearman: null })
  })
})

describe('losses', () => {
  /** Loss of a sentence whose projections are features · weightsᵀ, in float32 as in training, and the gradient by the weights. */
  function lossAt(kind: 'distance' | 'depth', own: Reference['losses'][number], weights: readonly number[]): { readonly loss: number; readonly gradient: number[] } {
    const { words, columns, rank } = own
    const at = (word: number, k: number): number => own.features.slice(word * columns, (word + 1) * columns).reduce((sum, value, j) => sum + value * (weights[k * columns + j] ?? 0), 0)
    const values = Float32Array.from({ length: words * rank }, (_, i) => at(Math.floor(i / rank), i % rank))
    const gradient = new Float32Array(values.length)
    const heads = Int32Array.from(own.heads)
    const projected = { values, stride: rank, offset: 0, rank, places: Int32Array.from({ length: words }, (_, word) => word), gradient }
    const loss = kind === 'distance' ? distanceLoss(projected, distancesOf(heads), 1) : depthLoss(projected, treeDepths(heads) ?? new Int32Array(0), 1)
    return { loss, gradient: Array.from({ length: rank * columns }, (_, i) => gradient.reduce((sum, value, z) => sum + (z % rank === Math.floor(i / columns) ? value * (own.features[Math.floor(z / rank) * columns + i % columns] ?? 0) : 0), 0)) }
  }

  it.each(['distance', 'depth'] as const)('of %s and its gradient are PyTorch\'s, and the gradient is that of central differences', kind => {
    for (const own of reference.losses) {
      const { loss, gradient } = lossAt(kind, own, own.weights)
      expect(loss).toBeCloseTo(kind === 'distance' ? own.distanceLoss : own.depthLoss, 4)
      const expected = kind === 'distance' ? own.distanceGradient : own.depthGradient
      gradient.forEach((slope, i) => { expect(slope).toBeCloseTo(expected[i] ?? NaN, 4) })
      // Between its kinks the loss is a quadratic: differences are exact but for float32.
      const step = 1e-3
      gradient.forEach((slope, i) => {
        const moved = (by: number): number => lossAt(kind, own, own.weights.map((weight, j) => j === i ? weight + by : weight)).loss
        expect(Math.abs((moved(step) - moved(-step)) / (2 * step) - slope)).toBeLessThan(0.02 * (1 + Math.abs(slope)))
      })
    }
  })
})

describe('split of sentences', () => {
  it('keeps clusters in one part, takes the marks, and refuses parts that say nothing', () => {
    const clusters = Int32Array.from({ length: 200 }, (_, sentence) => Math.floor(sentence / 4))
    const split = splitSentences(clusters, null, 7)
    const count = (part: number): number => split.reduce((sum, own) => sum + (own === part ? 1 : 0), 0)
    expect([count(parts.training), count(parts.validation), count(parts.test)]).toEqual([140, 20, 40])
    for (let sentence = 0; sentence < 200; sentence++) expect(split[sentence]).toBe(split[sentence - sentence % 4])
    expect([...splitSentences(clusters, null, 7)]).toEqual([...split])
    const marks = Uint8Array.from({ length: 200 }, (_, sentence) => sentence < 8 ? 1 : 0)
    expect([...splitSentences(clusters, marks, 7)].flatMap((part, sentence) => part === parts.test ? [sentence] : [])).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(() => splitSentences(clusters.slice(0, 12), null, 7)).toThrow(/at least 10 are needed/)
    expect(() => splitSentences(clusters, new Uint8Array(200), 7)).toThrow(/would be left for test/)
  })
})

interface Run { readonly outcome: SweepOutcome<TreeSite, ActualTrees>; readonly results: readonly TreeSite[]; readonly heldOut: readonly HeldOutTrees[] }

async function run(columns: TreeInput['columns'], sites: Readonly<Record<string, Float32Array>>, rest: Partial<TreeInput> = {}, seed = 0, signal?: AbortSignal): Promise<Run> {
  const [results, heldOut]: [TreeSite[], HeldOutTrees[]] = [[], []]
  const rows = columns.sentence?.length ?? columns.id?.length ?? 0
  const input: TreeInput = {
    columns, groups: null, test: null, sites: Object.keys(sites), ...rest,
    readSite: site => Promise.resolve({ data: Float32Array.from(sites[site] ?? []), rows, columns: (sites[site]?.length ?? 0) / rows })
  }
  const plan = probePlanSchema.parse({ task: 'tree', methods: ['structural'], seed })
  const outcome = await treeSweep(input, plan, { onSite: (result, held) => { results.push(result); heldOut.push(held) } }, signal)
  return { outcome, results, heldOut }
}

const valueOf = (result: TreeSite | undefined, name: string): number => result?.measures.find(measure => measure.name === name)?.value ?? NaN
const baselineOf = (result: TreeSite | undefined, name: string, baseline: string): number => result?.measures.find(measure => measure.name === name)?.baselines.find(own => own.name === baseline)?.value ?? NaN

describe('structural sweep', () => {
  it('finds the trees where vectors hold them, and nothing in noise', async () => {
    const { columns, heads } = treebank(300)
    const words = heads.flat().length
    const { outcome: { summary, actual, fold, folds }, results, heldOut } = await run(columns, { noise: noise(words * 24, 3), trees: pythagorean(heads, 12) })
    expect(summary).toMatchObject({ task: 'tree', classes: [], targets: [], folds: 1, chosen: { site: 'trees', method: 'structural', measure: 'uuas', testScore: 1 } })
    const [nothing, trees] = results
    expect(trees).toMatchObject({ kind: 'trees', strength: 64, sentences: { training: 210, validation: 30, test: 60 } })
    expect(trees?.measures.map(({ name }) => name)).toEqual(['uuas', 'distanceSpearman', 'rootAccuracy', 'depthSpearman'])
    expect(valueOf(trees, 'uuas')).toBe(1)
    expect(valueOf(trees, 'rootAccuracy')).toBe(1)
    // Words that are equally far in the tree never are quite so in the probe, which costs rank correlation.
    expect(valueOf(trees, 'distanceSpearman')).toBeGreaterThan(0.95)
    expect(valueOf(trees, 'depthSpearman')).toBeGreaterThan(0.93)
    for (const measure of trees?.measures ?? []) expect(measure.baselines.map(({ name }) => name)).toEqual(['shuffled', 'linearTree'])
    // Random vectors do no better than vectors in a wrong order, and neither better than a random tree does.
    const interval = nothing?.measures[0]?.interval
    expect(baselineOf(nothing, 'uuas', 'shuffled')).toBeGreaterThan((interval?.lo ?? 0) - 0.06)
    expect(interval?.lo).toBeLessThan(baselineOf(nothing, 'uuas', 'linearTree'))
    expect(Math.abs(valueOf(nothing, 'distanceSpearman') - baselineOf(nothing, 'distanceSpearman', 'shuffled'))).toBeLessThan(0.1)
    expect(summary.warnings).toEqual([])

    // What is stored gives the score again.
    const [tested, held] = [[...fold.keys()].filter(row => fold[row] === 0), heldOut[1]]
    expect(folds).toHaveLength(1)
    expect(folds[0]?.test).toEqual({ rows: tested.length, groups: 60 })
    let [arcs, right] = [0, 0]
    for (const row of tested) {
      const start = row - Number(columns.id?.[row]) + 1
      const head = actual.heads[row] ?? 0
      const punctuation = (at: number): boolean => columns.upos?.[at] === 'PUNCT'
      expect(punctuation(row) ? held?.heads[row] === -1 : (held?.heads[row] ?? -1) >= 0).toBe(true)
      if (head === 0 || punctuation(row)) continue
      arcs++
      if (held?.heads[row] === head || held?.heads[start + head - 1] === row - start + 1) right++
    }
    expect(right / arcs).toBe(valueOf(trees, 'uuas'))
    expect([...fold.keys()].filter(row => fold[row] !== 0).every(row => held?.heads[row] === -1 && Number.isNaN(held.depths[row]))).toBe(true)

    // The kept matrices are on the activations as they are: the second half gives the stored depth.
    const probes = held?.probes
    const row = tested[3] ?? 0
    const vector = pythagorean(heads, 12).subarray(row * 12, (row + 1) * 12)
    let square = 0
    for (let output = 64; output < 128; output++) square += vector.reduce((sum, value, j) => sum + value * (probes?.weights[output * 12 + j] ?? NaN), 0) ** 2
    expect(square).toBeCloseTo(held?.depths[row] ?? NaN, 4)
  })

  it('gives the same numbers again, and stops when it is told to', async () => {
    const { columns, heads } = treebank(60)
    const sites = { noise: noise(heads.flat().length * 8, 3) }
    const [first, second] = [await run(columns, sites, {}, 5), await run(columns, sites, {}, 5)]
    expect(second.results[0]?.measures).toEqual(first.results[0]?.measures)
    expect(second.heldOut[0]?.heads).toEqual(first.heldOut[0]?.heads)
    await expect(run(columns, sites, {}, 5, AbortSignal.abort())).rejects.toThrow(/Cancelled/)
  })

  it('leaves sentences of one word and incomplete ones out, counted, and takes the test column', async () => {
    const { columns, heads } = treebank(60)
    const more = (column: readonly (string | null)[] | null, ...cells: readonly string[]): (string | null)[] | null => column && [...column, ...cells]
    // A sentence of one word, one that lacks its second word, and one whose heads run in a circle.
    const odd: TreeInput['columns'] = {
      sentence: more(columns.sentence, 'one', 'gap', 'gap', 'loop', 'loop'), id: more(columns.id, '1', '1', '3', '1', '2'), head: more(columns.head, '0', '0', '1', '2', '1'),
      length: more(columns.length, '1', '3', '3', '2', '2'), upos: more(columns.upos, 'NOUN', 'NOUN', 'NOUN', 'NOUN', 'NOUN'), deprel: null
    }
    const rows = odd.sentence?.length ?? 0
    const test = Uint8Array.from(odd.sentence ?? [], name => Number(name?.slice(1)) < 15 ? 1 : 0)
    const { outcome: { summary, fold, actual } } = await run(odd, { noise: noise(rows * 8, 3) }, { test })
    expect(summary.warnings).toContain('1 sentence of one word has no arc and took no part.')
    expect(summary.warnings).toContain('2 sentences lack the vector of a word, or their heads form no tree, and took no part.')
    expect([...fold].every((own, row) => (own === 0) === (test[row] === 1))).toBe(true)
    expect([...actual.heads.subarray(rows - 5)]).toEqual([-1, -1, -1, -1, -1])
    const halved = Uint8Array.from(test, (mark, row) => row === 0 ? 0 : mark)
    await expect(run(odd, { noise: noise(rows * 8, 3) }, { test: halved })).rejects.toThrow(/marks only some words of the sentence “s0”/)
    expect(heads).toHaveLength(60)
  })

  it('says what to open where there are no trees', async () => {
    const { columns, heads } = treebank(60)
    const sites = { noise: noise(heads.flat().length * 8, 3) }
    const failing = async (changed: Partial<TreeInput['columns']>): Promise<LayerscopeError> => {
      const error: unknown = await run({ ...columns, ...changed }, sites).catch((caught: unknown) => caught)
      if (!(error instanceof LayerscopeError)) throw error
      return error
    }
    expect((await failing({ head: null, id: null })).report).toEqual({
      code: 'tree-columns-missing', field: 'task', message: 'The rows hold no trees: the columns “id” and “head” are missing.', hint: 'Open a CoNLL-U file word by word.'
    })
    expect((await failing({ head: columns.head && columns.head.map(() => '1') })).report.code).toBe('trees-missing')
    const broken = noise(heads.flat().length * 8, 3)
    broken[8 * 11 + 2] = NaN
    await expect(run(columns, { broken })).rejects.toMatchObject({ report: { code: 'activations-not-finite', row: 12 } })
    await expect(run(columns, { short: noise(80, 1) })).rejects.toThrow(/activations of short/)
  })
})
