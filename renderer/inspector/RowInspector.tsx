import { useMemo } from 'react'
import type { Neighbor, RowDetail } from '../../preload/contract'
import { Disclosure, Skeleton, formatCount, formatNumber } from '../components'
import { siteName } from '../layers'
import { textOfRow, useRowPositions } from '../projection'
import { useAnswer, useClassValues, useNeighbors, useRowDetail } from '../state/engine-data'
import { probeOfRow } from '../state/probe-row'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { InfluentialRows } from './InfluentialRows'
import { NumericScores } from './NumericScores'
import { RowScores } from './RowScores'
import { tokenPieces } from './token-pieces'

/** Everything about one row, at the selected layer. */
export function RowInspector({ row }: { readonly row: number }): React.JSX.Element {
  const { value: detail, error } = useRowDetail(row)
  const { site, setSite } = useView()
  const roles = useWorkbench(({ run, roles }) => run?.summary.dataset.roles ?? roles)
  const classes = useWorkbench(({ run }) => run?.sweep?.classes ?? null)
  const values = useClassValues()
  const probe = values && classes ? probeOfRow(values, classes, row) : null
  const base = useMemo(() => {
    if (!values) return null
    const counts = new Map<number, number>()
    let all = 0
    for (const actual of values.actual) if (actual >= 0) { counts.set(actual, (counts.get(actual) ?? 0) + 1); all++ }
    return (name: string | null): number | null => name === null || !classes || all === 0 ? null : (counts.get(classes.indexOf(name)) ?? 0) / all
  }, [values, classes])

  if (error) return <p className="Inspector-quiet">{error.message}{error.hint ? ` ${error.hint}` : ''}</p>
  const binary = classes?.length === 2
  const label = roles?.label ?? null
  const known = new Set([label, roles?.group ?? null, roles?.text.kind === 'column' ? roles.text.column : null])
  // Of a binary probe the score is for class 1; shown is the probability of what was predicted.
  const probability = !probe || probe.score === null ? null : binary ? probe.predicted === classes[1] ? probe.score : 1 - probe.score : probe.score
  const probabilityOf = binary ? probe?.predicted ?? null : probe?.actual ?? null
  return (
    <>
      <section className="Inspector-section" aria-label="Text">
        <h3>Row {formatCount(row + 1)}</h3>
        {detail ? <TokenText detail={detail} /> : <><Skeleton width="90%" /><Skeleton width="60%" /></>}
      </section>
      {label !== null && (
        <section className="Inspector-section" aria-label="Prediction">
          <dl className="Facts">
            <Fact name={label} value={cellText(detail, label)} />
            {roles?.group != null && <Fact name={roles.group} value={cellText(detail, roles.group)} note="group" />}
            {probe?.predicted != null && <Fact name="predicted" value={probe.predicted} {...(probe.correct === null ? {} : { correct: probe.correct })} />}
          </dl>
          {probability !== null && probabilityOf !== null && (
            <ProbabilityBar of={probabilityOf} probability={probability} baseRate={base?.(probabilityOf) ?? null} />
          )}
          {detail?.scores?.kind === 'numeric' && <NumericScores scores={detail.scores} selected={site} onSelect={setSite} />}
          {detail?.scores?.kind === 'classes' && detail.scores.at.length > 0 && (
            <RowScores scores={detail.scores.at} selected={site} of={binary ? classes[1] ?? '' : 'the true class'} baseRate={binary ? base?.(classes[1] ?? null) ?? null : null} onSelect={setSite} />
          )}
        </section>
      )}
      <InfluentialRows row={row} />
      <Neighbors row={row} />
      {detail && (
        <section className="Inspector-section">
          <Disclosure label="All columns">
            <dl className="Facts">{detail.cells.filter(({ column }) => !known.has(column)).map(({ column, value }) => <Fact key={column} name={column} value={value === null ? null : String(value)} />)}</dl>
          </Disclosure>
        </section>
      )}
    </>
  )
}

function cellText(detail: RowDetail | null, column: string): string | null {
  const value = detail?.cells.find((cell) => cell.column === column)?.value
  return value === null || value === undefined ? null : String(value)
}

function Fact({ name, value, note, correct }: { readonly name: string; readonly value: string | null; readonly note?: string; readonly correct?: boolean }): React.JSX.Element {
  return (
    <div className="Fact">
      <dt>{name}{note && <small>{note}</small>}</dt>
      <dd className="selectable" data-missing={value === null || undefined} data-correct={correct}>{value ?? 'missing'}{correct !== undefined && <small>{correct ? 'correct' : 'wrong'}</small>}</dd>
    </div>
  )
}

