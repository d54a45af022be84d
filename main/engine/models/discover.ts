import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { errorReport } from '../errors'
import { familyOf, ModelConfig } from './generated'
import { readTensorIndex } from './generated/safetensors-index'
import { ggufModel } from './gguf/gguf-families'
import { readGguf } from './gguf/gguf-file'
import { GgufWeights } from './gguf/gguf-weights'
import { withBytes } from './gguf/tensor-bytes'
import { locateModel } from './locate'
import { readHints } from './config'

/** A model found on this machine. */
export interface FoundModel {
  /** What to open. */
  readonly path: string
  readonly family: string | null
  readonly format: 'onnx' | 'safetensors' | 'gguf'
  /** Of its weights, on disk. */
  readonly bytes: number
  readonly openable: boolean
  /** Why not. */
  readonly reason?: string
}

/** Where to look. */
export interface DiscoverOptions {
  /** The home folder; that of this user when left out. */
  readonly home?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Folders to look through beside the usual ones. */
  readonly folders?: readonly string[]
}

/** Folders within folders that are looked through: publisher, model, variant, and one to spare. */
const DEPTH = 5
/** No more entries than this are looked at below one folder, so that a whole disk given by mistake ends. */
const MOST_ENTRIES = 20_000

/**
 * Models of the Hugging Face cache, LM Studio, Ollama and further folders, by path. Only names and headers are read.
 * A file that several places link to is told once.
 */
export async function discoverModels(options: DiscoverOptions = {}): Promise<readonly FoundModel[]> {
  const home = options.home ?? homedir()
  const environment = options.environment ?? process.env
  const candidates = [
    ...await huggingFace(environment['HF_HUB_CACHE'] ?? join(environment['HF_HOME'] ?? join(environment['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'huggingface'), 'hub')),
    ...await below(join(home, '.lmstudio', 'models')), ...await below(join(home, '.cache', 'lm-studio', 'models')),
    ...await ollama(environment['OLLAMA_MODELS'] ?? join(home, '.ollama', 'models')),
    ...(await Promise.all((options.folders ?? []).map(async folder => await below(resolve(folder))))).flat()
  ]
  const found = new Map<string, FoundModel>()
  for (const candidate of candidates) {
    const real = await realpath(candidate.path).catch(() => null)
    if (real === null || found.has(real)) continue
    const model = await describe(candidate)
    if (model !== null) found.set(real, model)
  }
  return [...found.values()].sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
}

interface Candidate { readonly path: string; readonly format: FoundModel['format'] }

/** `models--owner--name/snapshots/<commit>`: the commit that a reference names, else all there are. */
async function huggingFace(hub: string): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = []
  for (const repository of await entries(hub)) {
    if (!repository.startsWith('models--')) continue
    const folder = join(hub, repository)
    const named = new Set<string>()
    for (const reference of await entries(join(folder, 'refs'))) named.add((await readFile(join(folder, 'refs', reference), 'utf8').catch(() => '')).trim())
    const snapshots = await entries(join(folder, 'snapshots'))
    const current = snapshots.filter(snapshot => named.has(snapshot))
    for (const snapshot of current.length > 0 ? current : snapshots) candidates.push(...await below(join(folder, 'snapshots', snapshot)))
  }
  return candidates
}

/** Manifests name blobs by digest; the layer of the model is a GGUF file without that ending. */
async function ollama(models: string): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = []
  for (const manifest of await filesBelow(join(models, 'manifests'))) {
    try {
      const { layers } = JSON.parse(await readFile(manifest, 'utf8')) as { readonly layers?: readonly { readonly mediaType?: unknown; readonly digest?: unknown }[] }
      for (const { mediaType, digest } of layers ?? []) {
        // A digest is a name of letters and digits: anything else could lead out of the folder.
        if (mediaType !== 'application/vnd.ollama.image.model' || typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest)) continue
        candidates.push({ path: join(models, 'blobs', digest.replace(':', '-')), format: 'gguf' })
      }
    } catch {
      // A manifest that is not one names no model.
    }
  }
  return candidates
}

/** GGUF files, safetensors folders with a config.json, and ONNX exports at or below a folder. */
async function below(folder: string): Promise<readonly Candidate[]> {
  const files = await filesBelow(folder)
  const candidates: Candidate[] = []
  const exports = new Set<string>()
  const names = new Set(files)
  for (const file of files) {
    const name = basename(file)
    // Shards after the first, and the projector of a vision model, are no models by themselves.
    if (/\.gguf$/i.test(name) && !/^mmproj/i.test(name) && !/-0*([2-9]|\d{2,})-of-\d+\.gguf$/i.test(name)) candidates.push({ path: file, format: 'gguf' })
    const weights = name === 'model.safetensors.index.json' || (name === 'model.safetensors' && !names.has(`${file}.index.json`))
    if (weights && names.has(join(dirname(file), 'config.json'))) candidates.push({ path: file, format: 'safetensors' })
    if (name.endsWith('.onnx')) exports.add(basename(dirname(file)) === 'onnx' ? dirname(dirname(file)) : dirname(file))
  }
  for (const place of exports) {
    if (candidates.some(({ path, format }) => format === 'safetensors' && dirname(path) === place)) continue
    try {
      candidates.push({ path: locateModel(place).graph, format: 'onnx' })
    } catch {
      // Several graphs and none of the usual names: not a model folder.
    }
  }
  return candidates
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const files: string[] = []
  let left = MOST_ENTRIES
  const visit = async (at: string, depth: number): Promise<void> => {
    for (const name of await entries(at)) {
      if (left-- <= 0) return
      const path = join(at, name)
      const link = await lstat(path).catch(() => null)
      // Files may be links, as in the Hugging Face cache; a linked folder could lead round in circles.
      const target = link?.isSymbolicLink() === true ? await stat(path).catch(() => null) : link
      if (target?.isFile() === true) files.push(path)
      else if (link?.isDirectory() === true && depth < DEPTH) await visit(path, depth + 1)
    }
  }
  await visit(folder, 0)
  return files
}

async function entries(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).sort()
}

