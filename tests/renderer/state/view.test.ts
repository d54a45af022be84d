import { beforeEach, describe, expect, it } from 'vitest'
import { History } from '../../../renderer/state/history'
import { difference, hasRow, rowSet, union } from '../../../renderer/state/row-set'
import { useView } from '../../../renderer/state/view'
import { parseView, serialiseView } from '../../../renderer/state/view-session'

describe('History', () => {
  it('walks back and forth and forgets the future on a new change', () => {
    const history = new History<string>(10, () => 0)
    history.record('a')
    history.record('b')
    expect(history.undo('c')).toBe('b')
    expect(history.undo('b')).toBe('a')
    expect(history.undo('a')).toBeNull()
    expect(history.redo('a')).toBe('b')
    history.record('b')
    expect(history.canRedo).toBe(false)
  })

  it('joins quick changes of one kind and keeps slow or different ones apart', () => {
    let time = 0
    const history = new History<number>(10, () => time)
    history.record(0, 'site')
    time = 300
    history.record(1, 'site')
    time = 900
    history.record(2, 'site')
    expect(history.undo(3)).toBe(0)
    history.redo(0)
    history.record(3, 'focus')
    time = 5000
    history.record(4, 'focus')
    expect(history.undo(5)).toBe(4)
    expect(history.undo(4)).toBe(3)
  })

  it('keeps no more than its limit', () => {
    const history = new History<number>(2, () => 0)
    for (let i = 0; i < 5; i++) history.record(i)
    expect(history.undo(5)).toBe(4)
    expect(history.undo(4)).toBe(3)
    expect(history.canUndo).toBe(false)
  })
})

describe('row sets', () => {
  it('sorts, joins and subtracts', () => {
    const a = rowSet([5, 1, 5, 3])
    expect([...a]).toEqual([1, 3, 5])
    expect([...union(a, rowSet([2, 3, 9]))]).toEqual([1, 2, 3, 5, 9])
    expect([...difference(a, rowSet([3]))]).toEqual([1, 5])
    expect(hasRow(a, 3)).toBe(true)
    expect(hasRow(a, 4)).toBe(false)
  })
})

describe('useView', () => {
  beforeEach(() => useView.getState().load(null))

  it('undoes a scrub through layers as one step, and selections one by one', () => {
    const view = useView.getState()
    view.presetSite('0')
    for (const site of ['1', '2', '3']) view.setSite(site)
    view.select([4, 2])
    view.select([7], 'add')
    expect([...useView.getState().selection]).toEqual([2, 4, 7])
    view.undo()
    expect([...useView.getState().selection]).toEqual([2, 4])
    view.undo()
    view.undo()
    expect(useView.getState()).toMatchObject({ site: '0', canUndo: false, canRedo: true })
    view.redo()
    expect(useView.getState().site).toBe('3')
  })

  it('does not record what changes nothing', () => {
    const view = useView.getState()
    view.select([])
    view.setColorBy({ kind: 'label' })
    view.focusRow(null)
    expect(useView.getState().canUndo).toBe(false)
  })

  it('returns from JSON as it was', () => {
    const view = useView.getState()
    view.setSite('blocks.3.hook_resid_post')
    view.select([9, 3])
    view.focusRow(3)
    view.setColorBy({ kind: 'column', column: 'country' })
    view.setHidden(['France'])
    view.setCell('blocks.3.hook_resid_post', 'mass-mean')
    view.setMeasure('r2')
    view.setLeftOut({ runId: 'run-1', rows: [4, 8] })
    view.setTable({ open: true, sort: { column: 'label', descending: true } })
    const saved = JSON.parse(JSON.stringify(serialiseView(useView.getState()))) as Record<string, unknown>
    expect(parseView(saved)).toEqual({
      site: 'blocks.3.hook_resid_post', method: 'mass-mean', selection: Int32Array.of(3, 9), focusedRow: 3, colorBy: { kind: 'column', column: 'country' }, hidden: ['France'], leftOut: { runId: 'run-1', rows: [4, 8] },
      centre: 'cloud', measure: 'r2', tool: 'pan', table: { open: true, search: '', sort: { column: 'label', descending: true }, onlySelection: false }
    })
  })

  it('reads a damaged view as far as it makes sense', () => {
    expect(parseView({ site: 7, selection: [3, -1, 'x', 1.5, 2], focusedRow: -4, colorBy: { kind: 'column' }, hidden: [1, 'a'], method: 4, measure: 'beauty', table: [], tool: 'laser' })).toEqual({
      site: null, method: null, selection: Int32Array.of(2, 3), focusedRow: null, colorBy: { kind: 'label' }, hidden: ['a'], leftOut: null, centre: 'cloud', measure: null, tool: 'pan',
      table: { open: false, search: '', sort: null, onlySelection: false }
    })
  })
})
