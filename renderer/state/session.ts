import type { RunSummary, SessionState } from '../../preload/contract'
import type { RecentSession } from '../../preload/bridge'
import { create } from 'zustand'
import { engine } from './engine-client'
import { dismissAbout, noticeError, noticeInfo, withProgress } from './notices'
import { useView } from './view'
import { serialiseView } from './view-session'
import { workbench } from './workbench'

/** Sessions that were opened lately, newest first. */
export const useRecent = create<{ readonly recent: readonly RecentSession[] }>()(() => ({ recent: [] }))

let creating: Promise<SessionState> | null = null

/** The open session; one is created, unsaved, where there is none. */
export async function ensureSession(): Promise<SessionState> {
  const { session } = workbench.get()
  if (session) return session
  creating ??= engine.request('session.create', {}).then((created) => {
    workbench.set({ session: created, edited: false })
    watchForChanges()
    return created
  }).finally(() => { creating = null })
  return creating
}

// ── Autosave ─────────────────────────────────────────────────────────────────────────────────────

const autosaveDelayMs = 400
let timer: ReturnType<typeof setTimeout> | null = null
let stopWatching: (() => void) | null = null

/** Everything of the page that a session keeps: compared by identity, part by part. */
function keptParts(): readonly unknown[] {
  const { model, dataset, roles, extraction, probe, projection } = workbench.get()
  return [model.kind === 'ready' ? model.value.modelId : null, dataset.kind === 'ready' ? dataset.value.datasetId : null, roles, extraction, probe, projection]
}

/** From here on every change of what a session keeps is saved a moment later. */
export function watchForChanges(): void {
  stopWatching?.()
  let before = keptParts()
  const changed = (): void => {
    const now = keptParts()
    if (now.every((part, index) => part === before[index])) return
    before = now
    scheduleSave()
  }
  const unsubscribe = [workbench.subscribe(changed), useView.subscribe((view, old) => { if (viewChanged(view, old)) scheduleSave() })]
  stopWatching = () => { for (const stop of unsubscribe) stop() }
  scheduleSave()
}

function viewChanged(view: ReturnType<typeof useView.getState>, old: ReturnType<typeof useView.getState>): boolean {
  return (['site', 'method', 'selection', 'focusedRow', 'colorBy', 'hidden', 'leftOut', 'centre', 'measure', 'tool', 'table'] as const).some((field) => view[field] !== old[field])
}

function scheduleSave(): void {
  if (!workbench.get().session) return
  workbench.set({ edited: true })
  if (timer) clearTimeout(timer)
  timer = setTimeout(() => void saveChanges(), autosaveDelayMs)
}

/** Writes what has changed into the session's folder, saved or not. */
export async function saveChanges(): Promise<void> {
  if (timer) clearTimeout(timer)
  timer = null
  const { session, model, dataset, roles, extraction, probe, projection, engine: engineState } = workbench.get()
  if (!session || engineState !== 'ready') return
  try {
    await engine.request('session.update', {
      sessionId: session.sessionId,
      // A part that is not open now (moved, still loading) keeps what the session knows of it.
      ...(model.kind === 'ready' ? { modelId: model.value.modelId } : {}),
      ...(dataset.kind === 'ready' ? { datasetId: dataset.value.datasetId } : {}),
      ...(roles ? { roles } : {}),
      extraction, probe, projection,
      view: serialiseView(useView.getState())
    })
    if (timer === null) workbench.set({ edited: false })
    dismissAbout('autosave')
  } catch (error) {
    noticeError(error, { about: 'autosave' })
  }
}

// ── Save, export ─────────────────────────────────────────────────────────────────────────────────

/** Lets go of the session; the engine deletes one that was never saved. */
export async function discardSession(): Promise<void> {
  const { session } = workbench.get()
  stopWatching?.()
  if (timer) clearTimeout(timer)
  if (session) await engine.request('session.close', { sessionId: session.sessionId }).catch(noticeError)
}

/** Closing the session would delete results. */
export function holdsUnsavedResults(session: SessionState | null): boolean {
  return session !== null && session.temporary && session.runs.length > 0
}

/** Whether the open session can make room for another: one with results that were never saved asks first, and is saved where the person says so. */
export async function mayLetGo(): Promise<boolean> {
  if (!holdsUnsavedResults(workbench.get().session)) return true
  const answer = await window.layerscope.askAboutUnsaved()
  return answer === 'discard' || (answer === 'save' && await saveSession())
}

/** True when the session is in a folder of the person's choosing afterwards. */
export async function saveSession(): Promise<boolean> {
  const { session } = workbench.get()
  if (session && !session.temporary) {
    await saveChanges()
    noticeInfo(`Saved ${session.name}.`, { about: 'saved' })
    return true
  }
  return saveSessionAs()
}

export async function saveSessionAs(): Promise<boolean> {
  try {
    const session = await ensureSession()
    const path = await window.layerscope.dialog('save-session', suggestedName(session))
    if (path === null) return false
    await saveChanges()
    const saved = await engine.request('session.saveAs', { sessionId: session.sessionId, path })
    workbench.set({ session: saved, edited: false })
    window.layerscope.rememberSession(saved.path, saved.name)
    noticeInfo(`Saved ${saved.name}.`, { about: 'saved', actions: [{ label: 'Show in folder', run: () => window.layerscope.revealInFolder(saved.path) }] })
    return true
  } catch (error) {
    noticeError(error, { about: 'save' })
    return false
  }
}

export async function exportSession(): Promise<void> {
  await writeFromSession('export-session', async (sessionId, path) => {
    await withProgress('Exporting the session…', (report, signal) => engine.request('session.export', { sessionId, path }, { signal, onEvent: ({ done, total }) => report(done, total) }))
    return 'Exported the session.'
  })
}

export async function saveRecipe(): Promise<void> {
  await writeFromSession('save-recipe', async (sessionId, path) => {
    await engine.request('session.saveRecipe', { sessionId, path })
    return 'Saved the recipe. Run it again anywhere with: layerscope run RECIPE.json'
  })
}

async function writeFromSession(kind: 'export-session' | 'save-recipe', write: (sessionId: string, path: string) => Promise<string>): Promise<void> {
  try {
    const session = await ensureSession()
    const path = await window.layerscope.dialog(kind, suggestedName(session))
    if (path === null) return
    await saveChanges()
    const done = await write(session.sessionId, path)
    noticeInfo(done, { about: kind, actions: [{ label: 'Show in folder', run: () => window.layerscope.revealInFolder(path) }] })
  } catch (error) {
    noticeError(error, { about: kind })
  }
}

/** A name for a session that has none: what was run on what. */
export function suggestedName(session: SessionState): string {
  if (!session.temporary) return session.name
  const { model, dataset } = workbench.get()
  const parts = [dataset.kind === 'ready' ? dataset.value.name.replace(/\.[a-z]+$/i, '') : null, model.kind === 'ready' ? model.value.name : null]
  return parts.filter((part) => part !== null).join(' in ') || 'Untitled'
}

/** Takes a run into the session's list, in the place of an earlier state of it. */
export function recordRun(summary: RunSummary): void {
  const { session } = workbench.get()
  if (!session) return
  const others = session.runs.filter((run) => run.runId !== summary.runId)
  workbench.set({ session: { ...session, runs: [...others, summary] } })
}
