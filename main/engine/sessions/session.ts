import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { ErrorReport, RunSummary, SessionState } from '../../../preload/contract'
import type { Recipe } from '../../../preload/recipe'
import { syncFolder, temporaryPathBeside } from '../atomic-file'
import { LayerscopeError } from '../errors'
import { lockFolder, type FolderLock } from '../folder-lock'
import { exportZip } from './export-zip'
import { copyFolder } from './folder-copy'
import { importZip } from './import-zip'
import { portablePath, writeRecipe } from './recipe-file'
import { locate, restoreRuns, type Problem } from './restored'
import { RunFolder, type RunKeys } from './run-folder'
import { emptySession, readSessionFile, writeSessionFile, SESSION_FILE, type SessionFile } from './session-file'

/** Ending of a session's folder. */
export const SESSION_ENDING = '.layerscope'
export const RUNS = 'runs'
const AUTOSAVE_MS = 300
/** How long a session of this process is waited for when it is opened: the window that holds it may be closing. */
const CLOSING_MS = 2_000

/** A file that the session was made from. */
export interface Reference { readonly path: string; readonly name: string; readonly hash: string }

/** Parts of a session that can change; those left out stay. */
export interface SessionChange extends Partial<Pick<SessionFile, 'roles' | 'extraction' | 'probe' | 'projection' | 'view'>> {
  readonly model?: Reference | null
  readonly dataset?: (Reference & { readonly read: NonNullable<SessionFile['dataset']>['read'] }) | null
}

/**
 * A session open for writing: one folder, one writer. Changes are saved by themselves a moment later;
 * results are on disk before anyone hears of them.
 */
export class Session {
  private timer: NodeJS.Timeout | null = null
  private saving: Promise<void> = Promise.resolve()
  private failure: Error | null = null
  /** A run that is writing; the folder must stay where it is. */
  private active: string | null = null

  private constructor(
    readonly sessionId: string,
    private place: string,
    private isTemporary: boolean,
    private lock: FolderLock,
    private file: SessionFile,
    private readonly runs: RunFolder[],
    /** Folders of runs that could not be read: they stay named and untouched, so that a copy put back is found. */
    private readonly unread: readonly string[],
    private readonly problems: Problem[]
  ) {}

  /** A new session below `root` that lasts until it is saved elsewhere or closed. */
  static async create(root: string): Promise<Session> {
    const folder = join(root, `${randomUUID()}${SESSION_ENDING}`)
    await mkdir(folder, { recursive: true })
    return await Session.begin(folder, true)
  }

  /** A new session in `folder`, which must not hold one. @throws LayerscopeError `session-exists` */
  static async createAt(folder: string): Promise<Session> {
    await mkdir(folder, { recursive: true })
    if (existsSync(join(folder, SESSION_FILE))) throw new LayerscopeError({ code: 'session-exists', message: 'There is a session in this folder already.', file: folder })
    return await Session.begin(folder, false)
  }

  private static async begin(folder: string, temporary: boolean): Promise<Session> {
    const lock = await lockFolder(folder, inUse(folder))
    const session = new Session(randomUUID(), folder, temporary, lock, emptySession(), [], [], [])
    await session.flush()
    return session
  }

