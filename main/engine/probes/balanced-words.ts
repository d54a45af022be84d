/**
 * How far words lean to a label, against what chance would give: Σ (n₁ − p·n)² / Σ p(1 − p)·n over the words that several groups
 * share, n the rows with the word, n₁ those of class 1, p the share of class 1. About 1 where labels fall on words at random,
 * near 0 where the rows were made so that every word stands as often under either label, above 1 where words tell the label.
 * NaN with other than two classes, or where groups share no words.
 *
 * In balanced rows a word that is mostly true in the training folds is mostly false in the one held out, since the whole comes out even:
 * a text baseline then learns the opposite of what it is tested on.
 */
export function wordLean(texts: readonly string[], codes: Int32Array, groups: Int32Array, classes: number): number {
  if (classes !== 2) return NaN
  const counts = new Map<string, { rows: number; positive: number; readonly group: number; shared: boolean }>()
  codes.forEach((code, i) => {
    const group = groups[i] as number
    for (const word of new Set((texts[i] ?? '').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])) {
      const count = counts.get(word) ?? { rows: 0, positive: 0, group, shared: false }
      counts.set(word, count)
      count.rows += 1
      count.positive += code
      if (count.group !== group) count.shared = true
    }
  })
  const share = codes.reduce((sum, code) => sum + code, 0) / codes.length
  let [squares, variance] = [0, 0]
  for (const { rows, positive, shared } of counts.values()) {
    if (!shared) continue
    squares += (positive - share * rows) ** 2
    variance += share * (1 - share) * rows
  }
  return squares / variance
}
