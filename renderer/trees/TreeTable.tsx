import type { SentenceTree } from '../../preload/contract'
import { useView } from '../state/view'

/** What a table of one sentence says of its words, the header first. */
export function treeRows({ words }: SentenceTree): readonly (readonly string[])[] {
  const named = (head: number | null): string => head === null ? '' : head < 0 ? 'root' : words[head]?.form ?? ''
  return [
    ['word', 'tag', 'relation', 'head', 'predicted head', 'depth', 'predicted depth'],
    ...words.map(({ form, tag, relation, head, predictedHead, depth, predictedDepth }) => [form, tag ?? '', relation ?? '', named(head), named(predictedHead), String(depth), predictedDepth?.toFixed(2) ?? ''])
  ]
}

/** The same sentence as a table, a word a line. */
export function TreeTable({ sentence }: { readonly sentence: SentenceTree }): React.JSX.Element {
  const { focusedRow, focusRow } = useView()
  const [header = [], ...rows] = treeRows(sentence)
  return (
    <div className="TreeTable" tabIndex={0} role="region" aria-label="Words of the sentence">
      <table>
        <thead><tr>{header.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>
          {rows.map(([form, ...cells], word) => {
            const own = sentence.words[word]
            return (
              <tr key={own?.row ?? word} aria-current={own?.row === focusedRow || undefined}>
                <th scope="row"><button type="button" onClick={() => focusRow(own?.row ?? null)}>{form}</button></th>
                {cells.map((cell, column) => <td key={header[column + 1]}>{cell}</td>)}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
