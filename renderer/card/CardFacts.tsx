import type { CellCard, SiteResult } from '../../preload/contract'
import { baselineName, measures, methodName, writeHalf, writeMeasure } from '../../preload/measures'
import { positionName } from '../../preload/positions'
import { probeMethods } from '../../preload/probe-methods'
import { formatCount } from '../components'

/** Every measure of the cell with its interval, beside what it is to be read against. */
export function MeasureTable({ result: { measures: all } }: { readonly result: SiteResult }): React.JSX.Element {
  const baselines = [...new Set(all.flatMap((measure) => measure.baselines.map(({ name }) => name)))]
  return (
    <table className="CardTable">
      <thead><tr><th scope="col">Measure</th><th scope="col">Held out</th><th scope="col">95 % interval</th>{baselines.map((name) => <th key={name} scope="col">{baselineName(name, all[0]?.name ?? 'accuracy')}</th>)}</tr></thead>
      <tbody>
        {all.map(({ name, value, interval, baselines: own }) => {
          const half = interval && (interval.hi - interval.lo) / 2
          return (
            <tr key={name}>
              <th scope="row">{measures[name].label}{measures[name].better === 'lower' && <small>lower is better</small>}</th>
              <td className="CardTable-strong">{writeMeasure(name, value, half)}{half !== null && <small>{writeHalf(name, half)}</small>}</td>
              <td>{interval ? `${writeMeasure(name, interval.lo, half)} to ${writeMeasure(name, interval.hi, half)}` : '–'}</td>
              {baselines.map((baseline) => <td key={baseline} data-kind="control">{writeMeasure(name, own.find((one) => one.name === baseline)?.value ?? null)}</td>)}
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

/** Rows and groups of every fold, and the strength that validation chose there. */
export function FoldTable({ card: { folds, groups, result } }: { readonly card: CellCard }): React.JSX.Element {
  const symbol = strengthOf(result.method)
  const cell = ({ rows, groups: count }: { readonly rows: number; readonly groups: number }): string => groups === null ? formatCount(rows) : `${formatCount(rows)} in ${formatCount(count)}`
  const strengths = folds.some(({ strength }) => strength !== null)
  const unit = groups === null ? 'rows' : 'rows in groups'
  return (
    <div className="CellCard-folds">
      <table className="CardTable">
        <thead><tr><th scope="col">Fold</th><th scope="col">Trained on, {unit}</th><th scope="col">Validated on</th><th scope="col">Tested on</th>{strengths && <th scope="col">{symbol}</th>}</tr></thead>
        <tbody>{folds.map(({ training, validation, test, strength }, fold) => <tr key={fold}><th scope="row">{fold + 1}</th><td>{cell(training)}</td><td>{cell(validation)}</td><td>{cell(test)}</td>{strengths && <td>{writeStrength(strength)}</td>}</tr>)}</tbody>
      </table>
    </div>
  )
}

/** What the strengths of a method are called; null where it has none to choose. */
function strengthOf(method: string): 'C' | 'α' | 'epochs' | null {
  return probeMethods.find(({ name }) => name === method)?.strength ?? null
}

function writeStrength(strength: number | null): string {
  return strength === null ? '–' : String(Number(strength.toPrecision(3)))
}

/** Exactly what the numbers come from. */
export function Origin({ card: { origin, groups, result, rows, site, task } }: { readonly card: CellCard }): React.JSX.Element {
  const { model, dataset, label, positions, dtype, provider, plan, test, version, runId } = origin
  const symbol = strengthOf(result.method)
  const facts: readonly (readonly [name: string, value: string, title?: string])[] = [
    ['Model', `${model.name} · ${model.hash.slice(0, 12)}`, model.hash], ['Dataset', `${dataset.name} · ${dataset.hash.slice(0, 12)}`, dataset.hash],
    ['Predicts', task === 'tree' ? 'parse trees' : label.join(', ')], ['Site', site], ['Vector', `${positionName(positions)}, ${dtype === 'f16' ? 'float16' : 'float32'}, ${provider}`],
    ['Split', test !== null ? `test rows marked by ${test}` : task === 'tree' ? 'a fifth of the sentences tested' : plan.split === 'leave-one-group-out' ? 'one group left out at a time' : `${plan.folds} folds${groups === null ? ' of rows' : `, groups of ${groups.column} whole`}`],
    ...(groups === null ? [] : [['Groups', `${formatCount(groups.count)}, ${groups.least === groups.most ? formatCount(groups.least) : `${formatCount(groups.least)} to ${formatCount(groups.most)}, median ${formatCount(groups.median)}`} held-out ${groups.most === 1 ? 'row' : 'rows'} each`] as const]),
    ['Held-out rows', formatCount(rows)], ...(symbol === null ? [] : [['Strength over all folds', `${symbol} = ${writeStrength(result.strength)}, of ${plan.strengths} tried`] as const]), ['Seed', String(plan.seed)],
    ['Method', methodName(result.method)], ['Layerscope', `${version}${runId === null ? '' : `, ${runId.replace('run-', 'run ')}`}`]
  ]
  return <dl className="CellCard-origin selectable">{facts.map(([name, value, title]) => <div key={name}><dt>{name}</dt><dd title={title ?? value}>{value}</dd></div>)}</dl>
}
