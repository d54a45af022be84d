/**
 * Trees of one sentence. A tree is its heads: for every word the word of the same sentence it depends on, counted from 0, −1 for the root.
 * Matrices are [words, words], row-major.
 */

/** Arcs between each word and the root; null where the heads form no single tree. */
export function treeDepths(heads: Int32Array): Int32Array | null {
  const depths = new Int32Array(heads.length).fill(-1)
  let roots = 0
  for (let start = 0; start < heads.length; start++) {
    const way: number[] = []
    let at = start
    while ((depths[at] as number) < 0) {
      const head = heads[at] as number
      if (head < -1 || head >= heads.length || way.length === heads.length) return null
      way.push(at)
      if (head === -1) break
      at = head
    }
    for (const word of way.reverse()) {
      const head = heads[word] as number
      if (head === -1) roots++
      depths[word] = head === -1 ? 0 : (depths[head] as number) + 1
    }
  }
  return roots === 1 ? depths : null
}

/** Arcs on the way between every two words, written to `into`. */
export function treeDistances(heads: Int32Array, depths: Int32Array, into: Uint16Array): void {
  const words = heads.length
  // Every word after its head: its distances are those of its head and one more.
  const order = Int32Array.from(heads.keys()).sort((a, b) => (depths[a] as number) - (depths[b] as number))
  for (let i = 0; i < words; i++) {
    const word = order[i] as number
    const head = heads[word] as number
    into[word * words + word] = 0
    for (let j = 0; j < i; j++) {
      const other = order[j] as number
      const distance = (into[head * words + other] as number) + 1
      into[word * words + other] = distance
      into[other * words + word] = distance
    }
  }
}

/**
 * The minimum spanning tree over the words that `included` marks (Prim), as heads from the first of them; −2 for words left out.
 * Among equal distances the earlier word is taken.
 */
export function spanningTree(distances: Float64Array, included: Uint8Array): Int32Array {
  const words = included.length
  const heads = new Int32Array(words).fill(-2)
  const nearest = new Float64Array(words).fill(Infinity)
  const from = new Int32Array(words).fill(-1)
  const open = new Uint8Array(included)
  let at = included.indexOf(1)
  while (at >= 0) {
    heads[at] = from[at] as number
    open[at] = 0
    let next = -1
    for (let word = 0; word < words; word++) {
      if (open[word] === 0) continue
      const distance = distances[at * words + word] as number
      if (distance < (nearest[word] as number)) {
        nearest[word] = distance
        from[word] = at
      }
      if (next < 0 || (nearest[word] as number) < (nearest[next] as number)) next = word
    }
    at = next
  }
  return heads
}

/** The same undirected tree, its arcs turned so that they lead away from `root`. */
export function rootedAt(heads: Int32Array, root: number): Int32Array {
  const turned = Int32Array.from(heads)
  let above = -1
  let at = root
  while (at >= 0) {
    const next = heads[at] as number
    turned[at] = above
    above = at
    at = next
  }
  return turned
}
