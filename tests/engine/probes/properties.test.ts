/** What holds of every method by its mathematics: a rotation of the features changes no score, and permuted labels or trees are not learned. */
import { describe, expect, it } from 'vitest'
import type { TreeSite } from '../../../preload/contract'
import { probePlanSchema, type ProbePlan } from '../../../preload/recipe'
import { regressionSweep, sweep, treeSweep, type HeldOutClasses, type HeldOutNumbers, type SweepInput, type TreeInput } from '../../../main/engine/probes'
import { codeContrast } from '../../../main/engine/probes/contrast-pairs'
import { CcsProblems } from '../../../main/engine/probes/methods/ccs-problems'
import { seededRandom, shuffle } from '../../../main/engine/probes/random'
import { siteContext } from './fitting'
import { noise, pythagorean, treebank } from './made-trees'
import { columns, correlate, rotated, whiten } from './rotated'

function normals(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Rows come in pairs; every third pair is the test, so that one training set decides the score. */
const tested = (row: number): boolean => (row >> 1) % 3 === 0

interface Made {
  readonly values: Float32Array
  readonly labels: readonly string[]
  readonly codes: Int32Array
  /** 1 for the first row of each pair, −1 for the second. */
  readonly polarity: Int8Array
}

/** Two classes: pairs of opposite label, marked along an axis of their own. More: classes along axes of their own. Texts name the class. */
function made(classes: number, { rows = 300, mark = 1.5, signal = 1.2, seed = 1 } = {}): Made {
  const [normal, random] = [normals(seed), seededRandom(seed + 50)]
  const codes = Int32Array.from({ length: rows }, (_, row) => row % classes)
  if (classes === 2) for (let row = 0; row < rows; row += 2) if (random() < 0.5) codes.set([1, 0], row)
  const polarity = Int8Array.from(codes, (_, row) => row % 2 === 0 ? 1 : -1)
  const values = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    const mixed = normal()
    for (let j = 0; j < columns; j++) {
      const own = classes === 2 ? (j === 0 ? signal * (2 * (codes[row] as number) - 1) : 0) : j === codes[row] ? 2 * signal : 0
      values[row * columns + j] = (2 - j / 10) * (normal() + 0.4 * mixed + own + (j === 9 ? mark * (polarity[row] as number) : 0))
    }
  }
  return { values, codes, labels: Array.from(codes, code => `class ${code}`), polarity }
}

const every = (values: Float32Array): number[] => Array.from({ length: values.length / columns }, (_, row) => row)
const training = (rows: readonly number[]): number[] => rows.filter(row => !tested(row))

/** How features are made so that what a method standardises by column is the same before and after a rotation. */
const features: Readonly<Record<'raw' | 'white' | 'white sides' | 'unit classes', (given: Made) => Float32Array>> = {
  raw: ({ values }) => values,
  white({ values }) {
    whiten(values, every(values), training(every(values)))
    return values
  },
  'white sides'({ values, polarity }) {
    for (const side of [1, -1]) {
      const own = every(values).filter(row => polarity[row] === side)
      whiten(values, own, training(own))
    }
    return values
  },
  'unit classes'({ values, codes }) {
    const classes = Math.max(...codes) + 1
    for (let c = 0; c < classes; c++) {
      const own = every(values).filter(row => codes[row] === c)
      whiten(values, own, training(own))
    }
    correlate(values)
    codes.forEach((code, row) => { values[row * columns + code] = (values[row * columns + code] as number) + 1.5 })
    return values
  }
}

function inputOf({ labels, polarity }: Made, values: Float32Array): SweepInput {
  return {
    texts: labels.map((label, row) => `${label} ${row}`), labels, groups: null, test: Uint8Array.from(labels, (_, row) => tested(row) ? 1 : 0), sites: ['site'],
    contrast: new Set(labels).size === 2 ? { pair: labels.map((_, row) => `pair ${row >> 1}`), polarity, topic: null } : { pair: null, polarity: null, topic: null },
    readSite: () => Promise.resolve({ data: Float32Array.from(values), rows: labels.length, columns })
  }
}

/** One method without a choice of strength. */
async function classified(input: SweepInput, method: string): Promise<{ readonly accuracy: number; readonly textOnly: number; readonly held: HeldOutClasses }> {
  const held: HeldOutClasses[] = []
  const { summary: { sites: [result] } } = await sweep(input, probePlanSchema.parse({ task: 'classes', methods: [method], strengths: 1 }), { onSite: (_, own) => { held.push(own) } })
  if (!result || !held[0]) throw new Error('no result')
  return { accuracy: result.metrics.accuracy, textOnly: result.controls.textOnly, held: held[0] }
}

