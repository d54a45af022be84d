import { describe, expect, it } from 'vitest'
import { foldsAmong, placesAmong, planFolds, type FoldPlan, type FoldRequest } from '../../../main/engine/probes/folds'
import { codeLabels } from '../../../main/engine/probes/labels'
import { seededRandom } from '../../../main/engine/probes/random'
import { missing, truthCsv } from './shared-files'

function request(part: Partial<FoldRequest> & { codes: Int32Array }): FoldRequest {
  return { classes: Math.max(...part.codes) + 1, groups: Int32Array.from(part.codes.keys()), test: null, folds: 5, split: 'folds', seed: 0, ...part }
}

/** No group lies on both sides of any split, and every row is tested at most once. */
function expectHonest(plan: FoldPlan, groups: Int32Array): void {
  const groupsOf = (cells: readonly number[]): Set<number> => new Set([...groups].filter((_, row) => cells.includes(plan.cellOfRow[row] as number)))
  const disjoint = (a: readonly number[], b: readonly number[]): void => {
    expect(a.filter(cell => b.includes(cell))).toEqual([])
    const left = groupsOf(a)
    expect([...groupsOf(b)].filter(group => left.has(group))).toEqual([])
  }
  const tested = plan.outer.flatMap(fold => fold.testCells)
  expect(new Set(tested).size).toBe(tested.length)
  for (const fold of plan.outer) {
    const training = plan.trainings[fold.training] ?? []
    disjoint(training, fold.testCells)
    for (const inner of fold.inner) {
      const cells = plan.trainings[inner.training] ?? []
      disjoint(cells, inner.validationCells)
      disjoint(cells, fold.testCells)
      disjoint(inner.validationCells, fold.testCells)
      expect(inner.validationCells.every(cell => training.includes(cell))).toBe(true)
    }
  }
}

describe('folds', () => {
  it('keep groups whole in outer and inner splits, whatever their sizes', () => {
    const random = seededRandom(3)
    for (const folds of [2, 3, 4, 5, 7, 12]) {
      const groups = Int32Array.from({ length: 400 }, () => Math.floor(random() ** 3 * 60))
      const codes = Int32Array.from(groups, () => Math.floor(random() * 3))
      expectHonest(planFolds(request({ codes, groups, folds })), groups)
    }
  })

  it('keep every row where it was when others are left out', () => {
    const random = seededRandom(5)
    const codes = Int32Array.from({ length: 300 }, () => Math.floor(random() * 2))
    const groups = Int32Array.from(codes, () => Math.floor(random() * 40))
    const places = Int32Array.from(codes.keys()).filter(() => random() < 0.6)
    for (const test of [null, Uint8Array.from(groups, group => group % 4 === 0 ? 1 : 0)]) {
      const whole = planFolds(request({ codes, groups, test }))
      const part = foldsAmong(whole, places)
      expect([...part.cellOfRow]).toEqual([...places].map(place => whole.cellOfRow[place]))
      expectHonest(part, Int32Array.from(places, place => groups[place] as number))
    }
    const whole = planFolds(request({ codes, groups }))
    const lost = places.filter(place => whole.cellOfRow[place] !== 2)
    expect(() => foldsAmong(whole, lost)).toThrow(expect.objectContaining({ report: expect.objectContaining({ code: 'too-few-rows' }) }))
    expect([...placesAmong(Int32Array.of(2, 5, 9), Int32Array.of(5, 9))]).toEqual([1, 2])
  })

  it('balance sizes and class shares to a row without groups', () => {
    const codes = Int32Array.from({ length: 1003 }, (_, row) => row % 10 === 0 ? 1 : 0)
    const { cellOfRow } = planFolds(request({ codes }))
    for (let fold = 0; fold < 5; fold++) {
      const rows = [...codes.keys()].filter(row => cellOfRow[row] === fold)
      expect(Math.abs(rows.length - 1003 / 5)).toBeLessThanOrEqual(1.5)
      expect(Math.abs(rows.filter(row => codes[row] === 1).length - 101 / 5)).toBeLessThanOrEqual(1)
    }
  })

  it('share the fits that leave out two folds: five folds need ten inner fits and five outer ones', () => {
    const plan = planFolds(request({ codes: Int32Array.from({ length: 100 }, (_, row) => row % 2) }))
    expect(plan.trainings.length).toBe(15)
    expect(plan.outer.every(fold => fold.inner.length === 4)).toBe(true)
  })

  it('are the same for the same seed and others for another', () => {
    const codes = Int32Array.from({ length: 200 }, (_, row) => row % 2)
    expect(planFolds(request({ codes, seed: 4 })).cellOfRow).toEqual(planFolds(request({ codes, seed: 4 })).cellOfRow)
    expect(planFolds(request({ codes, seed: 4 })).cellOfRow).not.toEqual(planFolds(request({ codes, seed: 5 })).cellOfRow)
  })

  it('test only the marked rows of a predefined split and validate inside the rest', () => {
    const codes = Int32Array.from({ length: 120 }, (_, row) => row % 2)
    const groups = Int32Array.from(codes.keys(), row => Math.floor(row / 4))
    const test = Uint8Array.from(codes, (_, row) => row >= 80 ? 1 : 0)
    const plan = planFolds(request({ codes, groups, test }))
    expectHonest(plan, groups)
    expect(plan.outer.length).toBe(1)
    expect([...plan.cellOfRow.keys()].filter(row => plan.outer[0]?.testCells.includes(plan.cellOfRow[row] as number))).toEqual([...Array(40).keys()].map(row => row + 80))
  })

  it('use as many folds as there are groups, and refuse what cannot be split', () => {
    const codes = Int32Array.from({ length: 30 }, (_, row) => row % 2)
    expect(planFolds(request({ codes, groups: Int32Array.from(codes.keys(), row => row % 3) })).folds).toBe(3)
    expect(() => planFolds(request({ codes, groups: new Int32Array(30) }))).toThrow(/one group/)
    expect(() => planFolds(request({ codes: Int32Array.of(0, 1, 0), folds: 5 }))).toThrow(/3 labelled rows cannot be split into 5/)
    expect(() => planFolds(request({ codes, test: new Uint8Array(30) }))).toThrow(/no labelled row as test/)
    expect(() => planFolds(request({ codes, test: new Uint8Array(30).fill(1) }))).toThrow(/nothing is left to train/)
  })

  it('leave every group out by itself, up to a bound', () => {
    const logo = (groupCount: number): FoldPlan => {
      const groups = Int32Array.from({ length: 4 * groupCount }, (_, row) => row % groupCount)
      const plan = planFolds(request({ codes: Int32Array.from(groups.keys(), row => (row >> 1) % 2), groups, split: 'leave-one-group-out' }))
      expectHonest(plan, groups)
      return plan
    }
    const few = logo(7)
    expect(few.folds).toBe(7)
    for (let fold = 0; fold < 7; fold++) {
      const held = [...few.cellOfRow.keys()].filter(row => few.cellOfRow[row] === fold).map(row => row % 7)
      expect(new Set(held).size).toBe(1)
      expect(held).toHaveLength(4)
    }
    expect(logo(194).folds).toBe(50)
  })
})

