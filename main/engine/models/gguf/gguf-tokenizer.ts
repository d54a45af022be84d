import { basename } from 'node:path'
import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import type { Tokenizer } from '../open-model'
import { PipelineTokenizer, tokenizerFileSchema } from '../tokenizer'
import type { GgufFile } from './gguf-file'
import { byteLevel, cuttingRules, sequence, TOKENIZER_BESIDE, type Component, type CuttingRules } from './cutting-rules'

/** Kinds of token (`llama_token_type`). */
const TOKEN_TYPE = { unknown: 2, control: 3, userDefined: 4, byte: 6 } as const

/**
 * Rebuilds the tokenizer that a GGUF file carries: byte-level BPE, SentencePiece BPE or unigram, or WordPiece.
 * @returns null where the file has none
 * @throws LayerscopeError `tokenizer-unsupported`, `tokenizer-unreadable`
 */
export function ggufTokenizer(file: GgufFile, maxLength: number): Tokenizer | null {
  const write = writerOf(file)
  if (write === null) return null
  const rebuilt = tokenizerFileSchema.parse(write(new GgufVocabulary(file)))
  try {
    return new PipelineTokenizer(rebuilt, { maxLength, truncationSide: 'right' })
  } catch (error) {
    if (!(error instanceof LayerscopeError)) throw error
    // What is wrong stands in the metadata: there is no tokenizer.json.
    const { field: _field, ...report } = error.report
    throw new LayerscopeError({ ...report, message: report.message.replace('tokenizer.json', basename(file.path)), file: file.path, hint: TOKENIZER_BESIDE }, { cause: error })
  }
}

/** Throws the `tokenizer-unsupported` of `ggufTokenizer`, without the time that it takes to build. */
export function requireKnownTokenizer(file: GgufFile): void {
  writerOf(file)
}

function writerOf(file: GgufFile): ((vocabulary: GgufVocabulary) => unknown) | null {
  const model = file.metadata.get('tokenizer.ggml.model')
  if (model === undefined || model === 'none' || model === 'no_vocab') return null
  const write = typeof model === 'string' && Object.hasOwn(KINDS, model) ? KINDS[model] : undefined
  if (write === byteLevelFile) rulesOf(file)
  if (write) return write
  throw new LayerscopeError({
    code: 'tokenizer-unsupported', file: file.path, field: 'tokenizer.ggml.model',
    message: `The file's tokenizer is of the kind ${quoted(String(model))}, which Layerscope does not know; it knows ${Object.keys(KINDS).join(', ')}.`, hint: TOKENIZER_BESIDE
  })
}

function rulesOf(file: GgufFile): CuttingRules {
  const name = file.metadata.get('tokenizer.ggml.pre')
  return cuttingRules(typeof name === 'string' ? name : 'gpt-2', file.path)
}

class GgufVocabulary {
  readonly tokens: readonly string[]
  readonly types: readonly number[]

  constructor(readonly file: GgufFile) {
    this.tokens = this.strings('tokens')
    this.types = this.numbers('token_type') ?? this.tokens.map(() => 1)
  }

