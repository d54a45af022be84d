import type { TokenInfo } from '../../../../preload/contract'
import type { Encoding, Tokenizer } from '../open-model'
import { AddedTokenFinder } from './added-tokens'
import { AlignedText, characterLength } from './aligned-text'
import { byteOfToken, bytesOfToken, showBytes, toByteCharacters, utf8 } from './byte-level'
import { createDecoder, type Decoder } from './decoder'
import { createNormalizer, type Normalizer } from './normalizers'
import { createPostProcessor, type PostProcessor } from './post-processor'
import { createPreTokenizer, type PreTokenizer } from './pre-tokenizers'
import { createModel, modelType, type PieceModel, type PieceTokens } from './token-model'
import type { Component, TokenizerFile } from './tokenizer-file'
import { readVocabulary } from './vocabulary'

/** What the model around the tokenizer adds to the file. */
export interface TokenizerLimits {
  /** Longest sequence, special tokens included; null for no limit. */
  readonly maxLength: number | null
  /** Which end of a text that is too long goes. */
  readonly truncationSide: 'right' | 'left'
}

/** Tokens with the text they were found in; added tokens hold one entry. */
interface Run { readonly tokens: PieceTokens; readonly text: AlignedText }

/**
 * A tokenizer.json, run as the `tokenizers` library of Hugging Face runs it: added tokens, normalizer,
 * pre-tokenizer, model, post-processor, with every character's place carried through.
 */
export class PipelineTokenizer implements Tokenizer {
  readonly vocabSize: number
  readonly kind: string
  readonly maxLength: number | null
  private readonly idsOfTokens: Map<string, number>
  private readonly tokens: (string | undefined)[]
  private readonly addedIds: ReadonlySet<number>
  private readonly specialIds: ReadonlySet<number>
  private readonly rawFinder: AddedTokenFinder
  private readonly normalizedFinder: AddedTokenFinder
  private readonly normalize: Normalizer
  private readonly preTokenizer: PreTokenizer
  private readonly model: PieceModel
  private readonly postProcessor: PostProcessor
  private readonly decoder: Decoder
  private readonly spelling: 'bytes' | 'metaspace' | 'plain'
  private readonly truncationSide: 'right' | 'left'

  /** @throws LayerscopeError `tokenizer-unsupported`, `tokenizer-unreadable` */
  constructor(file: TokenizerFile, limits: TokenizerLimits) {
    const vocabulary = readVocabulary(file.model.vocab)
    this.normalize = createNormalizer(file.normalizer)
    this.preTokenizer = createPreTokenizer(file.pre_tokenizer)
    this.model = createModel(file, vocabulary, this.preTokenizer.byteLevel)
    this.postProcessor = createPostProcessor(file.post_processor)
    this.decoder = createDecoder(file.decoder)
    this.idsOfTokens = new Map(vocabulary.idOf)
    this.tokens = vocabulary.tokens.slice()
    for (const added of file.added_tokens) {
      this.idsOfTokens.set(added.content, added.id)
      this.tokens[added.id] = added.content
    }
    const isNormalized = (token: TokenizerFile['added_tokens'][number]): boolean => token.normalized ?? !token.special
    this.rawFinder = new AddedTokenFinder(file.added_tokens.filter((token) => !isNormalized(token)).map((token) => ({ text: token.content, token })))
    this.normalizedFinder = new AddedTokenFinder(file.added_tokens.filter(isNormalized).map((token) => ({
      text: this.normalize(new AlignedText(token.content, 0)).text,
      token
    })))
    this.addedIds = new Set(file.added_tokens.map((token) => token.id))
    this.specialIds = new Set([
      ...file.added_tokens.filter((token) => token.special).map((token) => token.id),
      ...this.postProcessor.before, ...this.postProcessor.after
    ])
    this.vocabSize = this.tokens.length
    this.maxLength = limits.maxLength
    this.truncationSide = limits.truncationSide
    const types = [file.normalizer, file.pre_tokenizer, file.decoder].flatMap(typesWithin)
    this.spelling = types.includes('ByteLevel') ? 'bytes' : types.includes('Metaspace') || vocabulary.idOf.has('▁') ? 'metaspace' : 'plain'
    this.kind = kindName(modelType(file), this.spelling)
  }

  encode(text: string): Encoding {
    const runs: Run[] = []
    let count = 0
    for (const section of this.rawFinder.split(new AlignedText(text, 0))) {
      if (section.kind === 'token') {
        runs.push(addedRun(section))
        count++
        continue
      }
      for (const part of this.normalizedFinder.split(this.normalize(section.text))) {
        if (part.kind === 'token') {
          runs.push(addedRun(part))
          count++
          continue
        }
        if (part.text.length === 0) continue
        for (const piece of this.preTokenizer.split([part.text])) {
          const tokens = this.model(piece.text)
          runs.push({ tokens, text: piece })
          count += tokens.ids.length
        }
      }
    }
    return this.assemble(text, runs, count)
  }

