import { readSafetensorsModel } from './generated'
import { readGgufModel } from './gguf'
import type { ModelFiles } from './locate'
import { readOnnxModel } from './onnx'
import type { ReadableModel } from './readable-model'

/** The one place that knows the formats: files on disk become sites and graphs. */
export function readModel({ format, graph, config }: Pick<ModelFiles, 'format' | 'graph' | 'config'>): Promise<ReadableModel> {
  switch (format) {
    case 'onnx': return Promise.resolve().then(() => readOnnxModel(graph))
    case 'safetensors': return readSafetensorsModel(graph, config)
    case 'gguf': return readGgufModel(graph)
  }
}
