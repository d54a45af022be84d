import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { FoundModel } from '../../../../preload/contract'
import { errorReport } from '../../errors'
import { readHints } from '../config'
import { readSafetensorsModel } from '../generated'
import { precisionOfGguf } from '../gguf'
import { ggufModel } from '../gguf/gguf-families'
import { readGguf } from '../gguf/gguf-file'
import { requireKnownTokenizer } from '../gguf/gguf-tokenizer'
import { GgufWeights } from '../gguf/gguf-weights'
import { readOnnxModel } from '../onnx'

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
    const beside = [dirname(path), dirname(dirname(path))].some((folder) => existsSync(join(folder, 'tokenizer.json')))
    if (!beside) requireKnownTokenizer(file)
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

async function describeFolder(path: string, bytes: number): Promise<ModelDescription> {
  const config = `${dirname(path)}/config.json`
  const { family } = readHints([dirname(path)]).hints
  const known = { path: dirname(path), family } as const
  try {
    const { precision, weightFiles } = await readSafetensorsModel(path, config)
    const sizes = await Promise.all(weightFiles.map(async file => (await stat(file)).size))
    return { ...known, precision, bytes: sizes.reduce((total, size) => total + size, 0), openable: true }
  } catch (error) {
    return { ...known, precision: null, bytes, openable: false, reason: errorReport(error).message }
  }
}
