import { dialog, type BaseWindow, type FileFilter, type OpenDialogOptions } from 'electron'
import { extname, join } from 'node:path'
import type { DialogKind } from '../preload/host-calls'

const modelFilter: FileFilter = { name: 'Models', extensions: ['onnx', 'safetensors', 'gguf'] }
const datasetFilter: FileFilter = { name: 'Tables', extensions: ['csv', 'tsv', 'json', 'jsonl', 'ndjson', 'parquet', 'txt', 'conllu'] }
const zipFilter: FileFilter = { name: 'Zip archive', extensions: ['zip'] }
const anyFilter: FileFilter = { name: 'All files', extensions: ['*'] }
const onMac = process.platform === 'darwin'

type OpenKind = Extract<DialogKind, `open-${string}`>

const openDialogs: Readonly<Record<OpenKind, OpenDialogOptions>> = {
  'open-model': { title: 'Open model', buttonLabel: 'Open', filters: [modelFilter, anyFilter], properties: onMac ? ['openFile', 'openDirectory'] : ['openFile'] },
  'open-model-folder': { title: 'Open model folder', buttonLabel: 'Open', properties: ['openDirectory'] },
  'open-dataset': { title: 'Open dataset', buttonLabel: 'Open', filters: [datasetFilter, anyFilter], properties: ['openFile'] },
  // A session is a folder whose name ends in .layerscope.
  'open-session': { title: 'Open session', buttonLabel: 'Open', properties: ['openDirectory'] },
  'open-session-zip': { title: 'Open exported session', buttonLabel: 'Open', filters: [zipFilter, anyFilter], properties: ['openFile'] }
}

const saveDialogs: Readonly<Record<Exclude<DialogKind, OpenKind>, { readonly title: string; readonly filters: FileFilter[] }>> = {
  'save-session': { title: 'Save session', filters: [{ name: 'Layerscope session', extensions: ['layerscope'] }] },
  'export-session': { title: 'Export session', filters: [zipFilter] },
  'save-recipe': { title: 'Save recipe', filters: [{ name: 'Recipe', extensions: ['json'] }] },
  // A folder of its own: it has no extension.
  'save-report': { title: 'Export report', filters: [] },
  'save-figure': { title: 'Export figure', filters: [{ name: 'SVG', extensions: ['svg'] }, { name: 'PNG', extensions: ['png'] }] },
  'save-table': { title: 'Export table', filters: [{ name: 'CSV', extensions: ['csv'] }] }
}

/** A name every file system takes. */
export function fileName(name: string): string {
  return name.replace(/[\u0000-\u001f<>:"/\\|?*]+/g, ' ').trim().slice(0, 120) || 'Untitled'
}

/**
 * Asks for a path. Null when the person cancelled.
 * `dialog` is called as an object with methods so that tests can answer in its place.
 */
export async function askForPath(window: BaseWindow, kind: DialogKind, suggestedName: string | null, folder: string): Promise<string | null> {
  if (kind in openDialogs) {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, openDialogs[kind as OpenKind])
    return canceled ? null : filePaths[0] ?? null
  }
  const { title, filters } = saveDialogs[kind as Exclude<DialogKind, OpenKind>]
  const name = fileName(suggestedName ?? 'Untitled')
  const wanted = filters.map(({ extensions }) => `.${extensions[0]}`)
  const own = extname(name).toLowerCase()
  const first = wanted.length === 0 || wanted.includes(own) ? name : `${name}${wanted[0]}`
  const ordered = [...filters].sort((a, b) => Number(first.endsWith(`.${b.extensions[0]}`)) - Number(first.endsWith(`.${a.extensions[0]}`)))
  const { canceled, filePath } = await dialog.showSaveDialog(window, { title, filters: ordered, defaultPath: join(folder, first) })
  if (canceled || !filePath) return null
  return wanted.length === 0 || wanted.includes(extname(filePath).toLowerCase()) ? filePath : `${filePath}${extname(first)}`
}

/** Asks for a folder to look for models in. Null when the person cancelled. */
export async function askForModelFolder(window: BaseWindow): Promise<string | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, { title: 'Look for models in', buttonLabel: 'Add', properties: ['openDirectory'] })
  return canceled ? null : filePaths[0] ?? null
}

/** Asks what to do with results that were never saved, `before` something that would delete them. */
export async function askAboutUnsaved(window: BaseWindow, name: string, before: 'closing' | 'opening another session'): Promise<'save' | 'discard' | 'cancel'> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'question',
    message: `Save “${name}” before ${before}?`,
    detail: 'Its results were never saved to a folder of yours. Without saving they are deleted.',
    buttons: ['Save…', 'Cancel', 'Don’t save'],
    defaultId: 0,
    cancelId: 1,
    noLink: true
  })
  return response === 0 ? 'save' : response === 2 ? 'discard' : 'cancel'
}
