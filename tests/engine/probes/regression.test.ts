import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { RegressedSite } from '../../../preload/contract'
import { probePlanSchema, type ProbePlan } from '../../../preload/recipe'
import { LayerscopeError } from '../../../main/engine/errors'
import { openDoubleProducts } from '../../../main/engine/matrices'
import { regressionSweep, type ActualNumbers, type HeldOutNumbers, type RegressionInput, type SweepOutcome } from '../../../main/engine/probes'
import { seededRandom, shuffle } from '../../../main/engine/probes/random'
import { cellProducts, predictions, ridgeTraining } from '../../../main/engine/probes/regression/ridge'
import { greatCircleKm, proximityErrors, r2, rankOrder, spearman } from '../../../main/engine/probes/regression/scores'
import { sparseRidge } from '../../../main/engine/probes/regression/text-ridge'
import { prepareSite } from '../../../main/engine/probes/site-data'
import { textFeatures } from '../../../main/engine/probes/text-features'
import { fixtureTensors, missing, sharedFile } from './shared-files'
import { eliminate } from '../../fixtures/elimination'

function normals(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Ridge predictions at `test` from scratch: normal equations by Gaussian elimination on features and target standardised by hand. */
function plainRidge(x: readonly (readonly number[])[], y: readonly number[], train: readonly number[], test: readonly number[], alpha: number): readonly number[] {
  const columns = x[0]?.length ?? 0
  const stat = (values: readonly number[]): readonly [number, number] => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length
    return [mean, Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)]
  }
  const stats = Array.from({ length: columns }, (_, j) => stat(train.map(row => x[row]?.[j] ?? 0)))
  const z = (row: number): readonly number[] => stats.map(([mean, deviation], j) => ((x[row]?.[j] ?? 0) - mean) / deviation)
  const [centre, spread] = stat(train.map(row => y[row] ?? 0))
  const system = Array.from({ length: columns }, (_, i) => [
    ...Array.from({ length: columns }, (_, j) => train.reduce((sum, row) => sum + (z(row)[i] ?? 0) * (z(row)[j] ?? 0), i === j ? alpha : 0)),
    train.reduce((sum, row) => sum + (z(row)[i] ?? 0) * ((y[row] ?? 0) - centre) / spread, 0)
  ])
  const w = eliminate(system)
  return test.map(row => centre + spread * z(row).reduce((sum, value, j) => sum + value * (w[j] ?? 0), 0))
}

describe('ridge', () => {
  // More rows than features uses their covariance, fewer the Gram matrix of the rows.
  it.each([[40, 7], [12, 30]])('solves the normal equations: %i rows, %i features, two targets', async (rows, columns) => {
    const normal = normals(rows)
    const x = Array.from({ length: rows }, () => Array.from({ length: columns }, (_, j) => Math.fround(normal() * (1 + j) + 3 * j)))
    const y = [x.map(row => 2 * (row[0] ?? 0) - (row[1] ?? 0) + normal()), x.map(row => 100 + 5 * (row[2] ?? 0) + normal())]
    const cellOfRow = Int32Array.from({ length: rows }, (_, row) => row % 4)
    const [train, test] = [[...cellOfRow.keys()].filter(row => row % 4 !== 1), [...cellOfRow.keys()].filter(row => row % 4 === 1)]
    const products = await openDoubleProducts()
    const data = prepareSite('s', { data: Float32Array.from(x.flat()), rows, columns }, rows, Int32Array.from(cellOfRow.keys()), cellOfRow, 4)
    const values = Float64Array.from(y.flat())
    const fit = await ridgeTraining(data, cellOfRow, [0, 2, 3], await cellProducts(data, cellOfRow, [[0, 2, 3]], products, () => undefined))
    for (const alpha of [0.1, 3, 1e4]) {
      const predicted = await predictions(data, Int32Array.from(test), [await fit.solve(values, 2, alpha)], products)
      const expected = y.flatMap(target => plainRidge(x, target, train, test, alpha))
      // Weights are kept in float32.
      expected.forEach((value, i) => { expect(Math.abs((predicted[i] ?? NaN) - value)).toBeLessThan(1e-5 * (1 + Math.abs(value))) })
    }
    await products.release()
  })
})

