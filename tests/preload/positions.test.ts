import { describe, expect, it } from 'vitest'
import { parsePositionList } from '../../main/cli/arguments'
import { inTextOrder, positionName, positionTick, readPositions, writePositions } from '../../preload/positions'
import { positionsSchema, type Positions } from '../../preload/recipe'

const all: readonly Positions[] = [
  { kind: 'first' }, { kind: 'from-start', offset: 2 }, { kind: 'from-end', offset: 12 }, { kind: 'from-end', offset: 1 }, { kind: 'last' },
  { kind: 'span', column: 'a city, or..so' }, { kind: 'word' }, { kind: 'mean' }, { kind: 'all' }
]

describe('positions', () => {
  it('are read as they are written, and keep to the recipe', () => {
    for (const positions of all) {
      expect(readPositions(writePositions(positions))).toEqual(positions)
      expect(positionsSchema.parse(positions)).toEqual(positions)
    }
    expect(all.map(writePositions).slice(0, 5)).toEqual(['first', 'first+2', 'last-12', 'last-1', 'last'])
    // One way to say the last token.
    expect(readPositions('last-0')).toEqual({ kind: 'last' })
    expect(positionsSchema.safeParse({ kind: 'from-end', offset: 0 }).success).toBe(false)
    for (const text of ['', 'end-1', 'last-', 'last+1', 'first-1', 'last-1.5', 'span:']) expect(readPositions(text), text).toBeNull()
  })

  it('stand in the order of the text', () => {
    expect([...all].reverse().sort(inTextOrder)).toEqual(all)
  })

  it('have names and marks', () => {
    expect([1, 2, 3, 11, 12, 22].map((offset) => positionName({ kind: 'from-end', offset }))).toEqual([
      'token before the last', '2nd token before the last', '3rd token before the last', '11th token before the last', '12th token before the last', '22nd token before the last'
    ])
    expect(all.slice(0, 6).map(positionTick)).toEqual(['first', 'first + 2', 'last − 12', 'last − 1', 'last', 'end of a city, or..so'])
  })

  it('are listed on the command line with ranges', () => {
    expect(parsePositionList('last-3..last,first, mean,span:city').map(writePositions)).toEqual(['last', 'last-1', 'last-2', 'last-3', 'first', 'mean', 'span:city'])
    expect(parsePositionList('first..first+2').map(writePositions)).toEqual(['first', 'first+1', 'first+2'])
    for (const text of ['last..first', 'mean..last', 'last..', '', 'lost']) expect(() => parsePositionList(text), text).toThrow()
  })
})
