import { create } from 'zustand'
import type { CodeLength, Erasure, ErrorReport } from '../../preload/contract'
import type { CardKey } from './card'
import { engine, EngineError } from './engine-client'

/** What is asked of one site of a finished run when the person wants it, since it takes a while; the engine keeps the answer with the run. */
export interface SiteAnswers {
  readonly codeLength: CodeLength
  readonly erasure: Erasure
}
export type SiteQuestion = keyof SiteAnswers

export type AskedAnalysis<T> =
  /** `share` is how far it has come, 0 … 1. */
  | { readonly kind: 'running'; readonly share: number; readonly cancel: () => void }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: ErrorReport }

type Asked = { readonly [Q in SiteQuestion]: Readonly<Record<string, AskedAnalysis<SiteAnswers[Q]>>> }

const useAsked = create<Asked>()(() => ({ codeLength: {}, erasure: {} }))

/** A site of a run of a session, at a position of its texts. */
export interface AskedSite extends CardKey { readonly site: string }

function keyOf({ sessionId, runId, position, site }: AskedSite): string {
  return JSON.stringify([sessionId, runId, position ?? null, site])
}

/** What was asked of a site since the window opened; null where nothing was. It goes on while the card is closed or shows another layer. */
export function useSiteAnalysis<Q extends SiteQuestion>(question: Q, at: AskedSite | null): AskedAnalysis<SiteAnswers[Q]> | null {
  return useAsked((asked) => at === null ? null : asked[question][keyOf(at)] ?? null)
}

/** Asks, once at a time for each site; a cancelled question is as if it had not been asked. */
export async function askOfSite<Q extends SiteQuestion>(question: Q, at: AskedSite): Promise<void> {
  const key = keyOf(at)
  if (useAsked.getState()[question][key]?.kind === 'running') return
  const abort = new AbortController()
  const say = (asked: AskedAnalysis<SiteAnswers[Q]> | null): void => useAsked.setState((before) => {
    const { [key]: _, ...others } = before[question]
    return { ...before, [question]: asked === null ? others : { ...others, [key]: asked } }
  })
  const cancel = (): void => abort.abort()
  say({ kind: 'running', share: 0, cancel })
  const onEvent = ({ done, total }: { readonly done: number; readonly total: number }): void => { if (!abort.signal.aborted) say({ kind: 'running', share: done / total, cancel }) }
  const options = { signal: abort.signal, onEvent }
  try {
    const value = question === 'codeLength' ? await engine.request('probe.codeLength', at, options) : await engine.request('probe.erasure', at, options)
    say({ kind: 'ready', value: value as SiteAnswers[Q] })
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    say(error.report.code === 'cancelled' ? null : { kind: 'failed', error: error.report })
  }
}