describe.skipIf(missing('reference/fixtures/expected.json'))('ridge against scikit-learn', () => {
  it('predicts coordinates of 600 places within 1e-3 degrees, and scores them alike', async () => {
    const [inputs, expected] = [fixtureTensors('inputs'), fixtureTensors('expected')]
    const [place_x, place_coord, place_fold] = ['place_x', 'place_coord', 'place_fold'].map(name => inputs.get(name)?.data)
    const { ridge_map } = JSON.parse(readFileSync(sharedFile('reference/fixtures/expected.json'), 'utf8')) as {
      ridge_map: { rows: { alpha: number; test_r2: number[]; spearman: number[]; haversine_km: { mean: number } }[] }
    }
    const rows = 600
    const cellOfRow = Int32Array.from(place_fold ?? [], fold => fold === 0 ? 0 : 1)
    const members = Int32Array.from(cellOfRow.keys()).filter(row => cellOfRow[row] === 0)
    const products = await openDoubleProducts()
    const data = prepareSite('s', { data: Float32Array.from(place_x ?? []), rows, columns: 384 }, rows, Int32Array.from(cellOfRow.keys()), cellOfRow, 2)
    const values = Float64Array.from({ length: 2 * rows }, (_, i) => place_coord?.[2 * (i % rows) + Math.floor(i / rows)] ?? NaN)
    const actual = Float64Array.from({ length: 2 * members.length }, (_, i) => values[Math.floor(i / members.length) * rows + (members[i % members.length] ?? 0)] ?? NaN)
    const fit = await ridgeTraining(data, cellOfRow, [1], await cellProducts(data, cellOfRow, [[1]], products, () => undefined))
    for (const row of ridge_map.rows) {
      const predicted = await predictions(data, members, [await fit.solve(values, 2, row.alpha)], products)
      const reference = expected.get(`ridge_pred_${row.alpha}`)?.data ?? []
      let worst = 0
      for (let i = 0; i < members.length; i++) for (const target of [0, 1]) worst = Math.max(worst, Math.abs((predicted[target * members.length + i] ?? NaN) - (reference[2 * i + target] ?? NaN)))
      expect(worst).toBeLessThan(1e-3)
      const work = [new Float64Array(members.length), new Float64Array(members.length)] as const
      for (const target of [0, 1]) {
        const part = (all: Float64Array): Float64Array => all.slice(target * members.length, (target + 1) * members.length)
        expect(r2(part(predicted), part(actual))).toBeCloseTo(row.test_r2[target] ?? NaN, 4)
        expect(spearman(rankOrder(part(predicted)), rankOrder(part(actual)), null, work)).toBeCloseTo(row.spearman[target] ?? NaN, 3)
      }
      const distances = greatCircleKm(predicted, actual, members.length, { latitude: 0, longitude: 1 })
      expect(distances.reduce((a, b) => a + b, 0) / distances.length).toBeCloseTo(row.haversine_km.mean, 0)
    }
    await products.release()
  })
})

describe('scores', () => {
  it('measure great circles, ranks with ties and proximity', () => {
    // A quarter of the equator, the poles, and London to Paris (343.5 km on the mean sphere).
    const circle = (a: readonly [number, number], b: readonly [number, number]): number => greatCircleKm(Float64Array.from(a), Float64Array.from(b), 1, { latitude: 0, longitude: 1 })[0] ?? NaN
    expect(circle([0, 0], [0, 90])).toBeCloseTo(Math.PI / 2 * 6371.0088, 6)
    expect(circle([90, 12], [-90, 50])).toBeCloseTo(Math.PI * 6371.0088, 6)
    expect(circle([51.5074, -0.1278], [48.8566, 2.3522])).toBeCloseTo(343.6, 0)
    expect(circle([0, 179.5], [0, -179.5])).toBeCloseTo(111.195, 2)
    const work = [new Float64Array(5), new Float64Array(5)] as const
    // scipy.stats.spearmanr([1, 2, 2, 4, 5], [1, 3, 2, 5, 4]) = 0.8720815992723809
    expect(spearman(rankOrder(Float64Array.of(1, 2, 2, 4, 5)), rankOrder(Float64Array.of(1, 3, 2, 5, 4)), null, work)).toBeCloseTo(0.8720815992723809, 12)
    expect(spearman(rankOrder(new Float64Array(5)), rankOrder(Float64Array.of(1, 3, 2, 5, 4)), null, work)).toBeNull()
    expect([...proximityErrors(Float64Array.of(0, 1, 2), Float64Array.of(0, 1, 2), 3, null)]).toEqual([0, 0, 0])
    // Only the prediction 9 lies nearer to the truth 9 than 0 does; of three alike, each is as near as the others.
    expect(proximityErrors(Float64Array.of(0, 9, 5), Float64Array.of(9, 0, 5), 3, null)[0]).toBe(1)
    expect([...proximityErrors(new Float64Array(3), Float64Array.of(0, 1, 2), 3, null)]).toEqual([0.5, 0.5, 0.5])
  })

  it('fit sparse ridge as its normal equations say', () => {
    const features = textFeatures(['aa', 'bb', 'aa', 'cc'])
    const { weights, intercept } = sparseRidge(features, Float64Array.of(3, 1, 5, -1), 0.5)
    // Texts share no n-gram but the two equal ones: each block of the Gram matrix stands alone.
    const at = (row: number): number => intercept + Array.from(features.indices.subarray(features.starts[row], features.starts[row + 1])).reduce((sum, index, i) => sum + (weights[index] ?? 0) * (features.values[(features.starts[row] ?? 0) + i] ?? 0), 0)
    expect(intercept).toBe(2)
    expect(at(0)).toBeCloseTo(2 + 2 * (1 + 3) / (2 * 1 + 0.5) / 2, 5)
    expect(at(1)).toBeCloseTo(2 - 1 / 1.5, 5)
  })
})

