import type { CellCard, ErasedScore, Erasure } from '../../preload/contract'
import { writeHalf, writeMeasure } from '../../preload/measures'
import { formatPercent } from '../components'
import { ErasureCurve, writeDirections } from './ErasureCurve'
import { SiteSection } from './SiteSection'

/** What a fresh probe finds once the label is erased from the card's site. */
export function ErasureSection({ card }: { readonly card: CellCard }): React.JSX.Element {
  return (
    <SiteSection question="erasure" card={card} title="Erasure" verb="Erase and refit"
      promise="The label taken out of this layer by closed form (LEACE) and by projections (INLP), and what a fresh probe still finds on held-out rows: how many directions hold it, and what goes with them."
      show={(answer, asTable) => <>{asTable ? <Projections erasure={answer} /> : <div className="SiteSection-figure"><ErasureCurve erasure={answer} /><ErasureNumbers erasure={answer} /></div>}<Remark erasure={answer} /></>} />
  )
}

function Line({ name, score, kind }: { readonly name: string; readonly score: ErasedScore; readonly kind: 'result' | 'control' }): React.JSX.Element {
  const { directions, accuracy, interval, variance } = score
  const shown = kind === 'control' ? 'control' : undefined
  return (
    <tr>
      <th scope="row">{name}</th><td data-kind={shown}>{writeDirections(directions)}</td>
      <td className={kind === 'result' ? 'CardTable-strong' : undefined} data-kind={shown}>{writeMeasure('accuracy', accuracy)}<small>{writeHalf('accuracy', (interval.hi - interval.lo) / 2)}</small></td>
      <td data-kind={shown}>{formatPercent(variance)}</td>
    </tr>
  )
}

const head = <thead><tr><th scope="col">Erased by</th><th scope="col">Directions</th><th scope="col">Accuracy</th><th scope="col">Variance removed</th></tr></thead>

function ErasureNumbers({ erasure: { before, leace, inlp, shuffled, majority } }: { readonly erasure: Erasure }): React.JSX.Element {
  const last = inlp.at(-1)
  return (
    <div>
      <table className="CardTable">
        {head}
        <tbody>
          <tr><th scope="row">nothing</th><td>0</td><td>{writeMeasure('accuracy', before.accuracy)}<small>{writeHalf('accuracy', (before.interval.hi - before.interval.lo) / 2)}</small></td><td>–</td></tr>
          <Line name="LEACE" score={leace} kind="result" />
          <Line name="LEACE of shuffled labels" score={shuffled.leace} kind="control" />
          {last && <Line name="INLP" score={last} kind="result" />}
          {last && <Line name="INLP of shuffled labels" score={shuffled.inlp} kind="control" />}
          <tr><th scope="row">majority class</th><td /><td data-kind="control">{writeMeasure('accuracy', majority)}</td><td /></tr>
        </tbody>
      </table>
    </div>
  )
}

/** The curve's twin. */
function Projections({ erasure: { before, leace, inlp, shuffled } }: { readonly erasure: Erasure }): React.JSX.Element {
  return (
    <div className="SiteSection-table">
      <table className="CardTable">
        {head}
        <tbody>
          <Line name="nothing" score={{ directions: 0, variance: 0, ...before }} kind="result" />
          <Line name="LEACE" score={leace} kind="result" />
          {inlp.map((score, k) => <Line key={k} name={`INLP, ${k + 1}`} score={score} kind="result" />)}
          <Line name="LEACE of shuffled labels" score={shuffled.leace} kind="control" />
          {inlp.length > 0 && <Line name="INLP of shuffled labels" score={shuffled.inlp} kind="control" />}
        </tbody>
      </table>
    </div>
  )
}

function Remark({ erasure: { inlp, reached } }: { readonly erasure: Erasure }): React.JSX.Element {
  const times = `${inlp.length} ${inlp.length === 1 ? 'projection' : 'projections'}`
  return (
    <p className="CellCard-quiet">
      {inlp.length === 0 ? 'Before any erasure the accuracy is no better than the majority class, so nothing was projected out. ' : reached ? `The interval reaches the majority class after ${times}. ` : `After ${times} the accuracy is still above the majority class. `}
      Erasers are fitted on training rows alone; the fresh logistic probe has the strength of its fold. Of variance every feature counts the same.
    </p>
  )
}
