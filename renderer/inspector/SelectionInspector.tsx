import { X } from 'lucide-react'
import { useMemo } from 'react'
import { Button, formatCount, formatPercent, formatQuantity, IconButton } from '../components'
import { cloudActions } from '../projection'
import { siteName } from '../layers'
import { css, truthyIndex, useDataTheme, type Rgb } from '../palette'
import { useClassValues } from '../state/engine-data'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { summariseSelection, type Share } from './selection-summary'

const MOST_CLASSES = 12

/** What the selected rows have in common, beside all rows. */
export function SelectionInspector(): React.JSX.Element {
  const { selection, select, setTable, site } = useView()
  const classes = useWorkbench(({ run }) => run?.sweep?.classes ?? null)
  const rowCount = useWorkbench(({ run, dataset }) => run?.summary.rowCount || (dataset.kind === 'ready' ? dataset.value.rows : 0))
  const values = useClassValues()
  const theme = useDataTheme()
  const summary = useMemo(() => values && classes ? summariseSelection(selection, values, classes) : null, [selection, values, classes])
  const share = ({ hits, of }: Share): string => of === 0 ? '–' : formatPercent(hits / of)
  const colorOf = (index: number): string => css(theme.categories[classes?.length === 2 ? Number(index !== truthyIndex(classes)) : index % 8] as Rgb)
  // Two classes keep the order they have everywhere; of more the most frequent come first.
  const listed = useMemo(() => summary?.classes.map((entry, index) => ({ ...entry, index })).sort((a, b) => summary.classes.length === 2 ? 0 : b.selected - a.selected).slice(0, MOST_CLASSES) ?? [], [summary])
  return (
    <section className="Inspector-section" aria-label="Selection">
      <header className="Inspector-head">
        <h3>{formatQuantity(selection.length, 'row')} selected <span>of {formatCount(rowCount)}</span></h3>
        <IconButton icon={X} label="Clear selection" shortcut="Escape" size="small" onClick={() => select([])} />
      </header>
      {summary && summary.labelled.selected > 0 && (
        <>
          <table className="Shares">
            <thead><tr><th scope="col">class</th><th scope="col" colSpan={2}>selection</th><th scope="col">all</th></tr></thead>
            <tbody>
              {listed.map(({ name, index, selected, whole }) => {
                const [own, all] = [selected / summary.labelled.selected, whole / Math.max(1, summary.labelled.whole)]
                return (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    <td className="Shares-bar">
                      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden><rect width={own * 100} height={8} fill={colorOf(index)} /><rect className="Shares-whole" x={Math.min(99, all * 100)} width={1} height={8} /></svg>
                    </td>
                    <td>{formatPercent(own)}</td>
                    <td className="Shares-all">{formatPercent(all)}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
          {site !== null && (
            <p className="Shares-accuracy"><b>{share(summary.right.selected)}</b> predicted right at {siteName(site)}, {share(summary.right.whole)} of all rows</p>
          )}
        </>
      )}
      <div className="Inspector-actions">
        <Button size="small" onClick={() => cloudActions()?.zoomToSelection()}>Zoom in</Button>
        <Button size="small" onClick={() => setTable({ open: true, onlySelection: true })}>Show in table</Button>
      </div>
    </section>
  )
}
