import { describe, expect, it } from 'vitest'
import { codeContrast, joinPairs, noContrast, pairsByClass, type SiteContrast } from '../../../main/engine/probes/contrast-pairs'
import { codeGroups } from '../../../main/engine/probes/groups'
import { checkMethods, probeMethod } from '../../../main/engine/probes/methods'
import { CcsProblems } from '../../../main/engine/probes/methods/ccs-problems'
import { truthDirection } from '../../../main/engine/probes/methods/ttpd'
import type { SiteContext } from '../../../main/engine/probes/probe-method'
import { seededRandom, type Random } from '../../../main/engine/probes/random'
import { leavingOut, linearProbe, logitsOf, siteContext } from './fitting'

const columns = 12

function normals(random: Random): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

interface Statements {
  readonly values: Float32Array
  readonly codes: Int32Array
  readonly contrast: SiteContrast
  /** Fold of each row: pairs whole. */
  readonly cells: Int32Array
}

/**
 * Pairs of an affirmative statement and its negation, one of them true: truth along axis 0, negation along axis 1,
 * truth times polarity along axis 2, what the pair is about everywhere.
 */
function statements(pairs: number, { truth = 2, negation = 4, mixed = 1.5, polarity = true, seed = 1 } = {}): Statements {
  const normal = normals(seededRandom(seed))
  const random = seededRandom(seed + 100)
  const rows = 2 * pairs
  const values = new Float32Array(rows * columns)
  const codes = new Int32Array(rows)
  const marks = new Int8Array(rows)
  for (let pair = 0; pair < pairs; pair++) {
    const about = Array.from({ length: columns }, () => 2 * normal())
    const affirmativeIsTrue = random() < 0.5
    for (const [i, affirms] of [[2 * pair, 1], [2 * pair + 1, -1]] as const) {
      const isTrue = (affirms === 1) === affirmativeIsTrue
      codes[i] = isTrue ? 1 : 0
      marks[i] = affirms
      const tau = isTrue ? 1 : -1
      for (let column = 0; column < columns; column++) {
        const signal = column === 0 ? truth * tau : column === 1 ? negation * affirms : column === 2 ? mixed * tau * affirms : 0
        values[i * columns + column] = (about[column] as number) + normal() + signal
      }
    }
  }
  const names = Array.from(codes, (_, row) => `pair ${Math.floor(row / 2)}`)
  const contrast = codeContrast({ pair: names, polarity: polarity ? marks : null, topic: null }, Int32Array.from(codes.keys()), codes, 0)
  return { values, codes, contrast, cells: Int32Array.from(codes, (_, row) => Math.floor(row / 2) % 5) }
}

function contextOf({ values, contrast, cells }: Statements): Promise<SiteContext> {
  return siteContext(values, columns, cells, 2, 1, contrast)
}

/** Logits of every row by the probe that left cell 0 out. */
async function logits(context: SiteContext, name: string, codes: Int32Array, held = 0): Promise<Float64Array> {
  const [fit] = await probeMethod(name).fit(context, leavingOut([held], 5, codes, [1]), 'final')
  const probe = fit?.probes[0]
  return probe && 'logits' in probe ? Float64Array.from(probe.logits) : logitsOf(context, linearProbe(fit))
}

async function heldOutAccuracy(context: SiteContext, name: string, codes: Int32Array): Promise<number> {
  let right = 0
  for (let held = 0; held < 5; held++) {
    const own = await logits(context, name, codes, held)
    context.cellOfRow.forEach((cell, row) => { if (cell === held && ((own[row] as number) > 0 ? 1 : 0) === codes[row]) right++ })
  }
  return right / codes.length
}

