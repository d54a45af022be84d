import { z } from 'zod'

/** The engine process as the host sees it: Electron's `UtilityProcess`, and nothing else in production. */
export interface EngineProcess<Port> {
  postMessage(message: unknown, transfer?: Port[]): void
  on(event: 'spawn', listener: () => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
  on(event: 'message', listener: (message: unknown) => void): unknown
  kill(): boolean
}

export interface EngineHostOptions<Port> {
  /** Folder for sessions that were never saved. */
  readonly temporaryRoot: string
  readonly fork: () => EngineProcess<Port>
  /** Paths an engine that starts anew is told of. */
  readonly grants: () => readonly string[]
  /** Models that the engine found where models usually are. */
  readonly onOffer: (paths: readonly string[]) => void
  readonly onStopped: (reason: string) => void
  /** It died too often to be started again by itself: `restart` does so. */
  readonly onFailed: (reason: string) => void
  /** A fresh engine listens; `generation` counts from 1. */
  readonly onReady: (generation: number) => void
  /** For tests. @default 250 ms doubling to 8 s */
  readonly firstDelayMs?: number
  /** How long an engine that is asked to stop may take. @default 4 s */
  readonly stopWithinMs?: number
}

/** All that an engine tells of its own accord. */
const offerSchema = z.object({ kind: z.literal('offer'), paths: z.array(z.string().min(1)) })

const longestDelayMs = 8_000
/** An engine that lived this long is healthy: the next failure waits the shortest delay again. */
const healthyAfterMs = 20_000
/** This many deaths within that time end in `onFailed`: what kills it, a run that goes on by itself say, would only kill it again. */
export const mostDeaths = 5
const deathsWithinMs = 10 * 60_000

/** Keeps one engine process alive: starts it, hands it ports and grants, and starts it anew when it dies. */
export class EngineHost<Port> {
  private process: EngineProcess<Port> | null = null
  private generation = 0
  private failures = 0
  /** When it died lately, in ms since the epoch. */
  private deaths: readonly number[] = []
  /** Why it is not started again by itself; null while it is. */
  private givenUp: string | null = null
  private spawnedAt = 0
  private timer: NodeJS.Timeout | null = null
  private stopped = false
  private running = false

  constructor(private readonly options: EngineHostOptions<Port>) {}

  start(): void {
    const engine = this.options.fork()
    this.process = engine
    engine.on('spawn', () => {
      this.spawnedAt = Date.now()
      engine.postMessage({ kind: 'init', temporaryRoot: this.options.temporaryRoot })
      for (const path of this.options.grants()) engine.postMessage({ kind: 'grant', path })
      this.running = true
      this.options.onReady(++this.generation)
    })
    engine.on('message', (message) => {
      const offer = offerSchema.safeParse(message)
      if (offer.success) this.options.onOffer(offer.data.paths)
    })
    engine.on('exit', (code) => this.exited(code))
  }

  grant(path: string): void {
    if (this.running) this.process?.postMessage({ kind: 'grant', path })
  }

  /** Gives the engine its end of a window's channel. False while no engine runs: ask again when it is ready. */
  connect(port: Port): boolean {
    if (!this.running || !this.process) return false
    this.process.postMessage({ kind: 'connect' }, [port])
    return true
  }

  /** Ends the engine for good. It lets go of its sessions first, in the time it is given for that. */
  async stop(): Promise<void> {
    this.stopped = true
    if (this.timer) clearTimeout(this.timer)
    const engine = this.process
    if (!engine) return
    const ended = new Promise<void>((resolve) => { engine.on('exit', () => resolve()) })
    if (this.running) engine.postMessage({ kind: 'stop' })
    else engine.kill()
    const patience = setTimeout(() => engine.kill(), this.options.stopWithinMs ?? 4_000)
    await ended
    clearTimeout(patience)
  }

  /** Why no engine runs and none is being started; null otherwise. */
  get failure(): string | null {
    return this.givenUp
  }

  /** Starts an engine that was given up on; does nothing otherwise. */
  restart(): void {
    if (this.givenUp === null || this.stopped) return
    this.givenUp = null
    this.deaths = []
    this.failures = 0
    this.start()
  }

  private exited(code: number): void {
    this.running = false
    this.process = null
    if (this.stopped) return
    const now = Date.now()
    const reason = `The engine stopped unexpectedly (code ${code}).`
    this.deaths = [...this.deaths.filter((at) => now - at < deathsWithinMs), now]
    if (this.deaths.length >= mostDeaths) {
      this.givenUp = reason
      return this.options.onFailed(reason)
    }
    if (now - this.spawnedAt >= healthyAfterMs) this.failures = 0
    const delay = Math.min(longestDelayMs, (this.options.firstDelayMs ?? 250) * 2 ** this.failures++)
    this.options.onStopped(reason)
    this.timer = setTimeout(() => this.start(), delay)
  }
}
