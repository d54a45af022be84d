import { describe, expect, it } from 'vitest'
import { textBelowChance, type ClassifiedSite } from '../../../preload/contract'
import type { ProbePlan } from '../../../preload/recipe'
import { LayerscopeError } from '../../../main/engine/errors'
import { sweep, type ActualClasses, type HeldOutClasses, type SweepInput, type SweepOutcome } from '../../../main/engine/probes'
import { seededRandom, shuffle } from '../../../main/engine/probes/random'

const plan: ProbePlan = { task: 'classes', methods: ['logistic'], split: 'folds', folds: 5, strengths: 6, seed: 0 }

interface Run { readonly outcome: SweepOutcome<ClassifiedSite, ActualClasses>; readonly results: readonly ClassifiedSite[]; readonly heldOut: readonly HeldOutClasses[] }

async function run(input: SweepInput, asked: Partial<ProbePlan> = {}, signal?: AbortSignal): Promise<Run> {
  const results: ClassifiedSite[] = []
  const heldOut: HeldOutClasses[] = []
  const outcome = await sweep(input, { ...plan, ...asked }, { onSite: (result, held) => { results.push(result); heldOut.push(held) } }, signal)
  return { outcome, results, heldOut }
}

interface Made { readonly rows: number; readonly columns: number; readonly classes: number; readonly signal: readonly number[]; readonly seed?: number }

/** Normal noise with the class added along `class` axes, once a site with its strength of signal; texts say nothing. */
function made({ rows, columns, classes, signal, seed = 1 }: Made): SweepInput & { readonly codes: readonly number[]; readonly values: readonly Float32Array[] } {
  const random = seededRandom(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const codes = shuffle(Array.from({ length: rows }, (_, row) => row % classes), random) as number[]
  const values = signal.map(strength => Float32Array.from({ length: rows * columns }, (_, i) =>
    normal() + (i % columns === codes[Math.floor(i / columns)] ? strength : 0)))
  const sites = signal.map((_, i) => `blocks.${i}.hook_resid_post`)
  return {
    codes, values, sites,
    texts: codes.map((_, row) => `row ${row}`), labels: codes.map(code => `class ${code}`), groups: null, test: null,
    readSite: site => Promise.resolve({ data: Float32Array.from(values[sites.indexOf(site)] as Float32Array), rows, columns })
  }
}

function codeOf(error: unknown): string {
  if (error instanceof LayerscopeError) return error.report.code
  if (error instanceof Error) return error.name
  return String(error)
}

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'no error', codeOf)
}

