import { useState } from 'react'
import type { PromptToken } from '../../preload/contract'
import { formatCount, formatQuantity } from '../components'
import { showSpace } from '../inspector'
import { hexBytes } from './token-text'

/** More chips would be slow to lay out and no one reads them. */
const MOST_CHIPS = 600

/** The prompt as the model reads it: one chip a token; the line below tells id and bytes of the one pointed at. Arrow keys move. */
export function TokenChips({ tokens }: { readonly tokens: readonly PromptToken[] | null }): React.JSX.Element {
  const [pointed, setPointed] = useState<number | null>(null)
  const shown = tokens?.slice(0, MOST_CHIPS) ?? []
  const move = (event: React.KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : event.key === 'Home' ? -Infinity : event.key === 'End' ? Infinity : 0
    if (step === 0 || shown.length === 0) return
    event.preventDefault()
    setPointed(Math.min(shown.length - 1, Math.max(0, (pointed ?? (step > 0 ? -1 : shown.length)) + step)))
  }
  const detail = pointed === null ? null : shown[pointed] ?? null
  return (
    <div className="TokenChips">
      <div className="TokenChips-list" role="group" aria-label="Tokens of the prompt" aria-describedby="token-detail" tabIndex={shown.length > 0 ? 0 : -1} onKeyDown={move} onBlur={() => setPointed(null)} onPointerLeave={() => setPointed(null)}>
        {shown.map((token, index) => (
          // A token's place is its identity.
          <span key={index} className="TokenChip" data-special={token.special || undefined} data-pointed={index === pointed || undefined} onPointerEnter={() => setPointed(index)}>{showSpace(token.text)}</span>
        ))}
        {tokens && tokens.length > shown.length && <span className="CardQuiet">… {formatCount(tokens.length - shown.length)} more</span>}
      </div>
      <p className="TokenChips-detail CardQuiet tabular selectable" id="token-detail" aria-live="polite">
        {detail && pointed !== null
          ? <>token {pointed} · id {detail.id} · {detail.bytes === null ? 'no bytes' : <>bytes <code>{hexBytes(detail.bytes)}</code></>}{detail.special && ' · special'}</>
          : tokens === null ? '\u00a0' : formatQuantity(tokens.length, 'token')}
      </p>
    </div>
  )
}