interface Run { readonly outcome: SweepOutcome<RegressedSite, ActualNumbers>; readonly results: readonly RegressedSite[]; readonly heldOut: readonly HeldOutNumbers[] }

async function run(input: RegressionInput, asked: Partial<ProbePlan> = {}, signal?: AbortSignal): Promise<Run> {
  const results: RegressedSite[] = []
  const heldOut: HeldOutNumbers[] = []
  const plan = { ...probePlanSchema.parse({ task: 'numeric', methods: ['ridge'] }), ...asked }
  const outcome = await regressionSweep(input, plan, { onSite: (result, held) => { results.push(result); heldOut.push(held) } }, signal)
  return { outcome, results, heldOut }
}

/** Two targets that are sums of features plus noise, once a site with its strength of signal; rows come in groups that share an offset. */
function made({ rows = 240, columns = 12, groups = 24, groupSignal = 0, signal = [0, 1] as readonly number[] } = {}): RegressionInput {
  const normal = normals(5)
  const groupOf = Array.from({ length: rows }, (_, row) => row % groups)
  const offsets = Array.from({ length: groups }, () => Array.from({ length: columns }, () => normal()))
  const groupTargets = Array.from({ length: groups }, () => [normal(), normal()])
  const targets = [0, 1].map(target => Array.from({ length: rows }, (_, row) => normal() + 3 * groupSignal * (groupTargets[groupOf[row] ?? 0]?.[target] ?? 0)))
  const values = signal.map(strength => Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, j) =>
    normal() + groupSignal * 2 * (offsets[groupOf[row] ?? 0]?.[j] ?? 0) + (j < 2 ? strength * 3 * (targets[j]?.[row] ?? 0) : 0))))
  const sites = signal.map((_, i) => `blocks.${i}.hook_resid_post`)
  return {
    texts: groupOf.map((_, row) => `row ${row}`), names: ['height', 'weight'], columns: targets.map(target => target.map(String)),
    groups: groupOf.map(group => `g${group}`), test: null, sites,
    readSite: site => Promise.resolve({ data: Float32Array.from((values[sites.indexOf(site)] ?? []).flat()), rows, columns })
  }
}

