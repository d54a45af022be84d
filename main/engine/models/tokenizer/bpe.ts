import { z } from 'zod'
import { LayerscopeError } from '../../errors'
import { characterLength } from './aligned-text'
import { byteToken, utf8 } from './byte-level'
import { readComponent } from './tokenizer-file'
import type { PieceModel, PieceTokens } from './token-model'
import type { Vocabulary } from './vocabulary'

const bpeSchema = z.object({
  merges: z.array(z.unknown()),
  unk_token: z.string().nullable().default(null),
  continuing_subword_prefix: z.string().nullable().default(null),
  end_of_word_suffix: z.string().nullable().default(null),
  fuse_unk: z.boolean().default(false),
  byte_fallback: z.boolean().default(false),
  ignore_merges: z.boolean().default(false)
})

/** Above this many symbols a heap is faster than looking for the best pair again and again. */
const scannedSymbols = 48

/**
 * Byte-pair encoding (Sennrich et al., P16-1162) as the `tokenizers` library runs it: the pair of lowest
 * rank is merged first, the leftmost of equals.
 * @throws LayerscopeError `tokenizer-unreadable` where a merge names a token that is not in the vocabulary
 */
export function createBpe(model: unknown, vocabulary: Vocabulary): PieceModel {
  const options = readComponent('model', model, bpeSchema)
  const merges = new MergeTable(options.merges, vocabulary, options.continuing_subword_prefix ?? '')
  const unknown = options.unk_token === null ? null : vocabulary.idOf.get(options.unk_token) ?? null
  const bytes = Array.from({ length: 256 }, (_, byte) => vocabulary.idOf.get(byteToken(byte)))
  return (piece) => {
    if (options.ignore_merges) {
      const id = vocabulary.idOf.get(piece)
      if (id !== undefined) return { ids: Int32Array.of(id), starts: Int32Array.of(0), ends: Int32Array.of(piece.length) }
    }
    return mergeSymbols(firstSymbols(piece), merges)
  }

  function firstSymbols(piece: string): Symbols {
    const symbols: Symbols = { ids: [], starts: [], ends: [] }
    const add = (id: number, start: number, end: number): void => {
      symbols.ids.push(id)
      symbols.starts.push(start)
      symbols.ends.push(end)
    }
    let lastUnknown = false
    for (let unit = 0; unit < piece.length;) {
      const next = unit + characterLength(piece, unit)
      const character = piece.slice(unit, next)
      const prefix = unit > 0 ? options.continuing_subword_prefix ?? '' : ''
      const suffix = next === piece.length ? options.end_of_word_suffix ?? '' : ''
      const name = `${prefix}${character}${suffix}`
      const id = vocabulary.idOf.get(name)
      if (id !== undefined) {
        add(id, unit, next)
        lastUnknown = false
      } else {
        const spelled = options.byte_fallback ? Array.from(utf8(name), (byte) => bytes[byte]) : []
        if (spelled.length > 0 && spelled.every((byte) => byte !== undefined)) {
          for (const byte of spelled) add(byte, unit, next)
          lastUnknown = false
        } else if (unknown !== null) {
          if (lastUnknown && options.fuse_unk) symbols.ends[symbols.ends.length - 1] = next
          else add(unknown, unit, next)
          lastUnknown = true
        }
      }
      unit = next
    }
    return symbols
  }
}

interface Symbols { readonly ids: number[]; readonly starts: number[]; readonly ends: number[] }

function mergeSymbols(symbols: Symbols, merges: MergeTable): PieceTokens {
  if (symbols.ids.length > scannedSymbols) return mergeWithHeap(symbols, merges)
  const { ids, starts, ends } = symbols
  for (;;) {
    let best = -1
    let bestRank = Infinity
    for (let index = 0; index + 1 < ids.length; index++) {
      const rank = merges.rankOf(ids[index] ?? -1, ids[index + 1] ?? -1)
      if (rank >= 0 && rank < bestRank) {
        best = index
        bestRank = rank
      }
    }
    if (best < 0) break
    ids[best] = merges.mergedBy(bestRank)
    ends[best] = ends[best + 1] ?? 0
    ids.splice(best + 1, 1)
    starts.splice(best + 1, 1)
    ends.splice(best + 1, 1)
  }
  return { ids: Int32Array.from(ids), starts: Int32Array.from(starts), ends: Int32Array.from(ends) }
}

/** The same for long pieces: a linked list of symbols and a heap of pairs by rank, then place. */
function mergeWithHeap(symbols: Symbols, merges: MergeTable): PieceTokens {
  const count = symbols.ids.length
  const ids = Int32Array.from(symbols.ids)
  const ends = Int32Array.from(symbols.ends)
  const next = Int32Array.from({ length: count }, (_, index) => (index + 1 < count ? index + 1 : -1))
  const previous = Int32Array.from({ length: count }, (_, index) => index - 1)
  const heap = new PairHeap()
  const offer = (left: number): void => {
    const right = left < 0 ? -1 : next[left] ?? -1
    if (right < 0) return
    const rank = merges.rankOf(ids[left] ?? -1, ids[right] ?? -1)
    if (rank >= 0) heap.push(rank, left)
  }
  for (let index = 0; index + 1 < count; index++) offer(index)
  for (let pair = heap.pop(); pair !== null; pair = heap.pop()) {
    const { rank, left } = pair
    const right = next[left] ?? -1
    // A pair that changed since it was offered is stale.
    if (right < 0 || (ids[left] ?? -1) < 0 || merges.rankOf(ids[left] ?? -1, ids[right] ?? -1) !== rank) continue
    ids[left] = merges.mergedBy(rank)
    ends[left] = ends[right] ?? 0
    ids[right] = -1
    const after = next[right] ?? -1
    next[left] = after
    next[right] = -1
    if (after >= 0) previous[after] = left
    offer(previous[left] ?? -1)
    offer(left)
  }
  const kept: number[] = []
  for (let index = count === 0 ? -1 : 0; index >= 0; index = next[index] ?? -1) kept.push(index)
  return {
    ids: Int32Array.from(kept, (index) => ids[index] ?? 0),
    starts: Int32Array.from(kept, (index) => symbols.starts[index] ?? 0),
    ends: Int32Array.from(kept, (index) => ends[index] ?? 0)
  }
}