describe.skipIf(missing('data/truth/cities.csv'))('folds of cities.csv', () => {
  it('keep both statements of a city together and both labels even', () => {
    const cities = truthCsv('cities')
    const index = new Map([...new Set(cities.get('city'))].map((city, i) => [city, i]))
    const groups = Int32Array.from(cities.get('city') ?? [], city => index.get(city) ?? 0)
    const codes = Int32Array.from(cities.get('label') ?? [], Number)
    expect(codes.length).toBe(1496)
    const plan = planFolds(request({ codes, groups }))
    expectHonest(plan, groups)
    for (let fold = 0; fold < 5; fold++) {
      const rows = [...codes.keys()].filter(row => plan.cellOfRow[row] === fold)
      expect(Math.abs(rows.length - 1496 / 5)).toBeLessThan(4)
      expect(Math.abs(rows.filter(row => codes[row] === 1).length / rows.length - 0.5)).toBeLessThan(0.02)
    }
  })
})

describe('labels', () => {
  it('sort numbers as numbers and words after them', () => {
    expect(codeLabels(['10', '9', 'b', 'a', '10', '9', 'b', 'a']).classes).toEqual(['9', '10', 'a', 'b'])
    const binary = codeLabels(['true', 'false', null, 'true', 'false'])
    expect([binary.task, [...binary.codes], [...binary.rows], binary.missing]).toEqual(['binary', [1, 0, -1, 1, 0], [0, 1, 3, 4], 1])
  })

  it('refuse columns that no probe can learn', () => {
    expect(() => codeLabels(['a', 'a', 'a'])).toThrow(/Every label is “a”/)
    expect(() => codeLabels([null, null])).toThrow(/No row has a label/)
    expect(() => codeLabels(['a', 'b', 'c', 'd'])).toThrow(/All 4 labels are different/)
    expect(() => codeLabels(['a', 'b', 'c', 'd', 'd'])).toThrow(/4 classes over 5 labelled rows/)
  })
})
