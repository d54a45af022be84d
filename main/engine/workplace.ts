import { randomUUID } from 'node:crypto'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import type { OpenDataset } from './datasets/index'
import { LayerscopeError } from './errors'
import type { ModelHold } from './model-pool'
import type { EngineShared, ServerOptions } from './server'
import type { Session } from './sessions/index'

/** A dataset that stays open until neither its window nor a run needs it. */
class DatasetHold {
  private holds = 1
  constructor(readonly dataset: OpenDataset) {}

  share(): DatasetHold {
    this.holds += 1
    return this
  }

  async release(): Promise<void> {
    if (--this.holds === 0) await this.dataset.close()
  }
}

/** What one window has open, by the ids it was given. */
export class Workplace {
  private readonly models = new Map<string, ModelHold>()
  private readonly datasets = new Map<string, DatasetHold>()
  private readonly sessions = new Map<string, Session>()
  /** Files that sessions of this window were made from: they may be read, not written. */
  private readonly referenced = new Set<string>()
  private closed = false

  constructor(private readonly options: ServerOptions, readonly shared: EngineShared) {}

  get temporaryRoot(): string { return this.options.temporaryRoot }

  /** These may be picked from a list. */
  offer(paths: readonly string[]): void {
    this.options.offer?.(paths)
  }

  /** @throws LayerscopeError `path-not-granted` */
  requireReadable(path: string): void {
    if (!this.options.isGranted(path) && !this.referenced.has(resolve(path))) this.refuse(path)
  }

  /** @throws LayerscopeError `path-not-granted` */
  requireWritable(path: string): void {
    if (!this.options.isGranted(path)) this.refuse(path)
  }

  /** Sessions may also lie where this engine keeps unsaved ones. @throws LayerscopeError `path-not-granted` */
  requireSession(path: string): void {
    if (!isBelow(this.options.temporaryRoot, dirname(resolve(path)))) this.requireReadable(path)
  }

  private refuse(path: string): never {
    throw new LayerscopeError({ code: 'path-not-granted', message: 'Layerscope was not given this path.', file: path, hint: 'Open it from the menu or drop it on the window.' })
  }

  addModel(hold: ModelHold): Promise<string> {
    return this.add(this.models, hold, () => hold.release())
  }

  addDataset(dataset: OpenDataset): Promise<string> {
    return this.add(this.datasets, new DatasetHold(dataset), () => dataset.close())
  }

  /** What a request opened after its window was closed is closed again. */
  private async add<T>(map: Map<string, T>, value: T, undo: () => Promise<void>): Promise<string> {
    if (this.closed) {
      await undo()
      throw new DOMException('The window was closed.', 'AbortError')
    }
    const id = randomUUID()
    map.set(id, value)
    return id
  }

  model(modelId: string): ModelHold {
    return this.models.get(modelId) ?? unknown('model', 'modelId')
  }

  /** Ids of the models whose weights are prepacked. */
  prepackedModels(): readonly string[] {
    return [...this.models].flatMap(([id, { model }]) => model.prepacked ? [id] : [])
  }

  /** The open model with this content; null where none is. */
  modelOfHash(hash: string): ModelHold | null {
    return [...this.models.values()].find(({ model }) => model.summary.hash === hash) ?? null
  }

  dataset(datasetId: string): DatasetHold {
    return this.datasets.get(datasetId) ?? unknown('dataset', 'datasetId')
  }

  session(sessionId: string): Session {
    return this.sessions.get(sessionId) ?? unknown('session', 'sessionId')
  }

  sessionAt(path: string): Session | null {
    return [...this.sessions.values()].find(session => session.path === resolve(path)) ?? null
  }

  async addSession(session: Session): Promise<Session> {
    if (this.closed) {
      await session.close('keep')
      throw new DOMException('The window was closed.', 'AbortError')
    }
    this.sessions.set(session.sessionId, session)
    const { modelPath, datasetPath } = session.state
    for (const path of [modelPath, datasetPath]) if (path !== null) this.referenced.add(resolve(path))
    return session
  }

  async closeModel(modelId: string): Promise<void> {
    const hold = this.models.get(modelId)
    this.models.delete(modelId)
    await hold?.release()
  }

  async closeDataset(datasetId: string): Promise<void> {
    const hold = this.datasets.get(datasetId)
    this.datasets.delete(datasetId)
    await hold?.release()
  }

  async closeSession(sessionId: string, end: 'keep' | 'discard-unsaved'): Promise<void> {
    const session = this.sessions.get(sessionId)
    this.sessions.delete(sessionId)
    await session?.close(end)
  }

  /** The window is gone: unsaved sessions stay on disk, where a restarted window finds them. */
  async close(): Promise<void> {
    this.closed = true
    const ends = [
      ...[...this.sessions.keys()].map(id => this.closeSession(id, 'keep')),
      ...[...this.datasets.keys()].map(id => this.closeDataset(id)),
      ...[...this.models.keys()].map(id => this.closeModel(id))
    ]
    const failed = (await Promise.allSettled(ends)).find(end => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
}

function unknown(what: string, field: string): never {
  throw new LayerscopeError({ code: `${what}-not-open`, message: `This ${what} is not open any more.`, field, hint: 'Open it again.' })
}

/** Whether `path` is `folder` or lies below it. */
export function isBelow(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path))
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}
