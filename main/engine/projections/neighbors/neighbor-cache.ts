import type { NeighborTable } from './exact-neighbors'

/** Neighbour tables by key, the least recently used dropped beyond a number of bytes. */
export class NeighborCache {
  readonly #limit: number
  readonly #tables = new Map<string, NeighborTable>()
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limit = limitBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string): NeighborTable | null {
    const table = this.#tables.get(key)
    if (table === undefined) return null
    // A map iterates in order of insertion: the first is the least recently used.
    this.#tables.delete(key)
    this.#tables.set(key, table)
    return table
  }

  set(key: string, table: NeighborTable): void {
    this.#drop(key)
    if (sizeOf(table) > this.#limit) return
    this.#tables.set(key, table)
    this.#bytes += sizeOf(table)
    for (const oldest of this.#tables.keys()) {
      if (this.#bytes <= this.#limit) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const table = this.#tables.get(key)
    if (table === undefined) return
    this.#tables.delete(key)
    this.#bytes -= sizeOf(table)
  }
}

function sizeOf(table: NeighborTable): number {
  return table.indices.byteLength + table.distances.byteLength
}
