import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import { modelTypeOfClass } from '../model-type'
import type { Activation, Architecture, Positions, TensorNames } from './architecture'
import type { ModelConfig } from './config'
import { readRotary } from './rotary'

/** A family Layerscope can write a graph for: how its configuration reads, and what its tensors are called. */
export interface Family {
  /** `model_type` values of config.json. */
  readonly modelTypes: readonly string[]
  /** What transformers' configuration class takes for a field that config.json leaves out, where no other rule does. */
  readonly defaults?: Readonly<Record<string, unknown>>
  readonly architecture: (config: ModelConfig) => Architecture
  readonly names: TensorNames
}

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

/** Sizes under the names nearly every family uses, or the family's own given first. */
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

interface DecoderChoices {
  readonly family: string
  readonly windows?: (config: ModelConfig, layers: number) => (number | null)[]
  readonly queryKeyNorm?: boolean
}

/** Llama and what descends from it: rotary, RMS norms before each sublayer, gated MLP, grouped-query attention. */
function llamaArchitecture({ family, windows: windowsOf, queryKeyNorm = false }: DecoderChoices): (config: ModelConfig) => Architecture {
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

const LLAMA_NAMES: TensorNames = {
  prefixes: ['model.', '', 'language_model.model.', 'model.language_model.'],
  embedding: 'embed_tokens', finalNorm: 'norm', heads: ['lm_head', 'language_model.lm_head'],
  block: {
    query: 'layers.{i}.self_attn.q_proj', key: 'layers.{i}.self_attn.k_proj', value: 'layers.{i}.self_attn.v_proj',
    attentionOut: 'layers.{i}.self_attn.o_proj', queryNorm: 'layers.{i}.self_attn.q_norm', keyNorm: 'layers.{i}.self_attn.k_norm',
    attentionNorm: 'layers.{i}.input_layernorm', mlpNorm: 'layers.{i}.post_attention_layernorm',
    gate: 'layers.{i}.mlp.gate_proj', up: 'layers.{i}.mlp.up_proj', down: 'layers.{i}.mlp.down_proj'
  }
}

const GEMMA2_NAMES: TensorNames = {
  ...LLAMA_NAMES,
  block: {
    ...LLAMA_NAMES.block,
    postAttentionNorm: 'layers.{i}.post_attention_layernorm',
    mlpNorm: 'layers.{i}.pre_feedforward_layernorm', postMlpNorm: 'layers.{i}.post_feedforward_layernorm'
  }
}

/** Gemma 1, 2 and 3: norms stored minus one, scaled embedding; later ones with norms on both sides, caps and windows. */
function gemmaArchitecture(generation: 1 | 2 | 3): (config: ModelConfig) => Architecture {
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

function gpt2Architecture(config: ModelConfig): Architecture {
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

function neoxArchitecture(config: ModelConfig): Architecture {
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

function optArchitecture(config: ModelConfig): Architecture {
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
function encoderArchitecture({ family, positions, tokenTypes, relative = false }: EncoderChoices): (config: ModelConfig) => Architecture {
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

const BERT_NAMES: TensorNames = {
  prefixes: ['', 'bert.', 'roberta.', 'model.', 'encoder.'],
  embedding: 'embeddings.word_embeddings', positionEmbedding: 'embeddings.position_embeddings',
  tokenTypeEmbedding: 'embeddings.token_type_embeddings', embeddingNorm: 'embeddings.LayerNorm',
  block: {
    query: 'encoder.layer.{i}.attention.self.query', key: 'encoder.layer.{i}.attention.self.key', value: 'encoder.layer.{i}.attention.self.value',
    attentionOut: 'encoder.layer.{i}.attention.output.dense', attentionNorm: 'encoder.layer.{i}.attention.output.LayerNorm',
    up: 'encoder.layer.{i}.intermediate.dense', down: 'encoder.layer.{i}.output.dense', mlpNorm: 'encoder.layer.{i}.output.LayerNorm'
  }
}

const slidesEverywhere = (config: ModelConfig, layers: number): (number | null)[] => windows(config, layers, () => true)

/** Qwen slides only where the file says so, and then from `max_window_layers` on. */
function qwenWindows(config: ModelConfig, layers: number): (number | null)[] {
  if (!config.flag('use_sliding_window', false)) return everyBlock(layers, () => null)
  const first = config.optionalNumber('max_window_layers') ?? layers
  return windows(config, layers, (i) => i >= first)
}

const UNTIED = { tie_word_embeddings: false } as const
const GEMMA2_DEFAULTS = { head_dim: 256, num_key_value_heads: 4, sliding_window: 4096, query_pre_attn_scalar: 256, attn_logit_softcapping: 50, final_logit_softcapping: 30 } as const
/** The published multimodal files leave out of their text_config all that equals these. */
const GEMMA3_DEFAULTS = {
  hidden_size: 2304, intermediate_size: 9216, num_hidden_layers: 26, num_attention_heads: 8, num_key_value_heads: 4, head_dim: 256, vocab_size: 262208,
  max_position_embeddings: 131072, sliding_window: 4096, query_pre_attn_scalar: 256, rope_theta: 1e6
} as const

export const FAMILIES: readonly Family[] = [
  { modelTypes: ['llama'], defaults: UNTIED, architecture: llamaArchitecture({ family: 'llama' }), names: LLAMA_NAMES },
  { modelTypes: ['granite'], defaults: { ...UNTIED, attention_multiplier: 1 }, architecture: llamaArchitecture({ family: 'granite' }), names: LLAMA_NAMES },
  { modelTypes: ['mistral'], defaults: { ...UNTIED, num_key_value_heads: 8, sliding_window: 4096 }, architecture: llamaArchitecture({ family: 'mistral', windows: slidesEverywhere }), names: LLAMA_NAMES },
  { modelTypes: ['qwen2'], defaults: { ...UNTIED, sliding_window: 4096, max_window_layers: 28 }, architecture: llamaArchitecture({ family: 'qwen2', windows: qwenWindows }), names: LLAMA_NAMES },
  { modelTypes: ['qwen3'], defaults: { ...UNTIED, head_dim: 128, sliding_window: 4096, max_window_layers: 28 }, architecture: llamaArchitecture({ family: 'qwen3', windows: qwenWindows, queryKeyNorm: true }), names: LLAMA_NAMES },
  {
    modelTypes: ['phi3'], defaults: { ...UNTIED, rms_norm_eps: 1e-5 }, architecture: llamaArchitecture({ family: 'phi3', windows: slidesEverywhere }),
    names: {
      ...LLAMA_NAMES,
      block: {
        packed: { name: 'layers.{i}.self_attn.qkv_proj', layout: 'rows' }, attentionOut: 'layers.{i}.self_attn.o_proj',
        attentionNorm: 'layers.{i}.input_layernorm', mlpNorm: 'layers.{i}.post_attention_layernorm',
        up: 'layers.{i}.mlp.gate_up_proj', packedGate: true, down: 'layers.{i}.mlp.down_proj'
      }
    }
  },
  { modelTypes: ['gemma'], defaults: { head_dim: 256, num_key_value_heads: 16 }, architecture: gemmaArchitecture(1), names: LLAMA_NAMES },
  { modelTypes: ['gemma2'], defaults: GEMMA2_DEFAULTS, architecture: gemmaArchitecture(2), names: GEMMA2_NAMES },
  { modelTypes: ['gemma3_text', 'gemma3'], defaults: GEMMA3_DEFAULTS, architecture: gemmaArchitecture(3), names: GEMMA2_NAMES },
  {
    modelTypes: ['gpt2'], architecture: gpt2Architecture,
    names: {
      prefixes: ['transformer.', ''], transposed: true,
      embedding: 'wte', positionEmbedding: 'wpe', finalNorm: 'ln_f', heads: ['lm_head'],
      block: {
        packed: { name: 'h.{i}.attn.c_attn', layout: 'rows' }, attentionOut: 'h.{i}.attn.c_proj',
        attentionNorm: 'h.{i}.ln_1', mlpNorm: 'h.{i}.ln_2', up: 'h.{i}.mlp.c_fc', down: 'h.{i}.mlp.c_proj'
      }
    }
  },
  {
    modelTypes: ['gpt_neox'], defaults: UNTIED, architecture: neoxArchitecture,
    names: {
      prefixes: ['gpt_neox.', ''], embedding: 'embed_in', finalNorm: 'final_layer_norm', heads: ['embed_out', 'lm_head'],
      block: {
        packed: { name: 'layers.{i}.attention.query_key_value', layout: 'heads' }, attentionOut: 'layers.{i}.attention.dense',
        attentionNorm: 'layers.{i}.input_layernorm', mlpNorm: 'layers.{i}.post_attention_layernorm',
        up: 'layers.{i}.mlp.dense_h_to_4h', down: 'layers.{i}.mlp.dense_4h_to_h'
      }
    }
  },
  {
    modelTypes: ['opt'], architecture: optArchitecture,
    names: {
      prefixes: ['model.decoder.', 'decoder.', ''], embedding: 'embed_tokens', positionEmbedding: 'embed_positions', projectionIn: 'project_in', projectionOut: 'project_out', finalNorm: 'final_layer_norm', heads: ['lm_head'],
      block: {
        query: 'layers.{i}.self_attn.q_proj', key: 'layers.{i}.self_attn.k_proj', value: 'layers.{i}.self_attn.v_proj', attentionOut: 'layers.{i}.self_attn.out_proj',
        attentionNorm: 'layers.{i}.self_attn_layer_norm', mlpNorm: 'layers.{i}.final_layer_norm', up: 'layers.{i}.fc1', down: 'layers.{i}.fc2'
      }
    }
  },
  {
    modelTypes: ['bert'],
    architecture: encoderArchitecture({ family: 'bert', tokenTypes: true, positions: () => ({ kind: 'learned', offset: 0, paddingId: null }) }),
    names: BERT_NAMES
  },
  {
    modelTypes: ['roberta', 'xlm-roberta', 'camembert'],
    architecture: encoderArchitecture({
      family: 'roberta', tokenTypes: true,
      positions: (config) => {
        const paddingId = config.optionalNumber('pad_token_id') ?? 1
        if (!Number.isInteger(paddingId) || paddingId < 0) throw config.invalid('pad_token_id', `is ${paddingId}, not the id of a token`)
        return { kind: 'learned', offset: paddingId + 1, paddingId }
      }
    }),
    names: BERT_NAMES
  },
  {
    modelTypes: ['distilbert'],
    architecture: encoderArchitecture({ family: 'distilbert', tokenTypes: false, positions: () => ({ kind: 'learned', offset: 0, paddingId: null }) }),
    names: {
      prefixes: ['', 'distilbert.'],
      embedding: 'embeddings.word_embeddings', positionEmbedding: 'embeddings.position_embeddings', embeddingNorm: 'embeddings.LayerNorm',
      block: {
        query: 'transformer.layer.{i}.attention.q_lin', key: 'transformer.layer.{i}.attention.k_lin', value: 'transformer.layer.{i}.attention.v_lin',
        attentionOut: 'transformer.layer.{i}.attention.out_lin', attentionNorm: 'transformer.layer.{i}.sa_layer_norm',
        up: 'transformer.layer.{i}.ffn.lin1', down: 'transformer.layer.{i}.ffn.lin2', mlpNorm: 'transformer.layer.{i}.output_layer_norm'
      }
    }
  },
  {
    modelTypes: ['mpnet'],
    // transformers fixes MPNet's padding id at 1 whatever the configuration says.
    architecture: encoderArchitecture({ family: 'mpnet', tokenTypes: false, relative: true, positions: () => ({ kind: 'learned', offset: 2, paddingId: 1 }) }),
    names: {
      prefixes: ['', 'mpnet.'],
      embedding: 'embeddings.word_embeddings', positionEmbedding: 'embeddings.position_embeddings', embeddingNorm: 'embeddings.LayerNorm',
      relativeBias: 'encoder.relative_attention_bias',
      block: {
        query: 'encoder.layer.{i}.attention.attn.q', key: 'encoder.layer.{i}.attention.attn.k', value: 'encoder.layer.{i}.attention.attn.v',
        attentionOut: 'encoder.layer.{i}.attention.attn.o', attentionNorm: 'encoder.layer.{i}.attention.LayerNorm',
        up: 'encoder.layer.{i}.intermediate.dense', down: 'encoder.layer.{i}.output.dense', mlpNorm: 'encoder.layer.{i}.output.LayerNorm'
      }
    }
  }
]

/**
 * What config.json calls the family; of older files that leave it out, by the class that the weights were saved from.
 * @throws LayerscopeError `model-config-invalid` where neither tells
 */
export function modelTypeOf(config: ModelConfig): string {
  const stated = config.text('model_type')
  if (stated !== null) return stated
  const byClass = modelTypeOfClass(config.texts('architectures')?.[0] ?? '')
  if (byClass !== null) return byClass
  const types = FAMILIES.flatMap(({ modelTypes }) => modelTypes)
  throw config.invalid('model_type', `is missing, so that it does not say which family the model is of; Layerscope knows ${types.join(', ')}`)
}

/**
 * The family of a `model_type`.
 * @throws LayerscopeError `model-family-unknown`, naming the nearest family that is known.
 */
export function familyOf(modelType: string, file: string): Family {
  const family = FAMILIES.find(({ modelTypes }) => modelTypes.includes(modelType))
  if (family) return family
  const nearest = FAMILIES.flatMap(({ modelTypes }) => modelTypes).map((known) => ({ known, distance: editDistance(known, modelType) })).sort((a, b) => a.distance - b.distance)[0]
  throw new LayerscopeError({
    code: 'model-family-unknown', message: `Layerscope cannot write a graph for the family ${quoted(modelType)} yet; the nearest one it knows is ${quoted(nearest?.known ?? '')}.`, file,
    hint: 'Export the model to ONNX (optimum-cli export onnx) and open that.'
  })
}

/** A configuration as its family reads it; multimodal ones hold that of their text model in a section. */
export function architectureOf({ defaults = {}, architecture }: Family, config: ModelConfig): Architecture {
  return architecture((config.section('text_config') ?? config).withDefaults(defaults))
}

/** Whether the head of the vocabulary is the embedding: without one of its own, an untied model has none. */
export function headIsTied({ defaults = {} }: Family, config: ModelConfig): boolean {
  return config.withDefaults(defaults).flag('tie_word_embeddings', true)
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