class PairHeap {
  private readonly ranks: number[] = []
  private readonly lefts: number[] = []

  push(rank: number, left: number): void {
    let index = this.ranks.length
    this.ranks.push(rank)
    this.lefts.push(left)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.before(index, parent)) break
      this.swap(index, parent)
      index = parent
    }
  }

  pop(): { readonly rank: number; readonly left: number } | null {
    const rank = this.ranks[0]
    const left = this.lefts[0]
    if (rank === undefined || left === undefined) return null
    const lastRank = this.ranks.pop() ?? 0
    const lastLeft = this.lefts.pop() ?? 0
    if (this.ranks.length > 0) {
      this.ranks[0] = lastRank
      this.lefts[0] = lastLeft
      let index = 0
      for (;;) {
        let least = index
        for (const child of [2 * index + 1, 2 * index + 2]) if (child < this.ranks.length && this.before(child, least)) least = child
        if (least === index) break
        this.swap(index, least)
        index = least
      }
    }
    return { rank, left }
  }

  private before(a: number, b: number): boolean {
    const byRank = (this.ranks[a] ?? 0) - (this.ranks[b] ?? 0)
    return byRank < 0 || (byRank === 0 && (this.lefts[a] ?? 0) < (this.lefts[b] ?? 0))
  }

  private swap(a: number, b: number): void {
    const rank = this.ranks[a] ?? 0
    const left = this.lefts[a] ?? 0
    this.ranks[a] = this.ranks[b] ?? 0
    this.lefts[a] = this.lefts[b] ?? 0
    this.ranks[b] = rank
    this.lefts[b] = left
  }
}

/** Pairs of token ids that merge: an open-addressed table, since a Map of hundreds of thousands of pairs is slow to build. */
class MergeTable {
  private readonly mask: number
  private readonly lefts: Int32Array
  private readonly rights: Int32Array
  private readonly ranks: Int32Array
  private readonly merged: Int32Array

  constructor(merges: readonly unknown[], vocabulary: Vocabulary, continuingPrefix: string) {
    let capacity = 16
    while (capacity < merges.length * 2) capacity *= 2
    this.mask = capacity - 1
    this.lefts = new Int32Array(capacity).fill(-1)
    this.rights = new Int32Array(capacity)
    this.ranks = new Int32Array(capacity)
    this.merged = new Int32Array(merges.length)
    merges.forEach((merge, rank) => {
      const [left, right] = typeof merge === 'string' ? splitMerge(merge) : Array.isArray(merge) ? (merge as readonly unknown[]) : []
      const leftId = typeof left === 'string' ? vocabulary.idOf.get(left) : undefined
      const rightId = typeof right === 'string' ? vocabulary.idOf.get(right) : undefined
      const mergedId = typeof left === 'string' && typeof right === 'string'
        ? vocabulary.idOf.get(left + (right.startsWith(continuingPrefix) ? right.slice(continuingPrefix.length) : right))
        : undefined
      if (leftId === undefined || rightId === undefined || mergedId === undefined) {
        throw new LayerscopeError({
          code: 'tokenizer-unreadable',
          message: `Merge ${rank + 1} in tokenizer.json joins tokens that are not in the vocabulary.`,
          field: `model.merges.${rank}`
        })
      }
      this.merged[rank] = mergedId
      let slot = this.slotOf(leftId, rightId)
      while (this.lefts[slot] !== -1 && !(this.lefts[slot] === leftId && this.rights[slot] === rightId)) slot = (slot + 1) & this.mask
      this.lefts[slot] = leftId
      this.rights[slot] = rightId
      this.ranks[slot] = rank
    })
  }

  /** Rank of a pair; -1 where the two do not merge. */
  rankOf(left: number, right: number): number {
    for (let slot = this.slotOf(left, right); ; slot = (slot + 1) & this.mask) {
      const found = this.lefts[slot]
      if (found === -1 || found === undefined) return -1
      if (found === left && this.rights[slot] === right) return this.ranks[slot] ?? -1
    }
  }

  mergedBy(rank: number): number {
    return this.merged[rank] ?? -1
  }

  private slotOf(left: number, right: number): number {
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
    return (hash ^ (hash >>> 13)) & this.mask
  }
}

function splitMerge(merge: string): readonly string[] {
  const space = merge.indexOf(' ', 1)
  return space < 0 ? [] : [merge.slice(0, space), merge.slice(space + 1)]
}
