import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { FoundModel, ModelListing, ModelPlace } from '../../../../preload/contract'
import { describeModel } from './describe-model'
import { isGgufModel, locateModel } from '../locate'

/** Where to look. */
export interface DiscoverOptions {
  /** The home folder; that of this user when left out. */
  readonly home?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Folders to look through beside the usual ones. */
  readonly folders?: readonly string[]
}

/** Told of while looking: where, then each model as it is found. */
export interface DiscoverListener {
  onPlaces?(places: readonly ModelPlace[], home: string): void
  onFound?(model: FoundModel): void
}

/** Folders within folders that are looked through: publisher, model, variant, and one to spare. */
const DEPTH = 5
/** No more entries than this are looked at below one folder, so that a whole disk given by mistake ends. */
const MOST_ENTRIES = 20_000

const byName = new Intl.Collator('en', { numeric: true })

/**
 * Models of the Hugging Face cache, LM Studio, Ollama and further folders, place by place and by name. Only names and headers are read.
 * A file that several places link to is told once.
 */
export async function discoverModels(options: DiscoverOptions = {}, listener: DiscoverListener = {}): Promise<ModelListing> {
  const home = options.home ?? homedir()
  const environment = options.environment ?? process.env
  const olderLmStudio = join(home, '.cache', 'lm-studio', 'models')
  const places = (await existing([
    { kind: 'hugging-face', path: environment['HF_HUB_CACHE'] ?? join(environment['HF_HOME'] ?? join(environment['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'huggingface'), 'hub') },
    { kind: 'lm-studio', path: join(home, '.lmstudio', 'models') }, { kind: 'lm-studio', path: olderLmStudio },
    { kind: 'ollama', path: environment['OLLAMA_MODELS'] ?? join(home, '.ollama', 'models') },
    ...[...new Set((options.folders ?? []).map(folder => resolve(folder)))].map(path => ({ kind: 'folder', path }) as const)
  ])).filter(({ path, there }) => there || path !== olderLmStudio)
  listener.onPlaces?.(places, home)
  const found = new Map<string, FoundModel>()
  for (const place of places) {
    const candidates = [...await candidatesOf(place)].sort((a, b) => byName.compare(a.name, b.name))
    for (const { path, format, name } of candidates) {
      const real = await realpath(path).catch(() => null)
      if (real === null || found.has(real)) continue
      const model = { ...await describeModel(path, format), format, name, place: place.path }
      found.set(real, model)
      listener.onFound?.(model)
    }
  }
  return { home, places, models: [...found.values()] }
}

async function existing(places: readonly Omit<ModelPlace, 'there'>[]): Promise<readonly ModelPlace[]> {
  return Promise.all(places.map(async place => ({ ...place, there: await stat(place.path).then(found => found.isDirectory(), () => false) })))
}

/** A file that a model is opened by, and what the place calls the model. */
interface Candidate { readonly path: string; readonly format: FoundModel['format']; readonly name: string }

async function candidatesOf({ kind, path }: ModelPlace): Promise<readonly Candidate[]> {
  if (kind === 'hugging-face') return await huggingFace(path)
  if (kind === 'ollama') return await ollama(path)
  // LM Studio keeps publisher/repository/file: the repository says little that the file does not.
  if (kind === 'lm-studio') return await below(path, parts => parts.length > 2 ? [parts[0] ?? '', ...parts.slice(2)] : parts)
  return await below(path, parts => parts)
}

/** `models--owner--name/snapshots/<commit>`: the commit that a reference names, else all there are. */
async function huggingFace(hub: string): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = []
  for (const repository of await entries(hub)) {
    if (!repository.startsWith('models--')) continue
    const folder = join(hub, repository)
    const name = repository.slice('models--'.length).replace('--', '/')
    const named = new Set<string>()
    for (const reference of await entries(join(folder, 'refs'))) named.add((await readFile(join(folder, 'refs', reference), 'utf8').catch(() => '')).trim())
    const snapshots = await entries(join(folder, 'snapshots'))
    const current = snapshots.filter(snapshot => named.has(snapshot))
    for (const snapshot of current.length > 0 ? current : snapshots) candidates.push(...await below(join(folder, 'snapshots', snapshot), parts => [name, ...parts]))
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
        candidates.push({ path: join(models, 'blobs', digest.replace(':', '-')), format: 'gguf', name: `${basename(dirname(manifest))}:${basename(manifest)}` })
      }
    } catch {
      // A manifest that is not one names no model.
    }
  }
  return candidates
}

/**
 * GGUF files, folders with a config.json and weights, and ONNX exports at or below a folder.
 * @param nameOf the name of a model from the parts of its way below the folder, without the ending of a file; none for the folder itself
 */
async function below(folder: string, nameOf: (parts: readonly string[]) => readonly string[]): Promise<readonly Candidate[]> {
  const files = await filesBelow(folder)
  const candidates: Candidate[] = []
  const exports = new Set<string>()
  const names = new Set(files)
  const named = (path: string): string => nameOf(relative(folder, path).split(sep).filter(part => part !== '')).join('/') || basename(folder)
  for (const file of files) {
    const name = basename(file)
    const place = dirname(file)
    if (isGgufModel(name)) candidates.push({ path: file, format: 'gguf', name: named(file.replace(/(-0*1-of-\d+)?\.gguf$/i, '')) })
    const configured = names.has(join(place, 'config.json'))
    const weights = name === 'model.safetensors.index.json' || (name === 'model.safetensors' && !names.has(`${file}.index.json`))
    if (weights && configured) candidates.push({ path: file, format: 'safetensors', name: named(place) })
    if ((name === 'pytorch_model.bin' || name === 'pytorch_model.bin.index.json') && configured) candidates.push({ path: file, format: 'pytorch', name: named(place) })
    if (name.endsWith('.onnx')) exports.add(basename(place) === 'onnx' ? dirname(place) : place)
  }
  for (const place of exports) {
    if (candidates.some(({ path, format }) => format === 'safetensors' && dirname(path) === place)) continue
    try {
      candidates.push({ path: locateModel(place).graph, format: 'onnx', name: named(place) })
    } catch {
      // Several graphs and none of the usual names: not a model folder.
    }
  }
  // Weights in a format that is not opened are told of only where nothing beside them is opened instead.
  const openable = new Set([...exports, ...candidates.flatMap(({ path, format }) => format === 'pytorch' ? [] : [dirname(path)])])
  return candidates.filter(({ path, format }) => format !== 'pytorch' || !openable.has(dirname(path)))
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
