/** The two stores every part of the page reads: what is open (`WorkbenchState`) and how it is looked at (`ViewState`). */
import type {
  DatasetSummary, ErrorReport, ExtractionSummary, LoadedModel, MeasureName, ModelCheck, ModelSummary, ProviderInfo, RolesCheck, RunSummary, SessionState, SiteResult, SweepSummary
} from '../../preload/contract'
import type { ColumnRoles, ExtractionPlan, ProbePlan, ProjectionPlan } from '../../preload/recipe'

/** A model or dataset on its way. */
export interface Opening {
  readonly path: string
  readonly stage: string
  /** Of a model: its card, once it is loaded, and the self-tests so far. */
  readonly loaded: LoadedModel | null
  readonly checks: readonly ModelCheck[]
}

/** Nothing is open: nothing was asked for, or it could not be opened. */
export type NotOpen = { readonly kind: 'empty' } | { readonly kind: 'failed'; readonly path: string; readonly error: ErrorReport }

export type Loading<T> =
  | NotOpen
  /** `before` comes back when the opening is cancelled. */
  | { readonly kind: 'loading'; readonly opening: Opening; readonly before: NotOpen }
  /** What is open stays until `next`, opened in its place, is ready: one that cannot be opened takes nothing away. */
  | { readonly kind: 'ready'; readonly value: T; readonly next: Opening | null }

/** A run while it is on; null when none is. */
export interface RunProgress {
  readonly stage: 'loading' | 'tokenizing' | 'extracting' | 'baselines' | 'probing' | 'saving'
  readonly done: number
  readonly total: number
  readonly rowsPerSecond: number | null
  readonly secondsLeft: number | null
}

/** The run on show: results arrive site by site while it is on. */
export interface ShownRun {
  readonly summary: RunSummary
  readonly extraction: ExtractionSummary | null
  /** Results so far, in depth order of `sites`. */
  readonly results: readonly SiteResult[]
  /** Complete sweep; null until the last site is done. */
  readonly sweep: SweepSummary | null
  /** Sites of the run in depth order: the x axis of the layer strip. */
  readonly sites: readonly string[]
  readonly progress: RunProgress | null
}

/** Owned by renderer/state/workbench.ts. */
export interface WorkbenchState {
  readonly session: SessionState | null
  readonly edited: boolean
  readonly model: Loading<ModelSummary>
  readonly dataset: Loading<DatasetSummary>
  readonly roles: ColumnRoles | null
  readonly rolesCheck: RolesCheck | null
  readonly extraction: ExtractionPlan
  readonly probe: ProbePlan
  readonly projection: ProjectionPlan
  readonly providers: readonly ProviderInfo[] | null
  readonly run: ShownRun | null
  /** `failed`: it died so often that it waits for the person to start it again. */
  readonly engine: 'starting' | 'ready' | 'restarting' | 'failed'
}

export type ColorBy =
  | { readonly kind: 'none' }
  | { readonly kind: 'label' }
  | { readonly kind: 'prediction' }
  | { readonly kind: 'score' }
  | { readonly kind: 'correct' }
  | { readonly kind: 'column'; readonly column: string }

/** What can stand over the layer strip; see renderer/centre. */
export const centreViewIds = ['cloud', 'overview', 'positions', 'trees', 'map', 'fit', 'compare'] as const
export type CentreViewId = (typeof centreViewIds)[number]

/** Owned by renderer/state/view.ts. Everything here saves with the session; fields marked † undo and redo. */
export interface ViewFields {
  /** † The layer everything is shown for; null before a run. */
  readonly site: string | null
  /** † The method everything is shown for; null: the one that validation chose. */
  readonly method: string | null
  /** † Dataset rows, ascending; empty means no selection. */
  readonly selection: Int32Array
  /** † The row in the inspector. */
  readonly focusedRow: number | null
  /** † */
  readonly colorBy: ColorBy
  /** † Legend entries switched off, by category text. */
  readonly hidden: readonly string[]
  /** † Dataset rows left out of a run's training in what the inspector refits; the run itself keeps them. */
  readonly leftOut: { readonly runId: string; readonly rows: readonly number[] } | null
  readonly centre: CentreViewId
  /** What scores are shown in; null: the run's headline. */
  readonly measure: MeasureName | null
  readonly tool: 'pan' | 'lasso' | 'box'
  readonly table: {
    readonly open: boolean
    readonly search: string
    readonly sort: { readonly column: string; readonly descending: boolean } | null
    readonly onlySelection: boolean
  }
}
