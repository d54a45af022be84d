import { create } from 'zustand'
import type { ErrorReport, ProjectionEvent, ProjectionResult } from '../../preload/contract'
import type { ProjectionPlan } from '../../preload/recipe'
import { engine, EngineError } from '../state/engine-client'
import { LeastRecent } from '../state/least-recent'
import { outwardOrder } from './site-order'

/** A cloud that can be drawn: settled, or a frame on its way there. */
export interface Cloud {
  readonly site: string
  /** Dataset row of each point. */
  readonly rows: Int32Array
  /** [rows, 2] */
  readonly xy: Float32Array
}

export interface CloudProgress {
  readonly site: string
  readonly stage: 'waiting' | 'reading' | 'neighbors' | 'initialising' | 'optimising'
  readonly epoch: number
  readonly epochs: number
}

export interface CloudWish {
  readonly sessionId: string
  readonly runId: string
  /** Depth order. */
  readonly sites: readonly string[]
  readonly site: string
  readonly plan: ProjectionPlan
}

export interface CloudsState {
  /** Complete projection of the wished layer; null while it is computed. */
  readonly result: ProjectionResult | null
  /** Latest frame of the wished layer while it is optimised. */
  readonly frame: Cloud | null
  readonly progress: CloudProgress | null
  readonly error: ErrorReport | null
  /** Layers whose projection is there, by site. */
  readonly ready: ReadonlySet<string>
}

const nothing: CloudsState = { result: null, frame: null, progress: null, error: null, ready: new Set() }

/** The projection of the selected layer as it comes. */
export const useClouds = create<CloudsState>()(() => nothing)

/** Going through layers faster than this asks for none of those passed. */
const PAUSE_MS = 120

const kept = new LeastRecent<string, ProjectionResult>(160)
let wish: CloudWish | null = null
let request: { readonly group: string; readonly controller: AbortController; site: string | null } | null = null
let timer: ReturnType<typeof setTimeout> | undefined
/** To be called once the frame on show has been drawn. */
let owed: (() => void) | null = null

/** What makes results belong together: run, method and its settings. */
function groupOf({ sessionId, runId, plan }: CloudWish): string {
  return JSON.stringify([sessionId, runId, plan])
}

function readySites(of: CloudWish): ReadonlySet<string> {
  const group = groupOf(of)
  return new Set(of.sites.filter((site) => kept.get(`${group} ${site}`) !== undefined))
}

/** Shows the projection of a layer: at once where it is there, else as it is computed. Null shows nothing. */
export function wishCloud(next: CloudWish | null): void {
  clearTimeout(timer)
  const before = wish
  wish = next
  if (next === null) {
    stop()
    useClouds.setState(nothing)
    return
  }
  const group = groupOf(next)
  const sameGroup = before !== null && groupOf(before) === group
  const result = kept.get(`${group} ${next.site}`) ?? null
  drawn()
  useClouds.setState({ result, frame: null, error: null, ready: readySites(next), progress: result ? null : { site: next.site, stage: 'waiting', epoch: 0, epochs: 0 } })
  if (result && (request?.group === group || readySites(next).size === next.sites.length)) return
  // The engine is at this layer already.
  if (request?.group === group && request.site === next.site) return
  if (sameGroup) timer = setTimeout(() => void start(next), PAUSE_MS)
  else void start(next)
}

/** The page has drawn the last frame: the engine may send the next. */
export function drawn(): void {
  owed?.()
  owed = null
}

/** Asks again after an error. */
export function retryCloud(): void {
  if (wish) void start(wish)
}

function stop(): void {
  request?.controller.abort()
  request = null
  owed = null
}

async function start(want: CloudWish): Promise<void> {
  stop()
  const group = groupOf(want)
  const have = readySites(want)
  const sites = outwardOrder(want.sites, want.site).filter((site) => !have.has(site))
  if (sites.length === 0) return
  const own = { group, controller: new AbortController(), site: null as string | null }
  request = own
  useClouds.setState({ error: null })
  try {
    await engine.request('projection.start', { sessionId: want.sessionId, runId: want.runId, sites: [...sites], plan: want.plan }, {
      signal: own.controller.signal,
      onEvent: (event, acknowledge) => { if (request === own) receive(own, event, acknowledge) }
    })
  } catch (error) {
    if (request === own && error instanceof EngineError && error.report.code !== 'cancelled') useClouds.setState({ error: error.report, progress: null })
  } finally {
    if (request === own) request = null
  }
}

function receive(own: { readonly group: string; site: string | null }, event: ProjectionEvent, acknowledge: () => void): void {
  const shown = wish && groupOf(wish) === own.group ? wish : null
  switch (event.kind) {
    case 'stage':
      own.site = event.site
      if (event.site === shown?.site) useClouds.setState({ progress: { site: event.site, stage: event.stage, epoch: 0, epochs: 0 } })
      return
    case 'frame': {
      const { site, epoch, epochs, rows, xy } = event
      own.site = site
      if (site !== shown?.site) return acknowledge()
      owed = acknowledge
      useClouds.setState({ frame: { site, rows, xy }, progress: { site, stage: 'optimising', epoch, epochs } })
      return
    }
    case 'layer': {
      const { result } = event
      kept.set(`${own.group} ${result.site}`, result)
      if (!shown) return
      useClouds.setState({ ready: readySites(shown) })
      if (result.site === shown.site) useClouds.setState({ result, frame: null, progress: null })
    }
  }
}
