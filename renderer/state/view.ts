import { create } from 'zustand'
import type { ViewState } from '../../preload/contract'
import { History } from './history'
import { difference, rowSet, sameRows, union } from './row-set'
import { initialView, parseView } from './view-session'
import type { ColorBy, ViewFields } from './workbench-state'

/** The part of the view that undoes and redoes. */
type Undoable = Pick<ViewFields, 'site' | 'method' | 'selection' | 'focusedRow' | 'colorBy' | 'hidden' | 'leftOut'>

/** How new rows meet those already selected. */
export type SelectMode = 'replace' | 'add' | 'subtract'

export interface ViewActions {
  readonly canUndo: boolean
  readonly canRedo: boolean
  /** The layer everything is shown for. Steps in quick succession undo as one. */
  setSite(site: string | null): void
  /** Sets the layer without a step to undo: for defaults the person did not choose. */
  presetSite(site: string | null): void
  /** The method everything is shown for. */
  setMethod(method: string | null): void
  /** Both at once: one step to undo. */
  setCell(site: string, method: string): void
  select(rows: Iterable<number>, mode?: SelectMode): void
  focusRow(row: number | null): void
  setColorBy(colorBy: ColorBy): void
  setHidden(hidden: readonly string[]): void
  setLeftOut(leftOut: ViewFields['leftOut']): void
  setCentre(centre: ViewFields['centre']): void
  setMeasure(measure: ViewFields['measure']): void
  setTool(tool: ViewFields['tool']): void
  setTable(change: Partial<ViewFields['table']>): void
  undo(): void
  redo(): void
  /** Takes over the view of an opened session (null: a fresh one) and forgets the history. */
  load(saved: ViewState | null): void
}

/** How the open session is looked at. */
export const useView = create<ViewFields & ViewActions>()((set, get) => {
  const history = new History<Undoable>()

  const step = (change: Partial<Undoable>, key: string | null = null): void => {
    history.record(undoable(get()), key)
    set({ ...change, canUndo: history.canUndo, canRedo: history.canRedo })
  }
  const travel = (to: Undoable | null): void => {
    if (to) set({ ...to, canUndo: history.canUndo, canRedo: history.canRedo })
  }

  return {
    ...initialView,
    canUndo: false,
    canRedo: false,
    setSite: (site) => { if (site !== get().site) step({ site }, 'site') },
    presetSite: (site) => set({ site }),
    setMethod: (method) => { if (method !== get().method) step({ method }, 'method') },
    setCell: (site, method) => { if (site !== get().site || method !== get().method) step({ site, method }, 'site') },
    select: (rows, mode = 'replace') => {
      const before = get().selection
      const given = rowSet(rows)
      const selection = mode === 'add' ? union(before, given) : mode === 'subtract' ? difference(before, given) : given
      if (!sameRows(before, selection)) step({ selection })
    },
    focusRow: (focusedRow) => { if (focusedRow !== get().focusedRow) step({ focusedRow }, 'focus') },
    setColorBy: (colorBy) => {
      if (!sameColorBy(colorBy, get().colorBy)) step({ colorBy, hidden: [] })
    },
    setHidden: (hidden) => step({ hidden }, 'hidden'),
    setLeftOut: (leftOut) => step({ leftOut }),
    setCentre: (centre) => set({ centre }),
    setMeasure: (measure) => set({ measure }),
    setTool: (tool) => set({ tool }),
    setTable: (change) => set({ table: { ...get().table, ...change } }),
    undo: () => travel(history.undo(undoable(get()))),
    redo: () => travel(history.redo(undoable(get()))),
    load: (saved) => {
      history.clear()
      set({ ...parseView(saved), canUndo: false, canRedo: false })
    }
  }
})

function undoable({ site, method, selection, focusedRow, colorBy, hidden, leftOut }: ViewFields): Undoable {
  return { site, method, selection, focusedRow, colorBy, hidden, leftOut }
}

function sameColorBy(a: ColorBy, b: ColorBy): boolean {
  return a.kind === b.kind && (a.kind !== 'column' || (b.kind === 'column' && a.column === b.column))
}
