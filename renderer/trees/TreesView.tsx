import { ChevronDown, ChevronUp, Download, Network, Table2 } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import type { Measure, SentenceTree } from '../../preload/contract'
import { baselineName, measures, writeHalf, writeMeasure } from '../../preload/measures'
import { ContextMenu, EmptyState, formatCount, IconButton, Menu, type MenuItem } from '../components'
import { siteName, stepLayer } from '../layers'
import { useDataTheme } from '../palette'
import { copyText, fileName, saveFile, svgToPng, toCsv, toTsv } from '../plots'
import { useAnswer, useRunKey } from '../state/engine-data'
import { useMethod } from '../state/methods'
import { noticeError, noticeInfo } from '../state/notices'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { SentenceList } from './SentenceList'
import { sentenceAt } from './sentence-at'
import { treeSvg } from './tree-figure'
import { treeLayout } from './tree-layout'
import { TreeStage } from './TreeStage'
import { treeRows, TreeTable } from './TreeTable'
import { useTextWidth } from './use-text-width'
import './TreesView.css'

/** The size of a tag against that of its word. */
const tagShare = 10 / 13

/** The parse of one sentence at the selected layer: the treebank's arcs above the words, the probe's below. */
export function TreesView({ onSettled }: { readonly onSettled: () => void }): React.JSX.Element {
  const run = useWorkbench((state) => state.run)
  const swept = run?.sweep?.task === 'tree' && run.progress === null
  const { site, focusedRow, selection, focusRow } = useView()
  const key = useRunKey()
  const method = useMethod()
  const theme = useDataTheme()
  const [asTable, setAsTable] = useState(false)
  const asked = key !== null && swept && site !== null ? { ...key, site, method } : null
  const list = useAnswer('probe.sentences', asked)
  // While another answer is on its way, the one before stays: arcs move instead of vanishing, and the stage keeps the keyboard.
  const sentences = useKept(list.value, key?.runId ?? null)
  const row = focusedRow ?? selection[0] ?? sentences?.rows[0] ?? null
  const answer = useAnswer('probe.tree', asked && row !== null ? { ...asked, row } : null)
  const shown = useKept(answer.value, key?.runId ?? null)
  const widthOf = useTextWidth(`13px ${theme.font}`)
  const layout = useMemo(() => shown && treeLayout(shown, shown.words.map(({ form, tag }) => Math.max(widthOf(form), tagShare * widthOf(tag ?? '')))), [shown, widthOf])
  const error = list.error ?? answer.error
  useEffect(() => { if (layout ?? error) onSettled() }, [layout, error, onSettled])

  const place = sentences && row !== null ? sentenceAt(sentences, row) : -1
  const step = (by: number): void => {
    if (!sentences) return
    // From a sentence that was not tested, to the test sentence before or after it.
    const next = place >= 0 ? place + by : by > 0 ? sentences.rows.findIndex((first) => first > (row ?? -1)) : sentences.rows.findLastIndex((first) => first < (row ?? 0))
    const first = sentences.rows[next]
    if (first !== undefined) focusRow(first)
  }
  const measure = run?.results.find((one) => one.site === site && one.kind === 'trees')?.measures.find(({ name }) => name === 'uuas') ?? null
  const title = `Predicted and gold parse${site === null ? '' : ` · ${siteName(site)}`}`
  const statement = measure === null ? null : measureStatement(measure)

  const name = (ending: string): string => `${fileName(run?.summary.dataset.name.replace(/\.\w+$/, '') ?? '', shown?.name ?? '', site === null ? '' : siteName(site))}.${ending}`
  const exportFigure = (format: 'svg' | 'png'): void => {
    if (!shown || !layout) return
    const figure = treeSvg(shown, layout, theme, `${title} of ${run?.summary.model.name ?? ''}`, sentenceStatement(shown))
    void saveFile('save-figure', name(format), (path) =>
      path.toLowerCase().endsWith('.png') || (format === 'png' && !path.toLowerCase().endsWith('.svg')) ? svgToPng(figure.svg, figure) : new TextEncoder().encode(figure.svg)).catch(noticeError)
  }
  const items: readonly MenuItem[] = [
    { kind: 'action', label: 'Export figure as SVG…', disabled: !shown, run: () => exportFigure('svg') },
    { kind: 'action', label: 'Export figure as PNG…', disabled: !shown, run: () => exportFigure('png') },
    { kind: 'separator' },
    { kind: 'action', label: 'Copy words', disabled: !shown, run: () => { if (shown && copyText(toTsv(treeRows(shown)))) noticeInfo('Words copied.') } },
    { kind: 'action', label: 'Export words as CSV…', disabled: !shown, run: () => { if (shown) void saveFile('save-table', name('csv'), () => new TextEncoder().encode(toCsv(treeRows(shown)))).catch(noticeError) } },
    { kind: 'separator' },
    { kind: 'action', label: asTable ? 'Show as a drawing' : 'Show as table', run: () => setAsTable(!asTable) }
  ]
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    switch (event.key) {
      case 'ArrowUp': step(-1); break
      case 'ArrowDown': step(1); break
      case 'ArrowLeft': case 'ArrowRight': {
        if (event.shiftKey) return
        stepLayer(event.key === 'ArrowLeft' ? -1 : 1)
        break
      }
      default: return
    }
    event.preventDefault()
  }
  return (
    <section className="TreesView" aria-label="Trees">
      <header className="TreesView-header">
        <h2>Predicted and gold parse{site !== null && <span> · {siteName(site)}</span>}</h2>
        {sentences && <span className="TreesView-place">{place < 0 ? 'not a test sentence' : `${formatCount(place + 1)} of ${formatCount(sentences.rows.length)}`}</span>}
        <IconButton icon={ChevronUp} label="Previous sentence" shortcut="ArrowUp" size="small" disabled={!sentences || place === 0} onClick={() => step(-1)} />
        <IconButton icon={ChevronDown} label="Next sentence" shortcut="ArrowDown" size="small" disabled={!sentences || place === sentences.rows.length - 1} onClick={() => step(1)} />
        <IconButton icon={Table2} label={asTable ? 'Show as a drawing' : 'Show as table'} size="small" pressed={asTable} disabled={!shown} onClick={() => setAsTable(!asTable)} />
        <Menu align="end" items={items} trigger={<IconButton icon={Download} label="Export" size="small" disabled={!shown} />} />
      </header>
      {statement !== null && <p className="TreesView-statement">{statement}</p>}
      {!swept && <div className="TreesView-empty"><EmptyState icon={Network} title="Parses appear once the layers are probed" body="Each test sentence stands on a line, the treebank’s arcs above it and the predicted ones below." /></div>}
      {swept && error && <div className="TreesView-empty"><EmptyState icon={Network} title={error.message} body={error.hint ?? 'Pick another sentence from the list.'} /></div>}
      {swept && !error && shown && layout && (
        <>
          <p className="TreesView-sentence" role="status">{sentenceStatement(shown)}</p>
          <ContextMenu items={items}>
            <div className="TreesView-stage" tabIndex={0} role="group" aria-label="Parse. Arrow up and down walk the test sentences, left and right the layers." onKeyDown={onKeyDown}>
              {asTable ? <TreeTable sentence={shown} /> : <TreeStage sentence={shown} layout={layout} />}
            </div>
          </ContextMenu>
        </>
      )}
      {swept && sentences && <div className="TreesView-list" onKeyDown={onKeyDown}><SentenceList sentences={sentences} shown={place} onPick={(index) => focusRow(sentences.rows[index] ?? null)} /></div>}
    </section>
  )
}

