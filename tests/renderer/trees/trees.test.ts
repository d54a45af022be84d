import { describe, expect, it } from 'vitest'
import type { SentenceTree, TreeWord } from '../../../preload/contract'
import type { DataTheme } from '../../../renderer/palette'
import { sentenceAt } from '../../../renderer/trees/sentence-at'
import { treeSvg } from '../../../renderer/trees/tree-figure'
import { arcPath, treeHeights, treeLayout } from '../../../renderer/trees/tree-layout'

/** `heads` and `predicted` count words from 0, −1 for the root; null is no prediction. The last word is punctuation. */
function sentence(forms: readonly string[], heads: readonly number[], predicted: readonly (number | null)[]): SentenceTree {
  const words = forms.map((form, word): TreeWord => ({
    row: 10 + word, form, tag: 'X', relation: null, head: heads[word] ?? -1, depth: 0, punctuation: word === forms.length - 1, predictedHead: predicted[word] ?? null, predictedDepth: null
  }))
  return { name: 's', words, tested: true, arcs: 0, right: 0 }
}

// the old dog sees it . — gold: the → dog, old → dog, dog → sees, it → sees, . → sees
const plain = sentence(['the', 'old', '<dog> & "co"', 'sees', 'it', '.'], [2, 2, 3, -1, 3, 3], [1, 2, -1, 2, 3, null])

describe('layout of a parse', () => {
  it('stands words side by side and leaves punctuation without arcs', () => {
    const layout = treeLayout(plain, [20, 60, 40, 30, 10, 4])
    layout.x.slice(1).forEach((x, i) => {
      const half = (word: number): number => Math.max(22, layout.widths[word] ?? 0) / 2
      expect(x - (layout.x[i] ?? 0)).toBeGreaterThanOrEqual(half(i) + half(i + 1))
    })
    expect(layout.width).toBeGreaterThan((layout.x.at(-1) ?? 0))
    expect(layout.gold.map(({ word, head }) => [word, head])).toEqual([[0, 2], [1, 2], [2, 3], [4, 3]])
    expect(layout.predicted.map(({ word, head, right }) => [word, head, right])).toEqual([[0, 1, false], [1, 2, true], [3, 2, true], [4, 3, true]])
    expect([layout.goldRoot, layout.predictedRoot]).toEqual([3, 2])
  })

  it('lifts an arc over those within it', () => {
    const layout = treeLayout(sentence(['a', 'b', 'c', 'd', 'e', '.'], [4, 2, 3, 4, -1, 4], []), [9, 9, 9, 9, 9, 9])
    expect(layout.gold.map(({ level }) => level)).toEqual([2, 1, 1, 1])
    expect([layout.above, layout.below, layout.predictedRoot]).toEqual([2, 1, -1])
    const nested = treeLayout(sentence(['a', 'b', 'c', 'd', '.'], [3, 0, 1, -1, 3], []), [9, 9, 9, 9, 9])
    expect(nested.gold.map(({ level }) => level)).toEqual([2, 1, 1])
  })

  it('shrinks to its room, but not to nothing', () => {
    const [wide, narrow] = [treeHeights({ above: 3, below: 2 }, 500), treeHeights({ above: 12, below: 12 }, 200)]
    expect(wide.height).toBeLessThanOrEqual(500)
    expect(narrow.level).toBe(7)
    expect(narrow.bottom).toBeGreaterThan(narrow.top)
    // The middle of a cubic through a control height of rise / 0.75 lies at the rise.
    expect(arcPath(0, 10, 100, -30)).toBe('M0.0 100.0C0.0 60.0 10.0 60.0 10.0 100.0')
  })
})

describe('figure of a parse', () => {
  it('draws both trees, right arcs solid and wrong ones dashed, its text as text', () => {
    const theme = { surface: '#fff', text: '#111', textSecondary: '#222', textTertiary: '#333', control: '#444', accent: '#55f' } as DataTheme
    const { svg, width, height } = treeSvg(plain, treeLayout(plain, [20, 60, 40, 30, 10, 4]), theme, 'Parse of <b>it</b>', '3 of 4 arcs right')
    expect(svg).toContain('&lt;dog&gt; &amp; &quot;co&quot;')
    expect(svg).toContain('Parse of &lt;b&gt;it&lt;/b&gt;')
    expect(svg).not.toMatch(/<dog>|<b>/)
    expect(svg.match(/<path [^>]*stroke="#55f"/g)).toHaveLength(3)
    // One wrong arc, and the wrong root.
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(2)
    expect(svg).toMatch(new RegExp(`^<svg [^>]*width="${width}" height="${height}"`))
  })
})

describe('the sentence of a row', () => {
  it('is found among the test sentences, and none between them', () => {
    const sentences = { rows: Int32Array.of(4, 10, 30), words: Int32Array.of(3, 5, 2) }
    expect([3, 4, 6, 7, 10, 14, 15, 31, 32].map((row) => sentenceAt(sentences, row))).toEqual([-1, 0, 0, -1, 1, 1, -1, 2, -1])
    expect(sentenceAt({ rows: new Int32Array(0), words: new Int32Array(0) }, 0)).toBe(-1)
  })
})
