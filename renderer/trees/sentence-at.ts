import type { TestSentences } from '../../preload/contract'

/** Index of the test sentence that a dataset row is a word of; −1 for none. */
export function sentenceAt({ rows, words }: Pick<TestSentences, 'rows' | 'words'>, row: number): number {
  let [low, high] = [0, rows.length - 1]
  while (low <= high) {
    const middle = (low + high) >>> 1
    const first = rows[middle] as number
    if (row < first) high = middle - 1
    else if (row >= first + (words[middle] as number)) low = middle + 1
    else return middle
  }
  return -1
}