/** Ridge at one strength; predictions in units of the targets, which have deviations of about 1.7. */
async function regressed(targets: readonly (readonly string[])[], codes: Int32Array, values: Float32Array): Promise<{ readonly r2: number; readonly held: Float32Array }> {
  const held: HeldOutNumbers[] = []
  const rows = codes.length
  const { summary: { chosen } } = await regressionSweep({
    texts: Array.from(codes, (_, row) => `row ${row}`), names: targets.map((_, i) => `target ${i}`), columns: targets, groups: null, test: Uint8Array.from(codes, (_, row) => tested(row) ? 1 : 0),
    sites: ['site'], readSite: () => Promise.resolve({ data: Float32Array.from(values), rows, columns })
  }, probePlanSchema.parse({ task: 'numeric', methods: ['ridge'], strengths: 1 }), { onSite: (_, own) => { held.push(own) } })
  return { r2: chosen?.testScore ?? NaN, held: held[0]?.predicted ?? new Float32Array(0) }
}

interface Parsed { readonly uuas: number; readonly distances: number; readonly depths: number; readonly linear: number; readonly linearDistances: number }

/** The structural probes on one site, and the tree that joins neighbours beside them. */
async function parsed(words: TreeInput['columns'], values: Float32Array, seed: number): Promise<Parsed> {
  const rows = values.length / columns
  const { summary: { sites: [result] } } = await treeSweep({
    columns: words, groups: null, test: null, sites: ['site'], readSite: () => Promise.resolve({ data: Float32Array.from(values), rows, columns })
  }, probePlanSchema.parse({ task: 'tree', methods: ['structural'], seed }), { onSite: () => undefined })
  const measure = (name: string): TreeSite['measures'][number] | undefined => result?.measures.find(own => own.name === name)
  const linear = (name: string): number => measure(name)?.baselines.find(own => own.name === 'linearTree')?.value ?? NaN
  return {
    uuas: measure('uuas')?.value ?? NaN, distances: measure('distanceSpearman')?.value ?? NaN, depths: measure('depthSpearman')?.value ?? NaN,
    linear: linear('uuas'), linearDistances: linear('distanceSpearman')
  }
}

const farthest = (a: Float32Array, b: Float32Array): number => a.reduce((most, value, i) => Number.isNaN(value) ? most : Math.max(most, Math.abs(value - (b[i] as number))), 0)

