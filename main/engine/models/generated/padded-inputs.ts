import type { TokenBatch } from '../open-model'
import type { Architecture } from './architecture'
import type { PrefixPack } from './prefix-packs'
import { rotaryFrequencies, dependsOnLength } from './rotary'
import { INPUTS, MASKED } from './graph/graph-inputs'

/** One input of a graph, ready for ONNX Runtime. */
export type Feed =
  | { readonly type: 'int64'; readonly data: BigInt64Array; readonly dims: readonly number[] }
  | { readonly type: 'float32'; readonly data: Float32Array; readonly dims: readonly number[] }

/**
 * Inputs of a generated graph for a padded rectangle of tokens, padding on either side. Real tokens are numbered by the
 * attention mask, so that a row gives the same activations wherever its padding stands.
 */
export function paddedInputs(architecture: Architecture, batch: TokenBatch): ReadonlyMap<string, Feed> {
  const { rows, length, inputIds, attentionMask } = batch
  const feeds = new Map<string, Feed>()
  const square = [rows, length]
  feeds.set(INPUTS.tokens, { type: 'int64', data: BigInt64Array.from(inputIds, BigInt), dims: square })
  const numbers = tokenNumbers(batch)
  feeds.set(INPUTS.positions, { type: 'int64', data: tablePositions(architecture, batch, numbers), dims: square })
  const inOrder = BigInt64Array.from({ length: rows * length }, (_, token) => BigInt(token))
  feeds.set(INPUTS.places, { type: 'int64', data: inOrder, dims: square })
  feeds.set(INPUTS.placeOf, { type: 'int64', data: inOrder, dims: [rows * length] })

  for (const window of new Set(architecture.attention.windows)) {
    const bias = new Float32Array(rows * length * length)
    for (let row = 0; row < rows; row++) {
      for (let query = 0; query < length; query++) {
        for (let key = 0; key < length; key++) {
          const distance = (numbers[row * length + query] ?? 0) - (numbers[row * length + key] ?? 0)
          const seen = attentionMask[row * length + key] === 1 && (!architecture.causal || key <= query) && (window === null || Math.abs(distance) < window)
          if (!seen) bias[(row * length + query) * length + key] = MASKED
        }
      }
    }
    feeds.set(INPUTS.bias(window), { type: 'float32', data: bias, dims: [rows, 1, length, length] })
  }
  if (architecture.relativeBias) {
    const { buckets, maxDistance } = architecture.relativeBias
    const data = new BigInt64Array(rows * length * length)
    for (let row = 0; row < rows; row++) {
      for (let query = 0; query < length; query++) {
        for (let key = 0; key < length; key++) {
          const relative = (numbers[row * length + key] ?? 0) - (numbers[row * length + query] ?? 0)
          data[(row * length + query) * length + key] = BigInt(relativeBucket(relative, buckets, maxDistance))
        }
      }
    }
    feeds.set(INPUTS.buckets, { type: 'int64', data, dims: [rows, length, length] })
  }
  addFrequencies(architecture, length, feeds)
  return feeds
}

/**
 * Inputs of a pack: one row of slots, each with the position its token has in its own row, and for attention the rows that bring
 * slots of their own, one under the other. Numbers within 1e-5 of the padded run's.
 */
export function packedInputs(architecture: Architecture, batch: TokenBatch, pack: PrefixPack): ReadonlyMap<string, Feed> {
  const feeds = new Map<string, Feed>()
  const count = pack.tokens.length
  const numbers = tokenNumbers(batch)
  const positions = tablePositions(architecture, batch, numbers)
  feeds.set(INPUTS.tokens, { type: 'int64', data: BigInt64Array.from(pack.tokens, (token) => BigInt(batch.inputIds[token] ?? 0)), dims: [1, count] })
  feeds.set(INPUTS.positions, { type: 'int64', data: BigInt64Array.from(pack.tokens, (token) => positions[token] ?? 0n), dims: [1, count] })
  const { rows, length, stacked } = attentionRows(pack)
  const places = new BigInt64Array(rows * length)
  const placeOf = new BigInt64Array(count)
  const square = length * length
  const seen = new Map([...new Set(architecture.attention.windows)].map((window) => [window, new Float32Array(rows * square).fill(MASKED)]))
  const { relativeBias } = architecture
  const buckets = relativeBias ? new BigInt64Array(rows * square) : null
  stacked.forEach((slots, row) => {
    // Where each token of the row stands: in a line of its own, or by its slot in the only one.
    const at = (token: number): number => (rows === 1 ? slots[token] ?? 0 : token)
    for (let query = 0; query < slots.length; query++) {
      const place = (rows === 1 ? 0 : row * length) + at(query)
      places[place] = BigInt(slots[query] ?? 0)
      placeOf[slots[query] ?? 0] = BigInt(place)
      const line = place * length
      const end = architecture.causal ? query + 1 : slots.length
      for (const [window, bias] of seen) {
        for (let key = window === null || !architecture.causal ? 0 : Math.max(0, query - window + 1); key < end; key++) {
          if (window === null || Math.abs(query - key) < window) bias[line + at(key)] = 0
        }
      }
      if (!relativeBias || !buckets) continue
      for (let key = 0; key < end; key++) buckets[line + at(key)] = BigInt(relativeBucket(key - query, relativeBias.buckets, relativeBias.maxDistance))
    }
  })
  feeds.set(INPUTS.places, { type: 'int64', data: places, dims: [rows, length] })
  feeds.set(INPUTS.placeOf, { type: 'int64', data: placeOf, dims: [count] })
  for (const [window, data] of seen) feeds.set(INPUTS.bias(window), { type: 'float32', data, dims: [rows, 1, length, length] })
  if (buckets) feeds.set(INPUTS.buckets, { type: 'int64', data: buckets, dims: [rows, length, length] })
  addFrequencies(architecture, batch.length, feeds)
  return feeds
}

