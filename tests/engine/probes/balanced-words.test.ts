import { describe, expect, it } from 'vitest'
import { wordLean } from '../../../main/engine/probes/balanced-words'
import { seededRandom } from '../../../main/engine/probes/random'

const rows = Array.from({ length: 2000 }, (_, i) => ({ group: Math.floor(i / 2), word: `land${(Math.floor(i / 2) * 37) % 40}` }))
const texts = rows.map(({ group, word }) => `town${group} lies in ${word}`)
const groups = Int32Array.from(rows, ({ group }) => group)

describe('wordLean', () => {
  it('is near 0 where every shared word stands as often under either label', () => {
    // Both rows of a group name the same land, one truly and one falsely.
    expect(wordLean(texts, Int32Array.from(rows, (_, i) => i % 2), groups, 2)).toBe(0)
  })

  it('is about 1 where labels are drawn, and far above where words tell them', () => {
    const random = seededRandom(1)
    const drawn = wordLean(texts, Int32Array.from(rows, () => random() < 0.5 ? 0 : 1), groups, 2)
    expect(drawn).toBeGreaterThan(0.3)
    expect(drawn).toBeLessThan(3)
    expect(wordLean(texts, Int32Array.from(rows, ({ word }) => Number(word.slice(4)) % 2), groups, 2)).toBeGreaterThan(10)
  })

  it('has no value for several classes or words that no groups share', () => {
    expect(wordLean(texts, new Int32Array(2000), groups, 3)).toBeNaN()
    expect(wordLean(['a', 'b'], Int32Array.of(0, 1), Int32Array.of(0, 1), 2)).toBeNaN()
  })
})
