import { Tensor as OrtTensor } from 'onnxruntime-node'
import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import { isPastInput } from './lift-branch'
import type { TokenBatch } from '../open-model'
import type { CacheHints } from '../readable-model'

/** An input of an exported graph. Symbolic dims are null. */
export interface GraphInput { readonly name: string; readonly dataType: number; readonly dims: readonly (number | null)[] }

/**
 * What a graph is fed for one batch: ids and mask as given, positions counted from the left, segments zero,
 * caches empty (length 0).
 * @throws LayerscopeError `model-inputs` for an input that text alone cannot fill
 */
export function feedsFor(inputs: readonly GraphInput[], needed: ReadonlySet<string>, batch: TokenBatch, hints: CacheHints): Record<string, OrtTensor> {
  const feeds: Record<string, OrtTensor> = {}
  for (const input of inputs) if (needed.has(input.name)) feeds[input.name] = feed(input, batch, hints)
  return feeds
}

function feed(input: GraphInput, batch: TokenBatch, hints: CacheHints): OrtTensor {
  const { rows, length } = batch
  const { name } = input
  if (isPastInput(name)) {
    const dims = input.dims.map((dim, axis) => dim ?? (axis === 0 ? rows : axis === 1 && input.dims.length === 4 ? hints.kvHeads ?? 0 : axis === 3 ? hints.headDim ?? 0 : 0))
    return tensorOf(input, new Float64Array(dims.reduce((product, dim) => product * dim, 1)), dims)
  }
  if (/mask/.test(name)) {
    if (input.dims.length > 2) throw unfilled(name)
    return tensorOf(input, Float64Array.from(batch.attentionMask), [rows, length])
  }
  if (/position_ids|^positions$|cache_position/.test(name)) {
    const matrix = input.dims.length !== 1
    const count = matrix ? (input.dims[0] === 1 ? 1 : rows) : 1
    const values = new Float64Array(count * length)
    for (let at = 0; at < values.length; at++) values[at] = at % length
    return tensorOf(input, values, matrix ? [count, length] : [length])
  }
  if (/token_type|segment/.test(name)) return tensorOf(input, new Float64Array(rows * length), [rows, length])
  if (/use_cache|num_logits_to_keep|past_(sequence_)?len/.test(name)) {
    const dims = input.dims.map(dim => dim ?? 1)
    return tensorOf(input, new Float64Array(dims.reduce((product, dim) => product * dim, 1)), dims)
  }
  if (/ids|^tokens|^input$|^input_tokens/.test(name) && !/decoder_input/.test(name)) {
    return tensorOf(input, Float64Array.from(batch.inputIds), [rows, length])
  }
  throw unfilled(name)
}

function unfilled(name: string): LayerscopeError {
  return new LayerscopeError({
    code: 'model-inputs',
    message: `This graph also needs ${quoted(name)}, which a text alone does not give.`,
    hint: 'Open the part of the model that takes input_ids by itself (for an encoder–decoder model, its encoder).'
  })
}

function tensorOf(input: GraphInput, values: Float64Array, dims: readonly number[]): OrtTensor {
  switch (input.dataType) {
    case 1: return new OrtTensor('float32', Float32Array.from(values), dims)
    case 6: return new OrtTensor('int32', Int32Array.from(values), dims)
    case 9: return new OrtTensor('bool', Uint8Array.from(values), dims)
    // 0 and 1 are the only half-precision values ever fed: masks and empty caches.
    case 10: return new OrtTensor('float16', Uint16Array.from(values, value => value === 0 ? 0 : 0x3c00), dims)
    default: return new OrtTensor('int64', BigInt64Array.from(values, value => BigInt(value)), dims)
  }
}
