import { useMemo, useState } from 'react'
import type { InfluentialRow, RefitScore } from '../../preload/contract'
import { Button, Skeleton, formatCount, formatPercent, formatPercentInterval, formatQuantity } from '../components'
import { siteName } from '../layers'
import { truthyIndex } from '../palette'
import { textOfRow, useRowPositions } from '../projection'
import { useAnswer, useRunKey } from '../state/engine-data'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import './InfluentialRows.css'

const none: readonly number[] = []

/**
 * The training rows that made the held-out prediction of `row`, for and against. Marked rows can be left out and the
 * probe trained again; what is left out is part of the view, so that it undoes and saves with the session.
 */
export function InfluentialRows({ row }: { readonly row: number }): React.JSX.Element | null {
  const key = useRunKey()
  const site = useView((view) => view.site)
  const leftOut = useView((view) => view.leftOut)
  const setLeftOut = useView((view) => view.setLeftOut)
  const classes = useWorkbench(({ run }) => run !== null && run.progress === null && run.sweep !== null && (run.sweep.task === 'binary' || run.sweep.task === 'multiclass') ? run.sweep.classes : null)
  const logistic = useWorkbench(({ run }) => run?.results.some((result) => result.site === site && result.method === 'logistic') ?? false)
  const [marked, setMarked] = useState<readonly number[]>(none)
  const without = leftOut !== null && leftOut.runId === key?.runId ? leftOut.rows : none
  const asks = key !== null && site !== null && classes?.length === 2 && logistic
  const { value, error } = useAnswer('probe.influence', asks ? { ...key, site, row, k: 6, without: [...without] } : null)
  const refit = useAnswer('probe.refit', asks && without.length > 0 ? { ...key, site, method: 'logistic', row, without: [...without] } : null)
  if (key === null || site === null || classes === null) return null
  if (!asks) {
    return (
      <section className="Inspector-section" aria-label="Rows that made it so">
        <h3>Rows that made it so</h3>
        <p className="Inspector-quiet">{classes.length === 2 ? 'Told of the logistic probe, which this run did not train.' : `Told of labels of two classes; this one has ${formatCount(classes.length)}.`}</p>
      </section>
    )
  }
  const leave = (rows: readonly number[]): void => {
    setMarked(none)
    setLeftOut(rows.length === 0 ? null : { runId: key.runId, rows })
  }
  const toggle = (of: number): void => setMarked((before) => before.includes(of) ? before.filter((own) => own !== of) : [...before, of])
  return (
    <section className="Inspector-section" aria-label="Rows that made it so">
      <h3>Rows that made it so <span>logistic probe, {siteName(site)}</span></h3>
      {error && <p className="Inspector-quiet">{error.message}{error.hint ? ` ${error.hint}` : ''}</p>}
      {!value && !error && Array.from({ length: 5 }, (_, i) => <Skeleton key={i} width={`${85 - i * 7}%`} />)}
      {value && (
        <>
          {(['for', 'against'] as const).map((kind) => (
            <InfluenceList key={kind} title={`${kind === 'for' ? 'For' : 'Against'} ${value.predicted}`} kind={kind} rows={kind === 'for' ? value.supporting : value.opposing}
              towards={(classes[truthyIndex(classes)] === value.predicted) === (kind === 'for')} most={strongest(value.supporting, value.opposing)} marked={marked} onMark={toggle} />
          ))}
          <p className="Inspector-quiet">Change of the logit that each of {formatQuantity(value.trainingRows, 'training row')} makes.</p>
        </>
      )}
      {marked.length > 0 && <div className="Inspector-actions"><Button size="small" onClick={() => leave([...new Set([...without, ...marked])].sort((a, b) => a - b))}>Refit without {formatQuantity(marked.length, 'row')}</Button></div>}
      {without.length > 0 && (
        <div className="Refit" role="status">
          <p><b>Without {formatQuantity(without.length, 'row')}</b><Button size="small" variant="ghost" onClick={() => leave(none)}>Put back</Button></p>
          {refit.error && <p className="Inspector-quiet">{refit.error.message}{refit.error.hint ? ` ${refit.error.hint}` : ''}</p>}
          {!refit.value && !refit.error && <Skeleton width="80%" />}
          {refit.value && (
            <table>
              <thead><tr><th scope="col" /><th scope="col">all rows</th><th scope="col">without</th></tr></thead>
              <tbody>
                <tr><th scope="row">this row</th><td>{said(refit.value.before)}</td><td>{said(refit.value.after)}</td></tr>
                <tr><th scope="row">accuracy</th><td>{formatPercentInterval(refit.value.before.accuracy, refit.value.before.interval)}</td><td>{formatPercentInterval(refit.value.after.accuracy, refit.value.after.interval)}</td></tr>
                <tr><th scope="row">changed</th><td /><td>{formatQuantity(refit.value.changed, 'prediction')}</td></tr>
              </tbody>
            </table>
          )}
        </div>
      )}
    </section>
  )
}

