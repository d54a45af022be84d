import type { CellCard, CodeLength } from '../../preload/contract'
import { writeMeasure } from '../../preload/measures'
import { namedCodes } from '../../preload/site-curves'
import { formatCount } from '../components'
import { CodeCurve, CodeTable } from './CodeCurve'
import { SiteSection } from './SiteSection'

/** How short the labels can be told at the card's site (minimum description length). */
export function CodeLengthSection({ card }: { readonly card: CellCard }): React.JSX.Element {
  return (
    <SiteSection question="codeLength" card={card} title="Code length" verb="Compute code length"
      promise="How short the labels can be told with the help of this layer, block by block (minimum description length, online code): how much is decodable, and from how few rows."
      show={(answer, asTable) => <>{asTable ? <CodeTable codeLength={answer} /> : <div className="SiteSection-figure"><CodeCurve codeLength={answer} /><CodeNumbers codeLength={answer} /></div>}<Remark card={card} codeLength={answer} /></>} />
  )
}

function CodeNumbers({ codeLength }: { readonly codeLength: CodeLength }): React.JSX.Element {
  return (
    <div>
      <table className="CardTable">
        <thead><tr><th scope="col">Code</th><th scope="col">Bits</th><th scope="col">Compression</th><th scope="col">C</th></tr></thead>
        <tbody>
          {namedCodes(codeLength).map(({ name, code: { bits, compression, strength }, kind }) => (
            <tr key={name}><th scope="row">{name}</th><td data-kind={kind === 'control' ? 'control' : undefined}>{formatCount(bits)}</td><td className={kind === 'result' ? 'CardTable-strong' : undefined} data-kind={kind === 'control' ? 'control' : undefined}>{writeMeasure('compression', compression)}</td><td data-kind={kind === 'control' ? 'control' : undefined}>{String(Number(strength.toPrecision(2)))}</td></tr>
          ))}
          <tr><th scope="row">uniform code</th><td data-kind="control">{formatCount(codeLength.uniform)}</td><td data-kind="control">{writeMeasure('compression', 1)}</td><td /></tr>
        </tbody>
      </table>
    </div>
  )
}

function Remark({ card: { groups }, codeLength: { rows, ends, naming } }: { readonly card: CellCard; readonly codeLength: CodeLength }): React.JSX.Element {
  return (
    <p className="CellCard-quiet">
      {formatCount(rows)} labels in {ends.length} blocks{groups === null ? '' : ` of whole groups of ${groups.column}`}, each sent with the logistic probe that the blocks before it trained.
      One C serves a whole code, the one that makes it shortest; naming it takes {naming.toFixed(1)} bits.
    </p>
  )
}
