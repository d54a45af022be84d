import { z } from 'zod'
import { toByteCharacters } from './byte-level'
import { characterLength } from './aligned-text'
import { createBpe } from './bpe'
import { readComponent, unsupported, type TokenizerFile } from './tokenizer-file'
import { createUnigram } from './unigram'
import { createWordLevel, createWordPiece } from './word-piece'
import type { Vocabulary } from './vocabulary'

/** Tokens of one piece; positions are UTF-16 units of the piece. */
export interface PieceTokens {
  readonly ids: Int32Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/** Cuts one piece into tokens of the vocabulary. */
export type PieceModel = (piece: string) => PieceTokens

const longestCachedPiece = 256
/** Pieces of one of the cache's two generations, some 1 KB each. */
const cachedPieces = 8192

/**
 * The model of a tokenizer.json, with a bounded cache over pieces.
 * `byteLevel` says that pieces arrive as characters and the vocabulary is of byte characters.
 * @throws LayerscopeError `tokenizer-unsupported`, `tokenizer-unreadable`
 */
export function createModel(file: TokenizerFile, vocabulary: Vocabulary, byteLevel: boolean): PieceModel {
  const model = createUncachedModel(file, vocabulary)
  const uncached = byteLevel ? onBytes(model) : model
  let recent = new Map<string, PieceTokens>()
  let before = recent
  return (piece) => {
    const known = recent.get(piece)
    if (known !== undefined) return known
    const tokens = before.get(piece) ?? uncached(piece)
    if (piece.length <= longestCachedPiece) {
      // What is asked for again moves on; numbers and names that came once go.
      if (recent.size >= cachedPieces) [before, recent] = [recent, new Map()]
      recent.set(piece, tokens)
    }
    return tokens
  }
}

/** Type of the model, also in files of the time before they named it. */
export function modelType({ model }: TokenizerFile): string {
  return model.type ?? (Array.isArray(model.vocab) ? 'Unigram' : 'merges' in model ? 'BPE' : 'WordPiece')
}

function createUncachedModel(file: TokenizerFile, vocabulary: Vocabulary): PieceModel {
  const { model } = file
  const type = modelType(file)
  switch (type) {
    case 'BPE': return createBpe(model, vocabulary)
    case 'Unigram': return createUnigram(model, vocabulary)
    case 'WordPiece': return createWordPiece(readComponent('model', model, wordPieceSchema), vocabulary)
    case 'WordLevel': return createWordLevel(readComponent('model', model, z.object({ unk_token: z.string().default('[UNK]') })), vocabulary)
    default: throw unsupported('model', type)
  }
}

const wordPieceSchema = z.object({
  unk_token: z.string().default('[UNK]'),
  continuing_subword_prefix: z.string().default('##'),
  max_input_chars_per_word: z.int().positive().default(100)
})

/** Runs a model over the bytes of a piece; a token that holds part of a character covers the whole character. */
function onBytes(model: PieceModel): PieceModel {
  return (piece) => {
    const bytes = toByteCharacters(piece)
    const { ids, starts, ends } = model(bytes)
    if (bytes.length === piece.length) return { ids, starts, ends }
    const characterStart = new Int32Array(bytes.length)
    const characterEnd = new Int32Array(bytes.length)
    let byte = 0
    for (let unit = 0; unit < piece.length;) {
      const next = unit + characterLength(piece, unit)
      const length = toByteCharacters(piece.slice(unit, next)).length
      characterStart.fill(unit, byte, byte + length)
      characterEnd.fill(next, byte, byte + length)
      byte += length
      unit = next
    }
    return {
      ids,
      starts: starts.map((start) => characterStart[start] ?? piece.length),
      ends: ends.map((end) => characterEnd[end - 1] ?? 0)
    }
  }
}
