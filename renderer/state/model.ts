import type { ModelCheck } from '../../preload/contract'
import { engine } from './engine-client'
import { noticeError, reportOf } from './notices'
import { ensureSession } from './session'
import { workbench } from './workbench'

let opening: AbortController | null = null

/** Opens a model in the place of the one that is open. Settles when it is ready or has failed; failure shows on its card. */
export async function openModel(path: string): Promise<boolean> {
  opening?.abort()
  const controller = new AbortController()
  opening = controller
  const before = workbench.get().model
  let stage = 'Opening'
  let checks: readonly ModelCheck[] = []
  const show = (): void => { if (opening === controller) workbench.set({ model: { kind: 'loading', path, stage, checks } }) }
  show()
  try {
    await ensureSession()
    if (before.kind === 'ready') await engine.request('model.close', { modelId: before.value.modelId }).catch(() => null)
    const model = await engine.request('model.open', { path, provider: workbench.get().extraction.provider }, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === 'stage') stage = event.stage
        else checks = [...checks, event.check]
        show()
      }
    })
    if (opening !== controller) return false
    const { extraction } = workbench.get()
    // Sites chosen by hand survive only where this model has them all.
    const known = new Set(model.sites.map(({ name }) => name))
    const sites = extraction.sites?.every((site) => known.has(site)) ? extraction.sites : null
    workbench.set({ model: { kind: 'ready', value: model }, ...(sites === extraction.sites ? {} : { extraction: { ...extraction, sites } }) })
    return true
  } catch (error) {
    if (opening === controller) workbench.set({ model: reportOf(error).code === 'cancelled' ? { kind: 'empty' } : { kind: 'failed', path, error: reportOf(error) } })
    return false
  } finally {
    if (opening === controller) opening = null
  }
}

export function cancelModel(): void {
  opening?.abort()
}

/** Asks for a model and opens it. */
export async function chooseModel(kind: 'open-model' | 'open-model-folder' = 'open-model'): Promise<void> {
  try {
    const path = await window.layerscope.dialog(kind)
    if (path !== null) await openModel(path)
  } catch (error) {
    noticeError(error)
  }
}
