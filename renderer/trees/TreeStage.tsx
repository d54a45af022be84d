import { useEffect, useMemo, useRef, useState } from 'react'
import type { SentenceTree } from '../../preload/contract'
import { useSize } from '../plots'
import { motionMs } from '../projection/motion'
import { hasRow } from '../state/row-set'
import { useView } from '../state/view'
import { arcPath, treeHeights, type TreeLayout } from './tree-layout'

export interface TreeStageProps {
  readonly sentence: SentenceTree
  readonly layout: TreeLayout
}

/** The sentence on its line, the treebank's arcs above and the predicted ones below; longer ones scroll. */
export function TreeStage({ sentence: { words, tested }, layout }: TreeStageProps): React.JSX.Element {
  const scroller = useRef<HTMLDivElement>(null)
  const [{ width, height }, measure] = useSize()
  const { selection, focusedRow, focusRow } = useView()
  // A sentence that scrolls leaves room for its scroll bar.
  const room = height - (layout.width > width ? 14 : 0)
  const heights = treeHeights(layout, room)
  const focused = words.findIndex(({ row }) => row === focusedRow)
  const at = layout.x[focused]
  useEffect(() => {
    const element = scroller.current
    if (!element || at === undefined) return
    if (at < element.scrollLeft + 40 || at > element.scrollLeft + element.clientWidth - 40) element.scrollTo({ left: at - element.clientWidth / 2, behavior: motionMs() > 0 ? 'smooth' : 'instant' })
  }, [at])
  const x = (word: number): number => layout.x[word] ?? 0
  const ends = useGlide(useMemo(() => arcEnds(layout), [layout]))
  const right = layout.predictedRoot === layout.goldRoot
  const shownWidth = Math.max(layout.width, width)
  const shift = (shownWidth - layout.width) / 2
  const shiftY = Math.max(0, (room - heights.height) / 2)
  return (
    <div className="TreeStage" ref={measure}>
      <span className="TreeStage-side" style={{ top: Math.max(6, shiftY) }}>treebank</span>
      {tested && <span className="TreeStage-side" style={{ top: Math.min(room - 20, shiftY + heights.height - 18) }}>predicted</span>}
      <div ref={scroller} className="TreeStage-scroller">
        <svg width={shownWidth} height={Math.max(room, heights.height)} role="img" aria-label={describe(words, layout)}>
          <g transform={`translate(${shift},${shiftY})`}>
            {layout.gold.map(({ word, head, level }) => (
              <g key={word} className="TreeArc" data-focus={word === focused || head === focused || undefined}>
                <path d={arcPath(x(head), x(word), heights.top, -level * heights.level)} />
                <path className="TreeArc-head" d={`M${x(word) - 3.5} ${heights.top - 6}l3.5 6l3.5 -6z`} />
              </g>
            ))}
            <g className="TreeArc TreeArc-root">
              <path d={`M${x(layout.goldRoot)} ${heights.top}V${heights.top - layout.above * heights.level - 14}`} />
              <text x={x(layout.goldRoot) + 5} y={heights.top - layout.above * heights.level - 6}>root</text>
            </g>
            {layout.predicted.map(({ word, head, right: own }) => {
              const [end = x(head), level = 1] = [ends.x[word], ends.level[word]]
              return (
                <g key={word} className="TreeArc TreeArc-predicted" data-right={own} data-focus={word === focused || head === focused || undefined}>
                  <path d={arcPath(end, x(word), heights.bottom, level * heights.level)} />
                </g>
              )
            })}
            {layout.predictedRoot >= 0 && (
              <g className="TreeArc TreeArc-predicted TreeArc-root" data-right={right}>
                <path d={`M${ends.root} ${heights.bottom}V${heights.bottom + layout.below * heights.level + 14}`} />
                <text x={ends.root + 5} y={heights.bottom + layout.below * heights.level + 14}>root</text>
              </g>
            )}
            {words.map(({ row, form, tag, punctuation }, word) => (
              <g key={row} className="TreeWord" data-punctuation={punctuation || undefined} data-focus={word === focused || undefined} data-selected={hasRow(selection, row) || undefined} onClick={() => focusRow(row)}>
                <rect x={x(word) - Math.max(22, layout.widths[word] ?? 0) / 2 - 5} y={heights.top + 3} width={Math.max(22, layout.widths[word] ?? 0) + 10} height={heights.bottom - heights.top - 6} rx={4} />
                <text x={x(word)} y={heights.top + 19}>{form}</text>
                {tag !== null && <text className="TreeWord-tag" x={x(word)} y={heights.top + 35}>{tag}</text>}
              </g>
            ))}
          </g>
        </svg>
      </div>
    </div>
  )
}

/** The drawing in words, for those who do not see it. */
function describe(words: SentenceTree['words'], { gold, predicted, predictedRoot }: TreeLayout): string {
  const right = predicted.filter((arc) => arc.right).length
  const root = words[predictedRoot]?.form
  return `Parse of a sentence of ${words.length} words: ${predictedRoot < 0 ? `${gold.length} arcs of the treebank, none predicted` : `${right} of ${gold.length} arcs right, predicted root “${root ?? ''}”`}. The table lists them.`
}

/** Where each word's predicted arc ends and how high it rises, and where the root is. */
interface ArcEnds { readonly x: readonly number[]; readonly level: readonly number[]; readonly root: number; readonly of: readonly number[] }

function arcEnds({ x, predicted, predictedRoot }: TreeLayout): ArcEnds {
  const own = new Map(predicted.map((arc) => [arc.word, arc]))
  return {
    x: x.map((place, word) => x[own.get(word)?.head ?? -1] ?? place), level: x.map((_, word) => own.get(word)?.level ?? 0),
    root: x[predictedRoot] ?? 0, of: x
  }
}

/** The arcs of one sentence move from layer to layer; those of another stand at once. */
function useGlide(next: ArcEnds): ArcEnds {
  const [drawn, setDrawn] = useState(next)
  const before = useRef(next)
  useEffect(() => {
    const from = before.current
    const same = from.of.length === next.of.length && from.of.every((place, word) => place === next.of[word])
    const ms = same ? motionMs() : 0
    const began = performance.now()
    let frame = 0
    const step = (): void => {
      const t = ms === 0 ? 1 : Math.min(1, (performance.now() - began) / ms)
      const eased = 1 - (1 - t) ** 3
      const mixed = (a: readonly number[], b: readonly number[]): readonly number[] => b.map((to, i) => (a[i] ?? to) + (to - (a[i] ?? to)) * eased)
      const own = t === 1 ? next : { x: mixed(from.x, next.x), level: mixed(from.level, next.level), root: from.root + (next.root - from.root) * eased, of: next.of }
      before.current = own
      setDrawn(own)
      if (t < 1) frame = requestAnimationFrame(step)
    }
    step()
    return () => cancelAnimationFrame(frame)
  }, [next])
  return drawn.of.length === next.of.length ? drawn : next
}
