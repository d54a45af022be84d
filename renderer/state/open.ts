import type { PathKind } from '../../preload/bridge'
import type { RunSummary, SessionState } from '../../preload/contract'
import type { Recipe } from '../../preload/recipe'
import { chooseDataset, openDataset } from './dataset'
import { engine } from './engine-client'
import { openModel } from './model'
import { openModels } from './models'
import { dismissAbout, noticeError, noticeInfo, noticeWarning, withProgress } from './notices'
import { cancelRun, showRun, startRun } from './run'
import { mayLetGo, saveSession, watchForChanges } from './session'
import { useView } from './view'
import { emptyWorkbench, workbench } from './workbench'
import type { Loading } from './workbench-state'

/** Opens whatever was dropped, double-clicked or named: a session alone, else recipe, model and dataset together. */
export async function openPaths(paths: readonly PathKind[]): Promise<void> {
  for (const { path, kind, reason } of paths) {
    if (kind === 'unknown') noticeError(new Error(reason ?? 'This cannot be opened.'), { about: path })
  }
  const first = (kind: PathKind['kind']): string | undefined => paths.find((path) => path.kind === kind)?.path
  const session = first('session')
  if (session !== undefined) return openSession(session)
  const recipe = first('recipe')
  if (recipe !== undefined) return openRecipe(recipe, { run: false })
  const model = first('model')
  const dataset = first('dataset')
  await Promise.all([model === undefined ? null : openModel(model), dataset === undefined ? null : openDataset(dataset)])
}

/** Sets the window up as a recipe says, and runs it where asked to. */
export async function openRecipe(path: string, { run }: { readonly run: boolean }): Promise<void> {
  try {
    const file = await window.layerscope.readRecipe(path)
    if (!file.ok) return noticeWarning(file.error, { about: path })
    // What was open before stays where something of the recipe cannot be opened, and is not what was asked for.
    if (await applyRecipe(file.recipe) && run) await startRun()
  } catch (error) {
    noticeError(error, { about: path })
  }
}

/** Whether all of it could be opened. */
async function applyRecipe({ model, dataset, extraction, probe, projection }: Recipe): Promise<boolean> {
  workbench.set({ extraction, probe, projection })
  const opened = await Promise.all([openModel(model.path), openDataset(dataset.path, { read: dataset.read, roles: dataset.roles })])
  return opened.every(Boolean)
}

// ── Sessions ─────────────────────────────────────────────────────────────────────────────────────

export async function chooseSession(kind: 'open-session' | 'open-session-zip' = 'open-session'): Promise<void> {
  try {
    const path = await window.layerscope.dialog(kind)
    if (path !== null) await openSession(path)
  } catch (error) {
    noticeError(error)
  }
}

/** Opens a saved session, or one that was exported to a zip, in this window; one that another window holds comes to the front there. */
export async function openSession(path: string): Promise<void> {
  try {
    if (!(await window.layerscope.claimSession(path))) return
    const { session: before, model, dataset } = workbench.get()
    if (before?.path === path || !(await mayLetGo())) return
    cancelRun()
    const session = await withProgress('Opening the session…', (report, signal) => engine.request('session.open', { path }, { signal, onEvent: ({ done, total }) => report(done, total) }))
    if (before) await engine.request('session.close', { sessionId: before.sessionId }).catch(() => null)
    if (session.temporary) noticeInfo('The exported session is open. It is not saved: choose a place for it with Save.', { about: 'saved', actions: [{ label: 'Save…', run: () => void saveSession() }] })
    else window.layerscope.rememberSession(session.path, session.name)
    await restore(session)
    // Only now: what the session opens again as well stays open all the while.
    if (model.kind === 'ready') await engine.request('model.close', { modelId: model.value.modelId }).catch(() => null)
    if (dataset.kind === 'ready') await engine.request('dataset.close', { datasetId: dataset.value.datasetId }).catch(() => null)
  } catch (error) {
    noticeError(error, { about: path })
  }
}

