import { readFile, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { FoundModel } from '../../../preload/contract'
import { errorReport } from '../errors'
import { readHints } from './config'
import { architectureOf, familyOf, ModelConfig, modelTypeOf } from './generated'
import { readTensorIndex } from './generated/safetensors-index'
import { precisionOfGguf } from './gguf'
import { ggufModel } from './gguf/gguf-families'
import { readGguf } from './gguf/gguf-file'
import { GgufWeights } from './gguf/gguf-weights'
import { readOnnxModel } from './onnx'

/** What a model's headers tell of it; no weight is read. */
export type ModelDescription = Pick<FoundModel, 'path' | 'family' | 'precision' | 'bytes' | 'openable' | 'reason'>

/**
 * Describes the file that a model is opened by: a GGUF file, an ONNX graph, or the weights (or index of shards) of a folder.
 * Whatever would keep it from opening becomes the reason.
 */
export async function describeModel(path: string, format: FoundModel['format']): Promise<ModelDescription> {
  const bytes = (await stat(path).catch(() => null))?.size ?? 0
  try {
    switch (format) {
      case 'gguf': return await describeGguf(path)
      case 'onnx': return describeExport(path, bytes)
      case 'safetensors': return await describeFolder(path, bytes)
      case 'pytorch': return {
        path: dirname(path), family: readHints([dirname(path)]).hints.family, precision: null, bytes, openable: false,
        reason: `${basename(path)} can run code when it is read, so Layerscope does not open it. Take the model’s .safetensors files from its page instead.`
      }
    }
  } catch (error) {
    return { path, family: null, precision: null, bytes, openable: false, reason: errorReport(error).message }
  }
}

async function describeGguf(path: string): Promise<ModelDescription> {
  const file = await readGguf(path)
  const family = file.metadata.get('general.architecture')
  const known = { path, family: typeof family === 'string' ? family : null, precision: precisionOfGguf(file), bytes: file.bytes } as const
  try {
    await ggufModel(file)
    new GgufWeights(file, () => null)
    return { ...known, openable: true }
  } catch (error) {
    return { ...known, openable: false, reason: errorReport(error).message }
  }
}

function describeExport(path: string, bytes: number): ModelDescription {
  const { family } = readHints([dirname(path), dirname(dirname(path))]).hints
  try {
    const { precision } = readOnnxModel(path)
    return { path, family, precision, bytes, openable: true }
  } catch (error) {
    return { path, family, precision: null, bytes, openable: false, reason: errorReport(error).message }
  }
}

const PRECISIONS: Readonly<Record<string, string>> = { F64: 'float64', F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

async function describeFolder(path: string, bytes: number): Promise<ModelDescription> {
  const config = `${dirname(path)}/config.json`
  const { family } = readHints([dirname(path)]).hints
  const known = { path: dirname(path), family } as const
  try {
    const fields = new ModelConfig(JSON.parse(await readFile(config, 'utf8')) as Record<string, unknown>, config)
    architectureOf(familyOf(modelTypeOf(fields), config), fields)
    const index = await readTensorIndex(path)
    const stored = new Map<string, number>()
    for (const { type, range } of index.tensors.values()) stored.set(type, (stored.get(type) ?? 0) + range.length)
    const [most = 'F32'] = [...stored].sort((a, b) => b[1] - a[1])[0] ?? []
    return { ...known, precision: PRECISIONS[most] ?? most, bytes: index.bytes, openable: true }
  } catch (error) {
    return { ...known, precision: null, bytes, openable: false, reason: error instanceof SyntaxError ? 'Its config.json is not readable JSON.' : errorReport(error).message }
  }
}
