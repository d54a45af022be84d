import { describe, expect, it } from 'vitest'
import { matchesShortcut, commandOf, type PressedKey } from '../../../renderer/commands/shortcut-match'
import { formatBytes, formatClock, formatCount, formatDuration, formatNumber, formatPercent, formatPercentInterval, formatQuantity } from '../../../renderer/components/numbers'
import { dropPromise } from '../../../renderer/frame/dropped-files'
import { parseLayout } from '../../../renderer/state/layout-file'
import { stepPlace } from '../../../renderer/tour/steps'

const key = (key: string, held: Partial<PressedKey> = {}): PressedKey => ({ key, code: '', ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held })

describe('shortcuts', () => {
  it.each([
    ['Mod+Enter', key('Enter', { ctrlKey: true }), false, true],
    ['Mod+Enter', key('Enter', { metaKey: true }), false, false],
    ['Mod+Enter', key('Enter', { metaKey: true }), true, true],
    ['Mod+Enter', key('Enter', { metaKey: true, ctrlKey: true }), true, false],
    ['Mod+Enter', key('Enter'), false, false],
    ['Mod+S', key('S', { ctrlKey: true, shiftKey: true }), false, false],
    ['Mod+Shift+S', key('S', { ctrlKey: true, shiftKey: true }), false, true],
    // A Mac's Alt types another character.
    ['Mod+Alt+B', key('∫', { metaKey: true, altKey: true, code: 'KeyB' }), true, true],
    // Shift is part of typing a symbol.
    ['?', key('?', { shiftKey: true }), false, true],
    ['Mod+=', key('=', { ctrlKey: true }), false, true],
    [']', key(']', { ctrlKey: true }), false, false],
    ['C', key('c'), false, true]
  ])('%s: %j on a Mac %s is %s', (shortcut, event, onMac, expected) => {
    expect(matchesShortcut(shortcut, event, onMac)).toBe(expected)
  })

  it('finds commands', () => {
    expect(commandOf(key('z', { ctrlKey: true }), false)).toBe('edit.undo')
    expect(commandOf(key('Z', { ctrlKey: true, shiftKey: true }), false)).toBe('edit.redo')
    expect(commandOf(key('q', { ctrlKey: true }), false)).toBeNull()
  })
})

describe('numbers', () => {
  it('are written with no more digits than they are worth', () => {
    expect([formatPercent(0.8731), formatPercentInterval(0.8731, { lo: 0.851, hi: 0.893 })]).toEqual(['87.3 %', '87.3 ± 2.1 %'])
    expect([formatCount(1496), formatQuantity(1, 'row'), formatQuantity(1496, 'row')]).toEqual(['1,496', '1 row', '1,496 rows'])
    expect([-80.2167, 0.01234, 1234.5, -12_345, NaN].map(formatNumber)).toEqual(['−80.2', '0.0123', '1,235', '−12,345', '–'])
    expect([0.0421, 3.14, 59.6, 72.4, 3660, 7259].map(formatDuration)).toEqual(['42 ms', '3.1 s', '1 m 0 s', '1 m 12 s', '1 h 1 m', '2 h 1 m'])
    expect([0, 72, 3661].map(formatClock)).toEqual(['00:00', '01:12', '1:01:01'])
    expect([0, 999, 1000, 22_713_216, 999_600_000].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 kB', '23 MB', '1.0 GB'])
  })

  it('never shows sixty minutes', () => {
    expect(formatDuration(2 * 3600 - 1)).toBe('2 h 0 m')
  })
})

describe('dropPromise', () => {
  it.each([
    [['text/csv'], 'Open as dataset'],
    [[''], 'Open as model, dataset or session'],
    [['application/json'], 'Open as dataset or recipe'],
    [['image/png'], 'Pictures cannot be opened'],
    [['application/zip'], 'Open as exported session'],
    [['', 'text/csv'], 'Open 2 files: model and dataset together'],
    [['text/csv', 'text/tab-separated-values'], 'Open the first of 2 datasets']
  ])('%j: %s', (types, promise) => {
    expect(dropPromise(types.map((type) => ({ type })), null)).toBe(promise)
  })

  it('names the dataset whose place would be taken', () => {
    expect(dropPromise([{ type: 'text/csv' }], 'cities.csv')).toBe('Open as dataset in place of cities.csv')
  })
})

describe('parseLayout', () => {
  it('takes what is sound and leaves the rest', () => {
    expect(parseLayout({ groups: { columns: { left: 20, centre: 80 }, broken: { left: 'wide' }, worse: { left: 400 } }, leftOpen: 'no', rightOpen: false, tourSeen: 1 }))
      .toEqual({ groups: { columns: { left: 20, centre: 80 } }, leftOpen: true, rightOpen: false, tourSeen: false })
  })
})

describe('stepPlace', () => {
  const window = { width: 1024, height: 700 }
  const card = { width: 320, height: 190 }
  it.each([
    ['the left panel', { x: 0, y: 44, width: 240, height: 400 }],
    ['the run button', { x: 0, y: 620, width: 240, height: 56 }],
    ['the layer strip', { x: 240, y: 420, width: 544, height: 256 }],
    ['the cloud', { x: 240, y: 44, width: 544, height: 376 }],
    ['the palette', { x: 340, y: 8, width: 340, height: 28 }]
  ])('keeps the card inside the window and off %s', (_name, control) => {
    const { card: at } = stepPlace(control, window, card)
    expect(at.x).toBeGreaterThanOrEqual(0)
    expect(at.y).toBeGreaterThanOrEqual(0)
    expect(at.x + card.width).toBeLessThanOrEqual(window.width)
    expect(at.y + card.height).toBeLessThanOrEqual(window.height)
    const apart = at.x >= control.x + control.width || at.x + card.width <= control.x || at.y >= control.y + control.height || at.y + card.height <= control.y
    expect(apart).toBe(true)
  })
})