  strings(key: string): readonly string[] {
    const value = this.file.metadata.get(`tokenizer.ggml.${key}`)
    if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) throw this.unreadable(key)
    return value
  }

  numbers(key: string): readonly number[] | null {
    const value = this.file.metadata.get(`tokenizer.ggml.${key}`)
    if (value === undefined) return null
    if (!Array.isArray(value) || value.length !== this.tokens.length || !value.every((entry) => typeof entry === 'number')) throw this.unreadable(key)
    return value
  }

  id(key: string): number | null {
    const value = this.file.metadata.get(`tokenizer.ggml.${key}`)
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < this.tokens.length ? value : null
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.file.metadata.get(`tokenizer.ggml.${key}`)
    return typeof value === 'boolean' ? value : otherwise
  }

  /**
   * Tokens found in text before anything else. SentencePiece files list `<s>` and `</s>` as control tokens even where the model
   * begins and ends with others: those two count only where the file names them.
   */
  get added(): unknown[] {
    const named = new Set(['bos_token_id', 'eos_token_id', 'padding_token_id', 'unknown_token_id'].map((key) => this.id(key)))
    return this.tokens.flatMap((content, id) => {
      const type = this.types[id]
      if ((content === '<s>' || content === '</s>') && !named.has(id)) return []
      const special = type === TOKEN_TYPE.control || type === TOKEN_TYPE.unknown
      return special || type === TOKEN_TYPE.userDefined ? [{ id, content, special, normalized: false }] : []
    })
  }

  /** `beginning` $A `end`, as far as the file's flags ask for them. */
  postProcessor(addBeginning: boolean, addEnd: boolean, end: number | null): Component | null {
    const beginning = this.id('bos_token_id')
    const before = addBeginning && beginning !== null ? [beginning] : []
    const after = addEnd && end !== null ? [end] : []
    const ids = [...before, ...after]
    if (ids.length === 0) return null
    const special = (id: number): unknown => ({ SpecialToken: { id: this.tokens[id], type_id: 0 } })
    const single = [...before.map(special), { Sequence: { id: 'A', type_id: 0 } }, ...after.map(special)]
    return {
      type: 'TemplateProcessing', single, pair: single,
      special_tokens: Object.fromEntries(ids.map((id) => [this.tokens[id], { id: this.tokens[id], ids: [id], tokens: [this.tokens[id]] }]))
    }
  }

  /** A list of bytes, which files write signed or unsigned; null where there is none. */
  bytes(key: string): Buffer | null {
    const value = this.file.metadata.get(`tokenizer.ggml.${key}`)
    if (value === undefined) return null
    if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'number')) throw this.unreadable(key)
    return Buffer.from(value)
  }

  unreadable(key: string): LayerscopeError {
    return new LayerscopeError({ code: 'tokenizer-unreadable', message: `The metadata entry tokenizer.ggml.${key} does not fit the vocabulary.`, file: this.file.path, field: `tokenizer.ggml.${key}`, hint: TOKENIZER_BESIDE })
  }
}

function byteLevelFile(vocabulary: GgufVocabulary): unknown {
  const pre = rulesOf(vocabulary.file)
  return {
    added_tokens: vocabulary.added,
    normalizer: pre.normalizer ?? null,
    pre_tokenizer: pre.split,
    post_processor: vocabulary.postProcessor(vocabulary.flag('add_bos_token', pre.adds !== undefined), vocabulary.flag('add_eos_token', pre.adds === 'both'), vocabulary.id('eos_token_id')),
    decoder: byteLevel(true),
    model: { type: 'BPE', vocab: idsByToken(vocabulary.tokens), merges: [...vocabulary.strings('merges')], ignore_merges: pre.ignoreMerges ?? false, fuse_unk: false, byte_fallback: false }
  }
}

function sentencePieceFile(vocabulary: GgufVocabulary): unknown {
  const space: Component = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
  const prefixed: Component = { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, space] }
  const unknown = vocabulary.id('unknown_token_id') ?? Math.max(0, vocabulary.types.indexOf(TOKEN_TYPE.unknown))
  return {
    added_tokens: vocabulary.added,
    normalizer: vocabulary.flag('add_space_prefix', true) ? prefixed : space,
    pre_tokenizer: null,
    post_processor: vocabulary.postProcessor(vocabulary.flag('add_bos_token', true), vocabulary.flag('add_eos_token', false), vocabulary.id('eos_token_id')),
    decoder: { type: 'Sequence', decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }] },
    model: {
      type: 'BPE', vocab: idsByToken(vocabulary.tokens), merges: mergesByScore(vocabulary), unk_token: vocabulary.tokens[unknown] ?? null, byte_fallback: true, fuse_unk: true, ignore_merges: false
    }
  }
}

