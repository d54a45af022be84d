import { describe, expect, it } from 'vitest'
import { labelHeights } from '../../../renderer/card/curve-labels'

describe('labelHeights', () => {
  it('leaves names where they are when they are apart', () => {
    expect(labelHeights([120, 20, 60], 13, 0, 180)).toEqual([120, 20, 60])
  })

  it('moves neighbours apart, in the order of their lines', () => {
    expect(labelHeights([52, 50, 51], 13, 0, 180)).toEqual([76, 50, 63])
  })

  it('keeps all of them within the plot', () => {
    expect(labelHeights([178, 179, 180], 13, 0, 180)).toEqual([154, 167, 180])
    expect(labelHeights([-20, -10], 13, 4, 180)).toEqual([4, 17])
  })
})
