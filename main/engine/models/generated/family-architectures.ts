/** What config.json of each family says of its architecture, with the defaults and quirks of transformers' configuration classes. */
import type { Activation, Architecture, Positions } from './architecture'
import type { ModelConfig } from './config'
import { readRotary } from './rotary'

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: 'gelu', gelu_new: 'gelu-tanh', gelu_fast: 'gelu-tanh', gelu_pytorch_tanh: 'gelu-tanh', gelu_accurate: 'gelu-tanh',
  gelu_python: 'gelu', gelu_python_tanh: 'gelu-tanh', quick_gelu: 'quick-gelu', relu: 'relu', relu2: 'relu-squared', silu: 'silu', swish: 'silu', tanh: 'tanh'
}

function activation(config: ModelConfig, otherwise: string, ...names: readonly string[]): Activation {
  const name = config.text(...names) ?? otherwise
  const known = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined
  if (!known) throw config.invalid(names[0] ?? 'hidden_act', `is ${name}, an activation Layerscope does not know`)
  return known
}

const LIMITS = { layers: 1_000, width: 1_000_000, heads: 10_000, vocab: 10_000_000, positions: 100_000_000 } as const

/** Sizes, under the names that one family or another gives them. */
function sizes(config: ModelConfig) {
  const hidden = config.count(LIMITS.width, 'hidden_size', 'n_embd', 'dim')
  const heads = config.count(LIMITS.heads, 'num_attention_heads', 'n_head', 'n_heads')
  const headDim = config.optionalCount(LIMITS.width, 'head_dim') ?? hidden / heads
  if (!Number.isInteger(headDim)) throw config.invalid('num_attention_heads', `is ${heads}, which does not divide the hidden size ${hidden}`)
  const kvHeads = config.optionalCount(LIMITS.heads, 'num_key_value_heads') ?? heads
  if (heads % kvHeads !== 0) throw config.invalid('num_key_value_heads', `is ${kvHeads}, which does not divide the ${heads} attention heads`)
  return {
    layers: config.count(LIMITS.layers, 'num_hidden_layers', 'n_layer', 'n_layers'),
    hidden, heads, headDim, kvHeads,
    vocab: config.count(LIMITS.vocab, 'vocab_size'),
    maxPositions: config.count(LIMITS.positions, 'max_position_embeddings', 'n_positions')
  }
}

const everyBlock = <T>(layers: number, value: (block: number) => T): T[] => Array.from({ length: layers }, (_, i) => value(i))

/** Window of each block from `layer_types`, or from the family's old rule where the file has none. */
function windows(config: ModelConfig, layers: number, slides: (block: number) => boolean): (number | null)[] {
  const window = config.optionalNumber('sliding_window')
  const types = config.texts('layer_types')
  return everyBlock(layers, (i) => (window !== null && (types ? types[i] === 'sliding_attention' : slides(i)) ? window : null))
}

/** The file's window on every block. */
export const slidesEverywhere = (config: ModelConfig, layers: number): (number | null)[] => windows(config, layers, () => true)

/** Qwen slides only where the file says so, and then from `max_window_layers` on. */
export function qwenWindows(config: ModelConfig, layers: number): (number | null)[] {
  if (!config.flag('use_sliding_window', false)) return everyBlock(layers, () => null)
  const first = config.optionalNumber('max_window_layers') ?? layers
  return windows(config, layers, (i) => i >= first)
}

interface DecoderChoices {
  readonly family: string
  readonly windows?: (config: ModelConfig, layers: number) => (number | null)[]
  readonly queryKeyNorm?: boolean
}

/** Llama and what descends from it: rotary, RMS norms before each sublayer, gated MLP, grouped-query attention. */
export function llamaArchitecture({ family, windows: windowsOf, queryKeyNorm = false }: DecoderChoices): (config: ModelConfig) => Architecture {
  return (config) => {
    const size = sizes(config)
    const rotary = readRotary(config, size.headDim, size.maxPositions)
    const divisor = config.optionalNumber('logits_scaling')
    return {
      family, causal: true, ...size,
      mlp: config.count(LIMITS.width, 'intermediate_size'),
      norm: { kind: 'rms', epsilon: config.optionalNumber('rms_norm_eps') ?? 1e-6, plusOne: false },
      placement: 'pre',
      positions: { kind: 'rotary', blocks: everyBlock(size.layers, () => rotary) },
      relativeBias: null,
      embedding: { scale: config.optionalNumber('embedding_multiplier'), norm: false, tokenTypes: false },
      attention: {
        scale: config.optionalNumber('attention_multiplier') ?? size.headDim ** -0.5, softcap: null, queryKeyNorm,
        windows: windowsOf?.(config, size.layers) ?? everyBlock(size.layers, () => null)
      },
      gated: true,
      activation: activation(config, 'silu', 'hidden_act'),
      residualScale: config.optionalNumber('residual_multiplier'),
      finalNorm: true,
      logits: { softcap: null, divisor }
    }
  }
}