describe('a rotation of the features', () => {
  // Standardised by column: logistic and the polarity fit of ttpd over the training rows, lda class by class.
  it.each([
    ['logistic', 2, 'white', 2e-4], ['logistic', 4, 'white', 2e-4], ['mass-mean', 2, 'raw', 1e-5], ['mass-mean-covariance', 2, 'raw', 1e-5],
    ['lda', 2, 'unit classes', 1e-5], ['lda', 4, 'unit classes', 1e-5], ['nearest-centroid', 2, 'raw', 1e-5], ['nearest-centroid', 4, 'raw', 1e-5],
    ['paired-mean-difference', 2, 'raw', 1e-5], ['paired-first-component', 2, 'raw', 1e-5], ['ttpd', 2, 'white', 2e-4]
  ] as const)('leaves the held-out probabilities of %s for %i classes as they are (%s features, to %d)', async (method, classes, way, tolerance) => {
    const given = made(classes)
    const values = features[way](given)
    const [before, after] = [await classified(inputOf(given, values), method), await classified(inputOf(given, rotated(values)), method)]
    expect(before.accuracy).toBeGreaterThan(0.65)
    expect(before.accuracy).toBeLessThan(1)
    expect(after.accuracy).toBe(before.accuracy)
    expect(farthest(before.held.score, after.held.score)).toBeLessThan(tolerance)
  })

  it('leaves the loss of ccs at the rotated weights as it is (1e-6), and what its restarts find to .02', async () => {
    const given = made(2, { rows: 900 })
    const values = features['white sides'](given)
    const contrast = codeContrast({ pair: given.labels.map((_, row) => `pair ${row >> 1}`), polarity: given.polarity, topic: null }, Int32Array.from(given.codes.keys()), given.codes, 0)
    const cells = Int32Array.from(given.codes, (_, row) => tested(row) ? 1 : 0)
    const random = seededRandom(6)
    const point = Float32Array.from({ length: columns }, () => random() - 0.5)
    const evaluated = await Promise.all([[values, point], [rotated(values), rotated(point)]].map(async ([own, weights]) => {
      const problems = await CcsProblems.open(await siteContext(own as Float32Array, columns, cells, 2, 1, contrast))
      const { losses, gradients } = await problems.objective([[0]], 1).evaluate([0], [Float64Array.of(...weights as Float32Array, 0.3)])
      await problems.release()
      return { loss: losses[0] as number, gradient: Float32Array.from(gradients[0]?.subarray(0, columns) ?? []) }
    }))
    expect(evaluated[1]?.loss).toBeCloseTo(evaluated[0]?.loss ?? NaN, 6)
    expect(farthest(rotated(evaluated[0]?.gradient ?? point), evaluated[1]?.gradient ?? point)).toBeLessThan(1e-6)
    // The starts are drawn axis by axis, so that other minima of the loss could be met; on these rows all seeds find this one.
    const [before, after] = [await classified(inputOf(given, values), 'ccs'), await classified(inputOf(given, rotated(values)), 'ccs')]
    expect(before.accuracy).toBeGreaterThan(0.85)
    expect(Math.abs(after.accuracy - before.accuracy)).toBeLessThan(0.01)
    expect(farthest(before.held.score, after.held.score)).toBeLessThan(0.02)
  })

  it('leaves the predictions of ridge as they are (1e-4 of a deviation)', async () => {
    const given = made(4)
    const values = features.white(given)
    const normal = normals(8)
    const targets = [0, 1].map(target => Array.from(given.codes, (_, row) => String((values[row * columns + target] as number) - (values[row * columns + 7] as number) + normal())))
    const predicted = await Promise.all([values, rotated(values)].map(own => regressed(targets, given.codes, own)))
    expect(predicted[0]?.r2).toBeGreaterThan(0.4)
    expect(predicted[0]?.r2).toBeLessThan(0.9)
    expect(farthest(predicted[0]?.held ?? new Float32Array(0), predicted[1]?.held ?? new Float32Array(0))).toBeLessThan(1e-4)
  })

  it('leaves what the structural probes reach as it is: UUAS and DSpr to .02, NSpr to .04, means over three seeds', async () => {
    // More rows than columns: the losses are convex in BᵀB, and a rotation of B with the features changes neither. Adam's steps go axis by
    // axis and end where validation stops gaining: seeds alone move the UUAS by .04 and the NSpr by .01.
    const { columns: words, heads } = treebank(300)
    const vectors = pythagorean(heads, columns)
    const disturbed = noise(vectors.length, 5)
    const values = vectors.map((value, at) => value + 0.7 * (disturbed[at] as number))
    const means = async (own: Float32Array): Promise<Parsed> => {
      const runs = [await parsed(words, own, 0), await parsed(words, own, 1), await parsed(words, own, 2)]
      const mean = (name: keyof Parsed): number => runs.reduce((sum, run) => sum + run[name], 0) / runs.length
      return { uuas: mean('uuas'), distances: mean('distances'), depths: mean('depths'), linear: mean('linear'), linearDistances: mean('linearDistances') }
    }
    const [before, after] = [await means(values), await means(rotated(values))]
    expect(before.uuas).toBeGreaterThan(before.linear + 0.2)
    expect(before.uuas).toBeLessThan(0.6)
    expect(Math.abs(after.uuas - before.uuas)).toBeLessThan(0.02)
    expect(Math.abs(after.distances - before.distances)).toBeLessThan(0.02)
    expect(Math.abs(after.depths - before.depths)).toBeLessThan(0.04)
  })
})

describe('permuted labels', () => {
  it('of four classes are at chance for every method that tells several apart, and for the text alone', async () => {
    // Few rows for sixteen features: a probe that had seen its test rows would be far above chance.
    const given = made(4, { rows: 96, signal: 2 })
    const methods = ['logistic', 'lda', 'nearest-centroid', 'mlp']
    const scores = async (labels: readonly string[]): Promise<number[]> => {
      const { summary: { sites } } = await sweep({ ...inputOf(given, given.values), labels }, probePlanSchema.parse({ task: 'classes', methods, strengths: 1 }), { onSite: () => undefined })
      return [...sites.map(({ metrics }) => metrics.accuracy), sites[0]?.controls.textOnly ?? NaN]
    }
    for (const own of await scores(given.labels)) expect(own).toBeGreaterThan(0.6)
    const permuted: number[][] = []
    for (let seed = 0; seed < 8; seed++) permuted.push(await scores(shuffle([...given.labels], seededRandom(seed))))
    // 256 test rows at a chance of a quarter: four standard deviations are .11.
    for (let which = 0; which <= methods.length; which++) {
      expect(Math.abs(permuted.reduce((sum, own) => sum + (own[which] as number), 0) / permuted.length - 0.25)).toBeLessThan(0.11)
    }
  })
})

