/** The families that graphs can be written for. */
import { editDistance } from '../../edit-distance'
import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import { modelTypeOfClass } from '../model-type'
import type { Architecture, TensorNames } from './architecture'
import type { ModelConfig } from './config'
import { encoderArchitecture, gemmaArchitecture, gpt2Architecture, llamaArchitecture, neoxArchitecture, optArchitecture, qwenWindows, slidesEverywhere } from './family-architectures'

/** A family Layerscope can write a graph for: how its configuration reads, and what its tensors are called. */
export interface Family {
  /** `model_type` values of config.json. */
  readonly modelTypes: readonly string[]
  /** What transformers' configuration class takes for a field that config.json leaves out, where no other rule does. */
  readonly defaults?: Readonly<Record<string, unknown>>
  readonly architecture: (config: ModelConfig) => Architecture
  readonly names: TensorNames
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
