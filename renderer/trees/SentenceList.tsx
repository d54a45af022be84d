import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { TestSentences } from '../../preload/contract'

const ROW = 26

/** The test sentences with how many arcs of each are right at the layer on show; the one on show is marked. */
export function SentenceList({ sentences, shown, onPick }: { readonly sentences: TestSentences; readonly shown: number; readonly onPick: (index: number) => void }): React.JSX.Element {
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({ count: sentences.rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 })
  useEffect(() => { if (shown >= 0) virtual.scrollToIndex(shown) }, [shown, virtual])
  return (
    <div ref={scroller} className="SentenceList" role="region" aria-label="Test sentences" tabIndex={0}>
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map(({ index }) => {
          const [arcs = 0, right = 0] = [sentences.arcs[index], sentences.right[index]]
          return (
            <button key={index} type="button" className="SentenceList-row" aria-current={index === shown || undefined} tabIndex={-1} style={{ transform: `translateY(${index * ROW}px)` }} onClick={() => onPick(index)}>
              <span className="SentenceList-text">{sentences.texts[index]}</span>
              <span className="SentenceList-bar" aria-hidden><i style={{ width: `${arcs === 0 ? 0 : 100 * right / arcs}%` }} /></span>
              <span className="SentenceList-count">{right} of {arcs}</span>
            </button>
          )
        })}
      </div>
    </div>
  )
}
