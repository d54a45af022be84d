import { describe, expect, it } from 'vitest'
import { toCsv, toTsv } from '../../../renderer/plots/export'
import { orderByProbe } from '../../../renderer/table/row-order'
import { PAGE_ROWS, RowPages } from '../../../renderer/table/row-pages'
import { LeastRecent } from '../../../renderer/state/least-recent'

const settle = (): Promise<void> => new Promise((done) => { setTimeout(done, 0) })

describe('RowPages', () => {
  const make = (total: number, keep?: number): { pages: RowPages; asked: number[]; changes: () => number } => {
    const asked: number[] = []
    let changes = 0
    const pages = new RowPages((offset, limit) => {
      asked.push(offset)
      const count = Math.max(0, Math.min(limit, total - offset))
      return Promise.resolve({ total, rows: Array.from({ length: count }, (_, i) => ({ row: offset + i, cells: [String(offset + i)] })) })
    }, () => { changes++ }, () => undefined, keep)
    return { pages, asked, changes: () => changes }
  }

  it('fetches a page once and then knows its rows', async () => {
    const { pages, asked, changes } = make(450)
    expect(pages.at(3)).toBeNull()
    expect(pages.at(4)).toBeNull()
    await settle()
    expect(asked).toEqual([0])
    expect(changes()).toBe(1)
    expect(pages.total).toBe(450)
    expect(pages.at(3)?.row).toBe(3)
    expect(pages.at(449)).toBeNull()
    await settle()
    expect(pages.at(449)?.row).toBe(449)
    expect(pages.at(450)).toBeNull()
  })

  it('asks for nothing past the end', async () => {
    const { pages, asked } = make(PAGE_ROWS)
    pages.at(0)
    await settle()
    pages.at(PAGE_ROWS)
    await settle()
    expect(asked).toEqual([0])
  })

  it('forgets the page looked at longest ago', async () => {
    const { pages, asked } = make(10_000, 2)
    for (const index of [0, 300, 600]) { pages.at(index); await settle() }
    expect(pages.at(601)?.row).toBe(601)
    expect(pages.at(0)).toBeNull()
    await settle()
    expect(asked).toEqual([0, 200, 600, 0])
  })

  it('drops answers after it was closed', async () => {
    const { pages, changes } = make(10)
    pages.at(0)
    pages.close()
    await settle()
    expect(changes()).toBe(0)
  })
})

describe('LeastRecent', () => {
  it('keeps what was used', () => {
    const map = new LeastRecent<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.get('a')
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2])
  })
})

describe('orderByProbe', () => {
  const values = { kind: 'classes' as const, rows: Int32Array.of(2, 4, 6, 8), score: Float32Array.of(0.9, 0.1, 0.5, 0.7), predicted: Int32Array.of(1, 0, 1, -1), confidence: null, actual: Int32Array.of(1, 1, 0, 0) }
  const among = Int32Array.of(1, 2, 4, 6, 8)
  const order = (column: '\u0000score' | '\u0000correct' | '\u0000predicted', descending: boolean): number[] => [...orderByProbe(column, descending, values, ['b', 'a'], among)]
  it('puts rows without a prediction last either way', () => {
    expect(order('\u0000score', false)).toEqual([4, 6, 2, 1, 8])
    expect(order('\u0000score', true)).toEqual([2, 6, 4, 1, 8])
  })
  it('sorts by name and by correctness, equal ones in file order', () => {
    expect(order('\u0000predicted', false)).toEqual([2, 6, 4, 1, 8])
    expect(order('\u0000correct', true)).toEqual([2, 4, 6, 1, 8])
  })
})

describe('tables on their way out', () => {
  it('quotes what CSV needs quoted and nothing else', () => {
    expect(toCsv([['a', 'b,c', 'say "so"', 'two\nlines', '=1+1']])).toBe('a,"b,c","say ""so""","two\nlines",=1+1\r\n')
  })
  it('keeps one line a row in TSV', () => {
    expect(toTsv([['a\tb', 'c\r\nd'], ['e', 'f']])).toBe('a b\tc d\ne\tf\n')
  })
})
