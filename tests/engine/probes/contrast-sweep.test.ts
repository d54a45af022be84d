import { describe, expect, it } from 'vitest'
import type { ClassifiedSite } from '../../../preload/contract'
import type { ProbePlan } from '../../../preload/recipe'
import { sweep, type ActualClasses, type HeldOutClasses, type SweepInput, type SweepOutcome } from '../../../main/engine/probes'
import { seededRandom } from '../../../main/engine/probes/random'

const plan: ProbePlan = { task: 'classes', methods: ['logistic', 'paired-mean-difference'], split: 'folds', folds: 5, strengths: 4, seed: 0 }

async function run(input: SweepInput, asked: Partial<ProbePlan> = {}): Promise<{ readonly outcome: SweepOutcome<ClassifiedSite, ActualClasses>; readonly heldOut: readonly HeldOutClasses[] }> {
  const heldOut: HeldOutClasses[] = []
  const outcome = await sweep(input, { ...plan, ...asked }, { onSite: (_, held) => { heldOut.push(held) } })
  return { outcome, heldOut }
}

/** Pairs of opposite labels, the row of a pair that is true drawn; the last `alone` rows are in none. */
function paired(pairs: number, alone = 0): SweepInput {
  const random = seededRandom(4)
  const rows = 2 * pairs + alone
  const first = Array.from({ length: rows }, () => random() < 0.5 ? 1 : 0)
  const codes = first.map((own, row) => row < 2 * pairs && row % 2 === 1 ? 1 - (first[row - 1] as number) : own)
  const columns = 8
  const values = Float32Array.from({ length: rows * columns }, (_, at) => random() * 4 + (at % columns === 0 ? 2 * (codes[Math.floor(at / columns)] as number) : 0))
  return {
    texts: codes.map((_, row) => `row ${row}`), labels: codes.map(String), groups: null, test: null, sites: ['site'],
    contrast: { pair: codes.map((_, row) => row < 2 * pairs ? `pair ${Math.floor(row / 2)}` : null), polarity: null, topic: null },
    datasetRows: codes.map((_, row) => row + 10),
    readSite: () => Promise.resolve({ data: Float32Array.from(values), rows, columns })
  }
}

describe('a sweep with a pair column', () => {
  it('never tears a pair apart, and lists the rows that are in none', async () => {
    const { outcome } = await run(paired(60, 7))
    for (let row = 0; row < 120; row += 2) expect(outcome.fold[row]).toBe(outcome.fold[row + 1])
    expect(outcome.summary.warnings).toContain('7 rows are in no contrast pair (rows 131, 132, 133, 134, 135, …): methods on pairs do not train on them.')
    const plain = await run(paired(60, 7), { methods: ['logistic'] })
    expect(plain.outcome.summary.warnings.join()).not.toMatch(/contrast pair/)
  })

  it('keeps pairs whole under a group column that does not', async () => {
    const input = paired(60)
    // Pair p lies in the groups p and p + 1 of twelve blocks.
    const groups = input.labels.map((_, row) => `${Math.floor(row / 10)} ${(row + Math.floor(row / 2)) % 2}`)
    const { outcome } = await run({ ...input, groups })
    for (let row = 0; row < 120; row += 2) expect(outcome.fold[row]).toBe(outcome.fold[row + 1])
  })

  it('exchanges labels within pairs for the control, which stays at chance', async () => {
    const { outcome: { summary } } = await run(paired(150))
    for (const { metrics, controls } of summary.sites) {
      expect(metrics.accuracy).toBeGreaterThan(0.75)
      expect(Math.abs(controls.shuffled - 0.5)).toBeLessThan(0.15)
    }
  })

  it('keeps no linear probe of ccs, and says how sure it is of every row', async () => {
    const { outcome: { summary }, heldOut } = await run(paired(150), { methods: ['ccs', 'paired-first-component'] })
    expect(heldOut.map(({ probes }) => probes === null)).toEqual([true, false])
    expect(heldOut[0]?.score.every(value => value > 0 && value < 1)).toBe(true)
    expect(summary.sites[0]?.metrics.accuracy).toBeGreaterThan(0.6)
    expect(summary.sites.map(({ strength }) => strength)).toEqual([1, 1])
  })

  it('refuses methods whose columns are absent or hold no pair, by name', async () => {
    const input = paired(20)
    const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => null, (error: unknown) => (error as { report?: unknown }).report)
    expect(await codeOf(run({ ...input, contrast: { pair: null, polarity: null, topic: null } }))).toMatchObject({ code: 'method-needs-pair', field: 'pair' })
    expect(await codeOf(run({ ...input, contrast: { pair: input.labels.map((_, row) => String(row)), polarity: null, topic: null } }))).toMatchObject({ code: 'no-contrast-pairs', field: 'pair' })
  })
})