/**
 * The rows of a pack that attention runs: those that bring slots of their own, stacked; all in one row of slots where
 * what they share is so long that repeating it would cost more.
 */
function attentionRows(pack: PrefixPack): { readonly rows: number; readonly length: number; readonly stacked: readonly Int32Array[] } {
  const known = new Set<number>()
  const stacked = pack.rows.map(({ slots }) => slots).filter((slots) => {
    const own = slots.some((slot) => !known.has(slot))
    for (const slot of slots) known.add(slot)
    return own
  })
  const length = stacked.reduce((longest, slots) => Math.max(longest, slots.length), 1)
  const count = pack.tokens.length
  return stacked.length * length * length > count * count ? { rows: 1, length: count, stacked } : { rows: stacked.length, length, stacked }
}

/** Inputs of a cached graph for one row whose `ids` follow `past` tokens. */
export function continuedInputs(architecture: Architecture, ids: readonly number[], past: number): ReadonlyMap<string, Feed> {
  const feeds = new Map<string, Feed>()
  const count = ids.length
  const total = past + count
  const offset = architecture.positions.kind === 'learned' ? architecture.positions.offset : 0
  feeds.set(INPUTS.tokens, { type: 'int64', data: BigInt64Array.from(ids, BigInt), dims: [1, count] })
  feeds.set(INPUTS.positions, { type: 'int64', data: BigInt64Array.from(ids, (_, i) => BigInt(past + i + offset)), dims: [1, count] })
  for (const window of new Set(architecture.attention.windows)) {
    const bias = new Float32Array(count * total)
    for (let query = 0; query < count; query++) {
      for (let key = 0; key < total; key++) {
        const distance = past + query - key
        if (distance < 0 || (window !== null && distance >= window)) bias[query * total + key] = MASKED
      }
    }
    feeds.set(INPUTS.bias(window), { type: 'float32', data: bias, dims: [1, 1, count, total] })
  }
  addFrequencies(architecture, total, feeds)
  return feeds
}

/** Whether rotation differs between sequences of these lengths. */
export function frequenciesChange({ positions }: Architecture, length: number, other: number): boolean {
  if (positions.kind !== 'rotary') return false
  const rotary = positions.blocks.find(dependsOnLength)
  return rotary !== undefined && rotaryFrequencies(rotary, length).frequencies.some((frequency, at) => frequency !== rotaryFrequencies(rotary, other).frequencies[at])
}

function addFrequencies(architecture: Architecture, length: number, feeds: Map<string, Feed>): void {
  if (architecture.positions.kind !== 'rotary') return
  const rotary = architecture.positions.blocks.find(dependsOnLength)
  if (!rotary) return
  const { frequencies } = rotaryFrequencies(rotary, length)
  feeds.set(INPUTS.frequencies, { type: 'float32', data: frequencies, dims: [frequencies.length] })
}

/** Number of each real token in its row, from 0; padding takes the number of the token before it, or 0. [rows, length] */
function tokenNumbers({ rows, length, attentionMask }: TokenBatch): Int32Array {
  const numbers = new Int32Array(rows * length)
  for (let row = 0; row < rows; row++) {
    let next = 0
    for (let i = row * length; i < (row + 1) * length; i++) {
      if (attentionMask[i] === 1) next++
      numbers[i] = Math.max(0, next - 1)
    }
  }
  return numbers
}

function tablePositions(architecture: Architecture, { rows, length, inputIds, attentionMask }: TokenBatch, numbers: Int32Array): BigInt64Array {
  const { positions } = architecture
  if (positions.kind !== 'learned') return BigInt64Array.from(numbers, BigInt)
  const { offset, paddingId } = positions
  if (paddingId === null) return BigInt64Array.from(numbers, (number) => BigInt(number + offset))
  // RoBERTa counts the tokens that are not its padding id; that id and padding read the table's padding row.
  const result = new BigInt64Array(rows * length)
  for (let row = 0; row < rows; row++) {
    let count = 0
    for (let i = row * length; i < (row + 1) * length; i++) {
      result[i] = inputIds[i] === paddingId || attentionMask[i] === 0 ? BigInt(paddingId) : BigInt(paddingId + ++count)
    }
  }
  return result
}

/** T5's bucket of a relative position (key − query), both directions, as transformers' MPNet computes it. */
function relativeBucket(relative: number, buckets: number, maxDistance: number): number {
  const half = buckets / 2
  const after = relative > 0 ? half : 0
  const distance = Math.abs(relative)
  const exact = half / 2
  if (distance < exact) return after + distance
  // Float32, as the reference computes the logarithm.
  const scaled = Math.fround(Math.log(Math.fround(distance / exact))) / Math.log(maxDistance / exact)
  return after + Math.min(half - 1, exact + Math.floor(Math.fround(scaled * (half - exact))))
}
