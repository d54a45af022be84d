import { describe, expect, it } from 'vitest'
import { nearestPoint, placement, tipPlace, writeLatitude, writeLongitude, writeNumber } from '../../../renderer/fit/fit-points'

describe('the plot of predicted against actual values', () => {
  it('finds the value at a pixel that a value is placed at, and keeps its axes equal', () => {
    const place = placement({ kind: 'fit', domain: { x: [-2, 12], y: [-2, 12] } }, 800, 500)
    expect(place.right - place.left).toBeCloseTo(place.bottom - place.top)
    for (const value of [-2, 0, 7.5, 12]) expect([place.valueX(place.x(value)), place.valueY(place.y(value))]).toEqual([expect.closeTo(value), expect.closeTo(value)])
  })

  it('writes numbers with a minus sign and places by their hemisphere', () => {
    expect([writeNumber(-0.25, 'fit'), writeNumber(0, 'fit'), writeNumber(-1234.5, 'fit')]).toEqual(['−0.25', '0.0', '−1,234'])
    expect([writeLatitude(-13.79), writeLatitude(6.58), writeLongitude(-171.8), writeLongitude(4.56)]).toEqual(['13.8° S', '6.6° N', '171.8° W', '4.6° E'])
  })
})

describe('the tip of a point', () => {
  const room = { width: 540, height: 240 }
  const content = { width: 200, height: 54 }
  const covers = (point: { x: number; y: number }): boolean => {
    const { left, top } = tipPlace(content, point, room)
    return point.x >= left && point.x <= left + content.width + 22 && point.y >= top && point.y <= top + content.height + 18
  }

  it('stays in the room and off its point, wherever that is', () => {
    for (const x of [0, 100, 269, 271, 400, 540]) {
      for (const y of [0, 120, 240]) {
        const { left, top } = tipPlace(content, { x, y }, room)
        expect(left).toBeGreaterThanOrEqual(8)
        expect(left + content.width + 22).toBeLessThanOrEqual(room.width - 8 + 1)
        expect(top).toBeGreaterThanOrEqual(8)
        expect(top + content.height + 18).toBeLessThanOrEqual(room.height - 8 + 1)
        expect(covers({ x, y })).toBe(false)
      }
    }
  })

  it('stands over or under a point in a narrow room', () => {
    expect(tipPlace(content, { x: 150, y: 40 }, { width: 300, height: 240 }).top).toBe(54)
    expect(tipPlace(content, { x: 150, y: 220 }, { width: 300, height: 240 }).top).toBe(220 - 14 - 72)
  })

  it('keeps off the ring of a point in a room that is too small for it', () => {
    for (const room of [{ width: 300, height: 150 }, { width: 300, height: 100 }, { width: 240, height: 60 }]) {
      for (let x = 0; x <= room.width; x += 20) {
        for (let y = 0; y <= room.height; y += 10) {
          const { left, top } = tipPlace(content, { x, y }, room)
          const [besideX, besideY] = [Math.max(left - x, x - left - content.width - 22), Math.max(top - y, y - top - content.height - 18)]
          expect(Math.max(besideX, besideY)).toBeGreaterThanOrEqual(8)
        }
      }
    }
  })

  it('is not of a point that the frame cuts off', () => {
    const frame = { left: 64, right: 500, top: 12, bottom: 200 }
    const screen = Float32Array.of(60, 100, 70, 100, 300, 205)
    expect(nearestPoint(screen, 61, 100, frame)).toBe(1)
    expect(nearestPoint(screen, 300, 203, frame)).toBe(-1)
  })
})
