import { create } from 'zustand'
import type { ErrorReport, FoundModel, ModelListing } from '../../preload/contract'
import { engine } from './engine-client'
import { openModel } from './model'
import { noticeError, reportOf } from './notices'
import { useStartup } from './start'

export interface ModelsState {
  /** Whether the dialog that opens a model is open. */
  readonly open: boolean
  /** What is on this machine; the last answer stays on show while it is looked again. Null before the first. */
  readonly listing: ModelListing | null
  readonly looking: boolean
  /** Folders that the person added. */
  readonly added: readonly string[]
  /** Folders of the models that come with the application. */
  readonly bundled: readonly string[]
  readonly error: ErrorReport | null
}

export const useModels = create<ModelsState>()(() => ({ open: false, listing: null, looking: false, added: [], bundled: [], error: null }))

let looking: AbortController | null = null

export function openModels(): void {
  useModels.setState({ open: true })
  void look(window.layerscope.modelFolders())
}

export function closeModels(): void {
  looking?.abort()
  useModels.setState({ open: false })
}

/** Asks for another folder to look in; it is remembered. */
export function addModelFolder(): void {
  void look(window.layerscope.addModelFolder())
}

export function removeModelFolder(path: string): void {
  void look(window.layerscope.removeModelFolder(path))
}

/** Opens a model of the list. */
export async function pickModel({ path }: FoundModel): Promise<void> {
  closeModels()
  try {
    if (!await window.layerscope.pickModel(path)) throw new Error('This model is not in the list any more.')
    await openModel(path)
  } catch (error) {
    noticeError(error, { about: 'model' })
  }
}

/** Looks in the usual places and in the folders of the answer. The first list grows as models are found. */
async function look(folders: Promise<readonly string[]>): Promise<void> {
  looking?.abort()
  const controller = new AbortController()
  looking = controller
  const show = (change: Partial<ModelsState>): void => { if (looking === controller) useModels.setState(change) }
  show({ looking: true, error: null })
  try {
    const added = await folders
    const bundled = [...new Set(useStartup.getState().info?.samples.map(({ modelPath }) => modelPath))]
    show({ added, bundled })
    const first = useModels.getState().listing === null
    let so: ModelListing = { home: '', places: [], models: [] }
    const listing = await engine.request('models.list', { folders: [...added, ...bundled] }, {
      signal: controller.signal,
      onEvent: (event) => {
        so = event.kind === 'places' ? { ...so, home: event.home, places: event.places } : { ...so, models: [...so.models, event.model] }
        if (first) show({ listing: so })
      }
    })
    show({ listing })
  } catch (error) {
    const report = reportOf(error)
    if (report.code !== 'cancelled') show({ error: report })
  } finally {
    show({ looking: false })
    if (looking === controller) looking = null
  }
}
