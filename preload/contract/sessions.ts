/** A session as the page sees it: what was chosen, the runs that were made of it, and how it was looked at. */
import type { Recipe } from '../recipe'
import type { ErrorReport } from './errors'
import type { RunSummary } from './runs'

/** What the page shows and would be sorry to lose; opaque to the engine beyond its size. */
export type ViewState = Readonly<Record<string, unknown>>

export interface SessionState {
  readonly sessionId: string
  readonly name: string
  /** Folder; `temporary` until the person saved it somewhere. */
  readonly path: string
  readonly temporary: boolean
  readonly recipe: Recipe | null
  readonly runs: readonly RunSummary[]
  readonly view: ViewState | null
  readonly modelPath: string | null
  readonly datasetPath: string | null
  /** What is missing or moved, each with what to do. */
  readonly problems: readonly (ErrorReport & { readonly locate?: 'model' | 'dataset' })[]
}