/** SentencePiece's unigram model as XLM-RoBERTa's source tokenizer spells it; llama.cpp calls it after T5. */
function unigramFile(vocabulary: GgufVocabulary): unknown {
  const scores = vocabulary.numbers('scores')
  if (!scores) throw vocabulary.unreadable('scores')
  const metaspace: Component = { type: 'Metaspace', replacement: '▁', prepend_scheme: vocabulary.flag('add_space_prefix', true) ? 'always' : 'never', split: true }
  const unknown = vocabulary.id('unknown_token_id') ?? vocabulary.types.indexOf(TOKEN_TYPE.unknown)
  const charsmap = vocabulary.bytes('precompiled_charsmap')
  return {
    added_tokens: vocabulary.added,
    normalizer: charsmap === null ? null : { type: 'Precompiled', precompiled_charsmap: charsmap.toString('base64') },
    pre_tokenizer: vocabulary.flag('remove_extra_whitespaces', true) ? sequence({ type: 'WhitespaceSplit' }, metaspace) : metaspace,
    post_processor: vocabulary.postProcessor(vocabulary.flag('add_bos_token', false), vocabulary.flag('add_eos_token', true), vocabulary.id('eos_token_id')),
    decoder: metaspace,
    model: { type: 'Unigram', unk_id: unknown < 0 ? null : unknown, vocab: vocabulary.tokens.map((token, id) => [token, scores[id] ?? 0]), byte_fallback: vocabulary.types.includes(TOKEN_TYPE.byte) }
  }
}

/**
 * SentencePiece keeps scores, not merges: every split of a token into two known ones is a merge, the best-scored token first
 * (transformers' `generate_merges`). Where all scores are equal the order of the vocabulary, which is that of training, decides.
 */
function mergesByScore(vocabulary: GgufVocabulary): string[][] {
  const ids = new Map(vocabulary.tokens.map((token, id) => [token, id]))
  const scores = vocabulary.numbers('scores')
  const merges: { readonly pair: string[]; readonly score: number }[] = []
  vocabulary.tokens.forEach((token, id) => {
    if (vocabulary.types[id] !== 1 && vocabulary.types[id] !== TOKEN_TYPE.userDefined) return
    const characters = [...token]
    const local: { readonly pair: string[]; readonly left: number; readonly right: number }[] = []
    for (let at = 1; at < characters.length; at++) {
      const pair = [characters.slice(0, at).join(''), characters.slice(at).join('')]
      const [left, right] = [ids.get(pair[0] ?? ''), ids.get(pair[1] ?? '')]
      if (left !== undefined && right !== undefined) local.push({ pair, left, right })
    }
    local.sort((a, b) => a.left - b.left || a.right - b.right)
    for (const { pair } of local) merges.push({ pair, score: scores?.[id] ?? 0 })
  })
  merges.sort((a, b) => b.score - a.score)
  return merges.map(({ pair }) => pair)
}

function wordPieceFile(vocabulary: GgufVocabulary): unknown {
  // llama.cpp marks the beginnings of words; WordPiece marks what continues them.
  const tokens = vocabulary.tokens.map((token, id) => (vocabulary.types[id] !== 1 ? token : token.startsWith('▁') ? token.slice(1) : `##${token}`))
  const unknown = vocabulary.id('unknown_token_id')
  const separator = vocabulary.id('seperator_token_id') ?? vocabulary.id('separator_token_id') ?? vocabulary.id('eos_token_id')
  const lowercase = vocabulary.flag('normalizer.lowercase', true)
  return {
    added_tokens: vocabulary.added,
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: vocabulary.postProcessor(true, true, separator),
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', vocab: idsByToken(tokens), unk_token: tokens[unknown ?? 0] ?? '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100 }
  }
}

function idsByToken(tokens: readonly string[]): Record<string, number> {
  const ids: Record<string, number> = Object.create(null) as Record<string, number>
  tokens.forEach((token, id) => (ids[token] ??= id))
  return ids
}

/** Tokenizers by llama.cpp's name for their kind, as a tokenizer.json would write them. */
const KINDS: Readonly<Record<string, (vocabulary: GgufVocabulary) => unknown>> = { gpt2: byteLevelFile, llama: sentencePieceFile, t5: unigramFile, bert: wordPieceFile }
