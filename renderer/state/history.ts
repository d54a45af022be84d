/** How long after a change a further change of the same kind still belongs to it, in ms. */
const COALESCE_MS = 700

/**
 * Undo and redo over immutable snapshots. Changes recorded under the same key in quick succession
 * (scrubbing through layers, say) become one step.
 */
export class History<T> {
  private past: T[] = []
  private future: T[] = []
  private lastKey: string | null = null
  private lastAt = -Infinity

  /** @param limit Steps kept; the oldest go first. */
  constructor(private readonly limit = 100, private readonly now: () => number = () => performance.now()) {}

  get canUndo(): boolean { return this.past.length > 0 }
  get canRedo(): boolean { return this.future.length > 0 }

  /** Notes the state `before` a change. A null `key` never joins the step before it. */
  record(before: T, key: string | null = null): void {
    const at = this.now()
    const joins = key !== null && key === this.lastKey && at - this.lastAt < COALESCE_MS && this.past.length > 0 && this.future.length === 0
    if (!joins) {
      this.past.push(before)
      if (this.past.length > this.limit) this.past.shift()
    }
    this.future = []
    this.lastKey = key
    this.lastAt = at
  }

  /** The state to go back to, or null when there is none. */
  undo(current: T): T | null {
    const previous = this.past.pop()
    if (previous === undefined) return null
    this.future.push(current)
    this.lastKey = null
    return previous
  }

  /** The state that was undone last, or null when there is none. */
  redo(current: T): T | null {
    const next = this.future.pop()
    if (next === undefined) return null
    this.past.push(current)
    this.lastKey = null
    return next
  }

  clear(): void {
    this.past = []
    this.future = []
    this.lastKey = null
  }
}
