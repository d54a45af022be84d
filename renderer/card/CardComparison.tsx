import { useMemo, useState } from 'react'
import type { CellCard, CellDifference } from '../../preload/contract'
import { measures, methodName, writeDifference, writeMeasure, writeP } from '../../preload/measures'
import { formatCount, Select, Skeleton, type SelectOption } from '../components'
import { siteName } from '../layers'
import { useCardKey, useCardResults } from '../state/card'
import { useAnswer } from '../state/engine-data'

const keyOf = (site: string, method: string): string => JSON.stringify([site, method])

/** The card's cell beside another of the run: the same held-out rows, the difference with its interval, and how sure it is. */
export function CardComparison({ card: { site, method, task, chosen, groups, rows } }: { readonly card: CellCard }): React.JSX.Element | null {
  const results = useCardResults()
  const key = useCardKey()
  const [picked, setPicked] = useState<string | null>(null)
  const options = useMemo((): readonly SelectOption<string>[] => {
    const others = (results ?? []).filter((result) => result.site !== site || result.method !== method)
    const several = new Set(results?.map((result) => result.method)).size > 1
    const option = (group: string | undefined) => (result: { readonly site: string; readonly method: string }): SelectOption<string> => ({
      value: keyOf(result.site, result.method), group, label: several ? `${siteName(result.site)}, ${methodName(result.method)}` : siteName(result.site),
      detail: result.site === chosen?.site && result.method === chosen.method ? 'chosen on validation rows' : undefined
    })
    const [here, same] = [others.filter((result) => result.site === site), others.filter((result) => result.method === method)]
    const rest = others.filter((result) => result.site !== site && result.method !== method)
    return [
      ...here.map(option(several ? 'This layer' : undefined)), ...same.map(option(several ? 'This method' : undefined)), ...rest.map(option(several ? 'Others' : undefined))
    ]
  }, [results, site, method, chosen])
  const offered = (value: string | null): boolean => options.some((option) => option.value === value)
  // The layer that validation chose; on its own card the first layer, which says what depth adds.
  const usual = chosen && !chosen.here ? keyOf(chosen.site, chosen.method) : options.find((option) => option.value.endsWith(`,${JSON.stringify(method)}]`))?.value ?? options[0]?.value ?? null
  const value = offered(picked) ? picked : usual
  const other = useMemo(() => { const [otherSite, otherMethod] = value === null ? [] : JSON.parse(value) as [string, string]; return otherSite !== undefined && otherMethod !== undefined ? { site: otherSite, method: otherMethod } : null }, [value])
  const { value: found, error } = useAnswer('probe.compare', key && other && task !== 'tree' ? { ...key, site, method, other } : null)
  // Parses are scored by sentence, not row by row.
  if (options.length === 0 || task === 'tree') return null
  const otherName = other === null ? '' : other.method === method ? siteName(other.site) : other.site === site ? methodName(other.method) : `${siteName(other.site)}, ${methodName(other.method)}`
  return (
    <section className="CellCard-section">
      <header><h3>Compared with</h3><Select label="Compare with" size="small" value={value} onChange={setPicked} options={options} /></header>
      {error && <p className="CellCard-quiet">{error.message}</p>}
      {!found && !error && <><Skeleton width="100%" /><Skeleton width="100%" /></>}
      {found && (
        <>
          <table className="CardTable">
            <thead><tr><th scope="col">Measure</th><th scope="col">This cell</th><th scope="col">{otherName}</th><th scope="col">Difference</th><th scope="col">95 % interval</th><th scope="col">p</th><th scope="col">Test</th></tr></thead>
            <tbody>{found.differences.map((difference) => <DifferenceRow key={`${difference.measure} ${difference.test}`} difference={difference} />)}</tbody>
          </table>
          <p className="CellCard-quiet">
            The same {formatCount(rows)} held-out rows for both. Bootstrap: {groups === null ? 'rows' : `${formatCount(found.drawn.count)} groups of ${groups.column}`} drawn with replacement, once for both cells.
            {groups !== null && found.differences.some(({ test }) => test === 'delong') && ' DeLong’s test takes rows as independent, which rows of a group are not.'}
          </p>
        </>
      )}
    </section>
  )
}

function DifferenceRow({ difference: { measure, test, first, second, difference, interval, p } }: { readonly difference: CellDifference }): React.JSX.Element {
  const sure = interval.lo > 0 || interval.hi < 0
  return (
    <tr data-sure={sure || undefined}>
      <th scope="row">{measures[measure].label}</th><td>{writeMeasure(measure, first)}</td><td>{writeMeasure(measure, second)}</td>
      <td className="CardTable-difference">{writeDifference(measure, difference)}{measures[measure].unit === 'share' && <small>points</small>}</td>
      <td>{writeDifference(measure, interval.lo)} to {writeDifference(measure, interval.hi)}</td><td>{writeP(p)}</td><td>{test === 'delong' ? 'DeLong' : 'bootstrap'}</td>
    </tr>
  )
}
