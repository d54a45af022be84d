/**
 * What a transformer is, once its configuration's spelling has been read: numbers and choices, no names of tensors.
 * One graph writer serves every family; a family is a value of this type plus its tensor names.
 */

/** How the rotation frequencies of rotary position embeddings are stretched beyond the trained length. */
export type RotaryScaling =
  | { readonly kind: 'default' }
  | { readonly kind: 'linear'; readonly factor: number }
  | { readonly kind: 'dynamic'; readonly factor: number; readonly originalLength: number }
  | { readonly kind: 'llama3'; readonly factor: number; readonly lowFrequencyFactor: number; readonly highFrequencyFactor: number; readonly originalLength: number }
  | {
      readonly kind: 'yarn'; readonly factor: number; readonly betaFast: number; readonly betaSlow: number; readonly originalLength: number
      readonly attentionFactor: number; readonly truncate: boolean
    }
  | { readonly kind: 'longrope'; readonly shortFactor: readonly number[]; readonly longFactor: readonly number[]; readonly originalLength: number; readonly attentionFactor: number }
  /** Divisors given by the file (`rope_freqs.weight` of GGUF). */
  | { readonly kind: 'divisors'; readonly divisors: readonly number[] }

export interface Rotary {
  readonly base: number
  /** Values of each head that turn; the rest pass. */
  readonly width: number
  readonly scaling: RotaryScaling
}

export type Positions =
  /** Learned table. Row read for the i-th real token: i + `offset`. With `paddingId`, tokens of that id are not counted (RoBERTa, MPNet). */
  | { readonly kind: 'learned'; readonly offset: number; readonly paddingId: number | null }
  /** One rotary per block (Gemma 3 uses two bases). */
  | { readonly kind: 'rotary'; readonly blocks: readonly Rotary[] }
  | { readonly kind: 'none' }

export type Activation = 'gelu' | 'gelu-tanh' | 'quick-gelu' | 'relu' | 'relu-squared' | 'silu' | 'tanh'

export interface Architecture {
  readonly family: string
  /** Decoders see what came before; encoders see everything. */
  readonly causal: boolean
  readonly layers: number
  readonly hidden: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly mlp: number
  readonly vocab: number
  readonly maxPositions: number
  readonly norm: { readonly kind: 'layer' | 'rms'; readonly epsilon: number; /** Gemma: weights are stored minus one. */ readonly plusOne: boolean; /** False for norms without weights (some OPT). */ readonly weighted?: boolean }
  /**
   * `pre`: norm, sublayer, add. `post`: sublayer, add, norm (BERT). `sandwich`: norm, sublayer, norm, add (Gemma 2, 3).
   * `parallel`: both sublayers read the block's input (NeoX).
   */
  readonly placement: 'pre' | 'post' | 'sandwich' | 'parallel'
  readonly positions: Positions
  /** T5-style bias over relative positions, shared by all blocks (MPNet). */
  readonly relativeBias: { readonly buckets: number; readonly maxDistance: number } | null
  readonly embedding: {
    readonly scale: number | null
    readonly norm: boolean
    readonly tokenTypes: boolean
    /** Width of the token table where it is not the hidden size (OPT 350m): a matrix leads into the blocks, another one out of them. */
    readonly width?: number
  }
  readonly attention: {
    readonly scale: number
    /** Block i divides its scores by i + 1 besides (GPT-2's `scale_attn_by_inverse_layer_idx`). */
    readonly dividedByDepth?: boolean
    readonly softcap: number | null
    readonly queryKeyNorm: boolean
    /** Tokens a query may look back, itself included; one entry a block, null for no limit. */
    readonly windows: readonly (number | null)[]
  }
  readonly gated: boolean
  readonly activation: Activation
  readonly residualScale: number | null
  readonly finalNorm: boolean
  /** Null for models without a language-model head. */
  readonly logits: { readonly softcap: number | null; readonly divisor: number | null } | null
}

/**
 * Tensor names of one family in one format. `{i}` stands for the block. Weights end in `.weight`, biases in `.bias`;
 * a bias that the file lacks is left out. Names are tried with each prefix until the embedding is found.
 */
export interface TensorNames {
  readonly prefixes: readonly string[]
  readonly embedding: string
  /** Between an embedding of another width and the blocks, and back. */
  readonly projectionIn?: string
  readonly projectionOut?: string
  readonly positionEmbedding?: string
  readonly tokenTypeEmbedding?: string
  readonly embeddingNorm?: string
  readonly relativeBias?: string
  readonly finalNorm?: string
  /** Without a prefix, the first that the file has; none: tied to the embedding. */
  readonly heads?: readonly string[]
  readonly block: {
    readonly query?: string
    readonly key?: string
    readonly value?: string
    /** One matrix for q, k and v. `rows`: q rows, then k, then v. `heads`: for each head its q, k, v rows (NeoX). */
    readonly packed?: { readonly name: string; readonly layout: 'rows' | 'heads' }
    readonly attentionOut: string
    readonly queryNorm?: string
    readonly keyNorm?: string
    readonly attentionNorm: string
    readonly postAttentionNorm?: string
    readonly mlpNorm?: string
    readonly postMlpNorm?: string
    readonly gate?: string
    readonly up: string
    /** `up` holds gate rows, then up rows (Phi-3). */
    readonly packedGate?: boolean
    readonly down: string
  }
  /** Matrices are stored [in, out] as GPT-2's Conv1D does, instead of [out, in]. */
  readonly transposed?: boolean
}