/** Gemma 1, 2 and 3: norms stored minus one, scaled embedding; later ones with norms on both sides, caps and windows. */
export function gemmaArchitecture(generation: 1 | 2 | 3): (config: ModelConfig) => Architecture {
  return (config) => {
    const size = sizes(config)
    const bidirectional = generation === 3 && config.flag('use_bidirectional_attention', false)
    const slides = (i: number): boolean => {
      if (generation === 1) return false
      return generation === 2 ? i % 2 === 0 : (i + 1) % (config.optionalNumber('sliding_window_pattern', '_sliding_window_pattern') ?? 6) !== 0
    }
    const stated = generation === 1 ? everyBlock(size.layers, () => null) : windows(config, size.layers, slides)
    // A window that looks both ways is given as its whole width.
    const windowsOfBlocks = bidirectional ? stated.map((window) => (window === null ? null : Math.floor(window / 2) + 1)) : stated
    const global = readRotary(config, size.headDim, size.maxPositions, 'full_attention')
    const hasSections = config.section('rope_parameters')?.section('sliding_attention') !== null && config.section('rope_parameters') !== null
    const local = hasSections
      ? readRotary(config, size.headDim, size.maxPositions, 'sliding_attention')
      : { base: config.optionalNumber('rope_local_base_freq') ?? 10_000, width: global.width, scaling: { kind: 'default' as const } }
    const rotary = (i: number) => (generation === 3 && windowsOfBlocks[i] !== null ? local : global)
    return {
      family: generation === 1 ? 'gemma' : `gemma${generation}`, causal: !bidirectional, ...size,
      mlp: config.count(LIMITS.width, 'intermediate_size'),
      norm: { kind: 'rms', epsilon: config.optionalNumber('rms_norm_eps') ?? 1e-6, plusOne: true },
      placement: generation === 1 ? 'pre' : 'sandwich',
      positions: { kind: 'rotary', blocks: everyBlock(size.layers, rotary) },
      relativeBias: null,
      embedding: { scale: Math.sqrt(size.hidden), norm: false, tokenTypes: false },
      attention: {
        scale: (generation === 1 ? size.headDim : config.number('query_pre_attn_scalar')) ** -0.5,
        // Gemma 3 has the field and does not use it.
        softcap: generation === 3 ? null : config.optionalNumber('attn_logit_softcapping'), queryKeyNorm: generation === 3, windows: windowsOfBlocks
      },
      gated: true,
      activation: generation === 1 ? gemma1Activation(config) : activation(config, 'gelu_pytorch_tanh', 'hidden_activation'),
      residualScale: null, finalNorm: true,
      logits: bidirectional ? null : { softcap: config.optionalNumber('final_logit_softcapping'), divisor: null }
    }
  }
}

/** Gemma 1 files that say "gelu" mean its tanh form (transformers' own reading); other names mean what they say. */
function gemma1Activation(config: ModelConfig): Activation {
  const stated = activation(config, 'gelu_pytorch_tanh', 'hidden_act')
  return stated === 'gelu' ? 'gelu-tanh' : stated
}

/** GPT-2: learned positions, LayerNorm before each sublayer. */
export function gpt2Architecture(config: ModelConfig): Architecture {
  const size = sizes(config)
  return {
    family: 'gpt2', causal: true, ...size,
    mlp: config.optionalNumber('n_inner') ?? 4 * size.hidden,
    norm: { kind: 'layer', epsilon: config.optionalNumber('layer_norm_epsilon') ?? 1e-5, plusOne: false },
    placement: 'pre',
    positions: { kind: 'learned', offset: 0, paddingId: null },
    relativeBias: null,
    embedding: { scale: null, norm: false, tokenTypes: false },
    attention: {
      scale: config.flag('scale_attn_weights', true) ? size.headDim ** -0.5 : 1, dividedByDepth: config.flag('scale_attn_by_inverse_layer_idx', false),
      softcap: null, queryKeyNorm: false, windows: everyBlock(size.layers, () => null)
    },
    gated: false, activation: activation(config, 'gelu_new', 'activation_function'),
    residualScale: null, finalNorm: true, logits: { softcap: null, divisor: null }
  }
}

