import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs'
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

/** Formats that pickle Python objects or hold code. */
const RUNS_CODE = /\.(bin|pt|pth|h5|msgpack|ckpt)$/i

/**
 * Finds the model that a path means: a file, a Hugging Face folder or a repository of its cache, a folder with a GGUF file,
 * or one in the layouts of Optimum, transformers.js and onnxruntime-genai.
 * @throws LayerscopeError `model-missing`, `model-unreadable`, `model-ambiguous`, `model-format`, `shard-missing`
 */
export function locateModel(path: string): ModelFiles {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new LayerscopeError({ code: 'model-missing', message: `There is nothing at ${path}.`, file: path, hint: 'The model may have been moved or its disk unplugged: locate it again.' })
  const graph = stat.isDirectory() ? inFolder(snapshotOf(path) ?? path) : path
  if (RUNS_CODE.test(graph)) throw runsCode(graph)
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

/** The snapshot of a repository folder of the Hugging Face cache (`models--owner--name`): that of `refs/main`, or the only one. */
function snapshotOf(folder: string): string | null {
  const snapshots = readdir(join(folder, 'snapshots'))
  const reference = join(folder, 'refs', 'main')
  const main = existsSync(reference) ? readFileSync(reference, 'utf8').trim() : null
  const chosen = snapshots.find(snapshot => snapshot === main) ?? (snapshots.length === 1 ? snapshots[0] : undefined)
  return chosen === undefined ? null : join(folder, 'snapshots', chosen)
}

/** The weights of a folder; they give more sites than an export beside them. */
function inFolder(folder: string): string {
  const files = readdir(folder)
  if (files.includes('config.json')) for (const name of ['model.safetensors', 'model.safetensors.index.json']) if (files.includes(name)) return join(folder, name)
  const gguf = files.filter(isGgufModel)
  const weights = files.filter(file => file.endsWith('.safetensors') && !/-\d+-of-\d+\.|^adapter_/.test(file))
  return theOnly(gguf, 'GGUF', folder) ?? graphIn(folder) ?? theOnly(weights, 'safetensors', folder) ?? nothingIn(folder, files)
}

/** Whether a file name is that of a GGUF model: the projector of a vision model is none by itself, nor is a part after the first. */
export function isGgufModel(name: string): boolean {
  return /\.gguf$/i.test(name) && !/^mmproj/i.test(name) && !/-(?!0*1-)\d+-of-\d+\.gguf$/i.test(name)
}

/** @throws LayerscopeError `model-ambiguous` */
function theOnly(files: readonly string[], format: string, folder: string): string | null {
  const [only] = files
  if (files.length > 1) {
    throw new LayerscopeError({
      code: 'model-ambiguous', message: `${folder} holds ${String(files.length)} ${format} files${format === 'ONNX' ? ' and none of the usual names' : ''}.`, file: folder,
      hint: `Choose one of them: ${files.slice(0, 8).join(', ')}.`
    })
  }
  return only === undefined ? null : join(folder, only)
}

function graphIn(folder: string): string | null {
  for (const place of [join(folder, 'onnx'), folder]) {
    const files = readdir(place).filter(file => file.endsWith('.onnx'))
    for (const suffix of SUFFIXES) {
      for (const graph of GRAPHS) if (files.includes(`${graph}${suffix}.onnx`)) return join(place, `${graph}${suffix}.onnx`)
    }
    const only = theOnly(files, 'ONNX', place)
    if (only !== null) return only
  }
  return null
}

/** Says what a folder without a model holds instead. */
function nothingIn(folder: string, files: readonly string[]): never {
  const name = basename(folder)
  const adapter = files.find(file => /^adapter_(config|model)\./.test(file))
  if (adapter !== undefined) {
    throw new LayerscopeError({
      code: 'model-format', message: `${name} holds an adapter (${adapter}): it changes a model and is none by itself.`, file: folder,
      hint: 'Merge it into its base model with PEFT (merge_and_unload, then save_pretrained) and open that folder.'
    })
  }
  const shard = files.find(file => file.endsWith('.safetensors'))
  if (shard !== undefined) {
    throw new LayerscopeError({
      code: 'shard-missing', message: `${name} holds shards such as ${shard}, but no model.safetensors.index.json that says what they are parts of.`, file: folder,
      hint: 'Copy model.safetensors.index.json from the model’s page into the folder.'
    })
  }
  const pickled = files.find(file => RUNS_CODE.test(file) && !/^(training_args|optimizer|scheduler|rng_state)/.test(file))
  if (pickled !== undefined) throw runsCode(join(folder, pickled))
  if (files.includes('config.json')) {
    throw new LayerscopeError({
      code: 'model-unreadable', message: `${name} holds a config.json and no weights.`, file: folder, hint: 'Download model.safetensors, or its shards with their index, into the folder.'
    })
  }
  throw new LayerscopeError({
    code: 'model-unreadable', message: `${name} holds no model: neither safetensors, GGUF nor ONNX files, nor a folder “onnx”.`, file: folder,
    hint: 'Choose the folder that holds config.json and model.safetensors, or a .gguf or .onnx file.'
  })
}

function runsCode(file: string): LayerscopeError {
  return new LayerscopeError({
    code: 'model-format', message: `${basename(file)} is in a format that can run code when it is read, so Layerscope does not open it.`, file,
    hint: 'Take the model’s .safetensors files from its page, or write them once in Python: AutoModel.from_pretrained(FOLDER).save_pretrained(FOLDER).'
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
