import { create } from 'zustand'
import type { ErrorReport } from '../../preload/contract'
import { EngineError } from './engine-client'

export interface NoticeAction { readonly label: string; readonly run: () => void }

/** A sentence that comes up at the edge of the window and can be acted on. */
export interface Notice {
  readonly id: number
  /** A later notice about the same thing takes the place of the earlier one. */
  readonly about: string | null
  readonly tone: 'error' | 'warning' | 'info'
  readonly error: ErrorReport
  readonly actions: readonly NoticeAction[]
  /** How far the work it tells of has come, 0 … 1; null while that is not known. */
  readonly progress?: number | null
}

export const useNotices = create<{ readonly notices: readonly Notice[] }>()(() => ({ notices: [] }))

let nextId = 1
const notices = { get: () => useNotices.getState().notices, set: (list: readonly Notice[]) => useNotices.setState({ notices: list }) }

export function dismissNotice(id: number): void {
  notices.set(notices.get().filter((notice) => notice.id !== id))
}

export function dismissAbout(about: string): void {
  notices.set(notices.get().filter((notice) => notice.about !== about))
}

/** Work that is done in less is not worth a notice. */
const glanceMs = 400

/** Runs `work`; where it takes longer than a glance, a notice shows how far it has come and can stop it. @throws what `work` throws */
export async function withProgress<T>(message: string, work: (report: (done: number, total: number) => void, signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const id = nextId++
  let progress: number | null = null
  let shown = false
  const timer = setTimeout(() => {
    shown = true
    const cancel = { label: 'Cancel', run: () => controller.abort() }
    notices.set([...notices.get(), { id, about: null, tone: 'info', error: { code: 'info', message }, actions: [cancel], progress }])
  }, glanceMs)
  try {
    return await work((done, total) => {
      progress = total > 0 ? done / total : 0
      if (shown) notices.set(notices.get().map((notice) => notice.id === id ? { ...notice, progress } : notice))
    }, controller.signal)
  } finally {
    clearTimeout(timer)
    dismissNotice(id)
  }
}

interface NoticeOptions { readonly about?: string; readonly actions?: readonly NoticeAction[] }

function show(tone: Notice['tone'], error: ErrorReport, { about, actions = [] }: NoticeOptions): void {
  const others = notices.get().filter((notice) => about === undefined || notice.about !== about)
  notices.set([...others, { id: nextId++, about: about ?? null, tone, error, actions }].slice(-4))
}

/** Something went wrong: stays until it is dismissed. A cancelled request is not an error. */
export function noticeError(error: unknown, options: NoticeOptions = {}): void {
  const report = reportOf(error)
  // The frame tells of a stopped engine once, for all requests that it took along.
  if (report.code !== 'cancelled' && report.code !== 'engine-stopped') show('error', report, options)
}

export function noticeWarning(report: ErrorReport, options: NoticeOptions = {}): void {
  show('warning', report, options)
}

/** Something to know: goes by itself after a few seconds unless it holds an action. */
export function noticeInfo(message: string, options: NoticeOptions = {}): void {
  show('info', { code: 'info', message }, options)
}

/** The report of whatever a request or a call to main was rejected with. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof EngineError) return error.report
  const message = error instanceof Error ? error.message.replace(/^Error invoking remote method '[^']*': (Error: )?/, '') : String(error)
  return { code: 'internal', message }
}
