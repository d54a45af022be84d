import { describe, expect, it } from 'vitest'
import { placeLabels } from '../../preload/label-places'

describe('placeLabels', () => {
  it('leaves labels that do not touch where they are', () => {
    expect(placeLabels([10, 80, 40], 14, 0, 100)).toEqual([10, 80, 40])
  })

  it('moves labels that touch apart by the least squares', () => {
    // Two at 50 and 52, 14 apart: their mean stays at 51.
    expect(placeLabels([52, 50], 14, 0, 100)).toEqual([58, 44])
    // Three at 50 to 52, 13 apart, in the order of their lines; two that touch and one that does not.
    expect(placeLabels([52, 50, 51], 13, 0, 180)).toEqual([64, 38, 51])
    expect(placeLabels([10, 11, 50], 16, 0, 60)).toEqual([2.5, 18.5, 50])
  })

  it('stays inside', () => {
    expect(placeLabels([98, 99, 100], 14, 0, 100)).toEqual([72, 86, 100])
    expect(placeLabels([-5, 0], 10, 0, 100)).toEqual([0, 10])
    expect(placeLabels([58, 59], 16, 0, 60)).toEqual([44, 60])
    expect(placeLabels([178, 179, 180], 13, 0, 180)).toEqual([154, 167, 180])
    expect(placeLabels([-20, -10], 13, 4, 180)).toEqual([4, 17])
  })

  it('keeps every gap and the order for any wishes', () => {
    for (let seed = 1; seed < 200; seed++) {
      const wishes = Array.from({ length: 6 }, (_, i) => (seed * 7919 * (i + 3) ** 3) % 151)
      const places = placeLabels(wishes, 14, 0, 151)
      const sorted = wishes.map((_, i) => i).sort((a, b) => (wishes[a] ?? NaN) - (wishes[b] ?? NaN) || a - b).map((i) => (places[i] ?? NaN))
      for (let i = 1; i < sorted.length; i++) expect((sorted[i] ?? NaN) - (sorted[i - 1] ?? NaN)).toBeGreaterThanOrEqual(14 - 1e-9)
      expect(Math.min(...places)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...places)).toBeLessThanOrEqual(151 + 1e-9)
    }
  })

  it('spreads evenly what does not fit', () => {
    expect(placeLabels([1, 1, 1], 60, 0, 100)).toEqual([0, 50, 100])
  })
})