/** The last value that came while `of` stays the same. */
function useKept<T>(value: T | null, of: string | null): T | null {
  const [kept, setKept] = useState({ of, value })
  const next = value !== null || kept.of !== of ? { of, value } : kept
  if (next.of !== kept.of || next.value !== kept.value) setKept(next)
  return next.value
}

function measureStatement({ name, value, interval, baselines }: Measure): string {
  const half = interval === null ? '' : ` ${writeHalf(name, (interval.hi - interval.lo) / 2)}`
  return [`${measures[name].label} ${writeMeasure(name, value)}${half}`, ...baselines.map((baseline) => `${baselineName(baseline.name, name)} ${writeMeasure(name, baseline.value)}`)].join(' · ')
}

function sentenceStatement({ tested, arcs, right, words }: SentenceTree): string {
  if (!tested) return `${arcs} arcs. The probes were trained on this sentence or chosen by it: only test sentences have a predicted parse.`
  const root = words.find(({ predictedHead }) => predictedHead === -1)
  const share = arcs === 0 ? '' : ` (${writeMeasure('uuas', right / arcs, 0.1)})`
  return `${right} of ${arcs} arcs right${share} · root ${root === undefined ? 'none' : root.head === -1 ? 'right' : `“${root.form}”, not “${words.find(({ head }) => head === -1)?.form ?? ''}”`}`
}