describe('sweep', () => {
  it('finds the signal where it is, with controls at chance, and chooses that site by validation', async () => {
    const input = made({ rows: 400, columns: 20, classes: 2, signal: [0, 1, 2.5] })
    const { outcome: { summary, actual }, results, heldOut } = await run(input)
    expect(summary.task).toBe('binary')
    expect(summary.classes).toEqual(['class 0', 'class 1'])
    expect(results.map(result => result.site)).toEqual(input.sites)
    expect(summary.sites).toEqual(results)
    expect(results[0]?.metrics.accuracy).toBeGreaterThan(0.4)
    expect(results[0]?.metrics.accuracy).toBeLessThan(0.6)
    // Two unit normals 2.5·√2 apart: the best possible accuracy is Φ(2.5·√2 / 2) = .961.
    expect(results[2]?.metrics.accuracy).toBeGreaterThan(0.92)
    expect(results[2]?.metrics.accuracy).toBeLessThan(0.99)
    expect(summary.chosen).toMatchObject({ site: 'blocks.2.hook_resid_post', method: 'logistic', measure: 'accuracy', testScore: results[2]?.metrics.accuracy })
    const [accuracy, auroc] = results[2]?.measures ?? []
    expect(accuracy).toMatchObject({ name: 'accuracy', value: results[2]?.metrics.accuracy, interval: results[2]?.metrics.interval })
    expect(accuracy?.baselines.map(({ name }) => name)).toEqual(['textOnly', 'shuffled', 'majority'])
    expect(auroc).toMatchObject({ name: 'auroc', value: results[2]?.metrics.auroc })
    for (const { metrics, controls } of results) {
      // Four standard deviations of 400 fair coins.
      expect(Math.abs(controls.shuffled - 0.5)).toBeLessThan(0.1)
      expect(Math.abs(controls.textOnly - 0.5)).toBeLessThan(0.15)
      expect(controls.majority).toBeLessThanOrEqual(0.5)
      expect(metrics.interval.lo).toBeLessThanOrEqual(metrics.accuracy)
      expect(metrics.interval.hi).toBeGreaterThanOrEqual(metrics.accuracy)
    }
    expect(summary.notes?.join()).toMatch(/was chosen by its accuracy on validation rows .* Choosing the site anew inside every fold gives \d/)
    const last = heldOut[2]
    const right = input.codes.filter((code, row) => last?.predicted[row] === code).length
    expect(right / 400).toBeCloseTo(results[2]?.metrics.accuracy ?? 0, 12)
    expect([...actual.codes]).toEqual(input.codes)
    input.codes.forEach((_, row) => { expect((last?.score[row] as number) > 0.5 ? 1 : 0).toBe(last?.predicted[row]) })
  })

  it('is at chance on permuted labels', async () => {
    const input = made({ rows: 300, columns: 10, classes: 2, signal: [3] })
    const labels = shuffle([...input.labels], seededRandom(77))
    const { results } = await run({ ...input, labels })
    expect(Math.abs((results[0]?.metrics.accuracy ?? 0) - 0.5)).toBeLessThan(0.12)
    expect(Math.abs((results[0]?.metrics.auroc ?? 0) - 0.5)).toBeLessThan(0.14)
  })

  it('does not change with the scale and offset of a feature', async () => {
    const input = made({ rows: 200, columns: 8, classes: 3, signal: [2] })
    const moved = Float32Array.from(input.values[0] as Float32Array, (value, at) => value * (at % 8 + 1) * 8 + 64 * (at % 8))
    const before = await run(input)
    const after = await run({ ...input, readSite: () => Promise.resolve({ data: Float32Array.from(moved), rows: 200, columns: 8 }) })
    expect(before.outcome.summary.task).toBe('multiclass')
    expect(after.results[0]?.metrics.accuracy).toBe(before.results[0]?.metrics.accuracy)
    expect(after.results[0]?.metrics.logLoss).toBeCloseTo(before.results[0]?.metrics.logLoss ?? 0, 3)
  })

  it('gives the same numbers for the same seed', async () => {
    const input = made({ rows: 120, columns: 6, classes: 2, signal: [1] })
    const numbers = async (seed: number): Promise<unknown> => (await run(input, { seed })).results.map(result => ({ ...result, seconds: 0 }))
    expect(await numbers(3)).toEqual(await numbers(3))
    expect(await numbers(3)).not.toEqual(await numbers(4))
  })

  it('gives the same numbers, in depth order, with several sites at once', async () => {
    const input = made({ rows: 120, columns: 6, classes: 2, signal: [0, 1, 0.5, 2, 0.2] })
    const numbers = async (sitesAtOnce: number): Promise<unknown> => {
      const { results, heldOut, outcome: { summary } } = await run({ ...input, sitesAtOnce })
      expect(results.map(result => result.site)).toEqual(input.sites)
      return { results: results.map(result => ({ ...result, seconds: 0 })), heldOut, chosen: summary.chosen, notes: summary.notes, warnings: summary.warnings }
    }
    expect(await numbers(3)).toEqual(await numbers(1))
  })

  it('ends with the error of one site of several at once, and of the listener, begins no further one, and tells of what was done', async () => {
    const input = made({ rows: 120, columns: 6, classes: 2, signal: [1, 1, 1, 1, 1, 1, 1, 1] })
    const read: string[] = []
    const readSite = (site: string): ReturnType<SweepInput['readSite']> => {
      read.push(site)
      return site.includes('.1.') ? Promise.reject(new LayerscopeError({ code: 'disk-read', message: 'unreadable' })) : input.readSite(site)
    }
    expect(await failure(run({ ...input, readSite, sitesAtOnce: 3 }))).toBe('disk-read')
    expect(read.length).toBeLessThan(5)
    let told = 0
    const full = sweep({ ...input, sitesAtOnce: 3 }, plan, { onSite: () => {
      told++
      throw new LayerscopeError({ code: 'disk-full', message: 'full' })
    } })
    expect(await failure(full)).toBe('disk-full')
    expect(told).toBe(1)
  })

  it('tests only the marked rows of a predefined split', async () => {
    const input = made({ rows: 300, columns: 10, classes: 2, signal: [2.5] })
    const test = Uint8Array.from(input.codes, (_, row) => row < 100 ? 1 : 0)
    const { results, heldOut } = await run({ ...input, test })
    const held = heldOut[0]
    expect([...held?.predicted ?? []].map(value => value >= 0)).toEqual(input.codes.map((_, row) => row < 100))
    expect(Number.isNaN(held?.score[200])).toBe(true)
    const right = input.codes.filter((code, row) => row < 100 && held?.predicted[row] === code).length
    expect(results[0]?.metrics.accuracy).toBeCloseTo(right / 100, 12)
  })

  it('leaves rows without a label out and says so', async () => {
    const input = made({ rows: 200, columns: 6, classes: 2, signal: [3] })
    const labels = input.labels.map((label, row) => row % 10 === 0 ? null : label)
    const { outcome: { summary, actual }, heldOut } = await run({ ...input, labels })
    expect(actual.codes[0]).toBe(-1)
    expect(heldOut[0]?.predicted[10]).toBe(-1)
    expect(summary.warnings).toContain('20 rows without a label took no part.')
  })

  it('names the classes that one group holds alone, which no fold can both train and test', async () => {
    const input = made({ rows: 240, columns: 6, classes: 2, signal: [0] })
    const labels = input.labels.map((label, row) => row < 30 ? 'rare' : label)
    const { outcome: { summary } } = await run({ ...input, labels, groups: labels.map((label, row) => label === 'rare' ? 'alone' : String(row % 12)) })
    expect(summary.warnings).toContain('In 1 of 5 folds the training rows lack a class; the probe cannot predict it there. “rare” lies in one group alone, which is held out whole: choose another group column.')
  })

  it('suspects pairs torn apart when the text alone falls far below chance', async () => {
    const input = made({ rows: 200, columns: 6, classes: 2, signal: [0] })
    // Two statements a city, one of either label, as in cities.csv.
    const labels = input.labels.map((_, row) => row % 2 === 0 ? 'false' : 'true')
    const texts = labels.map((_, row) => `the city number ${(Math.floor(row / 2) * 7919).toString(36)} lies in place ${row % 2 === 0 ? (row * 31 % 17) : (row * 13 % 17)}`)
    const loose = await run({ ...input, labels, texts })
    expect(loose.outcome.summary.sites[0]?.controls.textOnly).toBeLessThan(0.35)
    expect(loose.outcome.summary.warnings.some(warning => warning.includes('pairs'))).toBe(true)
    const grouped = await run({ ...input, labels, texts, groups: labels.map((_, row) => String(Math.floor(row / 2))) })
    expect(grouped.outcome.summary.warnings.some(warning => warning.includes('pairs'))).toBe(false)
  })

  it('explains n-grams that learn the opposite because every word is balanced over the labels', async () => {
    const input = made({ rows: 400, columns: 6, classes: 2, signal: [0] })
    // Each city in a true and in a false statement; each of 20 countries is named as often falsely as truly.
    const labels = input.labels.map((_, row) => row % 2 === 0 ? 'true' : 'false')
    const texts = labels.map((_, row) => `the city of town${(Math.floor(row / 2) * 7919).toString(36)} is in ${'abcdefghijklmnopqrst'.charAt((Math.floor(row / 2) + (row % 2) * 7) % 20).repeat(6)}`)
    const { outcome: { summary } } = await run({ ...input, labels, texts, groups: labels.map((_, row) => String(Math.floor(row / 2))) })
    expect(summary.sites[0]?.controls.textOnly).toBeLessThan(0.4)
    expect(summary.warnings.find(warning => warning.startsWith(textBelowChance))).toMatch(/majority class 50\.0 %.*read it as chance.*as often under one label as under the other/)
  })

  it('says when the text alone is as good, groups are few, classes are small, texts repeat, and data is separable', async () => {
    const input = made({ rows: 60, columns: 80, classes: 2, signal: [6] })
    const texts = input.codes.map((code, row) => code === 1 ? `yes ${row % 5}` : `no ${row % 5}`)
    const separable = await run({ ...input, texts })
    const said = separable.outcome.summary.warnings.join('\n')
    expect(said).toMatch(/N-grams of the text alone reach 100\.0 %/)
    expect(said).toMatch(/also occurs in training/)
    expect(said).toMatch(/At 1 of 1 sites a plane separates/)
    const few = await run({ ...input, groups: input.codes.map((_, row) => String(row % 4)) })
    expect(few.outcome.summary.folds).toBe(4)
    expect(few.outcome.summary.warnings.join('\n')).toMatch(/rest on 4 groups[^]*Only 4 groups can be held out/)
    const rare = await run({ ...input, labels: input.labels.map((label, row) => row < 2 ? 'rare' : label) })
    expect(rare.outcome.summary.warnings.join('\n')).toMatch(/“rare” has fewer rows than there are folds/)
    // The rare class cannot be held out and learned, so its recall is 0; the other two still are.
    expect(rare.outcome.summary.sites[0]?.metrics.balancedAccuracy).toBeLessThanOrEqual(2 / 3)
    expect(rare.outcome.summary.sites[0]?.metrics.accuracy).toBeGreaterThan(0.8)
  })

  it('refuses bad input with a code', async () => {
    const input = made({ rows: 40, columns: 4, classes: 2, signal: [1] })
    expect(await failure(run({ ...input, labels: input.labels.map(() => 'same') }))).toBe('label-one-class')
    expect(await failure(run({ ...input, labels: input.labels.map((_, row) => `${row}`) }))).toBe('label-all-unique')
    expect(await failure(run({ ...input, labels: input.labels.map((_, row) => row < 30 ? `${row}` : 'a') }))).toBe('label-too-many-classes')
    expect(await failure(run({ ...input, labels: input.labels.map((label, row) => row < 4 ? label : null) }))).toBe('too-few-rows')
    expect(await failure(run(input, { methods: ['astrology'] }))).toBe('method-unknown')
    expect(await failure(run({ ...input, readSite: () => Promise.resolve({ data: new Float32Array(39 * 4), rows: 39, columns: 4 }) }))).toBe('activations-mismatch')
    const broken = Float32Array.from(input.values[0] as Float32Array)
    broken[7 * 4 + 2] = NaN
    await expect(run({ ...input, readSite: () => Promise.resolve({ data: broken, rows: 40, columns: 4 }) })).rejects.toMatchObject({
      report: { code: 'activations-not-finite', row: 8, message: expect.stringContaining('blocks.0.hook_resid_post') as unknown }
    })
  })

  it('stops between iterations when cancelled, keeping the sites that were done', async () => {
    const input = made({ rows: 1500, columns: 300, classes: 2, signal: [0.2, 0.2, 0.2] })
    const controller = new AbortController()
    let done = 0
    const promise = sweep(input, { ...plan, strengths: 10 }, {
      onSite: () => {
        done++
        setTimeout(() => { controller.abort() }, 20)
      }
    }, controller.signal)
    expect(await failure(promise)).toBe('AbortError')
    expect(done).toBe(1)
    const aborted = AbortSignal.abort()
    expect(await failure(run(input, {}, aborted))).toBe('AbortError')
  })
})
