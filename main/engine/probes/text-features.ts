/** Rows of sparse features, compressed: row i holds `indices` and `values` from `starts[i]` to `starts[i + 1]`. */
export interface SparseRows {
  readonly starts: Int32Array
  readonly indices: Int32Array
  /** Each row has length 1, or 0 for a text without n-grams. */
  readonly values: Float32Array
}

/** Buckets that n-grams are hashed into. */
export const textBuckets = 2 ** 18

/** Word 1–2-grams and character 2–5-grams of lower-cased texts, ln(1 + count), each row scaled to length 1. */
export function textFeatures(texts: readonly string[]): SparseRows {
  const starts = new Int32Array(texts.length + 1)
  let indices = new Int32Array(1024)
  let values = new Float32Array(1024)
  let size = 0
  const grams: number[] = []
  texts.forEach((text, row) => {
    const sorted = Int32Array.from(hashedGrams(text, grams)).sort()
    if (size + sorted.length > indices.length) {
      const room = Math.max(indices.length * 2, size + sorted.length)
      indices = grown(indices, new Int32Array(room))
      values = grown(values, new Float32Array(room))
    }
    const start = size
    let squares = 0
    for (let i = 0; i < sorted.length;) {
      const gram = sorted[i] as number
      let end = i + 1
      while (end < sorted.length && sorted[end] === gram) end++
      const value = Math.log1p(end - i)
      indices[size] = gram
      values[size++] = value
      squares += value * value
      i = end
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0
    for (let at = start; at < size; at++) values[at] = (values[at] as number) * scale
    starts[row + 1] = size
  })
  return { starts, indices, values }
}

/** Some of the rows, in the order asked for. */
export function rowsOf({ starts, indices, values }: SparseRows, rows: readonly number[]): SparseRows {
  const own = new Int32Array(rows.length + 1)
  rows.forEach((row, i) => { own[i + 1] = (own[i] as number) + (starts[row + 1] as number) - (starts[row] as number) })
  const size = own[rows.length] as number
  const chosen = { starts: own, indices: new Int32Array(size), values: new Float32Array(size) }
  rows.forEach((row, i) => {
    const [from, to] = [starts[row] as number, starts[row + 1] as number]
    chosen.indices.set(indices.subarray(from, to), own[i])
    chosen.values.set(values.subarray(from, to), own[i])
  })
  return chosen
}

function grown<T extends Int32Array | Float32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Buckets of a text's n-grams, with repeats, in `into` (which is cleared and returned). */
function hashedGrams(text: string, into: number[]): readonly number[] {
  into.length = 0
  const lower = text.toLowerCase()
  for (let start = 0; start < lower.length; start++) {
    let hash = 0x811c9dc5
    const end = Math.min(lower.length, start + 5)
    for (let at = start; at < end; at++) {
      hash = Math.imul(hash ^ lower.charCodeAt(at), 0x01000193)
      if (at > start) into.push(bucket(hash))
    }
  }
  let before: number | null = null
  for (const word of lower.match(/[\p{L}\p{N}_]+/gu) ?? []) {
    let hash = 0x2545f491
    for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193)
    into.push(bucket(hash))
    if (before !== null) into.push(bucket(Math.imul(before, 31) ^ hash))
    before = hash
  }
  return into
}

/** Spreads a hash over all its bits (MurmurHash3's finaliser), so that the low ones make a fair bucket. */
function bucket(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) & (textBuckets - 1)
}