async function describe({ path, format }: Candidate): Promise<FoundModel | null> {
  const bytes = (await stat(path).catch(() => null))?.size ?? 0
  try {
    if (format === 'gguf') return await describeGguf(path, bytes)
    if (format === 'onnx') return { path, format, family: readHints([dirname(path), dirname(dirname(path))]).hints.family, bytes, openable: true }
    return await describeFolder(path, bytes)
  } catch (error) {
    return { path, format, family: null, bytes, openable: false, reason: errorReport(error).message }
  }
}

async function describeGguf(path: string, bytes: number): Promise<FoundModel> {
  const file = await readGguf(path)
  const family = file.metadata.get('general.architecture')
  const known = { path, format: 'gguf', family: typeof family === 'string' ? family : null, bytes } as const
  if (Number(file.metadata.get('split.count') ?? 1) > 1) return { ...known, openable: false, reason: 'It is split over several files, which Layerscope does not read yet.' }
  try {
    await withBytes(file, async readBytes => await ggufModel(file, readBytes))
    new GgufWeights(file, () => null)
    return { ...known, openable: true }
  } catch (error) {
    return { ...known, openable: false, reason: errorReport(error).message }
  }
}

async function describeFolder(path: string, bytes: number): Promise<FoundModel> {
  const config = join(dirname(path), 'config.json')
  const { family } = readHints([dirname(path)]).hints
  const known = { path: dirname(path), format: 'safetensors', family } as const
  try {
    const fields: unknown = JSON.parse(await readFile(config, 'utf8'))
    familyOf(family ?? '(none)', config).architecture(new ModelConfig(fields as Record<string, unknown>, config))
    const index = await readTensorIndex(path)
    return { ...known, bytes: index.bytes, openable: true }
  } catch (error) {
    return { ...known, bytes, openable: false, reason: error instanceof SyntaxError ? 'Its config.json is not readable JSON.' : errorReport(error).message }
  }
}
