import type { TokenInfo } from '../../preload/contract'

/** A stretch of a text as it is shown: one token, or what lies between two. */
export interface TokenPiece {
  readonly kind: 'token' | 'special' | 'gap'
  readonly text: string
  /** Index into the tokens; null for a gap. */
  readonly token: number | null
  readonly id: number | null
  /** Whether the model was read at this token. */
  readonly read: boolean
  /** Whether a new line starts after it. */
  readonly breaks: boolean
}

const visible: Readonly<Record<string, string>> = { ' ': '·', '\t': '→', '\n': '↵', '\r': '␍', '\u00a0': '⍽', '\u200b': '⟨zwsp⟩' }

/** White space as marks that can be seen. Other characters stay as they are. */
export function showSpace(text: string): string {
  return text.replace(/[ \t\n\r\u00a0\u200b]/g, (mark) => visible[mark] ?? mark)
}

/**
 * The text cut at its tokens. Every character of the text is shown once: in its token, or in a gap where no token covers it;
 * a token that shares its characters with the one before (bytes of one letter) is shown by its own text.
 */
export function tokenPieces(text: string, tokens: readonly TokenInfo[], positions: readonly number[]): readonly TokenPiece[] {
  const read = new Set(positions)
  const pieces: TokenPiece[] = []
  let at = 0
  tokens.forEach((token, index) => {
    const { span, special, id } = token
    const [from, to] = span ?? [at, at]
    if (from > at) pieces.push({ kind: 'gap', text: showSpace(text.slice(at, from)), token: null, id: null, read: false, breaks: text.slice(at, from).includes('\n') })
    if (special || span === null) {
      pieces.push({ kind: 'special', text: token.text, token: index, id, read: read.has(index), breaks: false })
      at = Math.max(at, to)
      return
    }
    const own = from >= at ? text.slice(from, to) : text.slice(at, Math.max(at, to))
    pieces.push({ kind: 'token', text: own === '' ? token.text : showSpace(own), token: index, id, read: read.has(index), breaks: own.includes('\n') })
    at = Math.max(at, to)
  })
  if (at < text.length) pieces.push({ kind: 'gap', text: showSpace(text.slice(at)), token: null, id: null, read: false, breaks: false })
  return pieces
}