/** GPT-NeoX and Pythia: rotary on a share of each head, both sublayers beside each other. */
export function neoxArchitecture(config: ModelConfig): Architecture {
  const size = sizes(config)
  const rotary = readRotary(config, size.headDim, size.maxPositions)
  // transformers 4 spells NeoX's share `rotary_pct` with a default of a quarter.
  const stated = config.optionalNumber('rotary_pct', 'partial_rotary_factor') ?? config.section('rope_parameters')?.optionalNumber('partial_rotary_factor')
  const width = Math.floor(size.headDim * (stated ?? 0.25))
  return {
    family: 'gpt_neox', causal: true, ...size,
    mlp: config.count(LIMITS.width, 'intermediate_size'),
    norm: { kind: 'layer', epsilon: config.optionalNumber('layer_norm_eps') ?? 1e-5, plusOne: false },
    placement: config.flag('use_parallel_residual', true) ? 'parallel' : 'pre',
    positions: { kind: 'rotary', blocks: everyBlock(size.layers, () => ({ ...rotary, width })) },
    relativeBias: null,
    embedding: { scale: null, norm: false, tokenTypes: false },
    attention: { scale: size.headDim ** -0.5, softcap: null, queryKeyNorm: false, windows: everyBlock(size.layers, () => null) },
    gated: false, activation: activation(config, 'gelu', 'hidden_act'),
    residualScale: null, finalNorm: true, logits: { softcap: null, divisor: null }
  }
}

/** OPT: learned positions that begin at 2, and in some sizes an embedding of another width or norms after the sums. */
export function optArchitecture(config: ModelConfig): Architecture {
  const size = sizes(config)
  const width = config.optionalNumber('word_embed_proj_dim') ?? size.hidden
  const normsBefore = config.flag('do_layer_norm_before', true)
  return {
    family: 'opt', causal: true, ...size,
    mlp: config.count(LIMITS.width, 'ffn_dim'),
    norm: { kind: 'layer', epsilon: 1e-5, plusOne: false, weighted: config.flag('layer_norm_elementwise_affine', true) },
    placement: normsBefore ? 'pre' : 'post',
    positions: { kind: 'learned', offset: 2, paddingId: null },
    relativeBias: null,
    embedding: { scale: null, norm: false, tokenTypes: false, ...(width === size.hidden ? {} : { width }) },
    attention: { scale: size.headDim ** -0.5, softcap: null, queryKeyNorm: false, windows: everyBlock(size.layers, () => null) },
    gated: false, activation: activation(config, 'relu', 'activation_function'),
    residualScale: null, finalNorm: normsBefore && !config.flag('_remove_final_layer_norm', false), logits: { softcap: null, divisor: null }
  }
}

interface EncoderChoices {
  readonly family: string
  readonly positions: (config: ModelConfig) => Positions
  readonly tokenTypes: boolean
  readonly relative?: boolean
}

/** BERT and its kin: learned positions, LayerNorm after each sum, everything sees everything. */
export function encoderArchitecture({ family, positions, tokenTypes, relative = false }: EncoderChoices): (config: ModelConfig) => Architecture {
  return (config) => {
    const size = sizes(config)
    const kind = config.text('position_embedding_type') ?? 'absolute'
    if (kind !== 'absolute') throw config.invalid('position_embedding_type', `is ${kind}; only absolute positions are supported`)
    return {
      family, causal: config.flag('is_decoder', false), ...size,
      mlp: config.count(LIMITS.width, 'intermediate_size', 'hidden_dim'),
      norm: { kind: 'layer', epsilon: config.optionalNumber('layer_norm_eps') ?? 1e-12, plusOne: false },
      placement: 'post',
      positions: positions(config),
      relativeBias: relative ? { buckets: config.optionalNumber('relative_attention_num_buckets') ?? 32, maxDistance: 128 } : null,
      embedding: { scale: null, norm: true, tokenTypes },
      attention: { scale: size.headDim ** -0.5, softcap: null, queryKeyNorm: false, windows: everyBlock(size.layers, () => null) },
      gated: false, activation: activation(config, 'gelu', 'hidden_act', 'activation'),
      residualScale: null, finalNorm: false, logits: null
    }
  }
}
