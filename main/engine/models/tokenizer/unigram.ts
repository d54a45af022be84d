import { z } from 'zod'
import { LayerscopeError } from '../../errors'
import { characterLength } from './aligned-text'
import { byteToken, utf8 } from './byte-level'
import { readComponent } from './tokenizer-file'
import type { PieceModel } from './token-model'
import type { Vocabulary } from './vocabulary'

const unigramSchema = z.object({
  vocab: z.array(z.tuple([z.string(), z.number()])),
  unk_id: z.int().min(0).nullable().default(null),
  byte_fallback: z.boolean().default(false)
})

/** What an unknown character costs below the worst token, as SentencePiece has it. */
const unknownPenalty = 10

/**
 * Unigram language model (Kudo, P18-1007): the segmentation of highest total log-probability (Viterbi).
 * @throws LayerscopeError `tokenizer-unreadable`
 */
export function createUnigram(model: unknown, vocabulary: Vocabulary): PieceModel {
  const options = readComponent('model', model, unigramSchema)
  const scores = Float64Array.from(options.vocab, ([, score]) => score)
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - unknownPenalty
  const longest = options.vocab.reduce((most, [token]) => Math.max(most, token.length), 1)
  const bytes = Array.from({ length: 256 }, (_, byte) => vocabulary.idOf.get(byteToken(byte)))
  return (piece) => {
    const path = bestPath(piece)
    const ids: number[] = []
    const starts: number[] = []
    const ends: number[] = []
    for (const { start, end } of path) {
      const text = piece.slice(start, end)
      const id = vocabulary.idOf.get(text)
      const spelled = id === undefined && options.byte_fallback ? Array.from(utf8(text), (byte) => bytes[byte]) : []
      const tokens = id !== undefined ? [id] : spelled.length > 0 && spelled.every((byte) => byte !== undefined) ? spelled : [unknownId()]
      for (const token of tokens) {
        ids.push(token)
        starts.push(start)
        ends.push(end)
      }
    }
    return { ids: Int32Array.from(ids), starts: Int32Array.from(starts), ends: Int32Array.from(ends) }
  }

  function unknownId(): number {
    if (options.unk_id !== null) return options.unk_id
    throw new LayerscopeError({ code: 'tokenizer-unreadable', message: 'The text holds a character that this tokenizer does not know, and it has no unknown token.', field: 'model.unk_id' })
  }

  function bestPath(piece: string): readonly { readonly start: number; readonly end: number }[] {
    const size = piece.length
    const best = new Float64Array(size + 1).fill(-Infinity)
    const from = new Int32Array(size + 1).fill(-1)
    const isUnknown = new Uint8Array(size + 1)
    best[0] = 0
    for (let start = 0; start < size;) {
      const single = start + characterLength(piece, start)
      const here = best[start] ?? -Infinity
      let hasSingle = false
      for (let end = start + 1; end <= Math.min(size, start + longest); end++) {
        const id = vocabulary.idOf.get(piece.slice(start, end))
        const score = id === undefined ? undefined : scores[id]
        if (id === undefined || score === undefined) continue
        if (end === single) hasSingle = true
        if ((from[end] ?? -1) < 0 || here + score > (best[end] ?? 0)) {
          best[end] = here + score
          from[end] = start
          isUnknown[end] = id === options.unk_id ? 1 : 0
        }
      }
      if (!hasSingle && ((from[single] ?? -1) < 0 || here + unknownScore > (best[single] ?? 0))) {
        best[single] = here + unknownScore
        from[single] = start
        isUnknown[single] = 1
      }
      start = single
    }
    const path: { start: number; end: number; unknown: boolean }[] = []
    for (let end = size; end > 0; end = from[end] ?? 0) {
      const start = from[end] ?? 0
      const unknown = isUnknown[end] === 1
      const next = path.at(-1)
      // Neighbouring unknown characters are one unknown token.
      if (unknown && next?.unknown === true) next.start = start
      else path.push({ start, end, unknown })
    }
    return path.reverse()
  }
}