describe('regression sweep', () => {
  it('finds the signal where it is, with controls near nothing, and chooses that site by validation', async () => {
    const input = made()
    const { outcome: { summary, actual, fold }, results, heldOut } = await run(input)
    expect(summary).toMatchObject({ task: 'numeric', targets: ['height', 'weight'], coordinates: null, chosen: { site: 'blocks.1.hook_resid_post', measure: 'r2' } })
    const [nothing, signal] = results
    expect(nothing?.measures[0]?.value).toBeLessThan(0.1)
    // y = (x − e) / 3: a ninth of the variance is noise.
    expect(signal?.measures[0]?.value).toBeGreaterThan(0.84)
    expect(signal?.measures[0]?.value).toBeLessThan(0.95)
    for (const { value } of signal?.measures[0]?.baselines ?? []) expect(value).toBeLessThan(0.1)
    expect(signal?.measures.map(({ name }) => name)).toEqual(['r2', 'spearman', 'proximityError'])
    expect(signal?.measures[0]?.interval?.lo).toBeLessThan(signal?.measures[0]?.value ?? 0)
    expect(signal?.measures[0]?.interval?.hi).toBeGreaterThan(signal?.measures[0]?.value ?? 1)
    expect(signal?.targets.map(({ name }) => name)).toEqual(['height', 'weight'])
    // What is stored gives the score again, and so do the kept probes.
    const predicted = Float64Array.from(heldOut[1]?.predicted.subarray(0, 240) ?? [])
    expect(r2(predicted, Float64Array.from(actual.values.subarray(0, 240)))).toBeCloseTo(signal?.targets[0]?.r2 ?? NaN, 5)
    const matrix = await input.readSite('blocks.1.hook_resid_post')
    const probes = heldOut[1]?.probes
    for (const row of [0, 17, 239]) {
      const at = (fold[row] ?? 0) * 2
      let value = probes?.intercepts[at] ?? NaN
      for (let j = 0; j < 12; j++) value += (probes?.weights[at * 12 + j] ?? NaN) * (matrix.data[row * 12 + j] ?? NaN)
      expect(value).toBeCloseTo(predicted[row] ?? NaN, 4)
    }
  })

  it('gives nothing for permuted targets', async () => {
    const input = made({ signal: [1] })
    const order = shuffle(Array.from({ length: 240 }, (_, row) => row), seededRandom(3)) as number[]
    const permuted = await run({ ...input, columns: input.columns.map(column => order.map(row => column[row] ?? null)) })
    expect(permuted.results[0]?.measures[0]?.value).toBeLessThan(0.05)
    expect(permuted.outcome.summary.warnings.some(warning => warning.includes('not clearly better than always answering the mean'))).toBe(true)
  })

  it('holds whole groups out and says how far single rows would have flattered', async () => {
    const { outcome } = await run(made({ rows: 480, columns: 40, groupSignal: 1, signal: [0] }))
    const groupsOf = new Map<string, Set<number>>()
    outcome.fold.forEach((fold, row) => groupsOf.set(`g${row % 24}`, (groupsOf.get(`g${row % 24}`) ?? new Set()).add(fold)))
    expect([...groupsOf.values()].every(folds => folds.size === 1)).toBe(true)
    expect(outcome.summary.warnings.some(warning => /^Folds of single rows would have given an R² of \.[4-9]\d\d at .+ instead of −?\.\d{3}:/.test(warning))).toBe(true)
    const alone = await run(made({ signal: [1] }), { split: 'leave-one-group-out' })
    expect(alone.outcome.summary.folds).toBe(24)
    expect(alone.results[0]?.measures[0]?.value).toBeGreaterThan(0.84)
  })

  it('leaves out rows without a value, knows coordinates, and takes more features than rows', async () => {
    const input = made({ rows: 60, columns: 80, groups: 12, signal: [1] })
    const [height = [], weight = []] = input.columns
    const { outcome: { summary, actual }, results } = await run({
      ...input, names: ['lat', 'Longitude'], columns: [height.map((cell, row) => row === 3 ? null : String(10 * Number(cell))), weight.map((cell, row) => row === 5 ? ' ' : String(20 * Number(cell)))]
    })
    expect(summary.coordinates).toEqual({ latitude: 0, longitude: 1 })
    expect(summary.warnings).toContain('2 rows without a value in every target took no part.')
    expect(actual.values[3]).toBeNaN()
    expect(results[0]?.measures.map(({ name }) => name)).toEqual(['r2', 'spearman', 'greatCircleKm', 'proximityError'])
    expect(results[0]?.measures[2]?.value).toBeLessThan(results[0]?.measures[2]?.baselines.find(({ name }) => name === 'mean')?.value ?? 0)
  })

  it('refuses bad input with a code', async () => {
    const input = made({ signal: [1] })
    const failure = async (change: Partial<RegressionInput>, plan: Partial<ProbePlan> = {}): Promise<string> =>
      await run({ ...input, ...change }, plan).then(() => 'no error', (error: unknown) => error instanceof LayerscopeError ? error.report.code : String(error))
    expect(await failure({ columns: [input.columns[0] ?? [], (input.columns[1] ?? []).map(() => '7')] })).toBe('target-constant')
    expect(await failure({ columns: [input.columns[0] ?? [], (input.columns[1] ?? []).map(() => 'warm')] })).toBe('target-not-numeric')
    expect(await failure({ columns: input.columns.map(column => column.map(() => null)) })).toBe('target-missing')
    expect(await failure({ groups: input.texts.map(() => 'one') })).toBe('too-few-groups')
    expect(await failure({ groups: null }, { split: 'leave-one-group-out' })).toBe('group-missing')
    expect(await failure({}, { methods: ['logistic'] })).toBe('method-unknown')
    expect(await failure({ columns: input.columns.map(column => column.map((cell, row) => row < 3 ? cell : null)), groups: null })).toBe('too-few-rows')
    const matrix = await input.readSite(input.sites[0] ?? '')
    expect(await failure({ readSite: () => Promise.resolve({ ...matrix, data: matrix.data.map((value, i) => i === 99 ? NaN : value) }) })).toBe('activations-not-finite')
    const stop = new AbortController()
    stop.abort()
    await expect(run(input, {}, stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
  })
})
