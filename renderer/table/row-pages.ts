import type { RowPage } from '../../preload/contract'
import { LeastRecent } from '../state/least-recent'

export type TableRow = RowPage['rows'][number]

/** Fetches rows `offset` … `offset + limit` of the list in its present order. */
export type FetchPage = (offset: number, limit: number) => Promise<RowPage>

export const PAGE_ROWS = 200

/**
 * A list of rows that stays in the engine: pages come when they are looked at and the oldest are forgotten.
 */
export class RowPages {
  private readonly pages: LeastRecent<number, readonly TableRow[]>
  private readonly asked = new Set<number>()
  private total_: number | null = null
  private closed = false

  /** @param onChange A page or the total came. */
  constructor(private readonly fetch: FetchPage, private readonly onChange: () => void, private readonly onError: (error: unknown) => void, keep = 40) {
    this.pages = new LeastRecent(keep)
  }

  /** Rows in the list; null before the first page. */
  get total(): number | null { return this.total_ }

  /** The row at a place in the list, or null while its page is fetched. */
  at(index: number): TableRow | null {
    const page = Math.floor(index / PAGE_ROWS)
    const rows = this.pages.get(page)
    if (rows) return rows[index - page * PAGE_ROWS] ?? null
    this.ask(page)
    return null
  }

  /** Fetches the page of a place and gives its row; null beyond the end. */
  async load(index: number): Promise<TableRow | null> {
    const page = Math.floor(index / PAGE_ROWS)
    const rows = this.pages.get(page) ?? (await this.fetch(page * PAGE_ROWS, PAGE_ROWS)).rows
    return rows[index - page * PAGE_ROWS] ?? null
  }

  /** Answers that are still on their way are dropped. */
  close(): void { this.closed = true }

  private ask(page: number): void {
    if (this.closed || this.asked.has(page) || (this.total_ !== null && page > 0 && page * PAGE_ROWS >= this.total_)) return
    this.asked.add(page)
    this.fetch(page * PAGE_ROWS, PAGE_ROWS).then(({ total, rows }) => {
      if (this.closed) return
      this.asked.delete(page)
      this.total_ = total
      this.pages.set(page, rows)
      this.onChange()
    }, (error: unknown) => {
      if (this.closed) return
      this.asked.delete(page)
      this.total_ ??= 0
      this.onError(error)
    })
  }
}
