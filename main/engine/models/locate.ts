import { closeSync, existsSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LayerscopeError } from '../errors'

/** The files of a model: its graph or weights, and the folders where config.json and tokenizer.json may be, nearest first. */
export interface ModelFiles {
  readonly format: 'onnx' | 'safetensors' | 'gguf'
  /** The .onnx or .gguf file, the .safetensors file or its index. */
  readonly graph: string
  /** Nearest config.json; null where none lies beside the graph or one folder up. */
  readonly config: string | null
  /** Folder named after the model, for titles. */
  readonly name: string
  readonly folders: readonly string[]
}

/** Graph names in the order of preference, before a precision suffix. */
const GRAPHS = ['model', 'encoder_model', 'text_model', 'decoder_model', 'decoder_with_past', 'decoder_with_past_model', 'decoder_model_merged']
/** Precisions in the order of preference; full precision first. */
const SUFFIXES = ['', '_fp32', '_fp16', '_int8', '_uint8', '_quantized', '_q8', '_q4', '_q4f16', '_bnb4', '_optimized', '_fused', '_O1', '_O2', '_O3', '_O4']

/**
 * Finds the model that a path means: an .onnx file, or a folder in the layouts of Optimum, transformers.js and onnxruntime-genai.
 * @throws LayerscopeError `model-missing`, `model-unreadable`
 */
export function locateModel(path: string): ModelFiles {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new LayerscopeError({ code: 'model-missing', message: `There is nothing at ${path}.`, file: path, hint: 'The model may have been moved or its disk unplugged: locate it again.' })
  const graph = stat.isDirectory() ? weightsIn(path) ?? graphIn(path) : path
  if (/\.(bin|pt|pth|h5|msgpack)$/i.test(graph)) {
    throw new LayerscopeError({
      code: 'model-format', message: `${basename(graph)} is in a format that can run code when it is read, so Layerscope does not open it.`, file: graph,
      hint: 'Choose an .onnx, .safetensors or .gguf file, or a folder with one.'
    })
  }
  const folder = dirname(graph)
  const folders = [folder, dirname(folder)]
  const config = folders.map(candidate => join(candidate, 'config.json')).find(file => existsSync(file)) ?? null
  return { format: formatOf(graph), graph, config, name: nameOf(graph), folders }
}

/** By the file's ending; blobs of Ollama have none, and begin as GGUF files do. */
function formatOf(graph: string): ModelFiles['format'] {
  if (/\.gguf$/i.test(graph) || (!/\.\w+$/.test(graph) && beginning(graph) === 'GGUF')) return 'gguf'
  return /\.safetensors(\.index\.json)?$/i.test(graph) ? 'safetensors' : 'onnx'
}

function beginning(path: string): string {
  const bytes = Buffer.alloc(4)
  const file = openSync(path, 'r')
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, 4, 0)).toString('latin1')
  } finally {
    closeSync(file)
  }
}

/** Weights of a Hugging Face folder, or the only GGUF file of a folder; they give more sites than an export beside them. */
function weightsIn(folder: string): string | null {
  const files = readdir(folder)
  for (const name of ['model.safetensors', 'model.safetensors.index.json']) if (files.includes(name) && files.includes('config.json')) return join(folder, name)
  const gguf = files.filter(file => /\.gguf$/i.test(file))
  const [only] = gguf
  if (gguf.length > 1) {
    throw new LayerscopeError({
      code: 'model-ambiguous', message: `${folder} holds ${String(gguf.length)} GGUF files.`, file: folder, hint: `Choose one of them: ${gguf.slice(0, 8).join(', ')}.`
    })
  }
  return only === undefined ? null : join(folder, only)
}

function graphIn(folder: string): string {
  for (const place of [join(folder, 'onnx'), folder]) {
    const files = readdir(place).filter(file => file.endsWith('.onnx'))
    for (const suffix of SUFFIXES) {
      for (const graph of GRAPHS) if (files.includes(`${graph}${suffix}.onnx`)) return join(place, `${graph}${suffix}.onnx`)
    }
    const [only] = files
    if (files.length === 1 && only !== undefined) return join(place, only)
    if (files.length > 1) {
      throw new LayerscopeError({
        code: 'model-ambiguous', message: `${place} holds ${String(files.length)} ONNX files and none of the usual names.`, file: place,
        hint: `Choose one of them: ${files.slice(0, 8).join(', ')}.`
      })
    }
  }
  throw new LayerscopeError({
    code: 'model-unreadable', message: `${folder} holds no .onnx file, neither directly nor in a folder “onnx”.`, file: folder,
    hint: 'Choose the folder of an ONNX export, such as Optimum or transformers.js write it.'
  })
}

function readdir(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

function nameOf(graph: string): string {
  const folder = basename(dirname(graph))
  const named = folder === 'onnx' ? basename(dirname(dirname(graph))) : folder
  // Folders of a Hugging Face cache: models--owner--name/snapshots/hash
  const cached = /models--([^/\\]+)--([^/\\]+)/.exec(graph)
  return cached?.[2] ?? named
}
