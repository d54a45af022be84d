/** GGUF files of llama.cpp, LM Studio and Ollama. */
import { generatedModel } from '../generated'
import type { ReadableModel } from '../readable-model'
import { ggufModel } from './gguf-families'
import { readGguf, type GgufFile } from './gguf-file'
import { GgufWeights } from './gguf-weights'

/**
 * Reads a GGUF file as a model: its metadata as an architecture, its tensors as weights.
 * @param pieceBytes most bytes that a tensor is decoded into in one piece
 * @throws LayerscopeError `gguf-invalid`, `gguf-unsupported`, `model-family-unknown`, `precision-unsupported`
 */
export async function readGgufModel(path: string, pieceBytes?: number): Promise<ReadableModel> {
  const file = await readGguf(path)
  const { architecture, names, permuted } = await ggufModel(file)
  const headsOf = (tensor: string): number | null => {
    if (!permuted) return null
    return tensor.endsWith('attn_q.weight') ? architecture.heads : tensor.endsWith('attn_k.weight') ? architecture.kvHeads : null
  }
  const weights = new GgufWeights(file, headsOf, pieceBytes)
  return generatedModel({ architecture, names, weights, folder: file.folder, files: file.files, precision: precisionOfGguf(file) })
}

/** The block format that most bytes are stored in, by ggml's name. */
export function precisionOfGguf(file: GgufFile): string {
  const bytes = new Map<string, number>()
  for (const { type, length } of file.tensors.values()) bytes.set(type, (bytes.get(type) ?? 0) + length)
  const [most = 'F32'] = [...bytes].sort((a, b) => b[1] - a[1])[0] ?? []
  return most === 'F32' ? 'float32' : most === 'F16' ? 'float16' : most === 'BF16' ? 'bfloat16' : most
}