describe('trees on the vectors of other words', () => {
  const { columns: words, heads } = treebank(300)
  const vectors = pythagorean(heads, columns)
  const starts = heads.map((_, sentence) => heads.slice(0, sentence).reduce((sum, { length }) => sum + length, 0))
  /** Vectors of words `from`, sentence by sentence, in order. */
  const taken = (from: (own: readonly number[], sentence: number) => readonly number[]): Float32Array =>
    Float32Array.from(heads.flatMap((own, sentence) => from(own, sentence).flatMap(word => [...vectors.subarray(word * columns, (word + 1) * columns)])))
  const inPlace = (sentence: number): number[] => [...(heads[sentence] ?? []).keys()].map(word => (starts[sentence] as number) + word)

  it('are found where the vectors are their own', async () => {
    const own = await parsed(words, taken((_, sentence) => inPlace(sentence)), 0)
    expect([own.uuas, own.distances > 0.95]).toEqual([1, true])
  })

  it.each([
    // Places in the sentence still say a little: random trees here end in a mark that hangs from the root.
    ['another sentence of the same length', (own: readonly number[], sentence: number) => {
      const alike = [...heads.keys()].filter(other => heads[other]?.length === own.length)
      return inPlace(alike[(alike.indexOf(sentence) + 1) % alike.length] as number)
    }],
    ['the same sentence in another order', (_: readonly number[], sentence: number) => shuffle(inPlace(sentence), seededRandom(40 + sentence))]
  ] as const)('fall to the tree that joins neighbours where they are those of %s', async (_, from) => {
    const own = await parsed(words, taken(from), 0)
    // About 380 arcs in 60 test sentences: the interval is ± .05.
    expect(own.uuas).toBeLessThan(own.linear + 0.07)
    expect(own.distances).toBeLessThan(own.linearDistances + 0.1)
    expect(Math.abs(own.depths)).toBeLessThan(0.2)
  })
})

describe('rows of one group', () => {
  const plan = (asked: Partial<ProbePlan>): ProbePlan => ({ ...probePlanSchema.parse({ task: 'classes', methods: ['mass-mean'], strengths: 1 }), ...asked })
  /** Sixty groups of four rows, two of them the other two over again. */
  const given = made(2, { rows: 240 })
  const groups = Array.from(given.codes, (_, row) => `group ${(row >> 1) % 60}`)
  const input = { ...inputOf(given, given.values), contrast: { pair: null, polarity: null, topic: null }, texts: groups.map(() => ''), groups, test: null }
  const marked = Uint8Array.from(groups, name => Number(name.slice(6)) < 15 ? 1 : 0)

  function expectWhole(fold: Int32Array, of: readonly string[]): void {
    const foldOf = new Map(of.map((name, row) => [name, fold[row]]))
    expect(of.every((name, row) => fold[row] === foldOf.get(name))).toBe(true)
  }

  const splits: readonly (readonly [string, Partial<ProbePlan>, Uint8Array | null, number])[] = [
    ['five folds', {}, null, 5], ['two folds', { folds: 2 }, null, 2], ['seven folds', { folds: 7 }, null, 7],
    ['leaving groups out, dealt into fifty folds', { split: 'leave-one-group-out' }, null, 50], ['marked test rows', {}, marked, 1]
  ]
  it.each(splits)('are tested in one fold and trained on in no other way: %s', async (_, asked, test, folds) => {
    const classes = await sweep({ ...input, test }, plan(asked), { onSite: () => undefined })
    const numbers = await regressionSweep({
      texts: input.texts, names: ['number'], columns: [groups.map((own, row) => String(row + own.length))], groups, test, sites: ['site'], readSite: () => Promise.resolve({ data: Float32Array.from(given.values), rows: 240, columns })
    }, plan({ task: 'numeric', methods: ['ridge'], ...asked }), { onSite: () => undefined })
    for (const { fold, folds: sizes } of [classes, numbers]) {
      expectWhole(fold, groups)
      expect(new Set(fold.filter(own => own >= 0)).size).toBe(folds)
      expect([...fold].map(own => own >= 0)).toEqual(test ? Array.from(test, mark => mark === 1) : groups.map(() => true))
      // Groups in training and test together are all groups: none is in both.
      for (const { training, test: own } of sizes) expect(training.groups + own.groups).toBe(60)
    }
  })

  it('stay together where they are sentences of a treebank', async () => {
    const { columns: words, heads } = treebank(200)
    const documents = (words.sentence ?? []).map(name => `document ${Math.floor(Number(name?.slice(1)) / 5)}`)
    const { fold, folds: [sizes] } = await treeSweep({
      columns: words, groups: documents, test: null, sites: ['site'], readSite: () => Promise.resolve({ data: pythagorean(heads, columns), rows: documents.length, columns })
    }, plan({ task: 'tree', methods: ['structural'] }), { onSite: () => undefined })
    expectWhole(fold, documents)
    expect((sizes?.training.groups ?? 0) + (sizes?.validation.groups ?? 0) + (sizes?.test.groups ?? 0)).toBe(40)
  })
})