/** The text cut at its tokens; those the model was read at are marked. */
function TokenText({ detail }: { readonly detail: RowDetail }): React.JSX.Element {
  const pieces = useMemo(() => tokenPieces(detail.text, detail.tokens, detail.positions), [detail])
  const shown = pieces.slice(0, 1200)
  return (
    <>
      <p className="TokenText">
        {shown.map(({ kind, text, id, token, read, breaks }, index) => (
          <span key={index}>
            <span className={`Token Token-${kind}`} data-read={read || undefined} data-odd={token !== null && token % 2 === 1 || undefined} title={token === null ? undefined : `token ${token} · id ${id ?? ''}${read ? ' · read here' : ''}`}>{text}</span>
            {breaks ? <br /> : <wbr />}
          </span>
        ))}
        {shown.length < pieces.length && <span className="Inspector-quiet"> … {formatCount(pieces.length - shown.length)} more</span>}
      </p>
      <p className="Inspector-quiet">
        {formatCount(detail.tokens.length)} tokens · read at {detail.positions.length === 1 ? `token ${detail.positions[0] ?? ''}` : `${formatCount(detail.positions.length)} tokens`}
      </p>
    </>
  )
}

/** A probability beside what one would say without looking. */
function ProbabilityBar({ of, probability, baseRate }: { readonly of: string; readonly probability: number; readonly baseRate: number | null }): React.JSX.Element {
  // A probability is never written as certain.
  const percent = (share: number): string => share > 0.995 && share < 1 ? '> 99 %' : share < 0.005 && share > 0 ? '< 1 %' : `${(share * 100).toFixed(0)} %`
  return (
    <div className="ProbabilityBar">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden>
        <rect className="ProbabilityBar-track" width={100} height={6} />
        <rect className="ProbabilityBar-fill" width={probability * 100} height={6} />
        {baseRate !== null && <rect className="ProbabilityBar-base" x={baseRate * 100 - 0.35} width={0.7} height={6} />}
      </svg>
      <p>{percent(probability)} for {of}{baseRate !== null && <span>base rate {percent(baseRate)}</span>}</p>
    </div>
  )
}

/** Rows that the selected layer represents most alike, in its full space. */
function Neighbors({ row }: { readonly row: number }): React.JSX.Element | null {
  const { value: neighbors, error } = useNeighbors(row)
  const site = useView((view) => view.site)
  if (site === null) return null
  return (
    <section className="Inspector-section" aria-label="Nearest rows">
      <h3>Nearest rows <span>{siteName(site)}, all dimensions</span></h3>
      {error && <p className="Inspector-quiet">{error.message}</p>}
      {!neighbors && !error && Array.from({ length: 5 }, (_, i) => <Skeleton key={i} width={`${85 - i * 7}%`} />)}
      {neighbors && <NeighborList row={row} neighbors={neighbors} />}
    </section>
  )
}

function NeighborList({ row, neighbors }: { readonly row: number; readonly neighbors: readonly Neighbor[] }): React.JSX.Element {
  const focusRow = useView((view) => view.focusRow)
  const positions = useRowPositions()
  const dataset = useWorkbench((state) => state.dataset)
  const roles = useWorkbench(({ run, roles }) => run?.summary.dataset.roles ?? roles)
  const open = dataset.kind === 'ready' ? dataset.value : null
  const wanted = useMemo(() => Int32Array.from([row, ...neighbors.map((neighbor) => neighbor.row)]).sort(), [row, neighbors])
  const page = useAnswer('dataset.rows', open ? { datasetId: open.datasetId, offset: 0, limit: wanted.length, only: wanted } : null).value
  const labelAt = open && roles?.label != null ? open.columns.findIndex(({ name }) => name === roles.label) : -1
  const cells = (of: number): NonNullable<typeof page>['rows'][number]['cells'] | null => page?.rows.find((one) => one.row === of)?.cells ?? null
  const labelOf = (of: number): string | null => {
    const value = labelAt < 0 ? null : cells(of)?.[labelAt]
    return value === null || value === undefined ? null : String(value)
  }
  const own = labelOf(row)
  const numeric = useWorkbench(({ run }) => run?.sweep?.task === 'numeric')
  const agree = neighbors.filter((neighbor) => own !== null && labelOf(neighbor.row) === own).length
  return (
    <>
      {own !== null && !numeric && <p className="Inspector-quiet">{agree} of {neighbors.length} share the label {own}</p>}
      <ol className="Neighbors">
        {neighbors.map((neighbor) => {
          const label = labelOf(neighbor.row)
          const inside = cells(neighbor.row)
          return (
            <li key={neighbor.row}>
              <button type="button" onClick={() => focusRow(neighbor.row)} title={`Row ${formatCount(neighbor.row + 1)}, distance ${neighbor.distance.toPrecision(3)}`}>
                <span className="Neighbors-text">{open && roles && inside ? textOfRow(roles.text, positions, open.columns, inside) : `Row ${formatCount(neighbor.row + 1)}`}</span>
                {label !== null && <span className="Neighbors-label" data-same={label === own || undefined} data-number={numeric || undefined}>{numeric ? formatNumber(Number(label)) : label}</span>}
                <span className="Neighbors-distance">{neighbor.distance.toPrecision(2)}</span>
              </button>
            </li>
          )
        })}
      </ol>
    </>
  )
}
