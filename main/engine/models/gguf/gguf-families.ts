import { LayerscopeError } from '../../errors'
import { quoted, quotedValue } from '../../quoted'
import type { Architecture, Rotary, RotaryScaling, TensorNames } from '../generated/architecture'
import type { GgufFile, GgufValue } from './gguf-file'
import { toFloat32 } from './decode-blocks'
import { tensorBytes } from './tensor-bytes'

/** What llama.cpp calls the tensors of a decoder (`gguf-py/gguf/constants.py`). */
const DECODER_NAMES: TensorNames = {
  prefixes: [''],
  embedding: 'token_embd', positionEmbedding: 'position_embd', finalNorm: 'output_norm', heads: ['output'],
  block: {
    query: 'blk.{i}.attn_q', key: 'blk.{i}.attn_k', value: 'blk.{i}.attn_v', attentionOut: 'blk.{i}.attn_output',
    queryNorm: 'blk.{i}.attn_q_norm', keyNorm: 'blk.{i}.attn_k_norm',
    attentionNorm: 'blk.{i}.attn_norm', postAttentionNorm: 'blk.{i}.post_attention_norm',
    mlpNorm: 'blk.{i}.ffn_norm', postMlpNorm: 'blk.{i}.post_ffw_norm',
    gate: 'blk.{i}.ffn_gate', up: 'blk.{i}.ffn_up', down: 'blk.{i}.ffn_down'
  }
}

const PACKED_NAMES: TensorNames = {
  ...DECODER_NAMES,
  block: { ...DECODER_NAMES.block, packed: { name: 'blk.{i}.attn_qkv', layout: 'rows' } }
}

const BERT_NAMES: TensorNames = {
  ...DECODER_NAMES,
  tokenTypeEmbedding: 'token_types', embeddingNorm: 'token_embd_norm',
  block: { ...DECODER_NAMES.block, attentionNorm: 'blk.{i}.attn_output_norm', mlpNorm: 'blk.{i}.layer_output_norm' }
}

interface GgufFamily {
  readonly names: TensorNames
  /** llama.cpp stores query and key rows in pairs for its interleaved rotation. */
  readonly permuted?: boolean
  readonly choices: (read: MetadataReader, base: Architecture) => Partial<Architecture>
}

const learned = { kind: 'learned', offset: 0, paddingId: null } as const

/** Sizes 27B divide by the width of a head in the residual stream, the others by the head's own (llama.cpp's rule). */
function gemmaScale(base: Architecture, layersOf27B: number): number {
  return (base.layers === layersOf27B ? base.hidden / base.heads : base.headDim) ** -0.5
}

const FAMILIES: Readonly<Record<string, GgufFamily>> = {
  llama: { names: DECODER_NAMES, permuted: true, choices: () => ({}) },
  granite: {
    names: DECODER_NAMES, permuted: true,
    choices: (read, base) => ({
      embedding: { ...base.embedding, scale: read.optional('embedding_scale') },
      attention: { ...base.attention, scale: read.optional('attention.scale') ?? base.attention.scale },
      residualScale: read.optional('residual_scale'),
      logits: { softcap: null, divisor: read.optional('logit_scale') }
    })
  },
  qwen2: { names: DECODER_NAMES, choices: () => ({}) },
  qwen3: { names: DECODER_NAMES, choices: (_read, base) => ({ attention: { ...base.attention, queryKeyNorm: true } }) },
  phi3: {
    names: { ...PACKED_NAMES, block: { ...PACKED_NAMES.block, packedGate: true } },
    choices: (read, base) => ({ attention: { ...base.attention, windows: read.windows(base.layers, () => true) } })
  },
  gemma: { names: DECODER_NAMES, choices: (_read, base) => ({ activation: 'gelu-tanh', embedding: { ...base.embedding, scale: Math.sqrt(base.hidden) } }) },
  gemma2: {
    names: DECODER_NAMES,
    choices: (read, base) => ({
      activation: 'gelu-tanh', placement: 'sandwich', embedding: { ...base.embedding, scale: Math.sqrt(base.hidden) },
      attention: {
        ...base.attention, scale: gemmaScale(base, 46), softcap: read.optional('attn_logit_softcapping') ?? 50,
        windows: read.windows(base.layers, (i) => i % 2 === 0)
      },
      logits: { softcap: read.optional('final_logit_softcapping') ?? 30, divisor: null }
    })
  },
  gemma3: {
    names: DECODER_NAMES,
    choices: (read, base) => {
      const slides = (i: number): boolean => (i + 1) % (read.optional('attention.sliding_window_pattern') ?? 6) !== 0
      const global = base.positions.kind === 'rotary' ? base.positions.blocks[0] : undefined
      const local: Rotary = { base: read.optional('rope.freq_base_swa') ?? 10_000, width: base.headDim, scaling: { kind: 'default' } }
      return {
        activation: 'gelu-tanh', placement: 'sandwich', embedding: { ...base.embedding, scale: Math.sqrt(base.hidden) },
        positions: { kind: 'rotary', blocks: Array.from({ length: base.layers }, (_, i) => (slides(i) || !global ? local : global)) },
        attention: { ...base.attention, scale: gemmaScale(base, 62), queryKeyNorm: true, windows: read.windows(base.layers, slides) },
        logits: { softcap: read.optional('final_logit_softcapping'), divisor: null }
      }
    }
  },
  gpt2: { names: PACKED_NAMES, choices: () => ({ positions: learned, gated: false, activation: 'gelu-tanh' }) },
  gptneox: {
    names: PACKED_NAMES,
    choices: (read) => ({ family: 'gpt_neox', gated: false, activation: 'gelu', placement: read.flag('use_parallel_residual', true) ? 'parallel' : 'pre' })
  },
  bert: {
    names: BERT_NAMES,
    choices: () => ({
      causal: false, placement: 'post', positions: learned, gated: false, activation: 'gelu', finalNorm: false, logits: null,
      embedding: { scale: null, norm: true, tokenTypes: true }
    })
  }
}