function said({ row }: RefitScore): string {
  return row === null ? '–' : `${row.predicted} · ${formatPercent(row.probability)}`
}

/** All with the decimals that the strongest is worth, so that they stand digit under digit. */
function writeEffect(effect: number, most: number): string {
  return `${effect > 0 ? '+' : '−'}${Math.abs(effect).toFixed(Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(most)))))}`
}

function strongest(...lists: readonly (readonly InfluentialRow[])[]): number {
  return Math.max(1e-12, ...lists.flat().map(({ effect }) => Math.abs(effect)))
}

interface ListProps {
  readonly title: string
  readonly kind: 'for' | 'against'
  /** Whether they speak for the class that is drawn as the true one. */
  readonly towards: boolean
  readonly rows: readonly InfluentialRow[]
  /** Effect of a full bar. */
  readonly most: number
  readonly marked: readonly number[]
  readonly onMark: (row: number) => void
}

function InfluenceList({ title, kind, towards, rows, most, marked, onMark }: ListProps): React.JSX.Element {
  const focusRow = useView((view) => view.focusRow)
  const dataset = useWorkbench((state) => state.dataset)
  const roles = useWorkbench(({ run, roles: own }) => run?.summary.dataset.roles ?? own)
  const positions = useRowPositions()
  const open = dataset.kind === 'ready' ? dataset.value : null
  const wanted = useMemo(() => Int32Array.from(rows, ({ row }) => row).sort(), [rows])
  const page = useAnswer('dataset.rows', open && wanted.length > 0 ? { datasetId: open.datasetId, offset: 0, limit: wanted.length, only: wanted } : null).value
  return (
    <div className="Influences" data-towards={towards}>
      <h4>{title}</h4>
      {rows.length === 0 && <p className="Inspector-quiet">No training row speaks {kind} it.</p>}
      <ol>
        {rows.map(({ row, label, effect }) => {
          const cells = page?.rows.find((one) => one.row === row)?.cells
          return (
            <li key={row}>
              <input type="checkbox" checked={marked.includes(row)} onChange={() => onMark(row)} aria-label={`Leave out row ${formatCount(row + 1)}`} />
              <button type="button" onClick={() => focusRow(row)} title={`Row ${formatCount(row + 1)}, ${label}: ${effect.toPrecision(3)}`}>
                <span className="Influences-text">
                  {open && roles && cells ? textOfRow(roles.text, positions, open.columns, cells) : `Row ${formatCount(row + 1)}`}
                  <i style={{ width: `${100 * Math.abs(effect) / most}%` }} aria-hidden />
                </span>
                <span className="Influences-label">{label}</span>
                <span className="Influences-effect">{writeEffect(effect, most)}</span>
              </button>
            </li>
          )
        })}
      </ol>
    </div>
  )
}
