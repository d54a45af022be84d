import { measureNames, type ViewState } from '../../preload/contract'
import { rowSet } from './row-set'
import { centreViewIds, type ColorBy, type ViewFields } from './workbench-state'

/** The view of a session that has none yet. */
export const initialView: ViewFields = {
  site: null,
  method: null,
  selection: new Int32Array(0),
  focusedRow: null,
  colorBy: { kind: 'label' },
  hidden: [],
  leftOut: null,
  centre: 'cloud',
  measure: null,
  tool: 'pan',
  table: { open: false, search: '', sort: null, onlySelection: false }
}

/** What a session file keeps of the view: plain JSON. */
export function serialiseView(view: ViewFields): ViewState {
  const { site, method, selection, focusedRow, colorBy, hidden, leftOut, centre, measure, tool, table } = view
  return { site, method, selection: Array.from(selection), focusedRow, colorBy: { ...colorBy }, hidden: [...hidden], leftOut: leftOut && { runId: leftOut.runId, rows: [...leftOut.rows] }, centre, measure, tool, table: { ...table } }
}

/** Reads a saved view. A field that is missing or of another shape takes its initial value: a view is never worth refusing a session for. */
export function parseView(saved: ViewState | null): ViewFields {
  if (saved === null) return initialView
  const table = isRecord(saved['table']) ? saved['table'] : {}
  const sort = table['sort']
  return {
    site: text(saved['site']) ?? null,
    // A method or measure that the run lacks gives way to its own where it is drawn.
    method: text(saved['method']) ?? null,
    selection: rows(saved['selection']),
    focusedRow: isRow(saved['focusedRow']) ? saved['focusedRow'] : null,
    colorBy: colorBy(saved['colorBy']),
    hidden: Array.isArray(saved['hidden']) ? saved['hidden'].filter((name) => typeof name === 'string') : [],
    leftOut: leftOut(saved['leftOut']),
    // A view that does not fit the run gives way to the cloud where it is drawn.
    centre: centreViewIds.find((id) => id === saved['centre']) ?? 'cloud',
    measure: measureNames.find((name) => name === saved['measure']) ?? null,
    tool: saved['tool'] === 'lasso' || saved['tool'] === 'box' ? saved['tool'] : 'pan',
    table: {
      open: table['open'] === true,
      search: text(table['search']) ?? '',
      sort: isRecord(sort) && typeof sort['column'] === 'string' ? { column: sort['column'], descending: sort['descending'] === true } : null,
      onlySelection: table['onlySelection'] === true
    }
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function isRow(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31
}

function rows(value: unknown): Int32Array {
  if (value instanceof Int32Array) return rowSet(value)
  return Array.isArray(value) ? rowSet(value.filter(isRow)) : initialView.selection
}

function leftOut(value: unknown): ViewFields['leftOut'] {
  if (!isRecord(value) || typeof value['runId'] !== 'string' || !Array.isArray(value['rows'])) return null
  const kept = value['rows'].filter(isRow)
  return kept.length > 0 ? { runId: value['runId'], rows: kept } : null
}

function colorBy(value: unknown): ColorBy {
  if (!isRecord(value)) return initialView.colorBy
  const kind = value['kind']
  if (kind === 'none' || kind === 'label' || kind === 'prediction' || kind === 'score' || kind === 'correct') return { kind }
  if (kind === 'column' && typeof value['column'] === 'string') return { kind, column: value['column'] }
  return initialView.colorBy
}