/** Shows a session as it was left: its runs and view at once, its model and dataset as soon as they have opened. */
async function restore(session: SessionState): Promise<void> {
  const { engine: engineState, providers } = workbench.get()
  const { recipe } = session
  workbench.set({
    ...emptyWorkbench, engine: engineState, providers, session,
    ...(recipe ? { roles: recipe.dataset.roles, extraction: recipe.extraction, probe: recipe.probe, projection: recipe.projection } : {})
  })
  useView.getState().load(session.view)
  const last = session.runs.at(-1)
  if (last) showRun(interrupted(last))
  for (const { locate, ...problem } of session.problems) {
    noticeWarning(problem, {
      about: `problem ${problem.code} ${problem.file ?? ''}`,
      actions: locate ? [{ label: 'Locate…', run: locate === 'model' ? openModels : () => void chooseDataset() }] : []
    })
  }
  await reopenFiles(session)
  watchForChanges()
}

/** A run that was on when the window or the machine went down is one that can be taken up again. */
function interrupted(run: RunSummary): RunSummary {
  return run.status === 'running' ? { ...run, status: 'cancelled' } : run
}

async function reopenFiles({ modelPath, datasetPath, recipe, problems }: SessionState): Promise<void> {
  const missing = new Set(problems.map(({ locate }) => locate))
  const showMissing = (part: 'model' | 'dataset', path: string): void => {
    const problem = problems.find(({ locate }) => locate === part)
    if (problem) workbench.set({ [part]: { kind: 'failed', path, error: problem } })
  }
  const opening: Promise<unknown>[] = []
  if (modelPath !== null) {
    if (missing.has('model')) showMissing('model', modelPath)
    else opening.push(openModel(modelPath))
  }
  if (datasetPath !== null) {
    if (missing.has('dataset')) showMissing('dataset', datasetPath)
    else opening.push(openDataset(datasetPath, { read: recipe?.dataset.read ?? {}, roles: recipe?.dataset.roles ?? null }))
  }
  await Promise.all(opening)
}

/** What was open, or was opening when the engine died. */
function pathToReopen(part: Loading<{ readonly path: string }>): string | null {
  switch (part.kind) {
    case 'ready': return part.next?.path ?? part.value.path
    case 'loading': return part.opening.path
    case 'failed': return part.error.code === 'engine-stopped' ? part.path : null
    case 'empty': return null
  }
}

/** After the engine came back: opens again what was open and goes on with the run that was on. */
export async function reopenAll(): Promise<void> {
  const { session, model, dataset, roles, run } = workbench.get()
  const resume = run?.progress !== undefined && run.progress !== null
  try {
    // Views ask again as soon as the engine is called ready: by then the session's new handle must be there.
    const reopened = session && await engine.request('session.open', { path: session.path })
    workbench.set({ engine: 'ready', session: reopened })
    if (session) {
      const shown = workbench.get().run
      // Until results can be asked for again the run keeps its place on screen.
      if (shown && resume) workbench.set({ run: { ...shown, progress: null, summary: { ...shown.summary, status: 'cancelled' } } })
    }
    const modelPath = pathToReopen(model)
    const datasetPath = pathToReopen(dataset)
    // Handles of the engine that died must not be closed in the new one.
    workbench.set({
      model: modelPath === null ? model : { kind: 'loading', opening: { path: modelPath, stage: 'Opening again', loaded: null, checks: [] }, before: { kind: 'empty' } },
      dataset: datasetPath === null ? dataset : { kind: 'loading', opening: { path: datasetPath, stage: 'Reading again', loaded: null, checks: [] }, before: { kind: 'empty' } }
    })
    const read = dataset.kind === 'ready' ? dataset.value.read : reopened?.recipe?.dataset.read ?? {}
    await Promise.all([modelPath === null ? null : openModel(modelPath), datasetPath === null ? null : openDataset(datasetPath, { read, roles })])
    if (session) watchForChanges()
    dismissAbout('engine')
    if (resume) {
      noticeWarning({ code: 'engine-restarted', message: 'The engine was restarted. The run goes on from its last stored batch.' }, { about: 'engine' })
      await startRun()
    } else {
      noticeWarning({ code: 'engine-restarted', message: 'The engine was restarted. Everything that was open is open again.' }, { about: 'engine' })
    }
  } catch (error) {
    noticeError(error, { about: 'engine' })
  }
}
