import type { NextToken, NextTokens } from '../../preload/contract'
import { Skeleton } from '../components'
import { showSpace } from '../inspector'
import { formatProbability, hexBytes, textOfBytes } from './token-text'

export interface NextTokenListProps {
  readonly next: NextTokens | null
  /** The prompt has changed since; the new answer is on its way. */
  readonly stale: boolean
  /** Appends a token's text to the prompt; null where that means nothing. */
  readonly onChoose: ((text: string) => void) | null
}

/** The most probable next tokens with their probabilities, and all others as one. A click goes on with a token. */
export function NextTokenList({ next, stale, onChoose }: NextTokenListProps): React.JSX.Element {
  if (next === null) {
    return <div className="NextTokens" aria-busy="true">{Array.from({ length: 11 }, (_, row) => <div key={row} className="NextTokens-row"><Skeleton width={`${70 - row * 5}%`} /></div>)}</div>
  }
  return (
    <ol className="NextTokens" aria-label="Most probable next tokens" aria-busy={stale} data-stale={stale || undefined}>
      {next.top.map((token) => <li key={token.id}><NextTokenRow token={token} onChoose={onChoose} /></li>)}
      <li>
        <div className="NextTokens-row" data-other>
          <span className="NextTokens-text">all other tokens</span>
          <Bar share={next.other} />
          <span className="NextTokens-share tabular">{formatProbability(next.other)}</span>
        </div>
      </li>
    </ol>
  )
}

function NextTokenRow({ token, onChoose }: { readonly token: NextToken; readonly onChoose: NextTokenListProps['onChoose'] }): React.JSX.Element {
  const { id, text, bytes, probability } = token
  const appended = bytes === null ? null : textOfBytes(bytes)
  const title = `id ${id}${bytes === null ? '' : ` · bytes ${hexBytes(bytes)}`}${appended === null ? ' · a part of a character' : ''}`
  return (
    <button type="button" className="NextTokens-row" title={title} disabled={onChoose === null || appended === null} onClick={() => { if (appended !== null) onChoose?.(appended) }}>
      <span className="NextTokens-text"><span className="TokenChip">{showSpace(text)}</span></span>
      <Bar share={probability} />
      <span className="NextTokens-share tabular">{formatProbability(probability)}</span>
    </button>
  )
}

function Bar({ share }: { readonly share: number }): React.JSX.Element {
  return <span className="NextTokens-track" aria-hidden><span className="NextTokens-bar" style={{ width: `${share * 100}%` }} /></span>
}
