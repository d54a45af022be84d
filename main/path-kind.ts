import { open, readdir, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import type { PathKind } from '../preload/bridge'

const modelExtensions: ReadonlySet<string> = new Set(['.onnx', '.safetensors', '.gguf'])
const datasetExtensions: ReadonlySet<string> = new Set(['.csv', '.tsv', '.jsonl', '.ndjson', '.parquet', '.txt', '.conllu'])
/** A recipe names its format near its start, whatever the order of its keys. */
const bytesRead = 65_536

/** Judges a path by its name and its first bytes: what opening it would mean. */
export async function pathKind(path: string): Promise<PathKind> {
  try {
    const kind = (await stat(path)).isDirectory() ? await folderKind(path) : await fileKind(path)
    return { path, ...kind }
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return { path, kind: 'unknown', reason: missing ? `${basename(path)} is not there any more.` : `${basename(path)} cannot be read.` }
  }
}

type Kind = Omit<PathKind, 'path'>

async function folderKind(path: string): Promise<Kind> {
  const names = await readdir(path)
  if (extname(path).toLowerCase() === '.layerscope' || names.includes('session.json')) return { kind: 'session' }
  const holdsModel = (names: readonly string[]): boolean => names.some((name) => modelExtensions.has(extname(name).toLowerCase()))
  if (holdsModel(names) || names.includes('config.json')) return { kind: 'model' }
  if (names.includes('onnx') && holdsModel(await readdir(join(path, 'onnx')))) return { kind: 'model' }
  return { kind: 'unknown', reason: `${basename(path)} holds no model (.onnx, .safetensors, .gguf) and is not a saved session.` }
}

async function fileKind(path: string): Promise<Kind> {
  const name = basename(path)
  const extension = extname(path).toLowerCase()
  if (name === 'session.json') return { kind: 'unknown', reason: 'Open the folder that holds session.json instead.' }
  if (modelExtensions.has(extension)) return { kind: 'model' }
  if (datasetExtensions.has(extension)) return { kind: 'dataset' }
  const start = await firstBytes(path)
  const text = start.toString('latin1')
  if (extension === '.json') return { kind: /"format"\s*:\s*"layerscope-recipe"/.test(text) ? 'recipe' : 'dataset' }
  if (text.startsWith('GGUF')) return { kind: 'model' }
  if (text.startsWith('PAR1')) return { kind: 'dataset' }
  if (text.startsWith('PK\u0003\u0004')) {
    // The list of files stands at the end of an archive; the engine reads it with care.
    return (await lastBytes(path)).includes('session.json') ? { kind: 'session' } : { kind: 'unknown', reason: `${name} is a zip archive: unpack it and open what is inside.` }
  }
  if (text.startsWith('\u001f\u008b')) return { kind: 'unknown', reason: `${name} is compressed: unpack it and open what is inside.` }
  if (start.length > 0 && !start.includes(0)) return { kind: 'dataset' }
  return { kind: 'unknown', reason: `${name} is neither a model, a table, a session nor a recipe.` }
}

function firstBytes(path: string): Promise<Buffer> {
  return bytesAt(path, () => 0)
}

function lastBytes(path: string): Promise<Buffer> {
  return bytesAt(path, (size) => Math.max(0, size - bytesRead))
}

async function bytesAt(path: string, from: (size: number) => number): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(bytesRead)
    const { bytesRead: length } = await handle.read(buffer, 0, bytesRead, from((await handle.stat()).size))
    return buffer.subarray(0, length)
  } finally {
    await handle.close()
  }
}
