import { describe, expect, it } from 'vitest'
import { textOfRow } from '../../../renderer/projection/row-text'
import { boundsOf, fitCloud, inOrderOf, insidePolygon, nearestInDirection, pointDiameter, pointsInPolygon } from '../../../renderer/projection/cloud-geometry'
import { outwardOrder } from '../../../renderer/projection/site-order'

describe('the text of a row', () => {
  const columns = ['text', 'word', 'year'].map((name) => ({ name, type: 'text', distinct: 2, missing: 0, min: null, max: null, examples: [] }) as const)

  it('is a column or a filled-in template; a word stands before its sentence', () => {
    const cells = ['Oslo is old', 'Oslo', 1040]
    expect(textOfRow({ kind: 'column', column: 'text' }, 'last', columns, cells)).toBe('Oslo is old')
    expect(textOfRow({ kind: 'template', template: 'In {year}: {text}, {nowhere}' }, 'mean', columns, cells)).toBe('In 1040: Oslo is old, ')
    expect(textOfRow({ kind: 'column', column: 'text' }, 'word', columns, cells)).toBe('Oslo · Oslo is old')
    expect(textOfRow({ kind: 'column', column: 'text' }, 'word', columns.slice(0, 1), cells)).toBe('Oslo is old')
  })
})

describe('outwardOrder', () => {
  it('starts at the selected layer and goes outward', () => {
    expect(outwardOrder(['a', 'b', 'c', 'd', 'e'], 'c')).toEqual(['c', 'b', 'd', 'a', 'e'])
    expect(outwardOrder(['a', 'b', 'c'], 'a')).toEqual(['a', 'b', 'c'])
    expect(outwardOrder(['a', 'b', 'c'], 'z')).toEqual(['a', 'b', 'c'])
  })
})

describe('fitCloud', () => {
  it('fills the square on the longer side and keeps proportions', () => {
    expect([...fitCloud(Float32Array.of(10, 10, 30, 10, 20, 15))]).toEqual([-1, -0.25, 1, -0.25, 0, 0.25])
  })
  it('leaves points without a place out', () => {
    const fitted = fitCloud(Float32Array.of(0, 0, NaN, NaN, 2, 2))
    expect([fitted[0], fitted[4]]).toEqual([-1, 1])
    expect(fitted[2]).toBeNaN()
  })
  it('does not divide by nothing', () => {
    expect([...fitCloud(Float32Array.of(5, 5, 5, 5))]).toEqual([0, 0, 0, 0])
  })
})

describe('inOrderOf', () => {
  it('matches points of two layers by dataset row', () => {
    const moved = inOrderOf(Int32Array.of(3, 5, 9), Int32Array.of(9, 3), Float32Array.of(90, 91, 30, 31))
    expect([...moved]).toEqual([30, 31, NaN, NaN, 90, 91])
  })
})

describe('lasso', () => {
  // A square with a bite taken out of its right side.
  const polygon = [0, 0, 10, 0, 10, 4, 5, 5, 10, 6, 10, 10, 0, 10]

  it('tells inside from outside of a concave outline', () => {
    expect(insidePolygon(polygon, 2, 5)).toBe(true)
    expect(insidePolygon(polygon, 8, 5)).toBe(false)
    expect(insidePolygon(polygon, 8, 1)).toBe(true)
    expect(insidePolygon(polygon, 11, 1)).toBe(false)
  })

  it('agrees with the winding number on a star', () => {
    const star = Array.from({ length: 10 }, (_, i) => {
      const [angle, radius] = [i * Math.PI / 5, i % 2 ? 0.4 : 1]
      return [Math.cos(angle) * radius, Math.sin(angle) * radius]
    }).flat()
    const winding = (x: number, y: number): number => {
      let sum = 0
      for (let i = 0; i < star.length; i += 2) {
        const a = Math.atan2((star[i + 1] ?? NaN) - y, (star[i] ?? NaN) - x)
        const b = Math.atan2((star[(i + 3) % 20] ?? NaN) - y, (star[(i + 2) % 20] ?? NaN) - x)
        sum += Math.atan2(Math.sin(b - a), Math.cos(b - a))
      }
      return Math.round(sum / 2 / Math.PI)
    }
    for (let i = 0; i < 500; i++) {
      const [x, y] = [Math.sin(i * 12.9898) * 1.1, Math.sin(i * 78.233) * 1.1]
      expect(insidePolygon(star, x, y), `${x}, ${y}`).toBe(winding(x, y) !== 0)
    }
  })

  it('skips hidden points and points without a place', () => {
    const xy = Float32Array.of(2, 5, 8, 5, NaN, NaN, 1, 1)
    expect(pointsInPolygon(xy, polygon, () => false)).toEqual([0, 3])
    expect(pointsInPolygon(xy, polygon, (point) => point === 3)).toEqual([0])
  })
})

describe('keys on the cloud', () => {
  const xy = Float32Array.of(0, 0, 1, 0.1, 0.5, 0.49, 0, 2, -3, 0)
  it('goes to the nearest point that way', () => {
    const go = (direction: 'left' | 'right' | 'up' | 'down'): number | null => nearestInDirection(xy, 0, direction, () => false)
    expect([go('right'), go('up'), go('left'), go('down')]).toEqual([1, 3, 4, null])
    expect(nearestInDirection(xy, 0, 'right', (point) => point === 1)).toBe(2)
  })
})

describe('zooming', () => {
  it('finds the bounds of a selection', () => {
    expect(boundsOf(Float32Array.of(0, 0, 4, 2, NaN, NaN), [0, 1, 2])).toEqual({ x: 2, y: 1, half: 2 })
    expect(boundsOf(Float32Array.of(NaN, NaN), [0])).toBeNull()
  })
  it('draws fewer points larger', () => {
    const sizes = [100, 1000, 4000, 50_000].map((n) => pointDiameter(n, 1))
    expect([...sizes].sort((a, b) => b - a)).toEqual(sizes)
    expect(sizes[3]).toBeGreaterThanOrEqual(2.4)
    expect(pointDiameter(1000, 16)).toBeGreaterThan(pointDiameter(1000, 1))
  })
})
