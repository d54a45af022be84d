import { describe, expect, it } from 'vitest'
import { measureRange, measures, methodName, rangeTicks, unitOf, writeDifference, writeDistance, writeHalf, writeMeasure, writeP, writeTick } from '../../preload/measures'

describe('numbers of a measure', () => {
  it('have no more digits than the interval justifies', () => {
    expect(writeMeasure('accuracy', 0.8731)).toBe('87.3 %')
    expect(writeMeasure('accuracy', 0.8731, 0.12)).toBe('87 %')
    expect(writeMeasure('auroc', 0.8731)).toBe('.873')
    expect(writeMeasure('auroc', 1)).toBe('1.000')
    expect(writeMeasure('r2', -0.25)).toBe('−.250')
    expect(writeMeasure('selectivity', -0.031)).toBe('−3.1 %')
    expect(writeMeasure('greatCircleKm', 1234.4)).toBe('1,234 km')
    expect(writeMeasure('compression', 3.217)).toBe('3.22 ×')
    expect(writeMeasure('auroc', null)).toBe('–')
    expect(writeMeasure('r2', NaN)).toBe('–')
  })

  it('have half an interval in their own unit', () => {
    expect(writeHalf('accuracy', 0.0117)).toBe('± 1.2')
    expect(writeHalf('auroc', 0.0117)).toBe('± .012')
    expect(writeHalf('greatCircleKm', 85.3)).toBe('± 85 km')
  })

  it('stand on an axis without their unit, which ends it', () => {
    expect([0, 0.5, 1].map((tick) => writeTick('accuracy', tick))).toEqual(['0', '50', '100'])
    expect([-0.5, 0, 0.25, 1].map((tick) => writeTick('r2', tick))).toEqual(['−.50', '0', '.25', '1'])
    expect(unitOf('accuracy')).toBe(' %')
  })
})

describe('the axis of a measure', () => {
  it('begins a step under the lowest share and ends at one', () => {
    expect(measureRange('accuracy', [])).toEqual([0, 1])
    expect(measureRange('accuracy', [0.52])).toEqual([0.5, 1])
    expect(measureRange('accuracy', [0.49, 0.93])).toEqual([0.4, 1])
  })

  it('begins at zero where lower is better, and cuts off fits that are worse than useless', () => {
    const [low, high] = measureRange('greatCircleKm', [312, 2810])
    expect(low).toBe(0)
    expect(high).toBe(3000)
    expect(measureRange('r2', [-14, 0.6])).toEqual([-1, 1])
    expect(measureRange('r2', [0.12, 0.6])).toEqual([0.1, 1])
    expect(measureRange('selectivity', [-0.02, 0.11])).toEqual([-0.1, 0.2])
    expect(measureRange('compression', [1.4, 4.83])).toEqual([1, 5])
  })

  it('has its ticks on round values', () => {
    expect(rangeTicks([0.4, 1], 5)).toEqual([0.4, 0.6, 0.8, 1])
    expect(rangeTicks([0.4, 1], 7)).toEqual([0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
    expect(rangeTicks([0, 3000], 4)).toEqual([0, 1000, 2000, 3000])
    expect(rangeTicks([-1, 1], 5)).toEqual([-1, -0.5, 0, 0.5, 1])
  })
})

describe('names', () => {
  it('are there for every measure, and for methods that no table knows', () => {
    for (const [name, { label, phrase, range: [least, most] }] of Object.entries(measures)) {
      expect(label, name).not.toBe('')
      expect(phrase, name).not.toBe('')
      expect(least, name).toBeLessThan(most)
    }
    expect(methodName('mass-mean')).toBe('mass mean')
    expect(methodName('new-probe')).toBe('new probe')
  })
})

describe('differences', () => {
  it('have their sign, in points of a share and in the unit of the rest; none where they vanish', () => {
    expect([writeDifference('accuracy', 0.0123), writeDifference('accuracy', -0.0123), writeDifference('accuracy', -0.0001)]).toEqual(['+1.2', '−1.2', '0.0'])
    expect([writeDifference('auroc', 0.0123), writeDifference('r2', -1.5), writeDifference('auroc', 0)]).toEqual(['+.012', '−1.500', '.000'])
    expect([writeDifference('greatCircleKm', -1234.4), writeDifference('compression', 0.1)]).toEqual(['−1,234 km', '+0.10 ×'])
  })

  it('are distances inside a sentence', () => {
    expect([writeDistance('accuracy', -0.012), writeDistance('accuracy', 0.01), writeDistance('r2', 0.02)]).toEqual(['1.2 points', '1.0 point', '.020'])
  })

  it('come with p as far as it says something', () => {
    expect([writeP(0.0316), writeP(0.0002), writeP(1), writeP(0.001)]).toEqual(['.032', '< .001', '1', '.001'])
  })
})
