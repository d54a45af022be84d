import { describe, expect, it } from 'vitest'
import { summariseSelection } from '../../../renderer/inspector/selection-summary'
import { showSpace, tokenPieces } from '../../../renderer/inspector/token-pieces'
import { probeOfRow } from '../../../renderer/state/probe-row'

const token = (id: number, text: string, span: readonly [number, number] | null, special = false): { id: number; text: string; span: readonly [number, number] | null; special: boolean } => ({ id, text, span, special })

describe('tokenPieces', () => {
  it('shows every character once, marks what was read and makes white space visible', () => {
    const pieces = tokenPieces('The  cat', [token(1, '<s>', null, true), token(2, 'The', [0, 3]), token(3, 'Ġcat', [4, 8])], [2])
    expect(pieces.map(({ kind, text, read }) => [kind, text, read])).toEqual([
      ['special', '<s>', false], ['token', 'The', false], ['gap', '·', false], ['token', '·cat', true]
    ])
  })

  it('shows a special token that the text itself holds once', () => {
    const pieces = tokenPieces('<|end|> So', [token(0, '<|end|>', [0, 7], true), token(2, ' So', [7, 10])], [])
    expect(pieces.map(({ kind, text }) => [kind, text])).toEqual([['special', '<|end|>'], ['token', '·So']])
  })

  it('does not repeat a letter that several tokens share', () => {
    // One emoji (two UTF-16 units) in three byte tokens.
    const pieces = tokenPieces('a🙂b', [token(1, 'a', [0, 1]), token(2, 'ð', [1, 3]), token(3, 'Ł', [1, 3]), token(4, 'b', [3, 4])], [])
    expect(pieces.map(({ text }) => text)).toEqual(['a', '🙂', 'Ł', 'b'])
  })

  it('keeps the end that no token covers, and markup as text', () => {
    expect(tokenPieces('<b>x</b> ', [token(1, '<b>', [0, 3]), token(2, 'x', [3, 4])], []).map(({ text }) => text).join('')).toBe('<b>x</b>·')
    expect(showSpace('a\n\tb\u00a0')).toBe('a↵→b⍽')
  })
})

const values = { kind: 'classes' as const, rows: Int32Array.of(1, 3, 5, 7, 9), score: Float32Array.of(0.9, 0.2, 0.7, 0.6, 0.5), predicted: Int32Array.of(1, 0, 1, 1, -1), confidence: null, actual: Int32Array.of(1, 0, 0, 1, 0) }

describe('summariseSelection', () => {
  it('sets the selection beside the whole', () => {
    const summary = summariseSelection(Int32Array.of(3, 5, 9), values, ['no', 'yes'])
    expect(summary.classes).toEqual([{ name: 'no', selected: 3, whole: 3 }, { name: 'yes', selected: 0, whole: 2 }])
    expect(summary.right).toEqual({ selected: { hits: 1, of: 2 }, whole: { hits: 3, of: 4 } })
    expect(summary.labelled).toEqual({ selected: 3, whole: 5 })
  })
})

describe('probeOfRow', () => {
  it('reads one row and knows those left out', () => {
    expect(probeOfRow(values, ['no', 'yes'], 5)).toMatchObject({ actual: 'no', predicted: 'yes', correct: false })
    expect(probeOfRow(values, ['no', 'yes'], 9)).toEqual({ actual: 'no', predicted: null, score: null, correct: null })
    expect(probeOfRow(values, ['no', 'yes'], 2)).toBeNull()
  })
})