export interface GgufModel {
  readonly architecture: Architecture
  readonly names: TensorNames
  readonly permuted: boolean
}

/** More than any model has; each is an entry in lists of blocks and sites. */
const MOST_BLOCKS = 1000

/**
 * Reads a GGUF file's metadata as an architecture and the names of its tensors.
 * @throws LayerscopeError `model-family-unknown`, `gguf-invalid`
 */
export async function ggufModel(file: GgufFile): Promise<GgufModel> {
  const name = file.metadata.get('general.architecture')
  const family = typeof name === 'string' && Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined
  if (typeof name !== 'string' || !family) {
    throw new LayerscopeError({
      code: 'model-family-unknown', file: file.path,
      message: `Layerscope cannot run the GGUF architecture ${quoted(String(name))} yet; it knows ${Object.keys(FAMILIES).join(', ')}.`,
      hint: 'Export the model to ONNX (optimum-cli export onnx) and open that.'
    })
  }
  const read = new MetadataReader(file, name)
  const experts = read.optional('expert_count') ?? 0
  if (experts > 0) {
    throw new LayerscopeError({
      code: 'model-family-unknown', message: `The file is a mixture of ${experts} experts in the manner of ${name}; Layerscope runs models with one MLP a block.`, file: file.path, hint: 'Choose a model without experts.'
    })
  }
  const hidden = read.count('embedding_length')
  const heads = read.count('attention.head_count')
  const headDim = read.optionalCount('attention.key_length') ?? hidden / heads
  const kvHeads = read.optionalCount('attention.head_count_kv') ?? heads
  if (!Number.isInteger(headDim) || heads % kvHeads !== 0) throw read.invalid('attention.head_count', `is ${heads}, which fits neither the width ${hidden} nor ${kvHeads} key heads`)
  const layers = read.count('block_count', MOST_BLOCKS)
  const width = read.optionalCount('rope.dimension_count', headDim) ?? headDim
  const rotary: Rotary = { base: read.optional('rope.freq_base') ?? 10_000, width, scaling: await rotaryScaling(read) }
  const rms = read.optional('attention.layer_norm_rms_epsilon')
  const base: Architecture = {
    family: name, causal: true, layers, hidden, heads, kvHeads, headDim,
    mlp: read.count('feed_forward_length'),
    vocab: file.tensors.get('token_embd.weight')?.shape[0] ?? 0,
    maxPositions: read.count('context_length'),
    // Gemma's added one is already in the file's norms.
    norm: rms === null ? { kind: 'layer', epsilon: read.optional('attention.layer_norm_epsilon') ?? 1e-5, plusOne: false } : { kind: 'rms', epsilon: rms, plusOne: false },
    placement: 'pre',
    positions: { kind: 'rotary', blocks: Array.from({ length: layers }, () => rotary) },
    relativeBias: null,
    embedding: { scale: null, norm: false, tokenTypes: false },
    attention: { scale: headDim ** -0.5, softcap: null, queryKeyNorm: false, windows: Array.from({ length: layers }, () => null) },
    gated: true, activation: 'silu', residualScale: null, finalNorm: true, logits: { softcap: null, divisor: null }
  }
  return { architecture: { ...base, ...family.choices(read, base) }, names: family.names, permuted: family.permuted ?? false }
}

