import { describe, expect, it } from 'vitest'
import { fitPoints } from '../../../renderer/fit/fit-points'
import { heldOutGroups } from '../../../renderer/fit/held-out-groups'

const points = fitPoints({
  kind: 'numeric', rows: Int32Array.of(0, 2, 3, 5),
  targets: [{ name: 'height', predicted: Float32Array.of(1, 2, NaN, 9), actual: Float32Array.of(2, 2, 3, 3) }]
}, null, 0)

describe('rows held out together', () => {
  it('stand from the largest mean error to the least, rows without a prediction or a group left out', () => {
    const groups = heldOutGroups(points, { kind: 'categorical', categories: ['near', 'far'], codes: Int32Array.of(0, 0, 0, 1, 1, 1) })
    expect(groups).toEqual([
      { code: 1, name: 'far', rows: 1, meanError: 6, centre: [3, 3] },
      { code: 0, name: 'near', rows: 2, meanError: 0.5, centre: [2, 2] }
    ])
    expect(heldOutGroups(points, { kind: 'categorical', categories: ['a'], codes: new Int32Array(6).fill(-1) })).toEqual([])
  })

  it('are none without a column of names', () => {
    expect(heldOutGroups(points, null)).toEqual([])
    expect(heldOutGroups(points, { kind: 'numeric', values: new Float32Array(6), min: 0, max: 0 })).toEqual([])
  })
})
