import { LayerscopeError } from '../../errors'
import { characterLength } from './aligned-text'
import type { PieceModel, PieceTokens } from './token-model'
import type { Vocabulary } from './vocabulary'

interface WordPieceOptions {
  readonly unk_token: string
  readonly continuing_subword_prefix: string
  readonly max_input_chars_per_word: number
}

/**
 * WordPiece as BERT uses it: the longest token that begins the rest of the word, again and again;
 * a word that cannot be finished is one unknown token.
 */
export function createWordPiece(options: WordPieceOptions, vocabulary: Vocabulary): PieceModel {
  const unknown = requireToken(options.unk_token, vocabulary)
  const longest = Array.from(vocabulary.idOf.keys()).reduce((most, token) => Math.max(most, token.length), 1)
  return (piece) => {
    if (piece.length > options.max_input_chars_per_word && countCharacters(piece) > options.max_input_chars_per_word) return whole(piece, unknown)
    const ids: number[] = []
    const starts: number[] = []
    const ends: number[] = []
    let start = 0
    while (start < piece.length) {
      const prefix = start > 0 ? options.continuing_subword_prefix : ''
      let end = Math.min(piece.length, start + longest)
      let id: number | undefined
      for (; end > start; end--) {
        id = vocabulary.idOf.get(prefix + piece.slice(start, end))
        if (id !== undefined) break
      }
      if (id === undefined) return whole(piece, unknown)
      ids.push(id)
      starts.push(start)
      ends.push(end)
      start = end
    }
    return { ids: Int32Array.from(ids), starts: Int32Array.from(starts), ends: Int32Array.from(ends) }
  }
}

/** One token a piece. */
export function createWordLevel(options: { readonly unk_token: string }, vocabulary: Vocabulary): PieceModel {
  return (piece) => whole(piece, vocabulary.idOf.get(piece) ?? requireToken(options.unk_token, vocabulary))
}

function whole(piece: string, id: number): PieceTokens {
  return { ids: Int32Array.of(id), starts: Int32Array.of(0), ends: Int32Array.of(piece.length) }
}

function countCharacters(text: string): number {
  let count = 0
  for (let unit = 0; unit < text.length; unit += characterLength(text, unit)) count++
  return count
}

function requireToken(token: string, vocabulary: Vocabulary): number {
  const id = vocabulary.idOf.get(token)
  if (id !== undefined) return id
  throw new LayerscopeError({ code: 'tokenizer-unreadable', message: `The unknown token ${token} is not in the vocabulary of tokenizer.json.`, field: 'model.unk_token' })
}