async function rotaryScaling(read: MetadataReader): Promise<RotaryScaling> {
  const divisors = async (tensor: string): Promise<number[] | null> => {
    const found = read.file.tensors.get(tensor)
    return found ? Array.from(toFloat32(found.type, await tensorBytes(found))) : null
  }
  const plain = await divisors('rope_freqs.weight')
  if (plain) return { kind: 'divisors', divisors: plain }
  const context = read.count('context_length')
  const originalLength = read.optional('rope.scaling.original_context_length') ?? context
  const [shortFactor, longFactor] = [await divisors('rope_factors_short.weight'), await divisors('rope_factors_long.weight')]
  if (shortFactor && longFactor) {
    return { kind: 'longrope', shortFactor, longFactor, originalLength, attentionFactor: read.optional('rope.scaling.attn_factor') ?? 1 }
  }
  const kind = read.text('rope.scaling.type') ?? 'none'
  const factor = read.optional('rope.scaling.factor') ?? read.optional('rope.scale_linear')
  if (kind === 'none' || factor === null) return { kind: 'default' }
  if (kind === 'linear') return { kind: 'linear', factor }
  if (kind === 'yarn') {
    const extrapolated = read.optional('rope.scaling.yarn_ext_factor') ?? 1
    if (extrapolated !== 1 && extrapolated >= 0) throw read.invalid('rope.scaling.yarn_ext_factor', `is ${extrapolated}; Layerscope knows 1`)
    // llama.cpp multiplies what the file gives by YaRN's own factor.
    const given = read.optional('rope.scaling.yarn_attn_factor') ?? read.optional('rope.scaling.attn_factor') ?? 1
    return {
      kind: 'yarn', factor, originalLength, truncate: true,
      betaFast: read.optional('rope.scaling.yarn_beta_fast') ?? 32, betaSlow: read.optional('rope.scaling.yarn_beta_slow') ?? 1,
      attentionFactor: given * (factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1)
    }
  }
  throw read.invalid('rope.scaling.type', `is ${kind}, which Layerscope does not know`)
}

/** Metadata under the architecture's own prefix. */
class MetadataReader {
  constructor(readonly file: GgufFile, private readonly prefix: string) {}

  private value(key: string): GgufValue | undefined {
    return this.file.metadata.get(`${this.prefix}.${key}`)
  }

  optional(key: string): number | null {
    const value = this.value(key)
    if (value === undefined) return null
    // Some files give one number a block; the graph needs them equal.
    const number = Array.isArray(value) && value.every((entry) => entry === value[0]) ? value[0] : value
    if (typeof number !== 'number' || !Number.isFinite(number)) throw this.invalid(key, `is ${quotedValue(value)}, not one number`)
    return number
  }

  count(key: string, limit?: number): number {
    const value = this.optionalCount(key, limit)
    if (value === null) throw this.invalid(key, 'is missing')
    return value
  }

  /** A whole number from 1 to `limit`. */
  optionalCount(key: string, limit = 100_000_000): number | null {
    const value = this.optional(key)
    if (value !== null && (!Number.isInteger(value) || value < 1 || value > limit)) throw this.invalid(key, `is ${value}, not a whole number from 1 to ${limit}`)
    return value
  }

  text(key: string): string | null {
    const value = this.value(key)
    return typeof value === 'string' ? value : null
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.value(key)
    return typeof value === 'boolean' ? value : otherwise
  }

  /** The file's window for the blocks that slide; zero or absent means none. */
  windows(layers: number, slides: (block: number) => boolean): (number | null)[] {
    const window = this.optional('attention.sliding_window')
    return Array.from({ length: layers }, (_, i) => (window && slides(i) ? window : null))
  }

  invalid(key: string, problem: string): LayerscopeError {
    return new LayerscopeError({ code: 'gguf-invalid', message: `The metadata entry ${this.prefix}.${key} ${problem}.`, file: this.file.path, field: `${this.prefix}.${key}`, hint: 'Copy or download the file again, or convert the model again with a current llama.cpp.' })
  }
}