  private assemble(input: string, runs: readonly Run[], count: number): Encoding {
    const { before, after } = this.postProcessor
    const room = this.maxLength === null ? count : Math.max(0, this.maxLength - before.length - after.length)
    const kept = Math.min(count, room)
    const first = this.truncationSide === 'left' ? count - kept : 0
    const ids = new Int32Array(before.length + kept + after.length)
    const offsets = new Int32Array(ids.length * 2).fill(-1)
    ids.set(before)
    ids.set(after, before.length + kept)
    // Index of the token in the whole text, and where it goes.
    let index = 0
    for (const { tokens, text } of runs) {
      const length = tokens.ids.length
      for (let token = 0; token < length; token++, index++) {
        if (index < first || index >= first + kept) continue
        const place = before.length + index - first
        ids[place] = tokens.ids[token] ?? 0
        offsets[place * 2] = text.startOf(tokens.starts[token] ?? 0)
        offsets[place * 2 + 1] = text.endBefore(tokens.ends[token] ?? 0)
      }
    }
    if (this.postProcessor.trimOffsets) this.trimOffsets(input, ids, offsets)
    return { ids, offsets, truncated: count - kept }
  }

  /** Leaves a token's leading and trailing white space out of its place, as byte-level post-processors ask. */
  private trimOffsets(text: string, ids: Int32Array, offsets: Int32Array): void {
    for (let index = 0; index < ids.length; index++) {
      const start = offsets[index * 2] ?? -1
      const end = offsets[index * 2 + 1] ?? -1
      const token = this.tokens[ids[index] ?? -1]
      if (start < 0 || token === undefined) continue
      let leading = /^[Ġ\p{White_Space}]*/u.exec(token)?.[0].length ?? 0
      const trailing = /[Ġ\p{White_Space}]*$/u.exec(token)?.[0].length ?? 0
      if (leading > 0) {
        if (start === 0 && this.postProcessor.addsPrefixSpace) leading--
        offsets[index * 2] = Math.min(movedBy(text, start, leading), end)
      }
      if (trailing > 0) offsets[index * 2 + 1] = Math.max(movedBy(text, end, -trailing), offsets[index * 2] ?? start)
    }
  }

  describe(text: string): readonly TokenInfo[] {
    const { ids, offsets } = this.encode(text)
    return Array.from(ids, (id, index) => {
      const start = offsets[index * 2] ?? -1
      return {
        id,
        text: this.tokenText(id),
        span: start < 0 ? null : [start, offsets[index * 2 + 1] ?? start] as const,
        special: this.specialIds.has(id)
      }
    })
  }

  /** The token as people read it: a space for `Ġ` and `▁`, bytes that are no character spelled out. */
  tokenText(id: number): string {
    const token = this.tokens[id]
    if (token === undefined) return `<${id}>`
    if (this.addedIds.has(id)) return token
    if (this.spelling === 'metaspace') return token.replaceAll('▁', ' ')
    if (this.spelling === 'plain') return token
    const bytes = bytesOfToken(token)
    return bytes === null ? token : showBytes(bytes)
  }

  tokenBytes(id: number): Uint8Array | null {
    const token = this.tokens[id]
    if (token === undefined) return null
    if (this.addedIds.has(id)) return utf8(token)
    if (this.spelling === 'bytes') return bytesOfToken(token) ?? utf8(token)
    const byte = byteOfToken(token)
    return byte === null ? utf8(this.tokenText(id)) : Uint8Array.of(byte)
  }

  /** Id of a token by its name in the vocabulary, or by its text as `tokenText` shows it. */
  idOf(token: string): number | undefined {
    const exact = this.idsOfTokens.get(token)
    if (exact !== undefined || this.spelling === 'plain') return exact
    return this.idsOfTokens.get(this.spelling === 'bytes' ? toByteCharacters(token) : token.replaceAll(' ', '▁'))
  }

  decode(ids: Int32Array | readonly number[]): string {
    const tokens: string[] = []
    for (const id of ids) {
      const token = this.tokens[id]
      if (token !== undefined) tokens.push(token)
    }
    return this.decoder(tokens).join('')
  }
}

function kindName(type: string, spelling: 'bytes' | 'metaspace' | 'plain'): string {
  const words = type === 'Unigram' ? 'unigram' : type === 'WordLevel' ? 'word level' : type
  return spelling === 'bytes' ? `byte-level ${words}` : spelling === 'metaspace' ? `SentencePiece ${words}` : words
}

/** A place moved by so many characters. */
function movedBy(text: string, place: number, characters: number): number {
  let moved = place
  for (let step = 0; step < Math.abs(characters); step++) {
    if (characters > 0) moved += characterLength(text, moved)
    else moved -= moved > 1 && characterLength(text, moved - 2) === 2 ? 2 : 1
  }
  return Math.max(0, Math.min(text.length, moved))
}

function addedRun(section: { readonly id: number; readonly start: number; readonly end: number }): Run {
  const length = section.end - section.start
  return {
    tokens: { ids: Int32Array.of(section.id), starts: Int32Array.of(0), ends: Int32Array.of(length) },
    text: new AlignedText('', section.start)
  }
}

function typesWithin(component: Component | null): readonly string[] {
  if (component === null) return []
  const inner = [component['normalizers'], component['pretokenizers'], component['decoders']].flatMap((list) => (Array.isArray(list) ? (list as readonly Component[]) : []))
  return [component.type, ...inner.flatMap(typesWithin)]
}
