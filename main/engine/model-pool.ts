import { realpath, stat } from 'node:fs/promises'
import type { LoadedModel, ModelCheck } from '../../preload/contract'
import { openModel, type OpenModel } from './models/index'

/** One of possibly several holders of an open model; the model closes when the last one lets go. */
export interface ModelHold {
  readonly model: OpenModel
  /** Another hold on the same model. */
  share(): ModelHold
  release(): Promise<void>
}

export interface OpeningListener {
  onStage?(stage: string): void
  onReady?(model: LoadedModel): void
  onCheck?(check: ModelCheck): void
  readonly signal?: AbortSignal
}

interface Entry {
  readonly opening: Promise<OpenModel>
  readonly abort: AbortController
  readonly listeners: Set<OpeningListener>
  /** What was reported before a listener joined. */
  readonly checks: ModelCheck[]
  loaded: LoadedModel | null
  holds: number
}

/** Open models of the process: the same file with the same provider is opened once, whoever asks. */
export class ModelPool {
  private readonly entries = new Map<string, Entry>()

  /** @param onOpened called whenever the opening of a model has ended, well or not */
  constructor(private readonly onOpened: () => void = () => undefined) {}

  /**
   * Opens a model, or joins one that is open or opening. A caller that aborts leaves alone;
   * the opening itself stops when no one is waiting any more.
   */
  async open(path: string, provider: string, listener: OpeningListener = {}): Promise<ModelHold> {
    const key = await this.keyOf(path, provider)
    listener.signal?.throwIfAborted()
    const entry = this.entries.get(key) ?? this.begin(key, path, provider)
    entry.holds += 1
    if (entry.loaded !== null) listener.onReady?.(entry.loaded)
    for (const check of entry.checks) listener.onCheck?.(check)
    entry.listeners.add(listener)
    try {
      const model = await withAbort(entry.opening, listener.signal)
      return this.hold(key, entry, model)
    } catch (error) {
      await this.letGo(key, entry)
      throw error
    } finally {
      entry.listeners.delete(listener)
    }
  }

  private begin(key: string, path: string, provider: string): Entry {
    const abort = new AbortController()
    const listeners = new Set<OpeningListener>()
    const checks: ModelCheck[] = []
    const opening = openModel(path, {
      provider, signal: abort.signal,
      onStage(stage) { for (const listener of listeners) listener.onStage?.(stage) },
      onReady(model) {
        entry.loaded = model
        for (const listener of listeners) listener.onReady?.(model)
      },
      onCheck(check) {
        checks.push(check)
        for (const listener of listeners) listener.onCheck?.(check)
      }
    })
    const entry: Entry = { opening, abort, listeners, checks, loaded: null, holds: 0 }
    opening.catch(() => { if (this.entries.get(key) === entry) this.entries.delete(key) }).finally(this.onOpened)
    this.entries.set(key, entry)
    return entry
  }

  private hold(key: string, entry: Entry, model: OpenModel): ModelHold {
    let held = true
    return {
      model,
      share: () => {
        entry.holds += 1
        return this.hold(key, entry, model)
      },
      release: async () => {
        if (!held) return
        held = false
        await this.letGo(key, entry)
      }
    }
  }

  private async letGo(key: string, entry: Entry): Promise<void> {
    entry.holds -= 1
    if (entry.holds > 0) return
    if (this.entries.get(key) === entry) this.entries.delete(key)
    entry.abort.abort()
    await entry.opening.then(async model => { await model.close() }, () => undefined)
  }

  /** A file that was written again is another model. */
  private async keyOf(path: string, provider: string): Promise<string> {
    const real = await realpath(path).catch(() => path)
    const { mtimeMs, size } = await stat(real).catch(() => ({ mtimeMs: 0, size: 0 }))
    return JSON.stringify([real, mtimeMs, size, provider])
  }
}

async function withAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise
  return await new Promise<T>((resolve, reject) => {
    const abort = (): void => { reject(new DOMException('Cancelled.', 'AbortError')) }
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    promise.then(resolve, reject).finally(() => { signal.removeEventListener('abort', abort) })
  })
}