/** Weights on raw features. */
async function rawWeights(context: SiteContext, name: string, codes: Int32Array): Promise<Float64Array> {
  const [fit] = await probeMethod(name).fit(context, leavingOut([0], 5, codes, [1]), 'final')
  return Float64Array.from(linearProbe(fit).weights, (weight, column) => weight / (context.data.scale[column] as number))
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number => Array.from(x).reduce((sum, value, i) => sum + value * (y[i] as number), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

/** Labels of each pair exchanged or not. */
function exchanged(codes: Int32Array, seed: number): Int32Array {
  const random = seededRandom(seed)
  const result = Int32Array.from(codes)
  for (let row = 0; row < codes.length; row += 2) {
    if (random() < 0.5) result.set([codes[row + 1] as number, codes[row] as number], row)
  }
  return result
}

const onPairs = ['paired-mean-difference', 'paired-first-component']

describe('contrast pairs', () => {
  const rows = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7)
  const codes = Int32Array.of(0, 1, 1, 1, 0, 1, 0, 0)
  /** One pair; two rows of one class; three rows; one by itself. */
  const pair = ['a', 'a', 'b', 'b', 'c', 'c', 'c', 'd']

  it('are two rows of different classes with one value; sides come from polarity, else from the seed', () => {
    const { partner, side } = codeContrast({ pair, polarity: null, topic: null }, rows, codes, 0)
    expect([...partner ?? []]).toEqual([1, 0, -1, -1, -1, -1, -1, -1])
    expect(side[0]).toBe(-(side[1] as number))
    expect([...side.subarray(2)]).toEqual([0, 0, 0, 0, 0, 0])
    const many = Array.from({ length: 400 }, (_, row) => String(Math.floor(row / 2)))
    const alternating = Int32Array.from(many, (_, row) => row % 2)
    const drawn = codeContrast({ pair: many, polarity: null, topic: null }, Int32Array.from(many.keys()), alternating, 3)
    // A side says nothing about the label: 200 tosses, four standard deviations are 28.
    const ones = alternating.reduce((sum, code, row) => sum + (code === 1 && drawn.side[row] === 1 ? 1 : 0), 0)
    expect(Math.abs(ones - 100)).toBeLessThan(28)
    expect(codeContrast({ pair: many, polarity: null, topic: null }, Int32Array.from(many.keys()), alternating, 3)).toEqual(drawn)
    const told = codeContrast({ pair, polarity: Int8Array.of(-1, 1, 1, 0, 0, 0, 0, 0), topic: null }, rows, codes, 0)
    expect([...told.side]).toEqual([-1, 1, 1, 0, 0, 0, 0, 0])
  })

  it('count in training where both rows lie there', () => {
    const contrast = codeContrast({ pair, polarity: null, topic: null }, rows, codes, 0)
    expect([...pairsByClass(contrast, Int32Array.of(0, 1, 2), codes)]).toEqual([0, 1])
    expect([...pairsByClass(contrast, Int32Array.of(1, 2, 3), codes)]).toEqual([])
    expect([...pairsByClass(noContrast(8), rows, codes)]).toEqual([])
  })

  it('keep their rows in one group, and say so where that leaves a single one', () => {
    const groups = codeGroups(rows, ['x', 'y', 'z', 'z', 'u', 'v', 'v', 'w'])
    const joined = joinPairs(groups, rows, pair).codes
    expect(joined[0]).toBe(joined[1])
    expect(new Set([joined[4], joined[5], joined[6]]).size).toBe(1)
    expect(new Set(joined).size).toBe(4)
    expect(joinPairs(codeGroups(rows, null), rows, pair)).toMatchObject({ given: true })
    const chain = ['1', '1', '2', '2', '3', '3', '4', '4']
    const linked = codeGroups(rows, ['x', 'y', 'y', 'z', 'z', 'u', 'u', 'x'])
    expect(() => joinPairs(linked, rows, chain)).toThrow(/no group can be held out/)
  })
})

describe('methods on contrast pairs', () => {
  it('paired-mean-difference is the mass-mean probe where every training row is in a pair (1e-4 of a logit)', async () => {
    const given = statements(100)
    const context = await contextOf(given)
    const [paired, massMean] = [await logits(context, 'paired-mean-difference', given.codes), await logits(context, 'mass-mean', given.codes)]
    expect(paired.reduce((most, value, i) => Math.max(most, Math.abs(value - (massMean[i] as number))), 0)).toBeLessThan(1e-4)
  })

  it('paired-mean-difference leaves rows without a partner out', async () => {
    const given = statements(100)
    // Rows that would pull the class means anywhere: they are in no pair.
    const alone = 40
    const rows = given.codes.length + alone
    const values = new Float32Array(rows * columns).fill(50)
    values.set(given.values)
    const codes = Int32Array.from({ length: rows }, (_, row) => given.codes[row] ?? row % 2)
    const cells = Int32Array.from({ length: rows }, (_, row) => given.cells[row] ?? 1)
    for (let row = given.codes.length; row < rows; row++) values[row * columns + 3] = 1000 * (codes[row] as number)
    const names = Array.from({ length: rows }, (_, row) => row < given.codes.length ? `pair ${Math.floor(row / 2)}` : null)
    const contrast = codeContrast({ pair: names, polarity: null, topic: null }, Int32Array.from(codes.keys()), codes, 0)
    const context = await siteContext(values, columns, cells, 2, 1, contrast)
    const direction = await rawWeights(context, 'paired-mean-difference', codes)
    expect(cosine(direction, await rawWeights(await contextOf(given), 'paired-mean-difference', given.codes))).toBeGreaterThan(1 - 1e-6)
    expect(Math.abs(cosine(await rawWeights(context, 'mass-mean', codes), direction))).toBeLessThan(0.2)
  })

  it('paired-first-component is the first right singular vector of the differences (1e-6), by power iteration', async () => {
    const given = statements(100, { polarity: false })
    const context = await contextOf(given)
    const differences: number[][] = []
    for (let row = 0; row < given.codes.length; row += 2) {
      if (given.cells[row] === 0) continue
      differences.push(Array.from({ length: columns }, (_, c) => (given.values[row * columns + c] as number) - (given.values[(row + 1) * columns + c] as number)))
    }
    let vector = Array.from({ length: columns }, (_, c) => c + 1)
    for (let step = 0; step < 2000; step++) {
      const next = new Array<number>(columns).fill(0)
      for (const difference of differences) {
        const along = difference.reduce((sum, value, c) => sum + value * (vector[c] as number), 0)
        difference.forEach((value, c) => { next[c] = (next[c] as number) + along * value })
      }
      const length = Math.hypot(...next)
      vector = next.map(value => value / length)
    }
    const direction = await rawWeights(context, 'paired-first-component', given.codes)
    expect(Math.abs(cosine(direction, vector))).toBeGreaterThan(1 - 1e-6)
    // Without polarity the mark of negation is the main difference; with it the sides are centred and truth is.
    expect(Math.abs(vector[1] as number)).toBeGreaterThan(0.9)
    const told = statements(100)
    const centred = await rawWeights(await contextOf(told), 'paired-first-component', told.codes)
    expect(Math.abs(cosine(centred, Array.from({ length: columns }, (_, c) => c === 1 ? 1 : 0)))).toBeLessThan(0.2)
    expect(cosine(centred, Array.from({ length: columns }, (_, c) => c === 0 ? 1 : 0))).toBeGreaterThan(0.9)
  })

  it.each([...onPairs, 'ccs', 'ttpd'])('%s finds truth, and chance where the labels of pairs are exchanged by chance', async name => {
    const given = statements(300)
    const context = await contextOf(given)
    expect(await heldOutAccuracy(context, name, given.codes)).toBeGreaterThan(0.75)
    // 300 pairs, each right or wrong as a whole at worst: four standard deviations are .12.
    expect(Math.abs(await heldOutAccuracy(context, name, exchanged(given.codes, 5)) - 0.5)).toBeLessThan(0.12)
  })

  it('ccs minimises the loss of its definition: values to 1e-5, slopes to 1e-3 of differences, computed in float64', async () => {
    const given = statements(60)
    const context = await contextOf(given)
    const problems = await CcsProblems.open(context)
    const cells = [1, 2, 3]
    const random = seededRandom(8)
    const point = Float64Array.from({ length: columns + 1 }, () => random() - 0.5)
    const training = [...given.codes.keys()].filter(row => cells.includes(given.cells[row] as number))
    const standardised = (side: number): { readonly mean: number[]; readonly deviation: number[] } => {
      const own = training.filter(row => given.contrast.side[row] === side)
      const mean = Array.from({ length: columns }, (_, c) => own.reduce((sum, row) => sum + (given.values[row * columns + c] as number), 0) / own.length)
      return { mean, deviation: mean.map((value, c) => Math.sqrt(own.reduce((sum, row) => sum + ((given.values[row * columns + c] as number) - value) ** 2, 0) / own.length)) }
    }
    const sides = new Map([-1, 1].map(side => [side, standardised(side)]))
    const probability = (row: number, at: Float64Array): number => {
      const { mean = [], deviation = [] } = sides.get(given.contrast.side[row] as number) ?? {}
      const logit = mean.reduce((sum, value, c) => sum + (at[c] as number) * ((given.values[row * columns + c] as number) - value) / (deviation[c] as number), at[columns] as number)
      return 1 / (1 + Math.exp(-logit))
    }
    const loss = (at: Float64Array): number => {
      const pairs = training.filter(row => given.contrast.side[row] === 1)
      const terms = pairs.map(row => {
        const [plus, minus] = [probability(row, at), probability(given.contrast.partner?.[row] as number, at)]
        return (plus - (1 - minus)) ** 2 + Math.min(plus, minus) ** 2
      })
      return terms.reduce((sum, term) => sum + term, 0) / pairs.length + 0.005 * at.subarray(0, columns).reduce((sum, value) => sum + value * value, 0)
    }
    const { losses, gradients } = await problems.objective([cells], 1).evaluate([0], [point])
    expect(losses[0]).toBeCloseTo(loss(point), 5)
    for (let i = 0; i <= columns; i++) {
      const [up, down] = [Float64Array.from(point), Float64Array.from(point)]
      up[i] = (up[i] as number) + 1e-5
      down[i] = (down[i] as number) - 1e-5
      expect(Math.abs((gradients[0]?.[i] as number) - (loss(up) - loss(down)) / 2e-5)).toBeLessThan(1e-3)
    }
    problems.probabilities(cells, point).forEach((own, row) => { expect(own).toBeCloseTo(probability(row, point), 5) })
    await problems.release()
  })

  it('ccs reads labels for its sign alone, and scores the rows of a pair together', async () => {
    const given = statements(150)
    const context = await contextOf(given)
    const own = await logits(context, 'ccs', given.codes)
    const turnedOver = await logits(context, 'ccs', given.codes.map(code => 1 - code))
    own.forEach((value, row) => {
      expect(turnedOver[row]).toBe(-value)
      expect(own[given.contrast.partner?.[row] as number]).toBeCloseTo(-value, 4)
    })
  })

  it('are refused in words where a column or a class is wrong', () => {
    const facts = { classes: 2, pair: true, polarity: true }
    for (const name of [...onPairs, 'ccs']) {
      expect(() => { checkMethods([name], { ...facts, pair: false }) }).toThrow(/contrast pairs/)
      expect(() => { checkMethods([name], { ...facts, classes: 3 }) }).toThrow(/two classes/)
      expect(() => { checkMethods([name], facts) }).not.toThrow()
    }
    expect(() => { checkMethods(['ttpd'], { ...facts, pair: false }) }).not.toThrow()
    expect(() => { checkMethods(['ttpd'], { ...facts, polarity: false }) }).toThrow(/affirmative and negated/)
  })
})

describe('ttpd', () => {
  /** Statements of two topics, most of the second negated; the topics lie far apart in a direction of their own. */
  function topics(): Statements & { readonly topic: Int32Array; readonly polarity: Int8Array } {
    const random = seededRandom(3)
    const normal = normals(random)
    const rows = 400
    const topic = Int32Array.from({ length: rows }, () => random() < 0.4 ? 1 : 0)
    const polarity = Int8Array.from(topic, own => random() < (own === 1 ? 0.2 : 0.6) ? 1 : -1)
    const codes = Int32Array.from(topic, () => random() < 0.5 ? 1 : 0)
    const values = Float32Array.from({ length: rows * columns }, (_, at) => {
      const row = Math.floor(at / columns)
      const column = at % columns
      const tau = codes[row] === 1 ? 1 : -1
      const sign = polarity[row] as number
      return normal() + (column === 0 ? 1.5 * tau : column === 1 ? 2 * sign : column === 2 ? 3 * tau * sign : column === 3 ? 40 * (topic[row] as number) : 0)
    })
    const contrast = { ...noContrast(rows), side: polarity, polarity, topic }
    return { values, codes, contrast, cells: Int32Array.from(codes, (_, row) => row % 5), topic, polarity }
  }

  it('takes t_G by least squares on truth and truth × polarity, centred by topic and polarity (1e-5 of its length)', async () => {
    const given = topics()
    const context = await contextOf(given)
    const training = Int32Array.from(given.codes.keys()).filter(row => given.cells[row] !== 0)
    const job = leavingOut([0], 5, given.codes, [1])[0]
    if (!job) throw new Error('no job')
    const own = truthDirection(context, job, training).map((weight, c) => weight / (context.data.scale[c] as number))
    const strata = new Map<string, number[]>()
    for (const row of training) {
      const key = `${given.topic[row] ?? 0} ${given.polarity[row] ?? 0}`
      strata.set(key, [...strata.get(key) ?? [], row])
    }
    const centred = new Map<number, number[]>()
    for (const rows of strata.values()) {
      const mean = Array.from({ length: columns }, (_, c) => rows.reduce((sum, row) => sum + (given.values[row * columns + c] as number), 0) / rows.length)
      for (const row of rows) centred.set(row, mean.map((value, c) => (given.values[row * columns + c] as number) - value))
    }
    // [τ, τp] has the Gram matrix [[a, b], [b, d]]; its inverse by Cramer's rule.
    const design = [...training].map(row => { const tau = given.codes[row] === 1 ? 1 : -1; return [tau, tau * (given.polarity[row] as number)] as const })
    const [a, b, d] = [design.reduce((sum, [x]) => sum + x * x, 0), design.reduce((sum, [x, y]) => sum + x * y, 0), design.reduce((sum, [, y]) => sum + y * y, 0)]
    expect(Math.abs(b)).toBeGreaterThan(20)
    const expected = Array.from({ length: columns }, (_, c) => {
      const onTruth = design.reduce((sum, [x], i) => sum + x * (centred.get(training[i] as number)?.[c] as number), 0)
      const onBoth = design.reduce((sum, [, y], i) => sum + y * (centred.get(training[i] as number)?.[c] as number), 0)
      return (d * onTruth - b * onBoth) / (a * d - b * b)
    })
    const length = Math.hypot(...expected)
    expected.forEach((value, c) => { expect(Math.abs(value - (own[c] as number))).toBeLessThan(1e-5 * length) })
    // What was put in: 1.5 along axis 0, nothing along the axis of truth × polarity.
    expect(own[0]).toBeCloseTo(1.5, 0)
    expect(Math.abs(own[2] as number)).toBeLessThan(0.3)
  })

  it('holds on negated statements what it learned mostly on affirmative ones', async () => {
    const given = topics()
    const context = await contextOf(given)
    const training = given.polarity.map((sign, row) => sign === -1 && row % 8 !== 0 ? 0 : sign)
    const rare = await siteContext(given.values, columns, given.cells, 2, 1, { ...given.contrast, polarity: training })
    const accuracy = async (from: SiteContext, name: string): Promise<number> => {
      const own = await logits(from, name, given.codes)
      const negated = [...given.codes.keys()].filter(row => given.cells[row] === 0 && given.polarity[row] === -1)
      return negated.filter(row => ((own[row] as number) > 0 ? 1 : 0) === given.codes[row]).length / negated.length
    }
    expect(await accuracy(context, 'ttpd')).toBeGreaterThan(0.8)
    // Rows of unknown polarity do not train it: an eighth of the negated ones is enough for t_G.
    expect(await accuracy(rare, 'ttpd')).toBeGreaterThan(0.75)
  })
})
