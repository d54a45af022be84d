import type { ModelSummary, SiteInfo, TokenInfo } from '../../../preload/contract'

/** A rectangle of token ids; `attentionMask` is 1 on real tokens. Both [rows, length]. Layerscope pads on the right; padding elsewhere changes nothing. */
export interface TokenBatch {
  readonly rows: number
  readonly length: number
  readonly inputIds: Int32Array
  readonly attentionMask: Uint8Array
}

export interface Tensor {
  readonly data: Float32Array
  readonly shape: readonly number[]
}

/**
 * What to keep of a site's [batch, position, …] output.
 * `whole` returns it as it is; `positions` keeps for each of its entries the mean over the listed token indices
 * (one index keeps that token) of batch row `batchRows[entry]`, of the row with its own number where that is left out;
 * the result is [entries, width].
 * `tokens` keeps every unpadded token in row order: [tokens, width].
 */
export type Gather =
  | { readonly kind: 'whole' }
  | { readonly kind: 'positions'; readonly positions: readonly Int32Array[]; readonly batchRows?: Int32Array }
  | { readonly kind: 'tokens' }

export interface Encoding {
  readonly ids: Int32Array
  /** [tokens, 2] UTF-16 offsets into the text; -1, -1 for special tokens. */
  readonly offsets: Int32Array
  /** Tokens dropped to fit the model's positions; 0 when nothing was. */
  readonly truncated: number
}

/** Text to token ids and back to characters, as the model's own tokenizer file says. */
export interface Tokenizer {
  readonly vocabSize: number
  /** Kind in the field's words: `byte-level BPE`, `SentencePiece unigram`, `WordPiece`. */
  readonly kind: string
  /** Longest sequence `encode` returns, special tokens included; null for no limit. */
  readonly maxLength: number | null
  /** Special tokens are added as the tokenizer's post-processor says. */
  encode(text: string): Encoding
  /** Tokens for people: text, ids and spans. */
  describe(text: string): readonly TokenInfo[]
  tokenText(id: number): string
  /** UTF-8 bytes a token stands for, also where they are only a part of a character; null for an id outside the vocabulary. */
  tokenBytes(id: number): Uint8Array | null
  idOf(token: string): number | undefined
  decode(ids: Int32Array | readonly number[]): string
}

/** A change made to a site while the model runs; what lies above it is computed from the changed values. The addition comes before the patch. */
export interface Intervention {
  /** A residual site, or what a sublayer adds to it. */
  readonly site: string
  /** Added to the site: [width] to every token alike, or [rows, length, width]. */
  readonly add?: Float32Array
  /** Where `mask` [rows, length] is 1 the site takes `value` [rows, length, width]. */
  readonly patch?: { readonly mask: Uint8Array; readonly value: Float32Array }
}

/** Sites of one batch by name. */
export interface RunResult extends ReadonlyMap<string, Tensor> {
  /** Tokens the model ran: fewer than the batch holds where rows that begin alike shared their beginning. */
  readonly computedTokens: number
}

/** A model on disk, opened: it can tell what it is, tokenize, and run with any of its sites as outputs. */
export interface OpenModel {
  readonly summary: Omit<ModelSummary, 'modelId'>
  /** Throws `tokenizer-missing` when the model came without one. */
  readonly tokenizer: Tokenizer
  readonly sites: readonly SiteInfo[]
  /** Execution provider in use and, where it is not the one asked for, why. */
  readonly provider: { readonly name: string; readonly note: string | null }
  /** False while the weights are only mapped, as after opening; true once a run or a prompt has had them copied into the layout that multiplies fastest. */
  readonly prepacked: boolean
  /** How rows are best put together: `prefix` runs what rows begin with alike once, so such rows belong in one batch. */
  readonly batching: 'length' | 'prefix'
  /**
   * Runs one batch in the model's worker thread. Float32 whatever the model's precision.
   * @param interventions only on models whose graph Layerscope writes
   * @throws LayerscopeError `site-unknown`, `model-run-failed`, `intervention-invalid`
   */
  run(batch: TokenBatch, sites: readonly string[], gather: Gather, interventions?: readonly Intervention[]): Promise<RunResult>
  /** The site gradients are taken of: logits, or an encoder's last block; null where the model has no backward pass. */
  readonly gradientOutput: string | null
  /**
   * Derivative of sum(cotangent ∘ output) with respect to a site, in the site's shape; [rows, length, …].
   * @param cotangent [rows, length, width of `gradientOutput`]; zero at padding
   * @throws LayerscopeError `gradient-unsupported`, `gradient-independent`, `cotangent-malformed`, `site-unknown`
   */
  gradient(batch: TokenBatch, wrt: string, cotangent: Float32Array): Promise<Tensor>
  /** Ids that end a generated text, by the model's own files. */
  readonly stopIds: readonly number[]
  /**
   * A user's message in the model's chat template.
   * @throws LayerscopeError `chat-template-missing`, `chat-template-failed`
   */
  renderChat(message: string): string
  /**
   * Continues the prompt token by token (key–value cache where the format gives one). Ends at a stop id, the model's last position, or the signal.
   * @throws LayerscopeError `model-no-logits`
   */
  generate(prompt: readonly number[], options: GenerationOptions, onToken: (id: number) => void, signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** How tokens are chosen and when they end. */
export interface SamplingOptions {
  readonly maxTokens: number
  /** 0 takes the most probable token. */
  readonly temperature: number
  /** Only the most probable tokens that together reach this share; 1 takes all. */
  readonly topP: number
  readonly seed: number
  /** Generation ends before one of these. */
  readonly stopIds: readonly number[]
}

export interface GenerationOptions extends SamplingOptions {
  /** `fast` may round activations to eight bits on block-quantised models, as llama.cpp does. */
  readonly arithmetic: 'exact' | 'fast'
}