  /**
   * Opens a session's folder. What is missing or moved is told in the state's problems; only a session that cannot be read at all throws.
   * @throws LayerscopeError `session-missing`, `session-newer`, `session-damaged`, `session-in-use`
   */
  static async open(folder: string, temporaryRoot: string | null): Promise<Session> {
    const path = resolve(folder)
    // Read before the lock is taken: a folder that is no session must not get a lock file.
    await readSessionFile(path)
    const lock = await lockFolder(path, inUse(path), CLOSING_MS)
    try {
      const file = await readSessionFile(path)
      const problems: Problem[] = []
      const { runs, unread } = await restoreRuns(join(path, RUNS), file.runs, problems)
      const [model, dataset] = [locate(path, file.model, 'model', problems), locate(path, file.dataset, 'dataset', problems)]
      const temporary = temporaryRoot !== null && dirname(await realpath(path)) === await realpath(temporaryRoot).catch(() => null)
      return new Session(randomUUID(), path, temporary, lock, { ...file, model, dataset }, runs, unread, problems)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /**
   * Opens an exported session as an unsaved one below `root`; the archive stays as it is.
   * @throws what `importZip` and `open` throw
   */
  static async openZip(path: string, root: string, signal?: AbortSignal, onProgress?: (done: number, total: number) => void): Promise<Session> {
    await mkdir(root, { recursive: true })
    const folder = join(root, `${randomUUID()}${SESSION_ENDING}`)
    await importZip(path, folder, signal, onProgress)
    try {
      return await Session.open(folder, root)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  get path(): string { return this.place }
  get temporary(): boolean { return this.isTemporary }
  get name(): string { return this.isTemporary ? 'Untitled' : basename(this.place).replace(/\.layerscope$/i, '') }

  /** Everything asked of the session; null until model, dataset and roles are known. */
  get recipe(): Recipe | null {
    const { model, dataset, roles, extraction, probe, projection } = this.file
    if (model === null || dataset === null || roles === null) return null
    return {
      format: 'layerscope-recipe', version: 1,
      model: { path: model.path, hash: model.hash },
      dataset: { path: dataset.path, hash: dataset.hash, read: dataset.read, roles },
      extraction, probe, projection
    }
  }

  get state(): SessionState {
    return {
      sessionId: this.sessionId, name: this.name, path: this.place, temporary: this.isTemporary, recipe: this.recipe,
      runs: this.runs.map(({ summary }) => summary), view: this.file.view,
      modelPath: this.file.model?.path ?? null, datasetPath: this.file.dataset?.path ?? null, problems: this.problems
    }
  }

  /** Takes the change at once and saves it a moment later. @throws what an earlier save failed with */
  update(change: SessionChange): void {
    const { model, dataset, ...rest } = change
    this.file = {
      ...this.file, ...rest,
      ...(model === undefined ? {} : { model: model === null ? null : { ...model, relativePath: portablePath(this.place, model.path) } }),
      ...(dataset === undefined ? {} : { dataset: dataset === null ? null : { ...dataset, relativePath: portablePath(this.place, dataset.path) } })
    }
    for (const part of ['model', 'dataset'] as const) {
      if (change[part] == null) continue
      const solved = this.problems.findIndex(({ locate }) => locate === part)
      if (solved >= 0) this.problems.splice(solved, 1)
    }
    this.timer ??= setTimeout(() => {
      this.flush().catch((error: unknown) => { this.failure = error instanceof Error ? error : new Error(String(error)) })
    }, AUTOSAVE_MS)
    this.raiseFailure()
  }

  /** Saves now. */
  async flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    const write = this.saving.catch(() => undefined).then(async () => {
      await writeSessionFile(this.place, { ...this.file, runs: this.runNames })
    })
    this.saving = write
    await write
  }

  private get runNames(): string[] {
    return [...this.unread, ...this.runs.map(run => basename(run.folder))]
  }

  private raiseFailure(): void {
    const { failure } = this
    this.failure = null
    if (failure !== null) throw failure
  }

  /** Oldest first. */
  get allRuns(): readonly RunFolder[] { return this.runs }

  /** @throws LayerscopeError `run-unknown` */
  run(runId: string): RunFolder {
    const run = this.runs.find(({ summary }) => summary.runId === runId)
    if (run === undefined) throw new LayerscopeError({ code: 'run-unknown', message: 'The session has no such run.', field: 'runId' })
    return run
  }

  /**
   * The run for these keys, marked as running: one that stopped before its end is taken up again, else a new one is made.
   * `activations` is the folder of another run that has the same activations already.
   * @throws LayerscopeError `busy` while another run of the session is on
   */
  async beginRun(keys: RunKeys, summary: Omit<RunSummary, 'runId'>): Promise<{ readonly run: RunFolder; readonly finished: boolean; readonly activations: string | null }> {
    this.claim('a run is on')
    try {
      const same = this.runs.findLast(run => run.keys.runKey === keys.runKey)
      // A finished run whose files were lost since is run again in its place.
      if (same?.summary.status === 'complete' && (same.summary.extraction === null || await same.activations().then(() => true, () => false))) {
        this.release()
        return { run: same, finished: true, activations: null }
      }
      const stopped = same ?? this.runs.findLast(run => run.keys.storeKey === keys.storeKey && run.summary.status !== 'complete' && run.summary.sweep === null)
      if (stopped !== undefined) {
        const taken = stopped.withKeys(keys)
        await stopped.close()
        await taken.update({ ...summary, startedAt: stopped.summary.startedAt, rowCount: 0 })
        this.runs[this.runs.indexOf(stopped)] = taken
        return { run: taken, finished: false, activations: null }
      }
      const number = 1 + Math.max(0, ...this.runNames.map(name => Number(/^run-(\d+)$/.exec(name)?.[1] ?? 0)))
      const runId = `run-${number}`
      const folder = join(this.place, RUNS, runId)
      // A folder that the session file does not name was begun by a process that was killed before it was named.
      await rm(folder, { recursive: true, force: true })
      const run = await RunFolder.create(folder, keys, { ...summary, runId })
      this.runs.push(run)
      await this.flush()
      return { run, finished: false, activations: this.runs.find(other => other !== run && other.keys.storeKey === keys.storeKey && other.summary.extraction !== null)?.folder ?? null }
    } catch (error) {
      this.release()
      throw error
    }
  }

  /** Must follow `beginRun` once the run's last file is written. */
  endRun(): void {
    this.release()
  }

  /** Does `work` while nothing else may write to the session; `what` says why not. @throws LayerscopeError `busy` */
  async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.claim(what)
    try {
      return await work()
    } finally {
      this.release()
    }
  }

  /**
   * Puts the session into `target`; it lives there from now on. An unsaved session moves, a saved one leaves its old folder as it was.
   * A session that was at `target` is replaced once the new one is whole.
   * @throws LayerscopeError `busy`, `not-a-session`, `session-in-use`
   */
  async saveAs(target: string): Promise<SessionState> {
    this.claim('the session is being saved')
    try {
      const path = resolve(target)
      await this.flush()
      if (path === this.place) return this.state
      await this.replaceable(path)
      for (const run of this.runs) await run.close()
      const staged = temporaryPathBeside(path)
      const moves = this.isTemporary && await rename(this.place, staged).then(() => true, () => false)
      if (!moves) {
        const finished = this.runs.filter(({ summary }) => summary.status === 'complete').map(run => `${RUNS}/${basename(run.folder)}`)
        await copyFolder(this.place, staged, file => /\.(safetensors|parquet)$/.test(file) && finished.includes(dirname(file).split(/[/\\]/).slice(0, 2).join('/')))
      }
      const old = existsSync(path) ? temporaryPathBeside(path) : null
      if (old !== null) await rename(path, old)
      await rename(staged, path)
      await syncFolder(dirname(path))
      if (old !== null) await rm(old, { recursive: true, force: true })
      await this.moveTo(path, moves)
      return this.state
    } finally {
      this.release()
    }
  }

  private async moveTo(path: string, moved: boolean): Promise<void> {
    const before = this.place
    const wasTemporary = this.isTemporary
    const oldLock = this.lock
    this.place = path
    this.isTemporary = false
    // A moved folder brought its lock file along; it is ours.
    if (moved) await rm(join(path, '.lock'), { force: true })
    this.lock = await lockFolder(path, inUse(path))
    await oldLock.release()
    for (const [index, run] of this.runs.entries()) this.runs[index] = await RunFolder.open(join(path, RUNS, basename(run.folder)))
    const { model, dataset } = this.file
    this.file = {
      ...this.file,
      model: model === null ? null : { ...model, relativePath: portablePath(path, model.path) },
      dataset: dataset === null ? null : { ...dataset, relativePath: portablePath(path, dataset.path) }
    }
    await this.flush()
    if (wasTemporary && !moved) await rm(before, { recursive: true, force: true })
  }

  /** A path that may be written: free, an empty folder, or another session that no one has open. */
  private async replaceable(path: string): Promise<void> {
    const found = await stat(path).catch(() => null)
    if (found === null) return
    const isSession = found.isDirectory() && existsSync(join(path, SESSION_FILE))
    const isEmpty = found.isDirectory() && (await readdir(path)).length === 0
    if (!isSession && !isEmpty) {
      throw new LayerscopeError({ code: 'not-a-session', message: 'There is something else than a session at this path; it was left as it is.', file: path, hint: 'Choose another name.' })
    }
    await (await lockFolder(path, inUse(path))).release()
  }

  /** Writes everything as one zip. @throws LayerscopeError `busy` */
  async export(path: string, onProgress: (done: number, total: number) => void, signal?: AbortSignal): Promise<{ readonly bytes: number }> {
    this.claim('the session is being exported')
    try {
      await this.flush()
      const name = this.isTemporary ? basename(path).replace(/\.zip$/i, '').replace(/\.layerscope$/i, '') : this.name
      return await exportZip(this.place, `${name}${SESSION_ENDING}`, path, onProgress, signal)
    } finally {
      this.release()
    }
  }

  /** @throws LayerscopeError `recipe-incomplete` */
  async saveRecipe(path: string): Promise<void> {
    const { recipe } = this
    if (recipe === null) throw new LayerscopeError({ code: 'recipe-incomplete', message: 'A recipe needs a model, a dataset and the text column.', hint: 'Choose them first.' })
    await writeRecipe(path, recipe)
  }

  /** Saves and lets go. `discard` deletes a session that was never saved elsewhere. */
  async close(end: 'keep' | 'discard-unsaved'): Promise<void> {
    for (const run of this.runs) await run.close()
    if (end === 'discard-unsaved' && this.isTemporary) {
      if (this.timer !== null) clearTimeout(this.timer)
      await this.saving.catch(() => undefined)
      await this.lock.release()
      await rm(this.place, { recursive: true, force: true })
      return
    }
    try {
      await this.flush()
    } finally {
      await this.lock.release()
    }
  }

  private claim(what: string): void {
    if (this.active !== null) throw new LayerscopeError({ code: 'busy', message: `Not now: ${this.active}.`, hint: 'Wait until it has ended, or cancel it.' })
    this.active = what
  }

  private release(): void {
    this.active = null
  }
}

function inUse(path: string): ErrorReport {
  return { code: 'session-in-use', message: 'The session is open in another window.', file: path, hint: 'Use that window, or close it first.' }
}
