import type { ModelCheck } from '../../preload/contract'
import { engine, EngineError } from './engine-client'
import { dismissAbout, noticeError, reportOf } from './notices'
import { ensureSession } from './session'
import { withoutOpening, withOpening, workbench } from './workbench'
import type { Opening } from './workbench-state'

let opening: AbortController | null = null

/**
 * Opens a model in the place of the one that is open, which stays until the new one is ready.
 * Settles when it is ready or has failed. A failure shows on the card, or as a notice where another model stays open.
 */
export async function openModel(path: string): Promise<boolean> {
  opening?.abort()
  const controller = new AbortController()
  opening = controller
  dismissAbout('model')
  let next: Opening = { path, stage: 'Opening', loaded: null, checks: [] }
  const show = (change: Partial<Opening>): void => {
    if (opening !== controller) return
    next = { ...next, ...change }
    workbench.set(({ model }) => ({ model: withOpening(model, next) }))
  }
  show({})
  try {
    await ensureSession()
    let checks: readonly ModelCheck[] = []
    const model = await engine.request('model.open', { path, provider: workbench.get().extraction.provider }, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === 'stage') show({ stage: event.stage })
        else if (event.kind === 'loaded') show({ loaded: event.model })
        else show({ checks: checks = [...checks, event.check] })
      }
    })
    if (opening !== controller) {
      await engine.request('model.close', { modelId: model.modelId }).catch(() => null)
      return false
    }
    const { extraction, model: before } = workbench.get()
    // Sites chosen by hand survive only where this model has them all.
    const known = new Set(model.sites.map(({ name }) => name))
    const sites = extraction.sites?.every((site) => known.has(site)) ? extraction.sites : null
    workbench.set({ model: { kind: 'ready', value: model, next: null }, ...(sites === extraction.sites ? {} : { extraction: { ...extraction, sites } }) })
    if (before.kind === 'ready') await engine.request('model.close', { modelId: before.value.modelId }).catch(() => null)
    return true
  } catch (error) {
    if (opening === controller) notOpened(path, error)
    return false
  } finally {
    if (opening === controller) opening = null
  }
}

/** Cancelled: all is as it was. Failed: what was open is as it was. */
function notOpened(path: string, error: unknown): void {
  const { model } = workbench.get()
  const report = reportOf(error)
  workbench.set({ model: model.kind === 'ready' || report.code === 'cancelled' ? withoutOpening(model) : { kind: 'failed', path, error: report } })
  if (model.kind === 'ready') {
    noticeError(new EngineError({ ...report, hint: [report.hint, `${model.value.name} stays open.`].filter(Boolean).join(' ') }), { about: 'model', actions: [{ label: 'Try again', run: () => void openModel(path) }] })
  }
}

export function cancelModel(): void {
  opening?.abort()
}

/** Asks for a file or folder by the system's dialog and opens it. */
export async function chooseModel(kind: 'open-model' | 'open-model-folder' = 'open-model'): Promise<void> {
  try {
    const path = await window.layerscope.dialog(kind)
    if (path !== null) await openModel(path)
  } catch (error) {
    noticeError(error)
  }
}
